"""Log lines: what Cloud Logging gets, and what a terminal shows."""

import io
import json
import logging
import threading
from contextvars import copy_context
from datetime import datetime
from typing import Any

import pytest

from connector.logs import (
    configure_logging,
    find_trace,
    register_secret,
    run_context,
)
from connector.redaction import HIDDEN

LOG = logging.getLogger("connector.test")


def lines(entity_state: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in entity_state.getvalue().splitlines()]


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
