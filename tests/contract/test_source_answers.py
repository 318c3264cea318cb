"""Answers to a list as the Source port hands them on: odd rows, the very text, and what is too large or no list."""

from collections.abc import Iterator

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.errors import SourceAnswerError
from tests.contract.source_setup import a_query, open_source

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny")) as tenant:
        yield tenant


@pytest.mark.parametrize("odd", [b"null", b"5", b'"text"', b"[]", b'{"id":"b","x":NaN}', b'{"id":"\\ud83d"}'])
def test_whatever_stands_in_place_of_a_record_costs_no_other(sandbox: Sandbox, odd: bytes) -> None:
    sandbox.faults.add(path="/Bill?", status=200, headers=JSON, body=b'[{"id":"a"}, %b, {"id":"c"}]' % odd)
    with open_source(sandbox) as source:
        rows = source.read_list(a_query()).rows
    assert rows == [b'{"id":"a"}', odd, b'{"id":"c"}']


def test_of_an_answer_that_becomes_too_large_the_whole_rows_are_taken(sandbox: Sandbox) -> None:
    records = [b'{"id":"%d","Text":{"value":"%b"}}' % (i, b"x" * 100_000) for i in range(40)]
    sandbox.faults.add(
        path="/Bill?", status=200, headers=JSON, body=b"[" + b",".join(records) + b"]", times=2
    )
    with open_source(sandbox) as source:
        rows = source.read_list(a_query(most_bytes=500_000)).rows
        assert 5 <= len(rows) <= 10
        assert list(rows) == records[: len(rows)]
        assert list(source.read_list(a_query(most_bytes=5_000_000)).rows) == records


def test_an_answer_too_large_before_it_has_two_rows_calls_for_less(sandbox: Sandbox) -> None:
    sandbox.faults.add(
        path="/Bill?", status=200, headers=JSON, body=b'[{"id":"a","x":"%b"}]' % (b"x" * 900_000), times=9
    )
    with open_source(sandbox) as source, pytest.raises(SourceAnswerError) as caught:
        source.read_list(a_query(most_bytes=1000))
    assert caught.value.calls_for_less


def test_a_row_is_the_very_text_acumatica_sent(sandbox: Sandbox) -> None:
    raw = b'[ {"id":"a","Amount":{"value":12.3400}},\r\n{"id":"b","Amount":{"value":1e2}} ]'
    sandbox.faults.add(path="/Bill", status=200, body=raw, headers={"Content-Type": "application/json"})
    with open_source(sandbox) as source:
        rows = source.read_list(a_query()).rows
    assert list(rows) == [b'{"id":"a","Amount":{"value":12.3400}}', b'{"id":"b","Amount":{"value":1e2}}']


@pytest.mark.parametrize("body", [b'{"id": "a"}', b"[1]", b'[{"id":]', b'"text"', b'[{"id": "a"}', b"\xff[]"])
def test_an_answer_that_is_no_list_of_records_is_transient(sandbox: Sandbox, body: bytes) -> None:
    sandbox.faults.add(
        path="/Bill", status=200, body=body, headers={"Content-Type": "application/json"}, times=9
    )
    with open_source(sandbox) as source, pytest.raises(SourceAnswerError, match="list of Bill"):
        source.read_list(a_query())
