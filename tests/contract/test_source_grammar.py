"""A query that the endpoint cannot read: the contract is read afresh once, and asked by if it says something else."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.adapters.acumatica.error_mapping import QueryMisreadError
from tests.contract.source_setup import BILLS, count, ids, open_source, since

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
VERSIONS = [("24.200.001", 4), ("26.200.001", 5)]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny")) as tenant:
        yield tenant


@pytest.mark.parametrize(("version", "grammar"), VERSIONS)
def test_a_wrongly_remembered_grammar_costs_one_refusal_and_is_put_right(
    sandbox: Sandbox, version: str, grammar: int
) -> None:
    with open_source(sandbox, version=version) as source:
        right = source.describe(BILLS)
        assert right.grammar == grammar
        assert source.contract_matches(BILLS, replace(right, grammar=9 - grammar))
        answer = source.read_list(since(LONG_AGO))
        source.read_list(since(LONG_AGO))
    assert ids(answer) == [bill.id for bill in sandbox.tenant.records("Bill")]
    assert answer.contract == right
    assert count(sandbox, "swagger.json") == 2
    assert sum(request.status == 500 for request in sandbox.requests) == 1


@pytest.mark.parametrize("status", [400, 500])
def test_a_query_that_stays_unreadable_fails_after_one_fresh_look(sandbox: Sandbox, status: int) -> None:
    body = b'{"message":"The query specified in the URI is not valid. Syntax error at position 7."}'
    sandbox.faults.add(path="/Bill?", status=status, body=body, times=99)
    with open_source(sandbox) as source:
        source.describe(BILLS)
        with pytest.raises(QueryMisreadError, match="position 7"):
            source.read_list(since(LONG_AGO))
    assert count(sandbox, "/Bill") == 1
    assert count(sandbox, "swagger.json") == 2
