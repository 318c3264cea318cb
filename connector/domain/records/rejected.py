"""Records that cannot be used: kept whole, recognised when they come again."""

import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

import msgspec

from connector.domain.entity import Entity
from connector.domain.instants import from_text
from connector.domain.records.codec import fingerprint_row

LEADING_ID = re.compile(rb'"id"\s*:\s*"([0-9A-Fa-f-]{36})"')
PASSING = re.compile(
    rb'"(?:rowNumber"\s*:\s*\d+|id"\s*:\s*"[0-9A-Fa-f-]{36}"|(?:self|files:put)"\s*:\s*"[^"]*")'
)
"""Members that differ from reading to reading though the record is the same: places in a list, ids of lines, links."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A record that cannot be used, whole, and why. `modified_at` is its stamp, if that much can be read."""

    id: str
    key: str
    reason: str
    payload: bytes
    modified_at: datetime | None = None

    @property
    def row_fingerprint(self) -> str:
        """What identifies its row in the list: its content, as no stamp of it may be known."""
        return fingerprint_row(self.id, build_digest(self.payload))


def build_digest(payload: bytes) -> str:
    """Return what tells one content of a record that cannot be decoded from another."""
    return blake2b(PASSING.sub(b"", payload), digest_size=16).hexdigest()


def identify(raw: bytes, entity: Entity, modified_field: str | None, reason: str) -> Rejected:
    """Return the record with its id, key and stamp as far as they can be read; else with an id made from its text.

    Acumatica writes a record's own id first, so it is found even where the text as a whole cannot be decoded.
    """
    try:
        node = msgspec.json.decode(raw)
    except ValueError:  # no JSON, or no UTF-8
        leading = LEADING_ID.search(raw)
        node = {"id": leading[1].decode()} if leading else {}
    if not isinstance(node, dict):
        node = {}
    texts = [str(value) for key in entity.keys if (value := _value(node, key)) is not None]
    found = node.get("id")
    made = f"unidentified-{blake2b(raw, digest_size=8).hexdigest()}"
    return Rejected(
        id=found if isinstance(found, str) and found else made,
        key="/".join(texts),
        reason=reason,
        payload=raw,
        modified_at=_instant(_value(node, modified_field)) if modified_field else None,
    )


def _value(node: dict[str, Any], member: str) -> Any:
    seat = node.get(member)
    return seat.get("value") if isinstance(seat, dict) else None


def _instant(value: Any) -> datetime | None:
    try:
        return from_text(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None
