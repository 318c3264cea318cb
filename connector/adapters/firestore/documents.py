"""A stream as a document that stays below the 1 MiB that Firestore allows.

What an operator looks for stays readable; what grows with the data is packed: the newest part of it, if it is too much.
"""

import zlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from connector.adapters.firestore.errors import readable
from connector.adapters.firestore.packed_values import pack, pack_latest, plain_value, unpack
from connector.domain.entity_state import (
    FINDINGS,
    GIVEN_BACK,
    MAX_REPORTED_DELETIONS,
    Checkpoint,
    EntityState,
    Lease,
)
from connector.domain.records.contract import Contract
from connector.errors import ConfigurationError

STREAMS = "streams"
FORM = 1
"""What the fields of a stream mean; raised when that changes. Members that are added change nothing; without it, it is 1."""

MAX_PACKED_RECENT_VERSIONS = 140 * 1024
MAX_KNOWN_BYTES = 48 * 1024
MAX_CONTRACT_BYTES = 64 * 1024
MAX_SEEN_BYTES = 128 * 1024
"""Packed bytes of an edge (3,000 versions are 126 KiB), of a checkpoint's known rows (5,000), of a contract, and of what a reconcile
has seen (a million records).

A stream has an edge, a contract, an edge and known rows for syncs and for back-fills, and known rows and what was seen for
reconciles of each depth; a replay has none of that: 932 KiB together. Its suspects take 50 KiB more.
"""


def stream_fields(entity_state: EntityState, watermark: datetime | None) -> dict[str, Any]:
    """Return a whole stream as fields, without its lease and what notifications write."""
    fields = _to_fields(entity_state) | {
        "form": FORM,
        "watermark": watermark,
        "checkpoints": {
            mode: checkpoint_fields(checkpoint) for mode, checkpoint in entity_state.checkpoints.items()
        },
        "contract": contract_fields(entity_state.contract),
    }
    for elsewhere in ("suspects", "due"):
        del fields[elsewhere]
    return _pack_edge(fields)


def suspect_fields(
    fields: Mapping[str, Any], *, done: Collection[str] = (), new: Sequence[str], fence: int
) -> dict[str, Any]:
    """Return the fields of the reported deletions without those `done`, and with `new` ones behind all others.

    `suspects_at` holds the fence of the newest lease at the time of each report: one of a later fence than `fence` is not
    done. The newest are kept.
    """
    reported_at: Mapping[str, int] = fields.get("suspects_at") or {}
    late = {record_id for record_id in done if reported_at.get(record_id, 0) > fence}
    left = [i for i in fields.get("suspects", ()) if (i not in done or i in late) and i not in new]
    suspects = [*left, *new][-MAX_REPORTED_DELETIONS:]
    fences = {i: reported_at.get(i, 0) for i in left} | {i: max(fence, reported_at.get(i, 0)) for i in new}
    return {"suspects": suspects, "suspects_at": {i: fences[i] for i in suspects}}


def checkpoint_fields(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return a checkpoint as fields; of too many known rows the last, which reading looks for first, are kept."""
    known, _ = pack_latest(checkpoint.known, MAX_KNOWN_BYTES)
    fields = _to_fields(checkpoint) | {"known": known}
    if checkpoint.seen is not None:
        bits = zlib.compress(checkpoint.seen.bits)
        fields["seen"] = None if len(bits) > MAX_SEEN_BYTES else fields["seen"] | {"bits": bits}
    return _pack_edge(fields)


def contract_fields(contract: Contract | None) -> dict[str, Any] | None:
    """Return a contract as fields; None for one too large to remember, which is then read again in every run."""
    if contract is None:
        return None
    packed = pack(contract)
    if len(packed) > MAX_CONTRACT_BYTES:
        return None
    return {"endpoint": contract.endpoint, "version": contract.version, "whole": packed}


def finding_fields(entity_state: EntityState) -> dict[str, Any]:
    """Return how an entity has to be read as fields."""
    fields = _to_fields(entity_state)
    return {name: fields[name] for name in FINDINGS}


def lease_fields(lease: Lease) -> dict[str, Any]:
    """Return a lease as fields."""
    fields = _to_fields(lease)
    del fields["entity"]  # the document's own
    return fields


def load_stream(entity: str, fields: Mapping[str, Any] | None) -> EntityState:
    """Return the stream of a document, an empty one for None."""
    with readable(f"{STREAMS}/{entity}"):
        plain = plain_value(fields or {}) | {"entity": entity}
        _require_form(plain)
        plain["checkpoints"] = {
            mode: _unpack_edge(checkpoint)
            | {"known": unpack(checkpoint["known"]), "seen": _unpack_seen(checkpoint.get("seen"))}
            for mode, checkpoint in plain.get("checkpoints", {}).items()
        }
        contract = plain.get("contract")
        plain["contract"] = unpack(contract["whole"]) if contract else None
        return msgspec.convert(_unpack_edge(plain), EntityState)


def load_lease(entity: str, fields: Mapping[str, Any] | None, now: datetime) -> Lease | None:
    """Return the lease that somebody holds at this instant."""
    stored = (fields or {}).get("lease")
    if not stored or stored["owner"] is None:
        return None
    with readable(f"{STREAMS}/{entity}"):
        lease = msgspec.convert(plain_value(stored) | {"entity": entity}, Lease)
    return lease if lease.is_held(now) else None


def last_fence(fields: Mapping[str, Any] | None) -> int:
    """Return the fence of the last lease, 0 when there was none."""
    lease = (fields or {}).get("lease")
    return lease["fence"] if lease else 0


def is_unreleased(fields: Mapping[str, Any] | None) -> bool:
    """Whether the last lease, expired by now, was never released."""
    stored = (fields or {}).get("lease")
    return bool(stored and stored["owner"] is not None and stored["expires_at"] != GIVEN_BACK)


def is_of(lease: Lease, fields: Mapping[str, Any] | None) -> bool:
    """Whether the last lease is this one, ended or not."""
    stored = (fields or {}).get("lease") or {}
    return (stored.get("fence"), stored.get("owner")) == (lease.fence, lease.owner)


def later_watermark(fields: Mapping[str, Any], watermark: datetime | None) -> datetime | None:
    """Return the later one of the stored watermark and this one."""
    stored = plain_value(fields.get("watermark"))
    return max((instant for instant in (stored, watermark) if instant is not None), default=None)


def _require_form(fields: Mapping[str, Any]) -> None:
    form = fields.get("form", FORM)
    if form > FORM:
        raise ConfigurationError(
            f"The Firestore document {STREAMS}/{fields['entity']} has form {form}; this connector knows form {FORM}.",
            action="Use the version of the connector that wrote it, or name another FIRESTORE_PREFIX.",
        )


def _to_fields(value: msgspec.Struct) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(value, builtin_types=(bytes, datetime))
    return fields


def _pack_edge(fields: dict[str, Any]) -> dict[str, Any]:
    packed, all_kept = pack_latest(list(fields["edge"].items()), MAX_PACKED_RECENT_VERSIONS)
    return fields | {"edge": packed, "edge_complete": fields["edge_complete"] and all_kept}


def _unpack_seen(seen: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if seen is None else seen | {"bits": zlib.decompress(seen["bits"])}


def _unpack_edge(fields: dict[str, Any]) -> dict[str, Any]:
    return fields | {"edge": dict(unpack(fields["edge"]))} if "edge" in fields else fields
