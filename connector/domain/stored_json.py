"""JSON as the state stores it: written and read by msgspec, and everything earlier releases wrote is still read."""

import json
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, field

T = TypeVar("T")


def dump(value: Any) -> bytes:
    """Return the JSON of a Struct or of plain values; raise TypeError for a value that JSON cannot hold."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:  # half of a surrogate pair somewhere inside, which only an escape can hold
        return json.dumps(msgspec.to_builtins(value)).encode()


def load(text: str | bytes, wanted: type[T]) -> T:
    """Return what `dump` was given; raise ValueError for other text."""
    try:
        return _load(text, wanted)
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None


def _load(text: str | bytes, wanted: type[T]) -> T:
    try:
        return msgspec.json.decode(text, type=wanted)
    except msgspec.DecodeError as exc:
        try:
            return msgspec.convert(json.loads(text), wanted)  # takes halves of surrogate pairs
        except ValueError:
            raise exc from None


class _MarkedInstant(Struct):
    """An instant of an audit entry as the first release wrote it."""

    instant: datetime = field(name="$instant")


class _Instants(Struct, omit_defaults=True):
    """The members of a run's audit entry that are instants; what the others hold depends on the mode."""

    started_at: datetime | _MarkedInstant | None = None
    finished_at: datetime | _MarkedInstant | None = None


def load_run(text: str | bytes) -> dict[str, Any]:
    """Return the audit entry of a run with its instants; raise ValueError for other text."""
    entry, instants = load(text, dict[str, Any]), load(text, _Instants)
    for name in instants.__struct_fields__:
        found = getattr(instants, name)
        if found is not None:
            entry[name] = found.instant if isinstance(found, _MarkedInstant) else found
    return entry
