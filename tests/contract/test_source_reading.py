"""Lists and single records, as the Source port promises them."""

from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.adapters.acumatica.pace import Pace
from connector.domain.entity import Entity
from connector.errors import NotOptimizableError, SourceSetupError
from tests.contract.source_setup import (
    BILLS,
    a_query,
    a_source,
    an_entity,
    count,
    decoded,
    ids,
    open_source,
    queries_of,
    since,
)
from tests.stand_ins.clock import FakeClock


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny")) as tenant:
        yield tenant


def test_every_record_is_listed_once_in_the_list_order(sandbox: Sandbox) -> None:
    with open_source(sandbox) as source:
        assert ids(source.read_list(a_query())) == [bill.id for bill in sandbox.tenant.records("Bill")]


def test_pages_join_without_gap_or_overlap(sandbox: Sandbox) -> None:
    with open_source(sandbox) as source:
        paged: list[str] = []
        while page := ids(source.read_list(a_query(skip=len(paged), top=7))):
            paged += page
    assert paged == [bill.id for bill in sandbox.tenant.records("Bill")]


def test_the_lower_bound_is_inclusive_to_the_millisecond(sandbox: Sandbox) -> None:
    for bill in sandbox.tenant.records("Bill")[:3]:
        sandbox.tenant.clock.advance(seconds=1.003)
        sandbox.tenant.change("Bill", bill.id, {"Description": "changed"})
    changed = sandbox.tenant.records("Bill")[:3]
    with open_source(sandbox) as source:
        changed_since = changed[1].stamp
        assert ids(source.read_list(since(changed_since))) == [changed[1].id, changed[2].id]
        later = changed_since + timedelta(milliseconds=1)
        assert ids(source.read_list(since(later))) == [changed[2].id]


def test_details_come_only_when_expanded(sandbox: Sandbox) -> None:
    with open_source(sandbox) as source:
        expanded = decoded(source.read_list(a_query(BILLS, top=5)))
        bare = decoded(source.read_list(a_query(an_entity(), top=5)))
    assert all(record["Details"] for record in expanded)
    assert not any(record.get("Details") for record in bare)


def test_linked_entities_are_expanded_to_the_depth_named(sandbox: Sandbox) -> None:
    vendors = an_entity("Vendor", expand=("MainContact/Address",))
    with open_source(sandbox) as source:
        vendor = decoded(source.read_list(a_query(vendors, top=1)))[0]
    assert "value" in vendor["MainContact"]["Address"]["City"]


@pytest.mark.parametrize("expand", [(), ("Details",), ("Details", "TaxDetails")])
def test_a_selection_keeps_keys_stamp_and_whole_details(sandbox: Sandbox, expand: tuple[str, ...]) -> None:
    entity = an_entity(select=("Amount",), expand=expand)
    with open_source(sandbox) as source:
        listed = decoded(source.read_list(a_query(entity, top=5)))
        single = msgspec.json.decode(source.read_record(entity, listed[0]["id"]) or b"")
    for record in (*listed, single):
        assert {"Type", "ReferenceNbr", "Amount", "LastModifiedDateTime"} <= set(record)
        assert "Vendor" not in record
    if expand:
        assert all("Amount" in line and "Qty" in line for line in listed[0]["Details"])


def test_excluded_fields_are_not_even_asked_for_when_fields_are_selected(sandbox: Sandbox) -> None:
    entity = an_entity(select=("Amount",), expand=("Details",), exclude=frozenset(["Details/UnitCost"]))
    with open_source(sandbox) as source:
        line = decoded(source.read_list(a_query(entity, top=1)))[0]["Details"][0]
    assert "Amount" in line
    assert "UnitCost" not in line


def test_keys_alone_are_asked_for_without_details(sandbox: Sandbox) -> None:
    with open_source(sandbox) as source:
        record = decoded(source.read_list(a_query(keys_only=True, one_by_one=True, top=1)))[0]
    assert {"id", "Type", "ReferenceNbr", "LastModifiedDateTime"} <= set(record)
    assert not {"Amount", "Details"} & set(record)


def test_archived_records_are_always_listed(sandbox: Sandbox) -> None:
    archived = sandbox.tenant.records("Bill")[0].id
    sandbox.tenant.archive("Bill", archived)
    with open_source(sandbox) as source:
        assert archived in ids(source.read_list(a_query()))
        assert source.read_record(BILLS, archived) is not None


def test_a_single_record_is_what_the_list_shows_of_it(sandbox: Sandbox) -> None:
    with open_source(sandbox) as source:
        listed = decoded(source.read_list(a_query(top=1)))[0]
        single = msgspec.json.decode(source.read_record(BILLS, listed["id"]) or b"")
    assert {**single, "rowNumber": 1} == {**listed, "rowNumber": 1}


def test_a_deleted_record_is_gone(sandbox: Sandbox) -> None:
    bill = sandbox.tenant.records("Bill")[0].id
    with open_source(sandbox) as source:
        assert source.read_record(BILLS, bill) is not None
        sandbox.tenant.delete("Bill", bill)
        assert source.read_record(BILLS, bill) is None


@pytest.mark.parametrize("body", ["empty", "html", "json"])
def test_a_404_for_a_record_says_gone_only_beside_a_list_that_works(sandbox: Sandbox, body: str) -> None:
    sandbox.configure(not_found_body=body)
    bill = sandbox.tenant.records("Bill")[0].id
    with open_source(sandbox) as source:
        source.describe(BILLS)
        sandbox.faults.add(path=f"/Bill/{bill}", status=404)
        assert source.read_record(BILLS, bill) is None
        invoices = an_entity("Nonsense")
        assert not source.contract_matches(invoices, source.describe(BILLS))
        with pytest.raises(SourceSetupError, match="does not expose"):
            source.read_record(invoices, bill)


def test_a_list_that_cannot_be_optimised_says_which_field_and_is_readable_one_by_one(
    sandbox: Sandbox,
) -> None:
    sandbox.configure(not_optimizable={"Bill": {"Details": "APTranView"}})
    with open_source(sandbox) as source:
        with pytest.raises(NotOptimizableError, match=r"Details \(view APTranView\)"):
            source.read_list(a_query())
        assert count(sandbox, "/Bill") == 1
        one_by_one = decoded(source.read_list(a_query(one_by_one=True, skip=3, top=4)))
    assert [record["id"] for record in one_by_one] == [bill.id for bill in sandbox.tenant.records("Bill")][
        3:7
    ]
    assert all(record["Details"] for record in one_by_one)


def test_one_by_one_follows_a_list_that_moves_while_it_is_read(sandbox: Sandbox) -> None:
    bills = [bill.id for bill in sandbox.tenant.records("Bill")]
    sandbox.faults.add(path=f"/Bill/{bills[0]}", hook=lambda _: sandbox.tenant.delete("Bill", bills[1]))
    with open_source(sandbox) as source:
        assert ids(source.read_list(a_query(one_by_one=True, top=3))) == [bills[0], bills[2], bills[3]]


def test_one_by_one_asks_for_the_same_rows_as_the_list(sandbox: Sandbox) -> None:
    changed_since = sandbox.tenant.clock.now() - timedelta(days=400)
    with open_source(sandbox) as source:
        listed = source.read_list(since(changed_since, top=5))
        one_by_one = source.read_list(since(changed_since, top=5, one_by_one=True))
    assert ids(listed) == ids(one_by_one) != []


def test_a_source_reads_before_anyone_described_the_entity(sandbox: Sandbox) -> None:
    with open_source(sandbox) as source:
        source.read_list(a_query(top=1))
        source.read_list(a_query(top=1))
    assert count(sandbox, "swagger.json") == 1


def test_a_remembered_contract_saves_reading_it_again(sandbox: Sandbox) -> None:
    with open_source(sandbox) as source:
        remembered = source.describe(BILLS)
    with open_source(sandbox) as source:
        assert source.contract_matches(BILLS, remembered)
        source.read_list(a_query(top=1))
        assert source.data_requests == 1
        assert source.requests_made == 2
    assert count(sandbox, "swagger.json") == 1


@pytest.mark.parametrize(
    "other",
    [
        an_entity(),
        an_entity(expand=("Details",), select=("Amount",)),
        an_entity(expand=("Details", "TaxDetails")),
    ],
)
def test_a_contract_of_other_choices_does_not_match(sandbox: Sandbox, other: Entity) -> None:
    with open_source(sandbox) as source:
        contract = source.describe(BILLS)
        assert not source.contract_matches(other, contract)
    with open_source(sandbox, version="25.200.001") as source:
        assert not source.contract_matches(BILLS, contract)


def test_the_pace_is_kept(sandbox: Sandbox) -> None:
    clock = FakeClock()
    with open_source(sandbox, clock=clock, pace=Pace(clock, 30)) as source:
        for _ in range(4):
            source.read_list(a_query(top=1))
    waited = sum(clock.sleeps, timedelta(0))
    assert waited >= timedelta(seconds=2) * (source.requests_made - 2)


def test_nothing_is_asked_before_the_first_call_and_closing_twice_is_harmless(sandbox: Sandbox) -> None:
    source = a_source(sandbox)
    source.close()
    source.close()
    assert sandbox.requests == []


def test_a_closed_source_signs_in_again_when_it_is_used_again(sandbox: Sandbox) -> None:
    with open_source(sandbox) as source:
        source.read_list(a_query(top=1))
        source.close()
        assert sandbox.seats == 0
        assert len(source.read_list(a_query(top=1)).rows) == 1


def test_no_request_holds_a_raw_plus_sign(sandbox: Sandbox) -> None:
    with open_source(sandbox) as source:
        source.read_list(since(sandbox.tenant.clock.now(), top=1))
    assert not [query for query in queries_of(sandbox, "") if "+" in query]
