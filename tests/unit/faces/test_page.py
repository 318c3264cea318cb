"""The status page: what it shows of every state, and that text from outside stays text."""

from datetime import timedelta

import pytest

from connector import __version__
from connector.app.status import judge
from connector.faces.wording import describe_age
from tests.unit.app.board import Board


def test_the_page_names_the_version(board: Board) -> None:
    assert f"version {__version__}" in board.page()


def test_a_fresh_deployment_shows_every_enabled_entity_as_never_synced(board: Board) -> None:
    page = board.page()
    assert page.count("never synced") == 9
    assert "customers" not in page
    assert board.entry()["last_success_at"] is None
    assert judge(board.entry("customers")) == ("off", "never synced")


def test_a_success_is_ok_with_its_counts_and_its_age(board: Board) -> None:
    board.succeed()
    board.clock.advance(timedelta(hours=2, minutes=5))
    assert judge(board.entry()) == ("ok", "fresh")
    assert board.entry()["lag_seconds"] == 7500
    assert "2 hours ago" in board.row()
    assert "incremental succeeded: 1,234 read, 1,200 written" in board.row()


def test_a_failure_shows_its_reason_and_what_to_do(board: Board) -> None:
    board.succeed()
    board.clock.advance(timedelta(minutes=1))
    board.fail("The endpoint is gone.", "Publish it again.")
    assert judge(board.entry()) == ("failed", "failed")
    assert "The endpoint is gone. Publish it again." in board.row()
    assert board.entry()["last_run"]["error"]["message"] == "The endpoint is gone."


def test_a_success_after_a_failure_shows_no_reason_any_more(board: Board) -> None:
    board.fail("The endpoint is gone.")
    board.clock.advance(timedelta(minutes=1))
    board.succeed()
    assert judge(board.entry()) == ("ok", "fresh")
    assert "The endpoint is gone." not in board.row()


def test_dead_letters_are_counted_per_entity_and_in_all(board: Board) -> None:
    for entity in ("vendors", "items"):
        board.succeed(entity)
    for number in range(2):
        board.reject(f"r{number}")
    board.reject("r9", "items")
    assert board.entry()["dead_letters"] == 2
    assert '<td class="number failed">2</td>' in board.row()
    assert "; 3 dead letters." in board.page()


def test_a_page_without_trouble_says_so(board: Board) -> None:
    for entity in board.connector.catalogue.enabled:
        board.succeed(entity.name)
    page = board.page()
    assert "All entities are up to date. As of " in page
    assert "dead letter" not in page.split("<table>")[0]


def test_an_entity_off_by_default_is_shown_once_it_has_run(board: Board) -> None:
    board.succeed("customers")
    assert "<th scope=row>customers</th>" in board.page()


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</td></table>", "{css}{0}"]
)
def test_text_from_outside_is_shown_as_text(board: Board, hostile: str) -> None:
    board.fail(f"Acumatica said {hostile}", hostile)
    page = board.page()
    assert "Acumatica said" in page
    assert page.count("</table>") == 1
    assert "<script" not in page
    assert "<img" not in page
    if "{" in hostile:
        assert page.count(hostile) == 2


def test_the_page_loads_nothing_from_elsewhere(board: Board) -> None:
    board.succeed()
    page = board.page()
    for word in ("http:", "https:", "<script", "src=", "@import", "url("):
        assert word not in page


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "never"),
        (0, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (3_599, "59 minutes ago"),
        (3_600, "1 hour ago"),
        (86_399, "23 hours ago"),
        (172_800, "2 days ago"),
    ],
)
def test_an_age_is_told_in_its_largest_whole_unit(seconds: int | None, text: str) -> None:
    assert describe_age(seconds) == text
