"""The status page and its JSON, in every state an entity can be in."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.app.service import Connector, build
from connector.app.settings import load_settings
from connector.app.status import describe_age, judge, render_page, render_status
from connector.domain.entity_state import DeadLetter, Lease
from connector.domain.instants import to_text
from connector.ports import StateStore
from tests.builders import a_checkpoint, an_entity_state
from tests.stand_ins.clock import FakeClock

TTL = timedelta(minutes=10)


class Board:
    """A connector whose state is set by hand; nothing but the state is asked for a status."""

    def __init__(self, folder: Path, clock: FakeClock) -> None:
        environment = {
            "ACUMATICA_URL": "https://erp.example.com/Books",
            "ACUMATICA_CREDENTIALS": "env:UNUSED",
            "WAREHOUSE": f"duckdb:{folder / 'erp.duckdb'}",
            "STATE": f"sqlite:{folder / 'state.db'}",
        }
        self.clock = clock
        self.connector: Connector = build(load_settings(environment), clock=clock)
        self.state: StateStore = self.connector.open_state()

    def succeed(self, entity: str = "vendors") -> None:
        """Leave the state as a successful run does."""
        lease = self._lease(entity)
        self.state.commit(lease, an_entity_state(entity=entity, last_success_at=self.clock.now()))
        self.close_run(entity, status="succeeded", records_read=1_234, records_written=1_200)

    def fail(self, message: str = "It broke.", action: str = "Mend it.", entity: str = "vendors") -> None:
        """Leave the state as a failed run does."""
        error = {"type": "SourceRefusedError", "message": message, "action": action}
        self.close_run(entity, status="failed", error=error, records_read=0, records_written=0)

    def close_run(self, entity: str, **outcome: Any) -> None:
        """Write down a run's end."""
        run_id = f"{entity}-{self.clock.now():%H%M%S}"
        opened = {"entity": entity, "mode": "incremental", "started_at": self.clock.now()}
        self.state.open_run(run_id, opened)
        self.state.close_run(run_id, outcome)

    def run(self, entity: str = "vendors") -> Lease:
        """Leave the state as a run that is still at work does."""
        return self._lease(entity)

    def stop_halfway(self, entity: str = "vendors") -> None:
        """Leave the state as a run does that ran out of time in its first pass."""
        lease = self._lease(entity)
        self.state.save_checkpoint(lease, "incremental", a_checkpoint())
        self.state.release_lease(lease)
        self.close_run(entity, status="partial", records_read=10, records_written=10)

    def reject(self, record_id: str, entity: str = "vendors") -> None:
        """Keep a dead letter."""
        letter = DeadLetter(
            entity=entity,
            record_id=record_id,
            key="V1",
            reason="no id",
            payload=b"{}",
            run_id="run-1",
            rejected_at=self.clock.now(),
        )
        self.state.add_dead_letter(letter)

    def entry(self, entity: str = "vendors") -> dict[str, Any]:
        """Return an entity's part of the JSON."""
        entries: list[dict[str, Any]] = render_status(self.connector)["entities"]
        (found,) = [entry for entry in entries if entry["entity"] == entity]
        return found

    def row(self, entity: str = "vendors") -> str:
        """Return an entity's row of the page, with the reason below it if there is one."""
        page = render_page(self.connector)
        return page.split(f"<th scope=row>{entity}</th>")[1].split("<th scope=row>")[0]

    def _lease(self, entity: str) -> Lease:
        taken = self.state.acquire_lease(entity, "run-1", TTL)
        assert not isinstance(taken, Lease)
        return taken[0]


@pytest.fixture
def board(tmp_path: Path, clock: FakeClock) -> Iterator[Board]:
    board = Board(tmp_path, clock)
    yield board
    board.state.close()


def test_a_fresh_deployment_shows_every_enabled_entity_as_never_synced(board: Board) -> None:
    page = render_page(board.connector)
    assert page.count("never synced") == 9
    assert "customers" not in page
    assert board.entry()["last_success_at"] is None
    assert judge(board.entry("customers")) == ("off", "never synced")


def test_a_success_is_ok_with_its_counts_and_its_age(board: Board) -> None:
    board.succeed()
    board.clock.advance(timedelta(hours=2, minutes=5))
    assert judge(board.entry()) == ("ok", "ok")
    assert board.entry()["lag_seconds"] == 7500
    assert "2 hours ago" in board.row()
    assert "incremental succeeded: 1,234 read, 1,200 written" in board.row()


def test_an_entity_is_late_after_a_day_and_two_hours(board: Board) -> None:
    board.succeed()
    board.clock.advance(timedelta(hours=26))
    assert judge(board.entry()) == ("ok", "ok")
    board.clock.advance(timedelta(seconds=1))
    assert judge(board.entry()) == ("late", "late")


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
    assert judge(board.entry()) == ("ok", "ok")
    assert "The endpoint is gone." not in board.row()


def test_a_running_entity_names_its_run_until_the_lease_ends(board: Board) -> None:
    board.fail()
    lease = board.run()
    assert judge(board.entry()) == ("running", "running")
    assert board.entry()["running"] == {"run_id": "run-1", "lease_ends_at": to_text(lease.expires_at)}
    board.clock.advance(TTL + timedelta(seconds=1))
    assert board.entry()["running"] is None


def test_a_first_reading_cut_short_is_in_progress_and_still_needs_a_look(board: Board) -> None:
    board.stop_halfway()
    assert judge(board.entry()) == ("late", "in progress")
    assert board.entry()["in_progress"] == ["incremental"]


def test_dead_letters_are_counted_per_entity_and_in_all(board: Board) -> None:
    for entity in ("vendors", "items"):
        board.succeed(entity)
    for number in range(2):
        board.reject(f"r{number}")
    board.reject("r9", "items")
    assert board.entry()["dead_letters"] == 2
    assert '<td class="number failed">2</td>' in board.row()
    assert "; 3 dead letters." in render_page(board.connector)


def test_a_page_without_trouble_says_so(board: Board) -> None:
    for entity in board.connector.catalogue.enabled:
        board.succeed(entity.name)
    page = render_page(board.connector)
    assert "All entities are up to date. As of " in page
    assert "dead letter" not in page.split("<table>")[0]


def test_an_entity_off_by_default_is_shown_once_it_has_run(board: Board) -> None:
    board.succeed("customers")
    assert "<th scope=row>customers</th>" in render_page(board.connector)


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</td></table>", "{css}{0}"]
)
def test_text_from_outside_is_shown_as_text(board: Board, hostile: str) -> None:
    board.fail(f"Acumatica said {hostile}", hostile)
    page = render_page(board.connector)
    assert "Acumatica said" in page
    assert page.count("</table>") == 1
    assert "<script" not in page
    assert "<img" not in page
    if "{" in hostile:
        assert page.count(hostile) == 2


def test_the_page_loads_nothing_from_elsewhere(board: Board) -> None:
    board.succeed()
    page = render_page(board.connector)
    for word in ("http:", "https:", "<script", "src=", "@import", "url("):
        assert word not in page


def test_a_status_reports_each_entity_to_whoever_asks(board: Board) -> None:
    board.succeed()
    told = []
    render_status(board.connector, report=lambda status, now: told.append((status.entity_state.entity, now)))
    assert [name for name, _ in told] == list(board.connector.catalogue.entities)
    assert {now for _, now in told} == {board.clock.now()}


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
