"""Dead letters as a run finds and leaves them."""

from datetime import timedelta

import pytest

from connector.domain.records.rejected import Rejected
from connector.runs.dead_letters import DeadLetters
from tests.builders import an_id
from tests.fault.mortal import Life
from tests.unit.runs.small_rig import SmallRig

HOUR = timedelta(hours=1)
FOUND = Rejected(id=an_id(1), key="V001", reason="too long", payload=b'{"x":1}')


def test_a_letter_tells_whose_it_is_why_and_since_when() -> None:
    rig = SmallRig()
    DeadLetters(rig.build_run()).keep(FOUND, FOUND.payload, "too long")
    (letter,) = rig.state.dead_letters.read("vendors")
    assert (letter.entity, letter.record_id, letter.key) == ("vendors", an_id(1), "V001")
    assert (letter.reason, letter.payload, letter.run_id) == ("too long", FOUND.payload, "run-1")
    assert letter.rejected_at == rig.clock.now()


def test_one_content_of_one_record_is_recognised_by_the_same_run_and_by_the_next() -> None:
    rig = SmallRig()
    first = DeadLetters(rig.build_run())
    assert not first.has(FOUND.id, FOUND.payload)
    first.keep(FOUND, FOUND.payload, "too long")
    for letters in (first, DeadLetters(rig.build_run())):
        assert letters.has(FOUND.id, FOUND.payload)
        assert not letters.has(FOUND.id, b'{"x":2}')
        assert not letters.has(an_id(2), FOUND.payload)


def test_letters_are_looked_up_once_and_only_when_somebody_asks() -> None:
    rig, life = SmallRig(), Life(lambda *_: None)
    letters = DeadLetters(rig.build_run(life=life))
    assert life.moments["before state.dead_letters.read_digests"] == 0
    for _ in range(3):
        letters.has(FOUND.id, FOUND.payload)
        letters.forget(FOUND.id, rig.clock.now())
    assert life.moments["before state.dead_letters.read_digests"] == 1


def test_for_a_record_without_a_letter_the_state_is_left_alone() -> None:
    rig, life = SmallRig(), Life(lambda *_: None)
    DeadLetters(rig.build_run(life=life)).forget(an_id(1), rig.clock.now())
    assert life.moments["before state.dead_letters.remove"] == 0


def test_what_another_run_kept_after_the_record_was_read_stays() -> None:
    rig = SmallRig()
    read_at = rig.clock.now()
    rig.clock.advance(HOUR)
    DeadLetters(rig.build_run()).keep(FOUND, FOUND.payload, "too long")
    DeadLetters(rig.build_run()).forget(FOUND.id, read_at)
    assert len(list(rig.state.dead_letters.read("vendors"))) == 1
    DeadLetters(rig.build_run()).forget(FOUND.id, rig.clock.now())
    assert list(rig.state.dead_letters.read("vendors")) == []


def test_what_this_run_kept_itself_is_forgotten_though_the_good_page_was_read_ahead() -> None:
    rig = SmallRig()
    read_at = rig.clock.now()
    rig.clock.advance(HOUR)
    letters = DeadLetters(rig.build_run())
    letters.keep(FOUND, FOUND.payload, "too long")
    letters.forget(FOUND.id, read_at)
    assert list(rig.state.dead_letters.read("vendors")) == []


def test_the_log_names_the_record_its_entity_and_the_reason(caplog: pytest.LogCaptureFixture) -> None:
    rig = SmallRig()
    letters = DeadLetters(rig.build_run())
    with caplog.at_level("INFO", logger="connector"):
        letters.keep(FOUND, FOUND.payload, "too long")
        letters.forget(FOUND.id, rig.clock.now())
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", f"record V001 ({an_id(1)}) of vendors is kept as a dead letter: too long"),
        ("INFO", f"record {an_id(1)} of vendors can be used: its dead letter is forgotten"),
    ]
