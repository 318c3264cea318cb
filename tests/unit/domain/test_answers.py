"""What a run is asked for and what it answers, as JSON members."""

from datetime import timedelta

from connector.domain.entity import Depth
from connector.domain.entity_state import Origin
from connector.domain.run import (
    Mode,
    RunFailure,
    RunRequest,
    RunResult,
    Status,
    WriteMethod,
    describe_request,
)
from connector.domain.tables.sync_runs import SYNC_RUNS, build_answer
from tests.builders import MORNING

EMPTY = RunResult(
    run_id="r1", entity="vendors", mode=Mode.RECONCILE, status=Status.PARTIAL, started_at=MORNING
)
FULL = RunResult(
    run_id="r1",
    entity="vendors",
    mode=Mode.INCREMENTAL,
    status=Status.FAILED,
    started_at=MORNING,
    records_read=9,
    records_written=4,
    records_unchanged=3,
    records_rejected=2,
    pages=1,
    watermark_before=MORNING,
    watermark_after=MORNING + timedelta(hours=1),
    complete_until=MORNING + timedelta(hours=2),
    deletions_checked_at=MORNING - timedelta(hours=1),
    duration_seconds=1.23456,
    write_method=WriteMethod.STREAMING,
    reason="because",
    error=RunFailure(type="X", message="m", action="a", http_status=500),
    details={"matched": 7},
)
PLAIN = {
    "run_id": "r1",
    "entity": "vendors",
    "mode": "incremental",
    "status": "failed",
    "records_read": 9,
    "records_written": 4,
    "records_unchanged": 3,
    "records_rejected": 2,
    "pages": 1,
    "watermark_before": "2026-11-22T06:00:00.837Z",
    "watermark_after": "2026-11-22T07:00:00.837Z",
    "complete_until": "2026-11-22T08:00:00.837Z",
    "deletions_checked_at": "2026-11-22T05:00:00.837Z",
    "duration_seconds": 1.235,
    "write_method": "streaming",
    "matched": 7,
    "reason": "because",
    "error": {"type": "X", "message": "m", "action": "a"},
}


def test_an_answer_tells_everything_there_is() -> None:
    assert build_answer(FULL) == PLAIN


def test_an_answer_has_its_figures_always_and_a_reason_an_error_and_details_only_where_there_are_any() -> (
    None
):
    plain = build_answer(EMPTY)
    assert set(PLAIN) - set(plain) == {"matched", "reason", "error"}
    assert (plain["watermark_before"], plain["watermark_after"], plain["write_method"]) == (None, None, None)
    assert (plain["mode"], plain["status"]) == ("reconcile", "partial")


def test_analysts_get_every_figure_of_an_answer() -> None:
    columns = {column.name for column in SYNC_RUNS.columns}
    assert set(PLAIN) - columns == {"reason"}


def test_a_request_is_asked_again_with_just_what_its_mode_takes() -> None:
    assert describe_request(RunRequest(entity="vendors")) == {"entity": "vendors", "mode": "incremental"}
    since = RunRequest(entity="vendors", mode=Mode.BACKFILL, since=MORNING)
    assert describe_request(since)["since"] == "2026-11-22T06:00:00.837Z"
    replay = RunRequest(entity="vendors", mode=Mode.REPLAY, record_id="r1")
    assert describe_request(replay) == {"entity": "vendors", "mode": "replay", "record_id": "r1"}
    reconcile = RunRequest(entity="vendors", mode=Mode.RECONCILE, depth=Depth.CONTENT, force=True)
    assert describe_request(reconcile) == {
        "entity": "vendors",
        "mode": "reconcile",
        "depth": "content",
        "force": True,
    }


def test_a_tenant_is_the_same_in_any_case_of_letters_and_another_is_not() -> None:
    here = Origin(instance="https://erp.example.com/Acme", tenant="Company")
    assert here.is_same(Origin(instance="https://ERP.example.com/ACME", tenant="COMPANY"))
    assert not here.is_same(Origin(instance=here.instance, tenant="Other"))
    assert not here.is_same(Origin(instance="https://erp.example.com/Beta", tenant=here.tenant))
    assert str(here) == "the tenant Company at https://erp.example.com/Acme"
