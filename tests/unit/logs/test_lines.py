"""Log lines: what Cloud Logging gets, what a terminal shows, and what neither ever holds."""

import io
import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector import __version__
from connector.domain.entity_state import Checkpoint, EntityState, EntityStatus
from connector.domain.run import Mode, RunFailure, RunKind, RunResult, Status, WriteMethod
from connector.domain.standing import Standing
from connector.errors import BadRequestError, ConfigurationError
from connector.logs import (
    configure_logging,
    find_trace,
    log_freshness,
    log_refused,
    log_run,
    register_secret,
    run_context,
)
from connector.redaction import HIDDEN, MAX_REMEMBERED, SECRETS, Secrets

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LOG = logging.getLogger("connector.test")


@pytest.fixture(autouse=True)
def _untouched_secrets() -> Iterator[None]:
    secrets = (dict(SECRETS._spellings), SECRETS._pattern)
    yield
    SECRETS._spellings, SECRETS._pattern = secrets


@pytest.fixture
def written() -> io.StringIO:
    entity_state = io.StringIO()
    configure_logging(json=True, level="INFO", project="p1", stream=entity_state)
    return entity_state


def lines(entity_state: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in entity_state.getvalue().splitlines()]


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


def test_a_line_is_one_json_object_with_severity_time_and_message(written: io.StringIO) -> None:
    LOG.warning("two\nlines of %s", "text")
    [line] = lines(written)
    assert line["severity"] == "WARNING"
    assert line["message"] == "two\nlines of text"
    assert datetime.fromisoformat(line["time"]).tzinfo is not None


def test_lines_inside_a_run_carry_its_labels_and_trace(written: io.StringIO) -> None:
    trace = find_trace({"X-Cloud-Trace-Context": "0123456789abcdef0123456789abcdef/10;o=1"})
    with run_context(trace=trace), run_context(run_id="r1", entity="vendors", mode="incremental"):
        LOG.info("reading")
    LOG.info("outside")
    inside, outside = lines(written)
    assert inside["logging.googleapis.com/labels"] == {
        "run_id": "r1",
        "entity": "vendors",
        "mode": "incremental",
    }
    assert inside["logging.googleapis.com/trace"] == "projects/p1/traces/0123456789abcdef0123456789abcdef"
    assert inside["logging.googleapis.com/spanId"] == "000000000000000a"
    assert inside["logging.googleapis.com/trace_sampled"] is True
    assert outside["logging.googleapis.com/labels"] == {}
    assert "logging.googleapis.com/trace" not in outside


def test_a_thread_started_with_the_context_labels_its_lines(written: io.StringIO) -> None:
    with run_context(run_id="r1"):
        thread = threading.Thread(target=copy_context().run, args=(LOG.info, "from the reader"))
        thread.start()
        thread.join()
    assert lines(written)[0]["logging.googleapis.com/labels"] == {"run_id": "r1"}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}, ("a" * 32, "b" * 16, True)),
        ({"Traceparent": f"00-{'a' * 32}-{'b' * 16}-00"}, ("a" * 32, "b" * 16, False)),
        ({"X-Cloud-Trace-Context": "A" * 32}, ("a" * 32, None, False)),
        ({"x-cloud-trace-context": "a" * 32 + "/255"}, ("a" * 32, "00000000000000ff", False)),
    ],
)
def test_both_trace_headers_are_understood(
    headers: dict[str, str], expected: tuple[str, str | None, bool]
) -> None:
    trace = find_trace(headers)
    assert trace is not None
    assert (trace.trace_id, trace.span_id, trace.sampled) == expected


@pytest.mark.parametrize(
    "value", ["", "short", "a" * 32 + "/x", "a" * 32 + '","severity":"DEBUG', "../" + "a" * 32]
)
def test_a_malformed_trace_header_is_ignored(value: str) -> None:
    assert find_trace({"X-Cloud-Trace-Context": value}) is None
    assert find_trace({"traceparent": value}) is None


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


def test_freshness_tells_the_age_of_the_last_success(written: io.StringIO) -> None:
    entity_state = EntityState(entity="vendors", last_success_at=NOON - timedelta(hours=2))
    log_freshness(
        EntityStatus(
            entity_state=entity_state, lease=None, dead_letters=3, recent_runs=[{"status": "failed"}]
        ),
        {RunKind.INCREMENTAL: Standing(late_after=timedelta(hours=3))},
        NOON,
    )
    [line] = lines(written)
    assert line["event"] == "freshness"
    assert (line["entity"], line["lag_seconds"], line["never_succeeded"]) == ("vendors", 7200, False)
    assert (line["late_after_seconds"], line["is_late"]) == (10800, False)
    assert (line["last_status"], line["dead_letters"]) == ("failed", 3)


def test_freshness_names_the_reconciles_that_are_late_or_failed(written: io.StringIO) -> None:
    status = EntityStatus(
        entity_state=EntityState(entity="vendors", last_success_at=NOON), lease=None, dead_letters=0
    )
    late, failed = Standing(is_late=True), Standing(failure={"type": "SourceRefusedError"})
    log_freshness(status, {RunKind.RECONCILE_KEYS: late, RunKind.RECONCILE_CONTENT: failed}, NOON)
    log_freshness(status, {RunKind.INCREMENTAL: late, RunKind.BACKFILL: failed}, NOON)
    overdue, well = lines(written)
    assert (overdue["late_reconciles"], overdue["failed_reconciles"]) == (
        ["reconcile keys"],
        ["reconcile content"],
    )
    assert (overdue["reconcile_overdue"], well["reconcile_overdue"]) == (True, False)
    assert overdue["reconcile"] == "reconcile keys, reconcile content"


def test_freshness_tells_how_long_a_reading_has_been_under_way(written: io.StringIO) -> None:
    checkpoint = Checkpoint(
        changed_since=None,
        source_time_at_start=NOON - timedelta(hours=7),
        offset=9,
        known=(),
        highest_stamp=None,
    )
    entity_state = EntityState(entity="vendors", checkpoints={"incremental": checkpoint})
    log_freshness(
        EntityStatus(
            entity_state=entity_state, lease=None, dead_letters=0, recent_runs=[{"status": "partial"}]
        ),
        {RunKind.INCREMENTAL: Standing(late_after=timedelta(hours=3))},
        NOON,
    )
    [line] = lines(written)
    assert line["pass_seconds"] == 7 * 3600


def test_freshness_of_an_entity_that_only_failed_says_so(written: io.StringIO) -> None:
    status = EntityStatus(
        entity_state=EntityState(entity="vendors"),
        lease=None,
        dead_letters=0,
        recent_runs=[{"status": "failed"}],
    )
    log_freshness(status, {RunKind.INCREMENTAL: Standing(is_late=True)}, NOON)
    [line] = lines(written)
    assert (line["lag_seconds"], line["never_succeeded"], line["last_status"]) == (None, True, "failed")


def test_an_entity_that_was_never_tried_is_not_reported_late(written: io.StringIO) -> None:
    log_freshness(
        EntityStatus(entity_state=EntityState(entity="projects"), lease=None, dead_letters=0, recent_runs=()),
        {RunKind.INCREMENTAL: Standing(late_after=timedelta(hours=3))},
        NOON,
    )
    assert lines(written) == []


SECRET = 'p"ä/ss +w\\or&d%\u2028='
SPELLINGS: list[Callable[[str], str]] = [
    str,
    quote,
    lambda secret: quote(secret, safe=""),
    lambda secret: quote(secret, safe="").lower(),
    quote_plus,
    lambda secret: urlencode({"password": secret}),
    lambda secret: json.dumps({"password": secret}),
    lambda secret: json.dumps({"password": secret}, ensure_ascii=False),
    repr,
]


@pytest.mark.parametrize("spell", SPELLINGS)
def test_a_hidden_value_is_in_no_line_whatever_its_encoding(
    written: io.StringIO, spell: Callable[[str], str]
) -> None:
    secret = SECRET.lower() if spell(SECRET) == quote(SECRET, safe="").lower() else SECRET
    register_secret(secret)
    text = f"before {spell(secret)} after"
    LOG.info("message %s", text, extra={"figure": text, "nested": {"list": [text], text: 1}})
    try:
        int(text)
    except ValueError:
        LOG.exception("failed")
    log_run(a_result(Status.FAILED, error=a_failure(message=text)))
    for line in lines(written):
        held = json.dumps(line)
        assert spell(secret) not in "".join(walk(line))
        assert HIDDEN in held
    assert "before" in written.getvalue()


def walk(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from walk(member)
    elif isinstance(value, list):
        for member in value:
            yield from walk(member)
    else:
        yield str(value)


@given(
    st.text(min_size=4).filter(lambda text: text.strip() and text not in HIDDEN),
    st.sampled_from(SPELLINGS[:3]),
)
def test_any_text_can_be_hidden(secret: str, spell: Callable[[str], str]) -> None:
    secret = secret.encode("utf-8", "replace").decode()
    secrets = Secrets()
    secrets.add(secret)
    assert secrets.redact(f"«{spell(secret)}»") == f"«{HIDDEN}»"


def test_each_line_of_a_private_key_is_hidden_and_its_frame_is_not() -> None:
    secrets = Secrets()
    secrets.add("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0\n-----END PRIVATE KEY-----\n")
    assert secrets.redact("-----BEGIN PRIVATE KEY----- at MIIEvQIBADANBgkqhkiG9w0") == (
        f"-----BEGIN PRIVATE KEY----- at {HIDDEN}"
    )


def test_the_newest_secrets_are_remembered_and_a_used_one_stays() -> None:
    secrets = Secrets()
    for number in range(2 * MAX_REMEMBERED):
        secrets.add("the password")
        secrets.add(f"token-{number:05}")
    assert secrets.redact(f"the password token-{2 * MAX_REMEMBERED - 1:05}") == f"{HIDDEN} {HIDDEN}"
    assert secrets.redact("token-00000") == "token-00000"


def test_of_a_credentials_document_the_secrets_are_hidden_and_the_names_are_not(written: io.StringIO) -> None:
    register_secret(
        json.dumps(
            {"auth": "password", "username": "sync", "password": "pa\u00df-w0rd", "client_secret": "cl1ent"}
        )
    )
    LOG.info("sync refused with pa\u00df-w0rd and cl1ent, auth password")
    assert lines(written)[0]["message"] == f"sync refused with {HIDDEN} and {HIDDEN}, auth password"


def test_a_call_that_never_became_a_run_is_logged_with_its_remedy(written: io.StringIO) -> None:
    log_refused(ConfigurationError("ACUMATICA_URL is missing.", action="Set it."))
    log_refused(BadRequestError("Unknown entity 'x'.", action="Use one of: vendors."))
    wrong_setting, wrong_request = lines(written)
    assert (wrong_setting["event"], wrong_setting["severity"]) == ("refused", "ERROR")
    assert wrong_setting["version"] == wrong_request["version"] == __version__
    assert wrong_setting["error"]["type"] == "ConfigurationError"
    assert wrong_setting["message"] == "ACUMATICA_URL is missing. Set it."
    assert (wrong_request["severity"], wrong_request["error"]["http_status"]) == ("WARNING", 400)


def test_blank_text_is_no_secret() -> None:
    secrets = Secrets()
    secrets.add("")
    secrets.add(" \n")
    assert secrets.redact("a b\n") == "a b\n"


def test_a_password_that_is_a_common_word_does_not_blind_the_alerts(written: io.StringIO) -> None:
    register_secret("failed")
    log_run(a_result(Status.FAILED, error=a_failure(message="It failed.")))
    [line] = lines(written)
    assert line["status"] == "failed"
    assert line["error"]["message"] == f"It {HIDDEN}."


def test_a_number_json_cannot_hold_does_not_lose_the_line(written: io.StringIO) -> None:
    LOG.info("odd", extra={"figure": float("nan"), "text": "\ud800"})
    [line] = lines(written)
    assert line["figure"] == "nan"


def test_libraries_are_heard_from_warning_up(written: io.StringIO) -> None:
    logging.getLogger("urllib3").info("noise")
    logging.getLogger("urllib3").warning("signal")
    LOG.debug("too fine")
    assert [line["message"] for line in lines(written)] == ["signal"]


def test_configuring_again_or_beside_a_framework_does_not_double_lines() -> None:
    framework, ours = io.StringIO(), io.StringIO()
    logging.getLogger().addHandler(logging.StreamHandler(framework))
    configure_logging(stream=io.StringIO())
    configure_logging(stream=ours)
    LOG.info("once")
    assert framework.getvalue() == ""
    assert len(lines(ours)) == 1


def test_a_terminal_gets_short_lines_without_secrets() -> None:
    entity_state = io.StringIO()
    configure_logging(json=False, level="debug", stream=entity_state)
    register_secret("s3cret-of-the-terminal")
    LOG.debug("reading page %d", 2)
    LOG.warning("refused s3cret-of-the-terminal")
    first, second = entity_state.getvalue().splitlines()
    assert first[8:] == " reading page 2"
    assert second[8:] == f" WARNING: refused {HIDDEN}"


@pytest.mark.parametrize(("level", "shows"), [("WARNING", False), ("INFO", False), ("DEBUG", True)])
def test_a_terminal_gets_a_stack_trace_on_request_alone(level: str, shows: bool) -> None:
    stream = io.StringIO()
    configure_logging(json=False, level=level, stream=stream)
    LOG.error("it failed", exc_info=ZeroDivisionError())
    told = stream.getvalue()
    assert ("\nZeroDivisionError" in told) is shows
    assert shows or told[8:] == " ERROR: it failed (ZeroDivisionError; LOG_LEVEL=DEBUG shows where)\n"


def test_json_goes_to_standard_output_and_text_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(json=True)
    LOG.info("for the cloud")
    configure_logging(json=False)
    LOG.info("for a person")
    captured = capsys.readouterr()
    assert json.loads(captured.out)["message"] == "for the cloud"
    assert captured.err.endswith(" for a person\n")
