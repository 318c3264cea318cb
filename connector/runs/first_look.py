"""A look at the list before its first page is believed: does it give what the single record has?"""

import logging
from collections.abc import Iterator, Sequence

from connector.domain.list_query import ListQuery
from connector.domain.records.left_out import Comparison, compare_listed
from connector.domain.records.rejected import find_id
from connector.errors import ConnectorError
from connector.runs.preparing import OpenedEntity
from connector.runs.reading import ListReader, Page
from connector.runs.run import Run

logger = logging.getLogger(__name__)

SAMPLES = 3
"""Records compared: any single one may really have nothing there."""
NAMES_SHOWN = 20
EVERYTHING = ("every record, with all that is asked for",)


def look_at_list(run: Run, opened: OpenedEntity) -> None:
    """Compare listed records with the same read by their ids, where nothing was read by these choices of the catalogue before.

    Lists are known to leave out what is below a record and its custom fields: such an entity is read one by one from then
    on. Other differences are told. When the list cannot be read, the run will meet that.
    """
    root = opened.contract.root
    is_asked_for_more = bool(root.details or root.linked or root.custom)
    if not (opened.is_contract_new and is_asked_for_more) or opened.entity_state.read_one_by_one:
        return
    try:
        found = _compare(run, opened.contract.modified_field)
    except ConnectorError as exc:
        logger.info("the list of %s is not compared with its records: %s", run.entity.name, exc.message)
        return
    if found.differ:
        run.outcome.add_details({"list_differs": list(found.differ[:NAMES_SHOWN])})
        logger.warning(
            "the list of %s gives other values than its single records in %s",
            run.entity.acumatica_entity,
            ", ".join(found.differ[:NAMES_SHOWN]),
        )
    if found.left_out:
        leave_list(run, opened, found.left_out[:NAMES_SHOWN])


def leave_list(run: Run, opened: OpenedEntity, left_out: Sequence[str]) -> None:
    """Read the records one by one from now on, and tell why."""
    logger.warning(
        "lists of %s leave out %s: it is read record by record from now on",
        run.entity.acumatica_entity,
        ", ".join(left_out),
    )
    run.outcome.add_details({"left_out": list(left_out), "read_one_by_one": True})
    opened.note_one_by_one()


def note_one_by_one(pages: Iterator[Page], reader: ListReader, opened: OpenedEntity) -> Iterator[Page]:
    """Yield the pages; note at once that the list is read one by one, even if reading fails."""
    while True:
        try:
            page = next(pages, None)
        finally:
            if reader.one_by_one:
                opened.note_one_by_one()
        if page is None:
            return
        yield page


def _compare(run: Run, modified_field: str | None) -> Comparison:
    source, left_out, differ = run.ports.source, set[str](), set[str]()
    query = ListQuery(entity=run.entity, modified_field=None, changed_since=None, skip=0, top=SAMPLES)
    for row in source.read_list(query).rows:
        record_id = find_id(row, run.entity)
        single = None if record_id is None else source.read_record(run.entity, record_id)
        if single is not None:
            found = compare_listed(row, single, modified_field)
            left_out.update(found.left_out)
            differ.update(found.differ)
    return Comparison(left_out=tuple(sorted(left_out)), differ=tuple(sorted(differ)))
