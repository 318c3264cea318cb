"""The matcher that the tests of the alerts rely on."""

import pytest

from tests.docs.log_filter import compile_filter

ENTRY = {
    "log_id": "run.googleapis.com/stdout",
    "severity": "ERROR",
    "resource": {"labels": {"service_name": "sync"}},
    "jsonPayload": {
        "event": "run",
        "count": 3,
        "late": False,
        "stack": "Traceback (most recent",
        "none": None,
    },
}


@pytest.mark.parametrize(
    "text",
    [
        'jsonPayload.event="run"',
        'jsonPayload.event="RUN"',
        "jsonPayload.count>2",
        "jsonPayload.count>=3",
        "jsonPayload.late=false",
        "severity=ERROR",
        "severity>=WARNING",
        'jsonPayload.stack:"traceback"',
        'log_id("run.googleapis.com/stdout")',
        'jsonPayload.event="x" OR severity=ERROR',
        'jsonPayload.event="run" AND (jsonPayload.count>9 OR jsonPayload.late=false)',
        'jsonPayload.event="run" OR jsonPayload.event="x" AND jsonPayload.count>9',
    ],
)
def test_a_filter_matches(text: str) -> None:
    assert compile_filter(text)(ENTRY)


@pytest.mark.parametrize(
    "text",
    [
        'jsonPayload.event="ru"',
        "jsonPayload.count>3",
        "jsonPayload.missing>0",
        "jsonPayload.none>=0",
        "jsonPayload.late=true",
        "severity=WARNING",
        'log_id("run.googleapis.com/stderr")',
        'jsonPayload.event="run" AND severity=INFO',
        '(jsonPayload.event="run" OR jsonPayload.event="x") AND jsonPayload.count>9',
    ],
)
def test_a_filter_does_not_match(text: str) -> None:
    assert not compile_filter(text)(ENTRY)


@pytest.mark.parametrize("text", ["a=", 'a~"x"', '(a="x"', 'a="x" b="y"', "NOT a=1", ""])
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        compile_filter(text)
