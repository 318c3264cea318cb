"""What a run reports beside its counts: wrong clocks, members without a column, filters that do not work."""

import logging
from collections.abc import Collection, Sequence

from connector.domain.clocks import TOLERANCE, ClockReading, ClockVerdict, judge_clocks
from connector.domain.cursor import Plan
from connector.domain.entity_state import EntityState
from connector.domain.records.codec import Codec, Record
from connector.domain.records.contract import Contract
from connector.domain.records.rejected import is_asked_for
from connector.domain.tables.log_table import find_respelled
from connector.domain.tables.schema import TableStatus
from connector.runs.interpreting import Reading
from connector.runs.reading import ListReader
from connector.runs.run import Run

logger = logging.getLogger(__name__)

NAMES_SHOWN = 20


def judge_clocks_of(entity_state: EntityState, clocks: ClockReading, plan: Plan) -> ClockVerdict:
    """Compare the clocks with what is stored about the last pass."""
    return judge_clocks(
        clocks,
        ahead_before=entity_state.source_clock_ahead,
        finished_before=entity_state.last_success_at,
        changed_since=plan.changed_since,
    )


def report_clocks(run: Run, reader: ListReader) -> None:
    """Report in the run's details which clock is wrong, and what was read because of it."""
    clocks, verdict = reader.clocks, reader.verdict
    found: dict[str, object] = {}
    if clocks is not None and clocks.source_ahead > max(run.lookback, TOLERANCE):
        found["source_clock_ahead_seconds"] = int(clocks.source_ahead.total_seconds())
    if verdict.is_unknown:
        found["clock_set_back"] = "everything is read"
    elif verdict.has_gone_back:
        found["source_clock_set_back_seconds"] = int(verdict.set_back.total_seconds())
    if found:
        run.outcome.add_details(found)
        logger.warning("the clocks of Acumatica and the connector disagree: %s", found)


def count_unstamped(run: Run, contract: Contract, readings: Sequence[Reading]) -> None:
    """Count in the run's details the records without a stamp although the endpoint has one.

    A filter by the stamp never lists them, so only a reconcile sees that they have changed.
    """
    if contract.modified_field is None:
        return
    found = (reading.record for reading in readings)
    if count := sum(isinstance(record, Record) and record.modified_at is None for record in found):
        run.outcome.count_detail("without_stamp", count)


def leave_unidentified(run: Run, readings: Sequence[Reading]) -> Sequence[Reading]:
    """Return the readings of those records that can be asked for by their id; count the others in the run's details.

    A row without a key, say. It is kept by each pass that reads it whole, so nothing is lost that a list of keys leaves.
    """
    identified = [reading for reading in readings if is_asked_for(reading.record.id, run.entity)]
    if count := len(readings) - len(identified):
        run.outcome.count_detail("without_id", count)
    return identified


def report_set_aside(run: Run, codec: Codec) -> None:
    """Report which members went to `_extra` because they are missing from the contract or have another type."""
    for name, paths in (("unannounced", codec.unannounced), ("retyped", codec.mistyped_members)):
        if paths:
            shown = sorted(paths)[:NAMES_SHOWN]
            run.outcome.add_details({name: shown})
            logger.warning("%s members of %s went to _extra: %s", name, run.entity.name, shown)


def report_filter_ignored(run: Run, contract: Contract) -> None:
    """Report the field that Acumatica cannot filter by, so that every run must read the whole list."""
    field = contract.modified_field
    run.outcome.add_details({"filter_ignored": field})
    logger.warning(
        "%s has records, but a filter on %s finds none of them, so every run reads all of them. Name another"
        " modified_field of this entity in the catalogue.",
        run.entity.acumatica_entity,
        field,
    )


def report_other_fields(run: Run, name: str, columns: Collection[str]) -> None:
    """Report that the stored column names belong to another log."""
    shown = sorted(columns)[:NAMES_SHOWN]
    run.outcome.add_details({"columns_learned_anew": shown})
    logger.warning(
        "what is stored about the columns of %s belongs to another table (%s): it is learned from their descriptions",
        name,
        ", ".join(shown),
    )


def report_respelled(run: Run, before: Contract, contract: Contract) -> None:
    """Report the fields whose spelling changed in case alone: they are other fields, so they fill other columns now."""
    found = list(find_respelled(run.entity, before, contract))[:NAMES_SHOWN]
    if not found:
        return
    told = [f"{old} ({column}) is {new} ({other}) now" for old, column, new, other in found]
    run.outcome.add_details({"fields_respelled": told})
    logger.warning(
        "fields of %s are spelled in another case and fill other columns, while their old ones get nothing more: %s. Spell them"
        " as before in the endpoint (SM207060), or query both columns with COALESCE",
        run.entity.name,
        ", ".join(told),
    )


def report_lost_log(run: Run, status: TableStatus) -> None:
    """Report that everything is read again, and whether the log is missing or only its rows are."""
    name = run.entity.log_table
    run.outcome.add_details({"log_lost": "missing" if status.created else "empty"})
    if status.created:
        logger.warning("%s is no longer in the warehouse: everything is read again", name)
    else:
        logger.warning(
            "%s is in the warehouse, but all its rows are gone: deleted, or expired with their partitions (`check` names an"
            " expiration that is still set). Everything is read again",
            name,
        )


def report_lost_stamp(run: Run, before: Contract, contract: Contract) -> None:
    """Report that the endpoint no longer has the field by which changes were found."""
    run.outcome.add_details({"stamp_lost": before.modified_field})
    logger.warning(
        "The endpoint no longer has the stamp %s of %s: the whole list is read%s.",
        before.modified_field,
        run.entity.acumatica_entity,
        "" if contract.modified_field else ", by every run until the field is back",
    )


def report_other_stamp(run: Run, before: Contract, contract: Contract) -> None:
    """Report that changes are found by another field than before."""
    run.outcome.add_details({"stamp_changed": [before.modified_field, contract.modified_field]})
    logger.warning(
        "changes of %s are found by %s now, by %s before: everything is read once more",
        run.entity.name,
        contract.modified_field,
        before.modified_field or "reading everything",
    )


def report_views(run: Run, status: TableStatus) -> None:
    """Report that the entity's views show another entity's log, or did so until now."""
    if status.held_by:
        owner = " and ".join(status.held_by)
        logger.warning(
            "the views of %s show the log of %s until everything is read once. If it was renamed, run: python -m connector rename %s %s",
            run.entity.name,
            owner,
            status.held_by[0],
            run.entity.name,
        )
        run.outcome.add_details({"views_held_by": list(status.held_by)})
    if status.taken_from:
        logger.warning(
            "the views of %s showed the log of %s until now; its table and its state stay as they are",
            run.entity.name,
            " and ".join(status.taken_from),
        )
        run.outcome.add_details({"views_taken_from": list(status.taken_from)})
