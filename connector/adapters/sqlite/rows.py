"""Values as SQLite's columns hold them: instants as text that sorts, the rest as JSON."""

import json
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connector.domain.entity_state import AuditEntry, Checkpoint, DeadLetter, EntityState, Outcome
from connector.domain.records.contract import Contract

INSTANT = "$instant"
"""Member that marks an instant inside the JSON of an audit entry."""


def instant_text(instant: datetime) -> str:
    """Return the instant in a fixed width, so that the order of the texts is the order of the instants."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def instant_or_none(text: str | None) -> datetime | None:
    """Return what `text_or_none` was given."""
    return None if text is None else datetime.fromisoformat(text)


def text_or_none(instant: datetime | None) -> str | None:
    """Return the instant's text, or None for None."""
    return None if instant is None else instant_text(instant)


def storable(text: str) -> str:
    """Return the text without the halves of surrogate pairs that broken JSON may hold and no file can."""
    return text.encode("utf-8", "replace").decode("utf-8")


def dump_checkpoint(checkpoint: Checkpoint) -> str:
    """Return the checkpoint as JSON."""
    return json.dumps(
        {
            "lower": text_or_none(checkpoint.changed_since),
            "signpost": instant_text(checkpoint.source_time_at_start),
            "offset": checkpoint.offset,
            "known": list(checkpoint.known),
            "highest": text_or_none(checkpoint.highest_stamp),
            "edge": dict(checkpoint.recent_versions),
            "edge_complete": checkpoint.recent_versions_complete,
        }
    )


def load_checkpoint(text: str) -> Checkpoint:
    """Return what `dump_checkpoint` was given."""
    plain = json.loads(text)
    return Checkpoint(
        changed_since=instant_or_none(plain["lower"]),
        source_time_at_start=datetime.fromisoformat(plain["signpost"]),
        offset=plain["offset"],
        known=tuple(plain["known"]),
        highest_stamp=instant_or_none(plain["highest"]),
        recent_versions=plain["edge"],
        recent_versions_complete=plain["edge_complete"],
    )


def load_stream(
    row: sqlite3.Row, checkpoints: Mapping[str, Checkpoint], reported_deletions: tuple[str, ...] = ()
) -> EntityState:
    """Return the stream of a row of `streams`."""
    contract = row["contract"]
    return EntityState(
        entity=row["entity"],
        watermark=instant_or_none(row["watermark"]),
        changed_since=instant_or_none(row["lower"]),
        recent_versions=json.loads(row["edge"]),
        recent_versions_complete=bool(row["edge_complete"]),
        checkpoints=checkpoints,
        contract=None if contract is None else Contract.from_plain(json.loads(contract)),
        read_one_by_one=bool(row["read_one_by_one"]),
        records_seen=row["records_seen"],
        last_success_at=instant_or_none(row["last_success_at"]),
        deletions_since=instant_or_none(row["deletions_since"]),
        reported_deletions=reported_deletions,
        reported_at_fence=row["due"],
    )


def dump_contract(contract: Contract | None) -> str | None:
    """Return the contract as JSON."""
    return None if contract is None else json.dumps(contract.to_plain())


def dump_entry(entry: Mapping[str, Any]) -> str:
    """Return an audit entry as JSON."""
    return json.dumps(dict(entry), default=_marked)


def load_entry(text: str) -> dict[str, Any]:
    """Return what `dump_entry` was given."""
    plain: dict[str, Any] = json.loads(text, object_hook=_unmarked)
    return plain


def dump_page(entry: AuditEntry) -> list[str]:
    """Return one record of a page as JSON values."""
    return [entry.record_id, entry.key, entry.version, entry.outcome.value, entry.reason]


def load_page(values: list[str]) -> AuditEntry:
    """Return what `dump_page` was given."""
    record_id, key, version, outcome, reason = values
    return AuditEntry(record_id=record_id, key=key, version=version, outcome=Outcome(outcome), reason=reason)


def load_dead_letter(row: sqlite3.Row) -> DeadLetter:
    """Return the dead letter of a row of `dead_letters`."""
    return DeadLetter(
        entity=row["entity"],
        record_id=row["record_id"],
        key=row["key"],
        reason=row["reason"],
        payload=row["payload"],
        run_id=row["run_id"],
        rejected_at=datetime.fromisoformat(row["rejected_at"]),
        attempts=row["attempts"],
    )


def _marked(value: object) -> dict[str, str]:
    if isinstance(value, datetime):
        return {INSTANT: instant_text(value)}
    raise TypeError(f"an audit entry cannot hold a {type(value).__name__}")


def _unmarked(plain: dict[str, Any]) -> Any:
    if plain.keys() == {INSTANT}:
        return datetime.fromisoformat(plain[INSTANT])
    return plain
