"""Finds a member that a JSON object gives twice: parsers differ in which one they use, and msgspec uses the last without a word."""

import json
from typing import Any


class _RepeatedError(Exception):
    """Ends parsing at the first member found twice."""


def find_repeated(text: bytes) -> str | None:
    """Return the name of a member given twice in one object of this JSON text, at whatever level; None if there is none.

    Raises ValueError for text that is no JSON or no UTF-8, and RecursionError for levels without end.
    """
    try:
        json.loads(text.decode(), object_pairs_hook=_require_unique)
    except _RepeatedError as exc:
        return str(exc)
    return None


def _require_unique(members: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in members]
    if len(set(names)) < len(names):
        raise _RepeatedError(next(name for at, name in enumerate(names) if name in names[:at]))
