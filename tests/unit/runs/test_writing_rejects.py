"""What cannot be used is rejected: kept as a dead letter, told, and counted against the run once."""

from datetime import datetime, timedelta

import pytest

from connector.domain.entity_state import DeadLetter, Outcome
from connector.errors import TooManyRejectsError
from tests.builders import a_record, a_row, an_id
from tests.unit.runs.test_writing import READ_AT, Desk, Known, a_batch, bad, good


def test_what_cannot_be_used_is_kept_whole_and_does_not_stand_for_written() -> None:
    desk = Desk()
    assert desk.write(a_batch(*good(1), *bad(2))) == [an_id(1)]
    (letter,) = desk.state.dead_letters.read("vendors")
    assert (letter.record_id, letter.run_id, letter.rejected_at) == (an_id(2), "run-1", desk.clock.now())
    assert letter.payload == next(bad(2))
    assert "not readable as JSON" in letter.reason
    assert desk.counts == (2, 1, 0, 1)
    ((outcome, _, reason),) = desk.outcomes(2)
    assert (outcome, reason) == (Outcome.REJECTED, letter.reason)


def test_what_the_warehouse_refuses_is_kept_the_same_way() -> None:
    desk = Desk()
    desk.warehouse.refuse = lambda data: "no such field" if b'"vendor_id":"V2"' in data else None
    assert desk.write(a_batch(*good(1, 2)), a_batch(*good(3))) == [an_id(1), an_id(3)]
    (letter,) = desk.state.dead_letters.read("vendors")
    assert (letter.record_id, letter.key) == (an_id(2), "V2")
    assert letter.reason == "The warehouse refused it: no such field"
    assert letter.payload == next(good(2))
    assert desk.counts == (3, 2, 0, 1)
    assert [desk.outcomes(n)[0][0] for n in (1, 2, 3)] == [Outcome.WRITTEN, Outcome.REJECTED, Outcome.WRITTEN]


def test_too_many_rejects_stop_the_run_before_anything_is_kept() -> None:
    desk = Desk()
    with pytest.raises(
        TooManyRejectsError,
        match=r"^11 of 12 records of vendors cannot be used; the first one here, V0: cannot be normalised: it has no id\.",
    ) as caught:
        desk.write(a_batch(*good(20), b'{"id":"","VendorID":{"value":"V0"}}', *bad(*range(2, 12))))
    assert caught.value.action == "The watermark was not moved. Correct the cause, then run again."
    assert desk.warehouse.appends == []
    assert list(desk.state.dead_letters.read("vendors")) == []


def test_rejects_are_counted_over_the_whole_run() -> None:
    desk = Desk()
    desk.write(a_batch(*good(*range(100, 150)), *bad(*range(1, 8))))
    with pytest.raises(TooManyRejectsError, match="11 of 61"):
        desk.write(a_batch(*bad(8, 9, 10, 11)))


def test_refusals_of_the_warehouse_count_too() -> None:
    desk = Desk()
    desk.warehouse.refuse = lambda _: "no"
    with pytest.raises(TooManyRejectsError, match=r"11 of 11 .* V0: The warehouse refused it: no"):
        desk.write(a_batch(*good(*range(11))))
    assert list(desk.state.dead_letters.read("vendors")) == []


def test_a_replay_may_reject_as_many_as_there_are() -> None:
    desk = Desk(is_replay=True)
    assert desk.write(a_batch(*bad(*range(1, 15)))) == []
    assert len(list(desk.state.dead_letters.read("vendors"))) == 14


def a_letter(rejected_at: datetime) -> DeadLetter:
    return DeadLetter(
        entity="vendors",
        record_id=an_id(1),
        key="V1",
        reason="too long",
        payload=b"{}",
        run_id="run-0",
        rejected_at=rejected_at,
    )


def test_a_letter_is_forgotten_once_its_record_is_read_well_written_or_not() -> None:
    for known in (Known(), Known(a_record(number=1, key="V1"))):
        desk = Desk()
        desk.state.dead_letters.add(a_letter(READ_AT - timedelta(hours=1)))
        desk.write(a_batch(*good(1)), known=known)
        assert list(desk.state.dead_letters.read("vendors")) == []


def test_a_letter_of_content_read_later_stays() -> None:
    desk = Desk()
    letter = a_letter(READ_AT + timedelta(seconds=1))
    desk.state.dead_letters.add(letter)
    desk.write(a_batch(*good(1)))
    assert list(desk.state.dead_letters.read("vendors")) == [letter]


def test_a_record_read_well_and_then_badly_in_one_batch_has_its_newest_letter() -> None:
    desk = Desk()
    desk.state.dead_letters.add(a_letter(READ_AT - timedelta(hours=1)))
    desk.write(a_batch(*good(1)), a_batch(*bad(1)))
    (letter,) = desk.state.dead_letters.read("vendors")
    assert letter.run_id == "run-1"


def test_a_content_that_is_a_dead_letter_already_is_no_news() -> None:
    """It is neither counted against the run again nor kept again: any number of them may be read with each pass."""
    first, second = Desk(), Desk()
    first.write(a_batch(*good(*range(100, 150)), *bad(*range(1, 11))))
    for letter in first.state.dead_letters.read("vendors"):
        second.state.dead_letters.add(letter)
    assert second.write(a_batch(*bad(*range(1, 11)), *bad(11))) == []
    assert second.counts == (11, 0, 10, 1)
    assert [letter.attempts for letter in second.state.dead_letters.read("vendors")] == [1] * 11
    ((outcome, _, reason),) = second.outcomes(1)
    assert outcome is Outcome.UNCHANGED
    assert reason.endswith("It is a dead letter already.")


def test_what_the_warehouse_refused_before_is_no_news_either() -> None:
    desk = Desk()
    desk.warehouse.refuse = lambda data: "no" if b'"vendor_id":"V2"' in data else None
    desk.write(a_batch(*good(2)))
    assert desk.write(a_batch(*good(1, 2))) == [an_id(1)]
    assert desk.counts == (3, 1, 1, 1)
    assert [letter.attempts for letter in desk.state.dead_letters.read("vendors")] == [1]


def test_a_replay_counts_every_try() -> None:
    desk = Desk(is_replay=True)
    desk.state.dead_letters.add(a_letter(READ_AT))
    desk.write(a_batch(*bad(1)))
    desk.write(a_batch(*bad(1)))
    assert desk.counts == (2, 0, 0, 2)


def test_a_record_rejected_and_then_read_well_in_the_same_run_has_no_letter() -> None:
    desk = Desk()
    desk.clock.set(READ_AT + timedelta(minutes=1))
    desk.write(a_batch(*bad(1)))
    assert desk.write(a_batch(*good(1))) == [an_id(1)]
    assert list(desk.state.dead_letters.read("vendors")) == []


def test_what_was_found_is_in_the_audit_when_too_many_are_rejected() -> None:
    desk = Desk()
    with pytest.raises(TooManyRejectsError):
        desk.write(a_batch(*good(20), *bad(*range(1, 12))))
    assert desk.counts == (11, 0, 0, 11)
    assert [desk.outcomes(n)[0][0] for n in range(1, 12)] == [Outcome.REJECTED] * 11
    assert desk.outcomes(20) == [], "it was not written, and is read again"


def test_what_was_written_is_in_the_audit_when_the_warehouse_refuses_too_many() -> None:
    desk = Desk()
    desk.warehouse.refuse = lambda data: None if b'"vendor_id":"V20"' in data else "no"
    with pytest.raises(TooManyRejectsError):
        desk.write(a_batch(*good(20, *range(1, 12))))
    assert desk.counts == (12, 1, 0, 11)
    assert [desk.outcomes(n)[0][0] for n in (20, 1)] == [Outcome.WRITTEN, Outcome.REJECTED]
    assert list(desk.state.dead_letters.read("vendors")) == []


def test_a_record_with_the_id_of_another_is_told_and_stays_told(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    twins = a_row(number=1, key="V1"), a_row(number=1, key="V2")
    for _ in range(2):
        assert desk.write(a_batch(*twins)) == [an_id(1)]
        (letter,) = desk.state.dead_letters.read("vendors")
        assert (letter.record_id, letter.key, letter.payload) == (an_id(1), "V2", twins[1])
    assert desk.counts == (4, 2, 1, 1)
    assert "has the id of another record in the same answer, V1" in caplog.text


def test_a_record_that_one_answer_lists_twice_with_different_content_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk = Desk()
    assert desk.write(a_batch(a_row(number=1, Terms="30D"), a_row(number=1, Terms="60D"))) == [an_id(1)]
    assert desk.counts == (2, 1, 0, 1)
    assert "is listed twice in the same answer, with different content" in caplog.text


def test_a_record_of_another_page_does_not_make_its_twin_forgotten() -> None:
    desk = Desk()
    for _ in range(2):
        desk.write(a_batch(*good(1)))
        desk.write(a_batch(a_row(number=1, key="V1"), a_row(number=1, key="V2")))
    (letter,) = desk.state.dead_letters.read("vendors")
    assert letter.key == "V2"


def test_of_two_contents_of_a_record_the_later_one_decides_though_it_was_a_dead_letter_before() -> None:
    desk = Desk()
    desk.write(a_batch(*bad(1)))
    desk.clock.advance(timedelta(hours=9))
    desk.write(a_batch(*good(1)), a_batch(*bad(1)))
    assert len(list(desk.state.dead_letters.read("vendors"))) == 1
