"""Dead letters tried again: as the record is now, or as it was kept."""

from datetime import timedelta
from itertools import chain, repeat

from connector.domain.entity_state import DeadLetter
from connector.domain.records.contract import Kind
from connector.domain.records.rejected import describe_unreadable
from connector.domain.run import Mode, Status, WriteMethod
from connector.runs.replay import MAX_DEAD_LETTERS_AT_ONCE
from tests.builders import MORNING, a_contract, an_id
from tests.stand_ins.list_source import failure
from tests.unit.runs.small_rig import SmallRig, copied, vendors

HOUR = timedelta(hours=1)
BAD = b'{"id":"%b","VendorID":{"value":"V009"},"x":\xff}' % an_id(9).encode()


def a_rig(*letters: DeadLetter) -> SmallRig:
    rig = SmallRig()
    for letter in letters:
        rig.state.dead_letters.add(letter)
    return rig


def a_letter(record_id: str, payload: bytes) -> DeadLetter:
    return DeadLetter(
        entity="vendors",
        record_id=record_id,
        key="",
        reason="too long",
        payload=payload,
        run_id="run-0",
        rejected_at=MORNING,
    )


def left(rig: SmallRig) -> dict[str, int]:
    """Return the letters that are left, each with how often it was tried."""
    return {letter.record_id: letter.attempts for letter in rig.state.dead_letters.read("vendors")}


def test_a_record_is_taken_as_it_is_in_acumatica_now() -> None:
    rig = a_rig(a_letter(an_id(1), BAD))
    rig.source.put(*vendors(1))
    result = rig.run(Mode.REPLAY)
    assert (result.status, result.records_read, result.records_written) == (Status.SUCCEEDED, 1, 1)
    assert (rig.shown(), left(rig)) == ({an_id(1): "V001"}, {})
    assert rig.appends[0].method is WriteMethod.LOAD
    assert rig.shown("_synced_at") == {an_id(1): "2026-11-22T12:00:00Z"}


def test_what_acumatica_has_no_more_goes_to_the_history_alone_with_the_time_it_was_read() -> None:
    rig = a_rig(a_letter(an_id(1), vendors(1)[0]))
    result = rig.run(Mode.REPLAY)
    assert (result.records_written, result.details["deleted"]) == (2, 1)
    assert (rig.source.asked, left(rig), rig.shown()) == ([an_id(1)], {}, {})
    rows = [row.data for append in rig.appends if append.table.name == "vendors_log" for row in append.rows]
    assert b'"_deleted":true' in rows[0]
    assert b'"_synced_at":"2026-11-22T06:00:00.837Z"' in rows[1]


def test_the_warehouse_is_asked_for_the_replayed_records_alone() -> None:
    rig = copied(1, 2, 3)
    rig.state.dead_letters.add(a_letter(an_id(1), BAD))
    rig.warehouse.looked_up.clear()
    assert rig.run(Mode.REPLAY).status is Status.SUCCEEDED
    assert rig.warehouse.looked_up == [{an_id(1)}]


def test_what_is_gone_is_not_shown_though_a_later_version_than_the_kept_one_was() -> None:
    rig = copied(1, 2, 3)
    rig.state.dead_letters.add(a_letter(an_id(1), vendors(1, modified_at=MORNING - HOUR)[0]))
    del rig.source.rows[an_id(1)]
    assert rig.run(Mode.REPLAY).details["deleted"] == 1
    assert set(rig.shown()) == {an_id(2), an_id(3)}


def test_a_letter_without_an_id_of_acumatica_s_is_not_asked_for() -> None:
    rig = a_rig(a_letter("unidentified-12", vendors(1)[0]))
    assert rig.run(Mode.REPLAY).records_written == 1
    assert rig.source.asked == []
    assert left(rig) == {}


def test_what_still_cannot_be_used_stays_and_its_tries_are_counted() -> None:
    rig = a_rig(a_letter(an_id(9), BAD))
    for tries in (2, 3):
        result = rig.run(Mode.REPLAY)
        assert (result.status, result.records_rejected) == (Status.SUCCEEDED, 1)
        assert left(rig) == {an_id(9): tries}


def test_what_acumatica_cannot_deliver_keeps_its_content_and_tells_why() -> None:
    before = DeadLetter(
        entity="vendors",
        record_id=an_id(1),
        key="V001",
        reason="too long",
        payload=vendors(1)[0],
        run_id="run-0",
        rejected_at=MORNING,
    )
    rig = a_rig(before, a_letter(an_id(2), BAD))
    rig.source.put(*vendors(1, 2))
    rig.source.broken = {an_id(1)}
    result = rig.run(Mode.REPLAY)
    assert (result.status, result.records_rejected, set(rig.shown())) == (Status.SUCCEEDED, 1, {an_id(2)})
    (kept,) = rig.state.dead_letters.read("vendors")
    assert (kept.key, kept.payload, kept.attempts) == ("V001", vendors(1)[0], 2)
    assert kept.reason == describe_unreadable(failure("a record").message)


def test_one_letter_may_be_replayed_alone() -> None:
    rig = a_rig(a_letter(an_id(1), vendors(1)[0]), a_letter(an_id(2), vendors(2)[0]))
    assert rig.run(Mode.REPLAY, record_id=an_id(2)).records_written == 2
    assert left(rig) == {an_id(1): 1}


def test_the_good_ones_do_not_wait_for_the_bad_ones() -> None:
    rig = a_rig(a_letter(an_id(1), vendors(1)[0]), a_letter(an_id(9), BAD))
    rig.source.put(*vendors(1))
    result = rig.run(Mode.REPLAY)
    assert (result.records_written, result.records_rejected) == (1, 1)
    assert left(rig) == {an_id(9): 2}


def test_many_are_replayed_in_batches_and_out_of_time_the_rest_stays() -> None:
    letters = [a_letter(an_id(n), vendors(n)[0]) for n in range(MAX_DEAD_LETTERS_AT_ONCE + 1)]
    rig = a_rig(*letters)
    rig.source.put(*vendors(*range(MAX_DEAD_LETTERS_AT_ONCE + 1)))
    answers = chain([False] * MAX_DEAD_LETTERS_AT_ONCE, repeat(True))
    assert rig.run(Mode.REPLAY, is_stopping=lambda: next(answers)).status is Status.PARTIAL
    assert len(left(rig)) == 1
    assert rig.run(Mode.REPLAY).status is Status.SUCCEEDED
    assert (left(rig), len(rig.shown())) == ({}, MAX_DEAD_LETTERS_AT_ONCE + 1)


def test_a_column_that_keeps_another_type_gets_no_value() -> None:
    rig = a_rig(a_letter(an_id(1), vendors(1)[0]))
    rig.source.put(*vendors(1, Terms=30))
    rig.source.contract = a_contract(fields={"Terms": Kind.INT})
    rig.warehouse.incompatible_columns = frozenset({"terms"})
    rig.run(Mode.REPLAY)
    assert rig.appends[0].rows[0].extra == b'{"Terms":"30"}'


def test_a_column_that_is_new_is_there_before_the_row_that_needs_it() -> None:
    rig = a_rig(a_letter(an_id(1), vendors(1)[0]))
    rig.run()
    rig.source.put(*vendors(1, Colour="red"))
    rig.source.contract = a_contract(fields={"Colour": Kind.STRING})
    rig.run(Mode.REPLAY)
    assert rig.shown("colour") == {an_id(1): "red"}
    assert "colour" in {column.name for column in rig.appends[-1].table.columns}


class TestGone:
    """Rights that were taken away look just like deletions."""

    def test_too_many_are_none_and_the_others_are_replayed(self) -> None:
        rig = copied(*range(500))
        for number in range(91):
            rig.state.dead_letters.add(a_letter(an_id(number), vendors(number)[0]))
            del rig.source.rows[an_id(number)]
        rig.source.put(*vendors(90, modified_at=rig.clock.now()))
        result = rig.run(Mode.REPLAY)
        assert result.error is not None
        assert result.error.message.startswith(
            "Acumatica no longer has 90 of 500 records of vendors; at most 50 "
        )
        assert (len(rig.shown()), len(left(rig)), an_id(90) in left(rig)) == (500, 90, False)

    def test_after_a_reconcile_with_force_they_go_to_the_history(self) -> None:
        rig = copied(*range(60))
        for number in range(30):
            rig.state.dead_letters.add(a_letter(an_id(number), vendors(number)[0]))
            del rig.source.rows[an_id(number)]
        assert rig.run(Mode.REPLAY).status is Status.FAILED
        assert rig.run(Mode.RECONCILE, force=True).status is Status.SUCCEEDED
        assert rig.run(Mode.REPLAY).status is Status.SUCCEEDED
        assert (len(rig.shown()), left(rig)) == (30, {})

    def test_as_many_as_a_reconcile_may_mark_are_marked_in_several_batches(self) -> None:
        rig = copied(*range(600))
        for number in range(60):
            rig.state.dead_letters.add(a_letter(an_id(number), vendors(number)[0]))
            del rig.source.rows[an_id(number)]
        result = rig.run(Mode.REPLAY)
        assert (result.status, result.details["deleted"], left(rig)) == (Status.SUCCEEDED, 60, {})
        assert len(rig.shown()) == 540

    def test_out_of_time_those_that_were_found_gone_are_marked(self) -> None:
        rig = copied(1, 2, 3)
        for number in (1, 2):
            rig.state.dead_letters.add(a_letter(an_id(number), vendors(number)[0]))
            del rig.source.rows[an_id(number)]
        answers = chain([False], repeat(True))
        assert rig.run(Mode.REPLAY, is_stopping=lambda: next(answers)).status is Status.PARTIAL
        assert (len(rig.shown()), len(left(rig))) == (2, 1)

    def test_runs_of_one_replay_that_end_early_mark_no_more_than_one_run_may(self) -> None:
        rig = copied(*range(100))
        for number in range(30):
            rig.state.dead_letters.add(a_letter(an_id(number), vendors(number)[0]))
            del rig.source.rows[an_id(number)]
        for marked in (15, 15, 15):
            answers = chain(repeat(False, 15), repeat(True))
            rig.run(Mode.REPLAY, is_stopping=lambda answers=answers: next(answers))
            assert len(rig.shown()) == 100 - marked
        result = rig.run(Mode.REPLAY)
        assert result.error is not None
        assert result.error.message.startswith(
            "Acumatica no longer has 30 of 100 records of vendors; at most 20 "
        )
        assert (len(rig.shown()), len(left(rig))) == (85, 15)

    def test_a_column_that_their_payload_needs_is_there(self) -> None:
        rig = copied(1, 2)
        rig.state.dead_letters.add(a_letter(an_id(1), vendors(1, Colour="red")[0]))
        del rig.source.rows[an_id(1)]
        rig.source.contract = a_contract(fields={"Colour": Kind.STRING})
        assert rig.run(Mode.REPLAY).details["deleted"] == 1
        assert "colour" in {column.name for column in rig.appends[-1].table.columns}
