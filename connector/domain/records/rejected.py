"""Records that cannot be used: kept in full, and recognised when they are read again."""

import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

import msgspec

from connector.domain.entity import Entity, Identity
from connector.domain.instants import from_text
from connector.domain.records.codec import fingerprint_row
from connector.domain.records.identity import make_id, render_key
from connector.domain.records.lenient_json import decode_broken
from connector.domain.records.names import find_spelled
from connector.domain.records.wire import Choice

UNIDENTIFIED = "unidentified-"
LEADING_ID = re.compile(rb'"id"\s*:\s*"([0-9A-Fa-f-]{36})"')
PASSING = re.compile(
    rb'"(?:rowNumber"\s*:\s*\d+|id"\s*:\s*"[0-9A-Fa-f-]{36}"|(?:self|files:put)"\s*:\s*"[^"]*")'
)
"""Members that differ each time although the record is the same: positions in a list, ids of lines, links."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A record that cannot be used, in full, with the reason. `modified_at` is its stamp, if it can be read.

    `listed_as` is the fingerprint of its row in the list, if that is known although the content is not.
    """

    id: str
    key: str
    reason: str
    payload: bytes
    modified_at: datetime | None = None
    listed_as: str = ""

    @property
    def row_fingerprint(self) -> str:
        """What identifies its row in the list: its content, because its stamp may be unknown."""
        return self.listed_as or fingerprint_row(self.id, build_digest(self.payload))


def build_digest(payload: bytes) -> str:
    """Return a hash of the record's content, the same for the same content although it cannot be decoded."""
    return blake2b(PASSING.sub(b"", payload), digest_size=16).hexdigest()


def identify(raw: bytes, entity: Entity, modified_field: str | None, reason: str) -> Rejected:
    """Return the record with its id, key and stamp as far as they can be read; without an id, one made from its text.

    Acumatica writes a record's own id first, so it is found even if the text as a whole cannot be decoded.
    """
    node = _decode(raw)
    texts = _read_keys(node, entity)
    made = f"{UNIDENTIFIED}{blake2b(raw, digest_size=8).hexdigest()}"
    return Rejected(
        id=_find_id(node, entity) or made,
        key="/".join(texts).encode(errors="replace").decode(),
        reason=reason,
        payload=raw,
        modified_at=_instant(_value(node, modified_field)) if modified_field else None,
    )


def describe_unreadable(why: str) -> str:
    """Return the reason of a dead letter for a record that Acumatica cannot deliver."""
    return (
        f"Acumatica lists it, but cannot give it: {why} Look at it on its form. If one of its detail collections is too "
        "large, leave that out of `expand` in the catalogue; then replay."
    )


def wrap_keys(row: bytes) -> bytes:
    """Return the stored form of a record that Acumatica lists but cannot deliver: its id, keys and stamp, marked as such."""
    return b'{"unread":%b}' % row


def unwrap_keys(payload: bytes) -> bytes | None:
    """Return the id, keys and stamp that `wrap_keys` was given; None for a payload that is a record."""
    is_wrapped = payload.startswith(b'{"unread":') and payload.endswith(b"}}")
    return payload[len(b'{"unread":') : -1] if is_wrapped else None


def find_id(raw: bytes, entity: Entity) -> str | None:
    """Return the record's id, even if its text as a whole cannot be decoded; None if it has none."""
    return _find_id(_decode(raw), entity)


def find_session_id(raw: bytes) -> str | None:
    """Return the id that Acumatica gives the record, valid at least in this session."""
    found = _decode(raw).get("id")
    return found if isinstance(found, str) and found else None


def is_asked_for(record_id: str, entity: Entity) -> bool:
    """Whether Acumatica can be asked for this id: False for one that was made from broken text."""
    if entity.identity is Identity.KEYS:
        return not record_id.startswith(UNIDENTIFIED)
    try:
        return str(UUID(record_id)) == record_id.lower()
    except ValueError:
        return False


def _read_keys(node: dict[str, Any], entity: Entity) -> list[str]:
    return [_render(value) for key in entity.keys if (value := _value(node, key)) is not None]


def _render(value: Any) -> str:
    """A drop-down of contract 5 is an object."""
    if isinstance(value, dict) and not {"id", "description"}.isdisjoint(value):
        return render_key(Choice(id=value.get("id"), description=value.get("description")))
    return render_key(value)


def _find_id(node: dict[str, Any], entity: Entity) -> str | None:
    if entity.identity is Identity.KEYS:
        keys = _read_keys(node, entity)
        return make_id(keys) if len(keys) == len(entity.keys) else None
    found = node.get("id")
    return found if isinstance(found, str) and found else None


def _decode(raw: bytes) -> dict[str, Any]:
    """Return the members of the record, read as tolerantly as possible; at least its id."""
    for decode in (msgspec.json.decode, decode_broken):
        try:
            node = decode(raw)
        except (ValueError, RecursionError):  # no JSON, no UTF-8, or levels without end
            continue
        return node if isinstance(node, dict) else {}
    leading = LEADING_ID.search(raw)
    return {"id": leading[1].decode()} if leading else {}


def _value(node: dict[str, Any], member: str) -> Any:
    seat = node.get(find_spelled(member, node) or member)
    return seat.get("value") if isinstance(seat, dict) else None


def _instant(value: Any) -> datetime | None:
    try:
        return from_text(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None
