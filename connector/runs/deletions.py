"""Checks records reported as deleted between two reconciles, and marks those that are gone."""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from itertools import islice

from msgspec.structs import replace

from connector.domain.entity_state import EntityState
from connector.domain.list_query import DeletedIds
from connector.domain.versions import Place
from connector.errors import ConnectorError, TerminalError, TooManyDeletionsError
from connector.ports import MAX_LOOKED_UP
from connector.runs.deletion_marks import DeletionMarks
from connector.runs.run import Run
from connector.runs.time_budget import TimeBudget
from connector.runs.writing import BatchWriter

logger = logging.getLogger(__name__)

MAX_PROBES_PER_RUN = 500
"""How many hints one run checks, with one request each; the next run continues. Half of them may be reported ones."""

NOTHING_LISTED = DeletedIds(ids=(), is_whole=False)


def follow_deletions(
    run: Run, entity_state: EntityState, writer: BatchWriter, *, covered_until: datetime
) -> tuple[EntityState, TerminalError | None]:
    """Tombstone records that were reported as deleted and no longer exist; return the state with `deletions_since` moved.

    `covered_until` is where the next run starts asking, because Acumatica may not list later deletions yet. Reports are
    only hints: those that cannot be checked, or not in time, or whose mark the warehouse refuses, are left to later runs and
    never make this one fail. If so many are gone that missing rights are likelier, none is marked. Then, and if too many
    marks are refused, the error to raise after the commit is returned. Nor is any marked as long as so many might be.
    """
    listed = _ask_for_deleted(run, entity_state)
    reported = {*entity_state.reported_deletions, *listed.ids}
    live = _find_live(run, writer, reported)
    chosen = list(_choose(entity_state, listed, live))
    found = dict(TimeBudget(run).read_each(chosen, partial(_probe, run)))
    gone = {record_id: live[record_id] for record_id, is_gone in found.items() if is_gone}
    marks = DeletionMarks(run, writer)
    if _must_wait(marks, len(gone), not_looked_at=len(live) - len(found)):
        logger.warning(
            "%s deletions of %s wait until those reported with them are looked at", len(gone), run.entity.name
        )
        found, gone = found | dict.fromkeys(gone), {}
    unmarked, refused = _mark(marks, gone)
    found |= dict.fromkeys(unmarked)
    gone = {record_id: place for record_id, place in gone.items() if record_id not in unmarked}
    if refused is None:
        entity_state = _forget_versions(entity_state, gone)
    if reported:
        run.outcome.add_details({"reported_deleted": len(reported), "deleted": 0 if refused else len(gone)})
    _settle(run, entity_state, live, found, is_refused=refused is not None)
    if refused is not None or not listed.is_whole:
        return entity_state, refused or marks.find_refusal()
    left = (listed.deleted_at.get(i) for i in listed.ids if i in live and i not in found)
    since = min((_after(entity_state, deleted_at) for deleted_at in left), default=covered_until)
    return replace(entity_state, deletions_since=min(since, covered_until)), marks.find_refusal()


def _ask_for_deleted(run: Run, entity_state: EntityState) -> DeletedIds:
    """Return what Acumatica lists; `is_whole` says whether `deletions_since` may move. A failure is logged, not raised.

    The first run asks for nothing: a reconcile finds earlier deletions.
    """
    if run.entity.tracked_class is None:
        return NOTHING_LISTED
    if entity_state.deletions_since is None:
        return DeletedIds(ids=())
    try:
        listed = run.ports.source.read_deleted(run.entity, entity_state.deletions_since)
    except ConnectorError as exc:
        logger.warning("deletions of %s are left to the next run: %s", run.entity.name, exc.message)
        return NOTHING_LISTED
    return listed or NOTHING_LISTED


def _find_live(run: Run, writer: BatchWriter, reported: set[str]) -> dict[str, Place]:
    """Return the places of those records that the warehouse still shows as live."""
    if not reported:
        return {}
    versions = run.ports.warehouse.current_versions(
        writer.table, reported if len(reported) <= MAX_LOOKED_UP else None
    )
    live = (current for current in versions if not current.is_deleted)
    return {current.record_id: current.place for current in live if current.record_id in reported}


def _choose(entity_state: EntityState, listed: DeletedIds, live: Mapping[str, Place]) -> Iterator[str]:
    """Yield the hints this run checks: reported ones, those waiting longest first, then listed ones, oldest first.

    Listed ones of one instant are checked together, however many: the next run begins at an instant.
    """
    waiting = [record_id for record_id in entity_state.reported_deletions if record_id in live]
    first = waiting if not listed.ids else waiting[: MAX_PROBES_PER_RUN // 2]
    yield from islice(first, MAX_PROBES_PER_RUN)
    told = dict.fromkeys(i for i in listed.ids if i in live and i not in first)
    dated = sorted((_after(entity_state, listed.deleted_at.get(i)), i) for i in told)
    count, last = len(first), None
    for deleted_at, record_id in dated:
        if count >= MAX_PROBES_PER_RUN and deleted_at != last:
            return
        yield record_id
        count, last = count + 1, deleted_at


def _after(entity_state: EntityState, deleted_at: datetime | None) -> datetime:
    """Return the instant from which this deletion is listed again; at the latest from where this run asked."""
    since = entity_state.deletions_since
    if since is None:
        raise ValueError("nothing was asked for, so nothing can be listed")
    return since if deleted_at is None else max(deleted_at, since)


def _forget_versions(entity_state: EntityState, gone: Collection[str]) -> EntityState:
    """Return the state without the recent versions of these records: one that reappears is written again."""
    kept = {i: version for i, version in entity_state.recent_versions.items() if i not in gone}
    return replace(entity_state, recent_versions=kept)


def _must_wait(marks: DeletionMarks, gone: int, *, not_looked_at: int) -> bool:
    """Whether these alone may be marked, but not with those that time did not suffice for.

    Otherwise a run after the other would mark a part of what none may mark at once.
    """
    return bool(gone and not_looked_at) and marks.allows(gone) and not marks.allows(gone + not_looked_at)


def _mark(
    marks: DeletionMarks, gone: Mapping[str, Place]
) -> tuple[frozenset[str], TooManyDeletionsError | None]:
    """Return the records whose mark the warehouse refused, and the error if none may be marked."""
    try:
        return marks.mark(gone), None
    except TooManyDeletionsError as exc:
        logger.warning("%s: none is marked", exc.message)
        return frozenset(), exc


def _settle(
    run: Run,
    entity_state: EntityState,
    live: Mapping[str, Place],
    found: Mapping[str, bool | None],
    *,
    is_refused: bool,
) -> None:
    """Forget the reports that are dealt with; those that could not be checked wait behind all others."""
    failed = [record_id for record_id, is_gone in found.items() if is_gone is None]
    done: Iterable[str] = (
        record_id
        for record_id in entity_state.reported_deletions
        if record_id not in live or (record_id in found and not (found[record_id] and is_refused))
    )
    dealt_with = [record_id for record_id in done if record_id not in failed]
    if dealt_with or failed:
        run.ports.state.entities.settle_reported_deletions(run.lease, dealt_with, failed)


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
