"""Marks records as deleted, and checks those reported as deleted between two reconciles."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from hashlib import blake2b
from itertools import islice

import msgspec
from msgspec.structs import replace

from connector.domain.batch import Row
from connector.domain.entity_state import AuditEntry, EntityState, Outcome
from connector.domain.instants import to_text
from connector.domain.run import Tally, WriteMethod
from connector.domain.versions import Place
from connector.errors import ConnectorError
from connector.ports import MAX_LOOKED_UP
from connector.runs.run import Run
from connector.runs.time_budget import TimeBudget
from connector.runs.writing import BatchWriter

logger = logging.getLogger(__name__)

MAX_PROBES_PER_RUN = 500
"""How many reported records one run checks, with one request each; the next run continues."""


def mark_deleted(run: Run, writer: BatchWriter, gone: Mapping[str, Place]) -> None:
    """Append tombstones, each placed just above the version it ends, so that a record that reappears wins over it."""
    now, placing = run.ports.clock.now(), writer.placing
    rows = [
        _build_tombstone(run, record_id, place.modified_at, placing.date(now, above=place.synced_at))
        for record_id, place in gone.items()
    ]
    writer.append_rows(rows, WriteMethod.LOAD)
    if gone:
        writer.audit(
            [
                AuditEntry(record_id=record_id, key="", version="", outcome=Outcome.TOMBSTONED)
                for record_id in gone
            ]
        )
    run.outcome.count(Tally(records_written=len(gone)))


def _build_tombstone(run: Run, record_id: str, stamp: datetime | None, synced_at: datetime) -> Row:
    last = None if stamp is None else to_text(stamp)
    version = blake2b(f"deleted {record_id} {last}".encode(), digest_size=16).hexdigest()
    row = {
        "_id": record_id,
        "_modified_at": last,
        "_version": version,
        "_deleted": True,
        "_synced_at": to_text(synced_at),
        "_run_id": run.run_id,
    }
    return Row(insert_id=version, data=msgspec.json.encode(row))


def follow_deletions(
    run: Run, entity_state: EntityState, writer: BatchWriter, *, covered_until: datetime
) -> EntityState:
    """Tombstone records that were reported as deleted and no longer exist; return the state with `deletions_since` moved.

    `covered_until` is where the next run starts asking, because Acumatica may not list later deletions yet. Reports are
    only hints: those that cannot be checked, or not in time, are left to the next run and never make this one fail.
    """
    listed, is_list_whole = _ask_for_deleted(run, entity_state)
    reported = {*entity_state.reported_deletions, *listed}
    live = _find_live(run, writer, reported)
    probes = TimeBudget(run).read_each(islice(live, MAX_PROBES_PER_RUN), partial(_probe, run))
    looked_at = {record_id: is_gone for record_id, is_gone in probes if is_gone is not None}
    gone = {record_id: live[record_id] for record_id, is_gone in looked_at.items() if is_gone}
    mark_deleted(run, writer, gone)
    if reported:
        run.outcome.add_details({"reported_deleted": len(reported), "deleted": len(gone)})
    dealt_with = [
        record_id
        for record_id in entity_state.reported_deletions
        if record_id in looked_at or record_id not in live
    ]
    if dealt_with:
        run.ports.state.entities.remove_reported_deletions(run.lease, dealt_with)
    is_done = is_list_whole and len(looked_at) == len(live)
    return replace(entity_state, deletions_since=covered_until) if is_done else entity_state


def _ask_for_deleted(run: Run, entity_state: EntityState) -> tuple[Iterable[str], bool]:
    """Return the ids, and whether `deletions_since` may move. The ids are only hints, so a failure is logged, not raised.

    The first run asks for nothing: a reconcile finds earlier deletions.
    """
    if run.entity.dac is None or entity_state.deletions_since is None:
        return (), run.entity.dac is not None
    try:
        listed = run.ports.source.read_deleted(run.entity, entity_state.deletions_since)
    except ConnectorError as exc:
        logger.warning("deletions of %s are left to the next run: %s", run.entity.name, exc.message)
        return (), False
    return (listed.ids, listed.is_whole) if listed else ((), False)


def _find_live(run: Run, writer: BatchWriter, reported: set[str]) -> dict[str, Place]:
    """Return the places of those records that the warehouse still shows as live."""
    if not reported:
        return {}
    versions = run.ports.warehouse.current_versions(
        writer.table, reported if len(reported) <= MAX_LOOKED_UP else None
    )
    live = (current for current in versions if not current.is_deleted)
    return {current.record_id: current.place for current in live if current.record_id in reported}


def _probe(run: Run, record_id: str) -> tuple[str, bool | None]:
    """Return the id, and whether Acumatica says that the record no longer exists (None if the request failed)."""
    try:
        return record_id, run.ports.source.read_record(run.entity, record_id) is None
    except ConnectorError as exc:
        logger.warning(
            "record %s of %s, reported deleted, is left to the next run: %s",
            record_id,
            run.entity.name,
            exc.message,
        )
        return record_id, None
