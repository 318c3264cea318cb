"""The calls that follow: which there are, under which name, and that none of them can fail a run."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from typing_extensions import override

from connector.app.follow_up import FollowUp
from connector.domain.check_line import CheckLine
from connector.domain.entity import Depth
from connector.domain.run import Mode, RunRequest, RunResult, Status
from connector.errors import TransientError
from connector.ports import CallQueue
from tests.builders import an_entity

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
SINCE = datetime(2026, 1, 31, tzinfo=UTC)


@dataclass
class ListQueue(CallQueue):
    """Keeps what is enqueued, or fails as a queue does that cannot be reached."""

    calls: list[tuple[str, Any, datetime | None]] = field(default_factory=list)
    is_reachable: bool = True

    @override
    def enqueue(self, name: str, body: bytes, at: datetime | None = None) -> None:
        if not self.is_reachable:
            raise TransientError("Cloud Tasks cannot be reached.", action="The next scheduled run goes on.")
        self.calls.append((name, json.loads(body), at))

    @override
    def check(self) -> CheckLine:
        return CheckLine(subject="queue", ok=self.is_reachable, finding="")


def a_result(request: RunRequest, **parts: Any) -> RunResult:
    defaults = {"run_id": "run-1", "status": Status.PARTIAL, "has_progressed": True, "started_at": NOON}
    return RunResult(entity=request.entity, mode=request.mode, **{**defaults, **parts})


@pytest.mark.parametrize(
    ("request_", "body"),
    [
        (RunRequest(entity="vendors"), {"mode": "incremental"}),
        (
            RunRequest(entity="vendors", mode=Mode.BACKFILL, since=SINCE),
            {"mode": "backfill", "since": "2026-01-31T00:00:00Z"},
        ),
        (
            RunRequest(entity="vendors", mode=Mode.RECONCILE, depth=Depth.CONTENT),
            {"mode": "reconcile", "depth": "content", "force": False},
        ),
        (RunRequest(entity="vendors", mode=Mode.REPLAY, record_id="x"), {"mode": "replay", "record_id": "x"}),
    ],
)
def test_a_run_that_ran_out_of_time_asks_for_the_same_again(
    request_: RunRequest, body: dict[str, Any]
) -> None:
    queue = ListQueue()
    FollowUp(queue=queue).after(request_, a_result(request_))
    assert queue.calls == [("continue-run-1", {"entity": "vendors", **body}, None)]


@pytest.mark.parametrize(
    "parts", [{"status": Status.SUCCEEDED}, {"status": Status.FAILED}, {"has_progressed": False}]
)
def test_what_is_done_or_gets_no_further_is_not_called_again(parts: dict[str, Any]) -> None:
    queue = ListQueue()
    request = RunRequest(entity="vendors")
    FollowUp(queue=queue).after(request, a_result(request, **parts))
    assert queue.calls == []


def test_a_change_that_a_run_may_have_missed_is_read_by_another() -> None:
    queue = ListQueue()
    request = RunRequest(entity="vendors", mode=Mode.RECONCILE)
    FollowUp(queue=queue).after(request, a_result(request, status=Status.SKIPPED, follow_up_at=NOON))
    name = f"due-vendors-{int(NOON.timestamp())}"
    assert queue.calls == [(name, {"entity": "vendors", "mode": "incremental"}, NOON)]


def test_a_reported_change_starts_one_run_at_its_instant() -> None:
    queue = ListQueue()
    assert FollowUp(queue=queue).start(an_entity(), NOON) == NOON
    name = f"notify-vendors-{int(NOON.timestamp())}"
    assert queue.calls == [(name, {"entity": "vendors", "mode": "incremental"}, NOON)]


@pytest.mark.parametrize("queue", [None, ListQueue(is_reachable=False)])
def test_a_queue_that_is_none_or_fails_fails_nothing(
    queue: ListQueue | None, caplog: pytest.LogCaptureFixture
) -> None:
    request = RunRequest(entity="vendors")
    FollowUp(queue=queue).after(request, a_result(request, follow_up_at=NOON))
    assert FollowUp(queue=queue).start(an_entity(), NOON) is None
    assert ("could not be enqueued: Cloud Tasks cannot be reached." in caplog.text) is (queue is not None)
