"""A stream as a document that stays below the 1 MiB that Firestore allows.

What an operator looks for stays readable; what grows with the data is packed: the newest part of it, if it is too much.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connector.adapters.firestore.packing import pack, pack_latest, plain_instant, unpack
from connector.domain.entity_state import Checkpoint, EntityState, Lease
from connector.domain.records.contract import Contract

MAX_PACKED_RECENT_VERSIONS = 140 * 1024
LONGEST_KNOWN = 48 * 1024
LONGEST_CONTRACT = 64 * 1024
"""Packed bytes of an edge (3,000 versions are 126 KiB), of a checkpoint's known rows (5,000), and of a contract.

A stream has an edge, a contract, and an edge and known rows for each of at most four modes: 956 KiB together. Its suspects
take 20 KiB more.
"""


def stream_fields(entity_state: EntityState, watermark: datetime | None) -> dict[str, Any]:
    """Return a whole stream as fields, without its lease."""
    recent_versions, all_kept = pack_latest(
        list(entity_state.recent_versions.items()), MAX_PACKED_RECENT_VERSIONS
    )
    return {
        "entity": entity_state.entity,
        "watermark": watermark,
        "lower": entity_state.changed_since,
        "edge": recent_versions,
        "edge_complete": entity_state.recent_versions_complete and all_kept,
        "checkpoints": {
            mode: checkpoint_fields(checkpoint) for mode, checkpoint in entity_state.checkpoints.items()
        },
        "contract": contract_fields(entity_state.contract),
        "read_one_by_one": entity_state.read_one_by_one,
        "records_seen": entity_state.records_seen,
        "last_success_at": entity_state.last_success_at,
        "deletions_since": entity_state.deletions_since,
    }


def checkpoint_fields(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return a checkpoint as fields; of too many known rows the last, which reading looks for first, are kept."""
    recent_versions, all_kept = pack_latest(
        list(checkpoint.recent_versions.items()), MAX_PACKED_RECENT_VERSIONS
    )
    known, _ = pack_latest(checkpoint.known, LONGEST_KNOWN)
    return {
        "lower": checkpoint.changed_since,
        "signpost": checkpoint.source_time_at_start,
        "offset": checkpoint.offset,
        "highest": checkpoint.highest_stamp,
        "known": known,
        "edge": recent_versions,
        "edge_complete": checkpoint.recent_versions_complete and all_kept,
    }


def contract_fields(contract: Contract | None) -> dict[str, Any] | None:
    """Return a contract as fields; None for one too large to remember, which is then read again in every run."""
    if contract is None:
        return None
    packed = pack(contract.to_plain())
    if len(packed) > LONGEST_CONTRACT:
        return None
    return {"endpoint": contract.endpoint, "version": contract.version, "whole": packed}


def lease_fields(lease: Lease) -> dict[str, Any]:
    """Return a lease as fields."""
    return {"owner": lease.owner, "fence": lease.fence, "expires_at": lease.expires_at}


def load_stream(entity: str, fields: Mapping[str, Any] | None) -> EntityState:
    """Return the stream of a document, an empty one for None."""
    fields = fields or {}
    contract = fields.get("contract")
    return EntityState(
        entity=entity,
        watermark=_instant(fields.get("watermark")),
        changed_since=_instant(fields.get("lower")),
        recent_versions=dict(unpack(fields["edge"])) if "edge" in fields else {},
        recent_versions_complete=fields.get("edge_complete", True),
        checkpoints={
            mode: _load_checkpoint(checkpoint) for mode, checkpoint in fields.get("checkpoints", {}).items()
        },
        contract=Contract.from_plain(unpack(contract["whole"])) if contract else None,
        read_one_by_one=fields.get("read_one_by_one", False),
        records_seen=fields.get("records_seen", 0),
        last_success_at=_instant(fields.get("last_success_at")),
        deletions_since=_instant(fields.get("deletions_since")),
        reported_deletions=tuple(fields.get("suspects", ())),
        reported_at_fence=fields.get("due"),
    )


def load_lease(entity: str, fields: Mapping[str, Any] | None, now: datetime) -> Lease | None:
    """Return the lease that somebody holds at this instant."""
    lease = (fields or {}).get("lease")
    if not lease or lease["owner"] is None or lease["expires_at"] <= now:
        return None
    return Lease(
        entity=entity,
        owner=lease["owner"],
        fence=lease["fence"],
        expires_at=plain_instant(lease["expires_at"]),
    )


def last_fence(fields: Mapping[str, Any] | None) -> int:
    """Return the fence of the last lease, 0 when there was none."""
    lease = (fields or {}).get("lease")
    return lease["fence"] if lease else 0


def is_of(lease: Lease, fields: Mapping[str, Any] | None) -> bool:
    """Whether the last lease is this one, ended or not."""
    stored = (fields or {}).get("lease") or {}
    return (stored.get("fence"), stored.get("owner")) == (lease.fence, lease.owner)


def later_watermark(fields: Mapping[str, Any], watermark: datetime | None) -> datetime | None:
    """Return the later one of the stored watermark and this one."""
    stored = _instant(fields.get("watermark"))
    return max((mark for mark in (stored, watermark) if mark is not None), default=None)


def _load_checkpoint(fields: Mapping[str, Any]) -> Checkpoint:
    return Checkpoint(
        changed_since=_instant(fields["lower"]),
        source_time_at_start=plain_instant(fields["signpost"]),
        offset=fields["offset"],
        known=tuple(unpack(fields["known"])),
        highest_stamp=_instant(fields["highest"]),
        recent_versions=dict(unpack(fields["edge"])),
        recent_versions_complete=fields["edge_complete"],
    )


def _instant(stored: datetime | None) -> datetime | None:
    return None if stored is None else plain_instant(stored)
