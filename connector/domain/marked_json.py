"""JSON of values whose types nobody announces, such as a run's audit entry: an instant is marked, so it comes back as one.

What has a type of its own is stored by msgspec.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

INSTANT = "$instant"


def dump(value: Any) -> str:
    """Return the JSON of plain values (text, numbers, booleans, None, instants, nested); raise TypeError for others."""
    return json.dumps(value, separators=(",", ":"), default=_mark)


def load(text: str | bytes) -> Any:
    """Return what `dump` was given; raise ValueError for text that is no JSON."""
    return json.loads(text, object_hook=_unmark)


def _mark(value: object) -> dict[str, str]:
    if isinstance(value, datetime):
        return {INSTANT: value.astimezone(UTC).isoformat()}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"the state cannot hold a {type(value).__name__}")


def _unmark(plain: dict[str, Any]) -> Any:
    return datetime.fromisoformat(plain[INSTANT]) if plain.keys() == {INSTANT} else plain
