"""An endpoint that loses what is asked for, under an unchanged version: described once afresh, then read without it."""

from collections.abc import Iterator
from typing import Any

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.errors import SourceSetupError
from tests.contract.source_setup import BILLS, a_query, an_entity, count, decoded, ids, open_source

HERE: dict[str, Any] = {"endpoint": "Mine", "version": "1.0"}


def shrink(sandbox: Sandbox, *lost: str) -> None:
    definition = {"version": "1.0", "base": "24.200.001", "without": {"Bill": lost}}
    sandbox.configure(custom_endpoints={"Mine": definition})


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny")) as tenant:
        shrink(tenant)
        yield tenant


@pytest.mark.parametrize("one_by_one", [False, True])
def test_a_list_is_asked_for_without_it_and_says_by_which_contract(
    sandbox: Sandbox, one_by_one: bool
) -> None:
    bills = an_entity(expand=("Details", "TaxDetails"))
    with open_source(sandbox, **HERE) as source:
        before = source.describe(bills)
        assert source.read_list(a_query(bills, top=3)).contract is before
        shrink(sandbox, "Details")
        answer = source.read_list(a_query(bills, one_by_one=one_by_one))
        swaggers = count(sandbox, "swagger.json")
        source.read_list(a_query(bills, top=3, one_by_one=one_by_one))
    assert ids(answer) == [bill.id for bill in sandbox.tenant.records("Bill")]
    assert all("Details" not in record and "TaxDetails" in record for record in decoded(answer))
    assert answer.contract is not None
    assert set(answer.contract.root.details) == {"TaxDetails"}
    assert count(sandbox, "swagger.json") == swaggers == 2
    assert sum(request.status == 500 for request in sandbox.requests) == 1


def test_a_single_record_is_read_without_it_too(sandbox: Sandbox) -> None:
    bill = sandbox.tenant.records("Bill")[0].id
    with open_source(sandbox, **HERE) as source:
        source.describe(BILLS)
        shrink(sandbox, "Details")
        record = source.read_record(BILLS, bill)
        assert record is not None
        assert b'"Details"' not in record


def test_keys_alone_are_listed_without_a_lost_key(sandbox: Sandbox) -> None:
    with open_source(sandbox, **HERE) as source:
        source.describe(BILLS)
        shrink(sandbox, "ReferenceNbr")
        listed = decoded(source.read_list(a_query(keys_only=True, top=1)))[0]
    assert "Type" in listed
    assert "ReferenceNbr" not in listed


def test_what_a_fresh_contract_names_in_vain_is_the_operators(sandbox: Sandbox) -> None:
    """As for a field that Acumatica announces and cannot select."""
    unknown = {"exceptionType": "System.Collections.Generic.KeyNotFoundException"}
    sandbox.faults.add(path="/Bill?", status=500, body=str(unknown).replace("'", '"'), times=99)
    entity = an_entity(select=("Amount", "Details/Qty"), expand=("Details",))
    with open_source(sandbox, **HERE) as source:
        source.describe(entity)
        shrink(sandbox, "TaxDetails")
        with pytest.raises(
            SourceSetupError, match=r"list of Bill, .* one of Details, Amount, .*Details/Qty\."
        ):
            source.read_list(a_query(entity))
    assert count(sandbox, "/Bill") == 2
    assert count(sandbox, "swagger.json") == 2


def test_a_contract_that_lacks_what_the_catalogue_asks_for_is_read_again_until_it_is_there(
    sandbox: Sandbox,
) -> None:
    shrink(sandbox, "Details")
    with open_source(sandbox, **HERE) as source:
        lacking = source.describe(BILLS)
        assert not source.contract_matches(BILLS, lacking)
        shrink(sandbox)
        whole = source.describe(BILLS)
        assert set(whole.root.details) == {"Details"}
        assert source.contract_matches(BILLS, whole)
