"""The one line that a run ends with, or a call that never became a run."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector import __version__
from connector.domain.run import Mode, RunFailure, RunResult, Status, WriteMethod
from connector.errors import BadRequestError, ConfigurationError
from connector.logs import (
    log_refused,
    log_run,
)
from tests.unit.logs.test_lines import lines

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def a_result(status: Status = Status.SUCCEEDED, **members: Any) -> RunResult:
    defaults: dict[str, Any] = {
        "run_id": "r1",
        "entity": "vendors",
        "mode": Mode.INCREMENTAL,
        "started_at": NOON,
    }
    return RunResult(status=status, **(defaults | members))


def a_failure(http_status: int = 500, **members: Any) -> RunFailure:
    defaults: dict[str, Any] = {
        "type": "CredentialsError",
        "message": "Refused.",
        "action": "Renew the secret.",
    }
    return RunFailure(http_status=http_status, **(defaults | members))


def test_a_run_ends_with_exactly_one_line_that_has_every_figure(written: io.StringIO) -> None:
    result = a_result(
        records_read=812,
        records_written=790,
        records_unchanged=21,
        records_rejected=0,
        pages=1,
        watermark_before=NOON - timedelta(hours=1),
        watermark_after=NOON,
        duration_seconds=3.2,
        write_method=WriteMethod.STREAMING,
        details={"matched": 5, "stale": [NOON]},
    )
    log_run(result)
    [line] = lines(written)
    members = set(RunResult.__dataclass_fields__)
    assert members <= set(line)
    assert (line["event"], line["version"]) == ("run", __version__)
    assert line["status"] == "succeeded"
    assert line["severity"] == "INFO"
    assert (line["records_read"], line["records_written"], line["records_unchanged"]) == (812, 790, 21)
    assert line["watermark_after"] == "2026-11-22T12:00:00Z"
    assert line["write_method"] == "streaming"
    assert line["details"] == {"matched": 5, "stale": ["2026-11-22T12:00:00Z"]}
    assert line["logging.googleapis.com/labels"] == {
        "run_id": "r1",
        "entity": "vendors",
        "mode": "incremental",
    }
    assert "812 read, 790 written, 21 unchanged, 0 rejected" in line["message"]


def test_a_failed_run_says_what_is_wrong_and_what_to_do(written: io.StringIO) -> None:
    log_run(a_result(Status.FAILED, error=a_failure()))
    [line] = lines(written)
    assert line["error"] == {
        "type": "CredentialsError",
        "message": "Refused.",
        "action": "Renew the secret.",
        "http_status": 500,
        "retry_after_seconds": None,
    }
    assert line["message"] == "vendors incremental failed: Refused. Renew the secret."


@pytest.mark.parametrize(
    ("result", "severity"),
    [
        (a_result(), "INFO"),
        (a_result(Status.SKIPPED, reason="run r0 holds the lease"), "INFO"),
        (a_result(Status.PARTIAL), "INFO"),
        (a_result(records_rejected=1), "WARNING"),
        (a_result(Status.FAILED, error=a_failure(http_status=400)), "WARNING"),
        (a_result(Status.FAILED, error=a_failure(http_status=503)), "WARNING"),
        (a_result(Status.FAILED, error=a_failure(http_status=500)), "ERROR"),
        (a_result(Status.FAILED), "ERROR"),
    ],
)
def test_only_what_a_person_must_mend_is_an_error(
    written: io.StringIO, result: RunResult, severity: str
) -> None:
    log_run(result)
    assert [line["severity"] for line in lines(written)] == [severity]


def test_a_call_that_never_became_a_run_is_logged_with_its_remedy(written: io.StringIO) -> None:
    log_refused(ConfigurationError("ACUMATICA_URL is missing.", action="Set it."))
    log_refused(BadRequestError("Unknown entity 'x'.", action="Use one of: vendors."))
    wrong_setting, wrong_request = lines(written)
    assert (wrong_setting["event"], wrong_setting["severity"]) == ("refused", "ERROR")
    assert wrong_setting["version"] == wrong_request["version"] == __version__
    assert wrong_setting["error"]["type"] == "ConfigurationError"
    assert wrong_setting["message"] == "ACUMATICA_URL is missing. Set it."
    assert (wrong_request["severity"], wrong_request["error"]["http_status"]) == ("WARNING", 400)
