"""Reading a list that Acumatica cannot export with one query: its keys first, then each record by id."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from connector.domain.list_query import ListAnswer
from connector.errors import SourceAnswerError, TransientError

MAX_ROUNDS = 5
FEWEST_ROWS = 2
ROWS_AT_ONCE = 50
"""Rows per page: few, because each takes a second or more, which is lost if the run is killed."""


@dataclass(slots=True, kw_only=True)
class _Records:
    """The records read by id so far, and the reasons why others could not be."""

    read_record: Callable[[str], bytes | None]
    found: dict[str, bytes] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)

    def has(self, record_id: str) -> bool:
        """Whether nothing is left to be asked of it."""
        return record_id in self.found or record_id in self.unreadable

    def read_page(self, record_ids: Iterable[str], most_bytes: int | None) -> Iterator[str]:
        """Read these records, until they are larger than a page may be; yield their ids."""
        size = 0
        for count, record_id in enumerate(record_ids):
            if most_bytes is not None and size > most_bytes and count >= FEWEST_ROWS:
                return
            self.read(record_id)
            size += len(self.found.get(record_id, b""))
            yield record_id

    def read(self, record_id: str) -> None:
        """Read the record unless it is known. One that Acumatica cannot deliver, although it delivers others, is unreadable."""
        if self.has(record_id):
            return
        try:
            record = self.read_record(record_id)
        except TransientError as exc:
            if not exc.calls_for_less:
                raise
            self.unreadable[record_id] = exc.message
            return
        if record is not None:
            self.found[record_id] = record

    def read_all(self, ids: Sequence[str], most_bytes: int | None) -> Sequence[str]:
        """Read these records; return the ids as far as could be read and fit a page, at least two of them."""
        try:
            return list(self.read_page(ids, most_bytes))
        except TransientError:
            ids = list(takewhile(self.has, ids))
            if len(ids) < FEWEST_ROWS:
                raise
        return ids

    def find_unreadable(self, ids: Sequence[str]) -> Mapping[int, str]:
        """Return why the records at these places cannot be read, by place."""
        return {
            index: self.unreadable[record_id]
            for index, record_id in enumerate(ids)
            if record_id in self.unreadable
        }


def read_one_by_one(
    list_keys: Callable[[], ListAnswer],
    read_record: Callable[[str], bytes | None],
    identify: Callable[[bytes], str | None],
    *,
    most_bytes: int | None = None,
) -> ListAnswer:
    """Return a page as the list would have given it: every row of one listing, in its order, each read by id.

    A row that is gone when it is read has shifted the list, so the page is listed again; otherwise the page might seem
    to hold nothing new and end the pass too early. The time is that of the first listing: nothing read was older.

    A record that Acumatica cannot give is `unreadable` in the answer. If one cannot be read for another reason, for want
    of time above all, the page ends before it. A single row is no page then: it may be the overlap, and would look like
    the end of the list. The page also ends once its records are larger than `most_bytes`.
    """
    records = _Records(read_record=read_record)
    server_time = None
    for _ in range(MAX_ROUNDS):
        page = list_keys()
        server_time = server_time or page.server_time
        listed = [_id_of(row, identify) for row in page.rows]
        ids = records.read_all(listed, most_bytes)
        if all(records.has(record_id) for record_id in ids):
            return ListAnswer(
                rows=[records.found.get(*pair) for pair in zip(ids, page.rows, strict=False)],
                server_time=server_time,
                unreadable=records.find_unreadable(ids),
            )
    missing = next(record_id for record_id in ids if not records.has(record_id))
    raise SourceAnswerError(
        f"Acumatica lists a record with id {missing}, but says each time that there is none of that id.",
        action="Wait and call again; if it stays so, look at that record in Acumatica.",
    )


def _id_of(row: bytes, identify: Callable[[bytes], str | None]) -> str:
    record_id = identify(row)
    if record_id is None:
        raise SourceAnswerError(
            "Acumatica lists a record without an id.",
            action="Wait and call again; look at the endpoint's definition.",
        )
    return record_id
