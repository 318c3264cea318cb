"""Values as SQLite's columns hold them: instants as text that sorts, collections as JSON, each under its stored name."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from connector.adapters.sqlite.errors import UnreadableValueError
from connector.domain import stored_json

T = TypeVar("T")


def instant_text(instant: datetime) -> str:
    """Return the instant in a fixed width, so that the order of the texts is the order of the instants."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def storable(text: str) -> str:
    """Return the text without the halves of surrogate pairs that broken JSON may hold and no file can."""
    return text.encode("utf-8", "replace").decode("utf-8")


def to_columns(value: msgspec.Struct) -> dict[str, Any]:
    """Return every member as its column holds it."""
    plain = msgspec.to_builtins(value, builtin_types=(bytes, datetime))
    return {name: _to_column(member) for name, member in plain.items()}


def from_columns(columns: Mapping[str, Any], wanted: type[T], place: str) -> T:
    """Return the value whose members the columns hold; raise UnreadableValueError, which names the place and the column."""
    try:
        return msgspec.convert(columns, wanted, strict=False)
    except msgspec.ValidationError as exc:
        raise UnreadableValueError(f"{place}: {exc}") from exc


def dump(value: Any) -> str:
    """Return the JSON of a Struct or of plain values."""
    return stored_json.dump(value).decode()


def load(text: str, wanted: type[T], place: str) -> T:
    """Return what `dump` was given; raise UnreadableValueError, which names the place."""
    try:
        return stored_json.load(text, wanted)
    except ValueError as exc:
        raise UnreadableValueError(f"{place}: {exc}") from exc


def load_run(text: str, place: str) -> dict[str, Any]:
    """Return the audit entry of a run; raise UnreadableValueError, which names the place."""
    try:
        return stored_json.load_run(text)
    except ValueError as exc:
        raise UnreadableValueError(f"{place}: {exc}") from exc


def _to_column(member: Any) -> Any:
    if isinstance(member, datetime):
        return instant_text(member)
    if isinstance(member, str):
        return storable(member)
    return dump(member) if isinstance(member, dict | list) else member
