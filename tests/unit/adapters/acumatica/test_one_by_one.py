from datetime import timedelta

import msgspec
import pytest

from connector.adapters.acumatica.one_by_one import read_one_by_one
from connector.domain.list_query import ListAnswer
from connector.domain.records.rejected import find_session_id
from connector.errors import SourceAnswerError, SourceUnavailableError
from tests.unit.adapters.acumatica.builders import SENT_AT


class MovingList:
    """A list of ids that loses one each time it is asked for a record that is doomed, and fails at a broken one."""

    def __init__(
        self, *ids: str, doomed: tuple[str, ...] = (), phantoms: tuple[str, ...] = (), broken: str = ""
    ) -> None:
        self.ids = list(ids)
        self.doomed = doomed
        self.phantoms = phantoms
        self.broken = broken
        self.listings = 0
        self.reads: list[str] = []

    def list_keys(self) -> ListAnswer:
        self.listings += 1
        rows = [msgspec.json.encode({"id": record_id}) for record_id in self.ids[:3]]
        return ListAnswer(rows=rows, server_time=SENT_AT + timedelta(minutes=self.listings))

    def read(self, record_id: str) -> bytes | None:
        self.reads.append(record_id)
        if record_id == self.broken:
            raise SourceUnavailableError("no time", action="Call again.")
        if record_id in self.doomed and record_id in self.ids:
            self.ids.remove(record_id)
        if record_id in self.phantoms or record_id not in self.ids:
            return None
        return record_id.encode()


def test_each_row_is_read_once_in_the_list_order() -> None:
    moving = MovingList("c", "a", "b")
    answer = read_one_by_one(moving.list_keys, moving.read, find_session_id)
    assert list(answer.rows) == [b"c", b"a", b"b"]
    assert moving.reads == ["c", "a", "b"]
    assert answer.server_time == SENT_AT + timedelta(minutes=1)


def test_a_row_gone_in_between_is_left_out_and_what_moved_into_the_page_is_read() -> None:
    moving = MovingList("a", "b", "c", "d", "e", doomed=("b", "c"))
    answer = read_one_by_one(moving.list_keys, moving.read, find_session_id)
    assert list(answer.rows) == [b"a", b"d", b"e"]
    assert moving.reads.count("a") == 1


def test_the_time_is_that_of_the_first_listing() -> None:
    moving = MovingList("a", "b", doomed=("a",))
    assert read_one_by_one(moving.list_keys, moving.read, find_session_id).server_time == SENT_AT + timedelta(
        minutes=1
    )


def test_a_row_that_is_listed_but_never_found_is_an_error_not_a_gap() -> None:
    moving = MovingList("a", "b", phantoms=("b",))
    with pytest.raises(SourceAnswerError, match="id b"):
        read_one_by_one(moving.list_keys, moving.read, find_session_id)


@pytest.mark.parametrize("broken", ["c", "d"])
def test_a_page_ends_before_the_record_that_cannot_be_read(broken: str) -> None:
    moving = MovingList("a", "b", "c", "d", doomed=("b",) if broken == "d" else (), broken=broken)
    answer = read_one_by_one(moving.list_keys, moving.read, find_session_id)
    assert list(answer.rows) == ([b"a", b"b"] if broken == "c" else [b"a", b"c"])
    assert answer.server_time == SENT_AT + timedelta(minutes=1)


@pytest.mark.parametrize("broken", ["a", "b"])
def test_a_page_of_nothing_but_its_anchor_is_the_failure_not_the_end(broken: str) -> None:
    moving = MovingList("a", "b", "c", broken=broken)
    with pytest.raises(SourceUnavailableError):
        read_one_by_one(moving.list_keys, moving.read, find_session_id)


def test_an_empty_page_is_empty() -> None:
    moving = MovingList()
    assert list(read_one_by_one(moving.list_keys, moving.read, find_session_id).rows) == []


def test_a_row_without_id_is_an_error() -> None:
    answer = ListAnswer(rows=[b'{"ID": 1}'], server_time=SENT_AT)
    with pytest.raises(SourceAnswerError, match="without an id"):
        read_one_by_one(lambda: answer, MovingList().read, find_session_id)


def test_a_page_ends_once_its_records_are_too_large() -> None:
    moving = MovingList("aaaa", "bbbb", "cccc")
    answer = read_one_by_one(moving.list_keys, moving.read, find_session_id, most_bytes=7)
    assert list(answer.rows) == [b"aaaa", b"bbbb"]
    assert moving.reads == ["aaaa", "bbbb"]


def test_a_page_has_two_records_however_large_and_a_record_read_before_the_list_moved_is_none_of_them() -> (
    None
):
    moving = MovingList("aaaa", "bbbb", "cccc", "dddd", doomed=("bbbb",))
    answer = read_one_by_one(moving.list_keys, moving.read, find_session_id, most_bytes=1)
    assert list(answer.rows) == [b"aaaa", b"cccc"]
