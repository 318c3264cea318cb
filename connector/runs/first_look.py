"""A look at the first rows of a list before they are believed: does it give what the single record has?"""

import logging
from collections.abc import Sequence

from connector.domain.records.left_out import Comparison, compare_listed
from connector.domain.records.rejected import find_id
from connector.errors import ConnectorError, TransientError
from connector.runs.preparing import OpenedEntity
from connector.runs.run import Run

logger = logging.getLogger(__name__)

SAMPLES = 3
"""Records compared: any single one may really have nothing there."""
NAMES_SHOWN = 20
EVERYTHING = ("every record, with all that is asked for",)


def may_believe_list(run: Run, opened: OpenedEntity, rows: Sequence[bytes]) -> bool:
    """Compare listed records with the same read by their ids, unless that was done for these choices of the catalogue.

    Lists are known to leave out what is below a record and its custom fields: such an entity is read one by one from then
    on. Other differences are told. A list that was left is believed again only if it gives all that it left out before.
    Without time for it, or while Acumatica is down, a list is believed for now, and the next run looks at it.
    """
    if not opened.is_look_due:
        return True
    try:
        found = _compare(run, rows[:SAMPLES], opened.contract.modified_field)
    except ConnectorError as exc:
        _report_not_compared(run, exc)
        if opened.is_list_on_trial:
            opened.note_one_by_one()
            return False
        if not isinstance(exc, TransientError):
            opened.note_list_usable()
        return True
    if found.left_out:
        leave_list(run, opened, found.left_out)
        return False
    if not set(opened.left_out_before) <= set(found.given):
        opened.note_one_by_one(opened.left_out_before)
        return False
    _report_differences(run, found)
    opened.note_list_usable()
    return True


def leave_list(run: Run, opened: OpenedEntity, left_out: Sequence[str]) -> None:
    """Read the records one by one from now on, and tell why."""
    logger.warning(
        "lists of %s leave out %s: it is read record by record from now on",
        run.entity.acumatica_entity,
        ", ".join(left_out[:NAMES_SHOWN]),
    )
    run.outcome.add_details({"left_out": list(left_out[:NAMES_SHOWN]), "read_one_by_one": True})
    opened.note_one_by_one(() if left_out is EVERYTHING else left_out)


def _report_not_compared(run: Run, exc: ConnectorError) -> None:
    """Tell that this run may have written records without what only single records give."""
    run.outcome.add_details({"list_not_compared": exc.message})
    logger.warning(
        "the list of %s could not be compared with its single records, so lines or custom fields may be missing until a run"
        " can compare them: %s",
        run.entity.name,
        exc.message,
    )


def _report_differences(run: Run, found: Comparison) -> None:
    if found.differ:
        run.outcome.add_details({"list_differs": list(found.differ[:NAMES_SHOWN])})
        logger.warning(
            "the list of %s gives other values than its single records in %s",
            run.entity.acumatica_entity,
            ", ".join(found.differ[:NAMES_SHOWN]),
        )


def _compare(run: Run, rows: Sequence[bytes], modified_field: str | None) -> Comparison:
    """Compare each of these rows with its record. One that cannot be read tells nothing."""
    found = Comparison()
    for row in rows:
        record_id = find_id(row, run.entity)
        single = None if record_id is None else _read(run, record_id)
        if single is not None:
            found = found.join(compare_listed(row, single, modified_field))
    return found


def _read(run: Run, record_id: str) -> bytes | None:
    try:
        return run.ports.source.read_record(run.entity, record_id)
    except TransientError as exc:
        if not exc.calls_for_less:
            raise
        return None
