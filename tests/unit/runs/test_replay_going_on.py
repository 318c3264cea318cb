"""A replay that runs out of time goes on with the next call, and tries no letter twice."""

from collections.abc import Callable
from datetime import timedelta
from itertools import chain, repeat

import pytest

from connector.domain.run import Mode, Status
from connector.runs.replay import GOES_ON_WITHIN, MAX_DEAD_LETTERS_AT_ONCE
from tests.builders import a_checkpoint, an_id
from tests.fault.mortal import Life
from tests.unit.runs.small_rig import SmallRig, remember, vendors
from tests.unit.runs.test_replay import a_letter, a_rig, left

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def a_bad_letter(number: int) -> bytes:
    return b'{"id":"%b","VendorID":{"value":"V"},"x":\xff}' % an_id(number).encode()


def two_bad_letters() -> SmallRig:
    rig = a_rig(*(a_letter(an_id(number), a_bad_letter(number)) for number in (1, 2)))
    assert rig.run().status is Status.SUCCEEDED
    return rig


def stops_after(letters: int) -> Callable[[], bool]:
    answers = chain([False] * letters, repeat(True))
    return lambda: next(answers)


def replay(rig: SmallRig, *, letters: int = 99) -> Status:
    """Replay so many letters at most; a second passes before each is read."""

    def pass_time(moment: str, _: int) -> None:
        if moment == "before source.read_record":
            rig.clock.advance(SECOND)

    return rig.run(Mode.REPLAY, life=Life(pass_time), is_stopping=stops_after(letters)).status


def test_a_letter_of_a_clock_that_was_set_back_is_tried_and_tried_once() -> None:
    rig = two_bad_letters()
    rig.clock.advance(-timedelta(days=400))
    assert replay(rig, letters=1) is Status.PARTIAL
    assert left(rig) == {an_id(1): 2, an_id(2): 1}
    assert replay(rig) is Status.SUCCEEDED
    assert left(rig) == {an_id(1): 2, an_id(2): 2}


def test_a_clock_set_back_between_two_calls_begins_the_replay_again() -> None:
    rig = two_bad_letters()
    assert replay(rig, letters=1) is Status.PARTIAL
    rig.clock.advance(-timedelta(days=1))
    assert replay(rig, letters=1) is Status.PARTIAL
    assert replay(rig) is Status.SUCCEEDED
    assert left(rig)[an_id(1)] == 3


def test_what_failed_again_before_time_ran_out_is_not_tried_by_the_next_call() -> None:
    rig = two_bad_letters()
    assert replay(rig, letters=1) is Status.PARTIAL
    assert left(rig) == {an_id(1): 2, an_id(2): 1}
    rig.clock.advance(GOES_ON_WITHIN - 2 * SECOND)
    assert replay(rig) is Status.SUCCEEDED
    assert left(rig) == {an_id(1): 2, an_id(2): 2}


def test_a_replay_that_is_done_is_over() -> None:
    rig = two_bad_letters()
    replay(rig, letters=1)
    replay(rig)
    assert rig.entity_state.checkpoints == {}
    assert replay(rig) is Status.SUCCEEDED
    assert left(rig) == {an_id(1): 3, an_id(2): 3}


def test_a_partial_replay_goes_on_within_an_hour_and_not_later() -> None:
    for wait, tries in ((GOES_ON_WITHIN, 2), (GOES_ON_WITHIN + SECOND, 3)):
        rig = two_bad_letters()
        replay(rig, letters=1)
        rig.clock.advance(wait)
        replay(rig)
        assert left(rig) == {an_id(1): tries, an_id(2): 2}


def test_a_replay_that_is_partial_twice_goes_on_from_its_last_run() -> None:
    rig = a_rig(*(a_letter(an_id(number), a_bad_letter(number)) for number in (1, 2, 3)))
    for _ in range(2):
        assert replay(rig, letters=1) is Status.PARTIAL
        rig.clock.advance(GOES_ON_WITHIN - MINUTE)
    assert replay(rig) is Status.SUCCEEDED
    assert left(rig) == {an_id(1): 2, an_id(2): 2, an_id(3): 2}


def test_progress_that_does_not_tell_its_end_is_none() -> None:
    rig = two_bad_letters()
    remember(rig, checkpoints={"replay": a_checkpoint(highest_stamp=None)})
    assert replay(rig) is Status.SUCCEEDED
    assert left(rig) == {an_id(1): 2, an_id(2): 2}


def test_letters_are_written_in_batches_and_all_that_are_gone_are_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    numbers = range(MAX_DEAD_LETTERS_AT_ONCE + 1)
    rig = a_rig(*(a_letter(an_id(number), vendors(number)[0]) for number in numbers))
    with caplog.at_level("INFO", logger="connector.runs.replay"):
        result = rig.run(Mode.REPLAY)
    assert result.details["deleted"] == len(numbers)
    assert len(rig.appends) == 4, "tombstones and last versions, of two batches"
    assert caplog.messages == [
        f"record {an_id(number)} is no longer in Acumatica: its stored payload is replayed"
        for number in numbers
    ]
