"""One answer to whether data is late, whoever asks."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connector.app.lateness import find_late_after, parse_late_after
from connector.app.schedules import find_longest_pause
from connector.app.status import judge, render_status
from connector.logs import configure_logging, log_freshness
from tests.contract.warehouse_rows import an_entity
from tests.unit.app.board import Board


@pytest.mark.parametrize(
    ("schedule", "pause"),
    [
        ("5 * * * *", timedelta(hours=1)),
        ("*/15 * * * *", timedelta(minutes=15)),
        ("7-59/15 * * * *", timedelta(minutes=15)),
        ("30 4 * * *", timedelta(days=1)),
        ("0 6-18 * * *", timedelta(hours=12)),
        ("0 6 * * 1-5", timedelta(days=3)),
        ("*/5 9-17 * * 1-5", timedelta(days=2, hours=15, minutes=5)),
        ("0 4 1 * *", timedelta(days=31)),
    ],
)
def test_a_schedule_s_longest_pause_is_found(schedule: str, pause: timedelta) -> None:
    assert find_longest_pause(schedule) == pause


def test_the_deployment_is_believed_before_the_block_and_the_block_before_the_schedule() -> None:
    hourly, slow = an_entity(), an_entity(late_after_hours=5)
    assert find_late_after(hourly, {}) == timedelta(hours=3)
    assert find_late_after(slow, {}) == timedelta(hours=5)
    assert find_late_after(slow, parse_late_after(" bills = 60 ;x=1")) == timedelta(minutes=1)


def test_what_nobody_schedules_is_never_late() -> None:
    assert find_late_after(an_entity(enabled=False), {}) is None
    assert find_late_after(an_entity(enabled=False), parse_late_after("bills=60")) == timedelta(minutes=1)
    assert find_late_after(an_entity(), parse_late_after("vendors=60")) is None


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 3 * 86_400))
@example(3 * 3600)
@example(3 * 3600 + 1)
def test_page_and_alert_agree_at_any_age(board: Board, capsys: pytest.CaptureFixture[str], age: int) -> None:
    configure_logging()
    board.succeed()
    board.clock.advance(timedelta(seconds=age))
    told: dict[str, bool] = {}

    def report(status: Any, late_after: timedelta | None, is_late: bool, now: Any) -> None:
        log_freshness(status, late_after, is_late, now)
        told[status.entity_state.entity] = is_late

    [entry] = [
        e for e in render_status(board.connector, report=report)["entities"] if e["entity"] == "vendors"
    ]
    assert told["vendors"] == entry["is_late"] == (judge(entry)[0] == "late") == (age > 3 * 3600)
    assert f'"is_late": {str(entry["is_late"]).lower()}' in capsys.readouterr().out
