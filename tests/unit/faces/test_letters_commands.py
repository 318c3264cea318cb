"""The commands letters, letters drop and replay: the records that could not be used."""

import os
from contextlib import closing

import pytest

from connector.app.service import build
from connector.app.settings import load_settings
from tests.contract.state_builders import a_dead_letter
from tests.unit.faces.shell import Shell


def test_replay_without_dead_letters_says_so(shell: Shell) -> None:
    assert shell.run("replay", "vendors") == 0
    assert "There is no dead letter to process." in shell.out


class TestDropLetter:
    """A dead letter that no replay will ever mend."""

    @pytest.fixture
    def letter(self, shell: Shell) -> str:
        """The id of a letter that waits."""
        with closing(build(load_settings(os.environ)).wiring.open_state()) as state:
            state.dead_letters.add(a_dead_letter(record_id="id-1", key="V001"))
        return "id-1"

    def test_it_is_dropped_and_the_audit_tells_it(self, shell: Shell, letter: str) -> None:
        assert shell.run("letters", "drop", "vendors", "V001", "--reason", "it is gone", "--json") == 0
        assert shell.documents() == [
            {"entity": "vendors", "record_id": letter, "key": "V001", "dropped": True}
        ]
        assert shell.run("audit", "vendors", letter, "--json") == 0
        ((line,),) = shell.documents()
        assert (line["what"], line["reason"]) == (
            "letters drop: dropped",
            "it is gone; it was kept because: no readable amount",
        )
        assert shell.run("letters", "drop", "vendors", "V001") == 2
        assert "vendors has no dead letter 'V001'." in shell.err

    def test_a_person_is_told_what_follows(self, shell: Shell, letter: str) -> None:
        assert shell.run("letters", "drop", "vendors", letter) == 0
        assert "The dead letter V001 of vendors is dropped." in shell.out


class TestLetters:
    """The records that could not be used."""

    @pytest.fixture(autouse=True)
    def letters(self, shell: Shell) -> None:
        with closing(build(load_settings(os.environ)).wiring.open_state()) as state:
            state.dead_letters.add(a_dead_letter(record_id="id-1", key="V001"))
            state.dead_letters.add(a_dead_letter(entity="invoices", record_id="id-2", key="Bill/[red]1"))

    def test_those_of_every_entity_are_listed_with_their_reasons(self, shell: Shell) -> None:
        assert shell.run("letters") == 0
        for text in ("V001", "Bill/[red]1", "no readable amount"):
            assert text in shell.out

    def test_those_of_one_entity_are_json_lines(self, shell: Shell) -> None:
        assert shell.run("letters", "invoices", "--json") == 0
        (document,) = shell.documents()
        assert (document["entity"], document["key"], document["record_id"]) == (
            "invoices",
            "Bill/[red]1",
            "id-2",
        )

    def test_none_is_said_in_words(self, shell: Shell) -> None:
        assert shell.run("letters", "payments") == 0
        assert shell.out == "There are no dead letters.\n"


def test_a_replay_of_a_letter_that_is_none_is_told(shell: Shell) -> None:
    assert shell.run("replay", "invoices", "nope") == 2
    assert "invoices has no dead letter 'nope'." in shell.err


def test_a_letter_is_replayed_by_its_key(shell: Shell) -> None:
    with closing(build(load_settings(os.environ)).wiring.open_state()) as state:
        state.dead_letters.add(a_dead_letter(record_id="id-1", key="V001"))
        state.dead_letters.add(a_dead_letter(record_id="id-2", key="V002"))
    shell.run("replay", "vendors", "V001", "--json")
    (result,) = shell.documents()
    assert (result["mode"], result["records_rejected"]) == ("replay", 1), "the other one is not tried"
