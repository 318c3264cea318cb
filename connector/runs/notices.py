"""What a run notices beside its counts, and says in its answer: clocks that are wrong, members without a column, filters of no use."""

import logging

from connector.domain.clocks import TOLERANCE, ClockReading, ClockVerdict, judge_clocks
from connector.domain.cursor import Plan
from connector.domain.entity_state import EntityState
from connector.domain.records.codec import Codec
from connector.domain.records.contract import Contract
from connector.runs.reading import ListReader
from connector.runs.run import Run

logger = logging.getLogger(__name__)

NAMES_SHOWN = 20


def judge_clocks_of(entity_state: EntityState, clocks: ClockReading, plan: Plan) -> ClockVerdict:
    """Return what the clocks say after what is remembered of the last pass."""
    return judge_clocks(
        clocks,
        ahead_before=entity_state.source_clock_ahead,
        finished_before=entity_state.last_success_at,
        changed_since=plan.changed_since,
    )


def report_clocks(run: Run, reader: ListReader) -> None:
    """Say in the run's answer which clock was seen to be wrong, and what was read for it."""
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
        logger.warning("the clocks of Acumatica and of the connector do not go together: %s", found)


def report_set_aside(run: Run, codec: Codec) -> None:
    """Say which members went to `_extra`: the tenant has something the contract does not tell."""
    for name, paths in (("unannounced", codec.unannounced), ("retyped", codec.retyped)):
        if paths:
            shown = sorted(paths)[:NAMES_SHOWN]
            run.outcome.add_details({name: shown})
            logger.warning("%s members of %s went to _extra: %s", name, run.entity.name, shown)


def report_filter_ignored(run: Run, contract: Contract) -> None:
    """Say by which field Acumatica does not filter, so that the whole list has to be read."""
    field = contract.modified_field
    run.outcome.add_details({"filter_ignored": field})
    logger.warning(
        "%s has records, but a filter on %s finds none of them: every run reads all of them. Name another"
        " modified_field of this entity in the catalogue.",
        run.entity.acumatica_entity,
        field,
    )


def report_lost_stamp(run: Run, before: Contract, contract: Contract) -> None:
    """Say which field the endpoint has lost by which changes were found."""
    run.outcome.add_details({"stamp_lost": before.modified_field})
    logger.warning(
        "The endpoint has no stamp %s of %s any more: the whole list is read%s.",
        before.modified_field,
        run.entity.acumatica_entity,
        "" if contract.modified_field else ", by this run and by every other until the field is back",
    )
