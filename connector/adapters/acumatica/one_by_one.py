"""Reading a list that Acumatica cannot export with one query: its keys first, then each record by id."""

from collections.abc import Callable, Sequence
from itertools import takewhile

from connector.domain.listing import ListAnswer
from connector.errors import SourceAnswerError, TransientError

ROUNDS = 5
ROWS_AT_ONCE = 50
"""Rows of one page: what may be lost when a run is killed, at a second or more for each."""


def read_one_by_one(
    list_keys: Callable[[], ListAnswer],
    read_record: Callable[[str], bytes | None],
    identify: Callable[[bytes], str | None],
) -> ListAnswer:
    """Return a page as the list would have given it: every row of one listing, in its order, each read by id.

    A row that is gone when it is read has shifted the list, so the page is listed again; otherwise the page might seem
    to hold nothing new and end the pass too early. The time is that of the first listing: nothing read was older.

    If a record cannot be read, for want of time above all, the page ends before it. A single row is no page then: it may be
    the anchor, and would look like the end of the list.
    """
    records: dict[str, bytes] = {}
    server_time = None
    for _ in range(ROUNDS):
        page = list_keys()
        server_time = server_time or page.server_time
        ids = [_id_of(row, identify) for row in page.rows]
        try:
            for record_id in ids:
                if record_id not in records and (record := read_record(record_id)) is not None:
                    records[record_id] = record
        except TransientError:
            ids = list(takewhile(records.__contains__, ids))
            if len(ids) < 2:
                raise
        if all(record_id in records for record_id in ids):
            return ListAnswer(rows=_in_order(ids, records), server_time=server_time)
    missing = next(record_id for record_id in ids if record_id not in records)
    raise SourceAnswerError(
        f"Acumatica lists a record with id {missing}, but says each time that there is none of that id.",
        action="Wait and call again; if it stays so, look at that record in Acumatica.",
    )


def _in_order(ids: Sequence[str], records: dict[str, bytes]) -> list[bytes]:
    return [records[record_id] for record_id in ids]


def _id_of(row: bytes, identify: Callable[[bytes], str | None]) -> str:
    record_id = identify(row)
    if record_id is None:
        raise SourceAnswerError(
            "Acumatica lists a record without an id.",
            action="Wait and call again; look at the endpoint's definition.",
        )
    return record_id
