"""A dead letter dropped by a person: never without a trace, and never one that a run has just kept."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from connector.adapters.sqlite import SqliteStateStore
from connector.app.letters import drop_from
from connector.domain.entity_state import DeadLetter, Outcome
from connector.errors import BadRequestError
from connector.ports import StateStore
from tests.builders import a_memory_file, an_entity, an_id
from tests.contract.state_builders import a_dead_letter
from tests.fault.mortal import Killed, Life, MortalState, dies_at
from tests.stand_ins.clock import FakeClock

VENDORS = an_entity()


@pytest.fixture
def state() -> SqliteStateStore:
    state = SqliteStateStore(path=a_memory_file(), clock=FakeClock())
    for number in (1, 2):
        state.dead_letters.add(a_dead_letter(record_id=an_id(number), key=f"V00{number}"))
    return state


def left(state: StateStore) -> list[str]:
    return [letter.record_id for letter in state.dead_letters.read("vendors")]


def drop(state: StateStore, key: str, reason: str = "it is gone") -> DeadLetter:
    return drop_from(state, VENDORS, key, run_id="drop-1", reason=reason)


@pytest.mark.parametrize("key", ["V001", an_id(1)])
def test_it_is_dropped_by_its_key_or_its_id_and_no_other(state: SqliteStateStore, key: str) -> None:
    assert drop(state, key).record_id == an_id(1)
    assert left(state) == [an_id(2)]


def test_the_trail_of_its_record_tells_when_it_was_dropped_and_why(state: SqliteStateStore) -> None:
    letter = drop(state, "V001")
    (page,) = state.audit.read_trail("vendors", an_id(1))
    assert (page.mode, page.run_id, page.entry.outcome) == ("letters drop", "drop-1", Outcome.DROPPED)
    assert page.entry.reason == f"it is gone; it was kept because: {letter.reason}"
    assert page.entry.key == "V001"


def test_without_a_reason_that_is_told(state: SqliteStateStore) -> None:
    drop(state, "V001", reason="")
    (page,) = state.audit.read_trail("vendors", an_id(1))
    assert page.entry.reason.startswith("no reason given; ")


@pytest.mark.parametrize("key", ["V003", an_id(3), ""])
def test_one_that_is_not_there_is_an_error(state: SqliteStateStore, key: str) -> None:
    with pytest.raises(BadRequestError, match="has no dead letter"):
        drop(state, key)
    assert len(left(state)) == 2


def test_of_several_with_one_key_one_is_named_by_its_id(state: SqliteStateStore) -> None:
    state.dead_letters.add(a_dead_letter(record_id=an_id(3), key="V001"))
    with pytest.raises(BadRequestError, match="2 dead letters of vendors have the key") as caught:
        drop(state, "V001")
    assert caught.value.action == f"Name one by its id: {an_id(1)}, {an_id(3)}."
    drop(state, an_id(3))
    assert left(state) == [an_id(1), an_id(2)]


def test_one_that_a_run_keeps_again_meanwhile_stays(state: SqliteStateStore) -> None:
    def keep_again(moment: str, _: int) -> None:
        if moment == "after state.audit.record_page":
            again = a_dead_letter(record_id=an_id(1), key="V001")
            state.dead_letters.add(replace(again, rejected_at=again.rejected_at + timedelta(minutes=1)))

    drop(MortalState(state, Life(keep_again)), "V001")
    assert an_id(1) in left(state)


def test_it_is_never_gone_without_a_trace(state: SqliteStateStore) -> None:
    with pytest.raises(Killed):
        drop(MortalState(state, dies_at("before state.dead_letters.remove")), "V001")
    assert an_id(1) in left(state)
    assert len(list(state.audit.read_trail("vendors", an_id(1)))) == 1
