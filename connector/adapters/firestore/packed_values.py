"""Values in few bytes and one index entry, so that a document stays small whatever it is to hold."""

import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connector.adapters.firestore.names import storable
from connector.domain import stored_json

PACKED = "packed"
"""Member that marks a packed value inside an audit entry."""

MAX_LEAVES = 200
MAX_PLAIN_LENGTH = 20_000
MAX_PACKED_BYTES = 100 * 1024
"""Bounds of one member of an audit entry: kept readable up to the first two, packed up to the last."""

INTEGER_BOUND = 2**63


def pack(value: Any) -> bytes:
    """Return the JSON of a Struct or of plain values, compressed."""
    return zlib.compress(stored_json.dump(value))


def unpack(packed: bytes) -> Any:
    """Return the plain values of what `pack` was given."""
    return stored_json.load(zlib.decompress(packed), Any)


def pack_latest(items: Sequence[Any], limit: int) -> tuple[bytes, bool]:
    """Return as many of the last items as fit into `limit` bytes, packed, and whether those are all."""
    packed = pack(items)
    kept = items
    while len(packed) > limit:
        kept = kept[len(kept) - int(len(kept) * 0.9 * limit / len(packed)) :]
        packed = pack(kept)
    return packed, len(kept) == len(items)


def entry_value(value: Any) -> Any:
    """Return one member of an audit entry as Firestore stores it: readable while small, else packed."""
    if _is_readable(value):
        return _readable(value)
    packed = pack(value)
    if len(packed) > MAX_PACKED_BYTES:
        return f"(left out: {len(packed)} bytes are more than an audit entry takes)"
    return {PACKED: packed}


def plain_value(stored: Any) -> Any:
    """Return what `entry_value` was given."""
    if isinstance(stored, dict):
        if stored.keys() == {PACKED} and isinstance(stored[PACKED], bytes):
            return unpack(stored[PACKED])
        return {name: plain_value(value) for name, value in stored.items()}
    if isinstance(stored, list):
        return [plain_value(value) for value in stored]
    return plain_instant(stored) if isinstance(stored, datetime) else stored


def plain_instant(instant: datetime) -> datetime:
    """Return Firestore's own kind of datetime as the usual one."""
    return datetime.fromtimestamp(0, UTC) + (instant - datetime.fromtimestamp(0, UTC))


def _is_readable(value: Any) -> bool:
    leaves = _leaves(value)
    return leaves is not None and len(leaves) <= MAX_LEAVES and sum(map(len, leaves)) <= MAX_PLAIN_LENGTH


def _leaves(value: Any) -> list[str] | None:
    """Return the texts of a value's innermost parts, or None when Firestore has no form for it."""
    if isinstance(value, Mapping):
        names = [str(name) for name in value]
        if not all(name and not name.startswith("__") for name in names):
            return None
        return _gathered(names, list(value.values()))
    if isinstance(value, list | tuple):
        if any(isinstance(item, list | tuple) for item in value):
            return None  # an array cannot hold an array
        return _gathered([], value)
    if isinstance(value, int) and not -INTEGER_BOUND <= value < INTEGER_BOUND:
        return None
    return [str(value)]


def _gathered(leaves: list[str], values: Sequence[Any]) -> list[str] | None:
    for value in values:
        inner = _leaves(value)
        if inner is None:
            return None
        leaves = leaves + inner
        if len(leaves) > MAX_LEAVES:
            return None
    return leaves


def _readable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {storable(str(name)): _readable(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_readable(inner) for inner in value]
    return storable(value) if isinstance(value, str) else value
