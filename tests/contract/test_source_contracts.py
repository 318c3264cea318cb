"""The tenant's own contract, for every endpoint version and for an endpoint of the customer's own."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from acumatica_sandbox import Sandbox, SandboxOptions
from acumatica_sandbox.contract import system_endpoint
from connector.app.catalogue import load_catalogue
from connector.domain.entity import Entity
from connector.domain.records.contract import Contract, Kind
from connector.errors import EndpointVersionError, SourceSetupError
from tests.contract.source_setup import (
    BILLS,
    a_query,
    an_entity,
    count,
    decoded,
    everything_in,
    ids,
    open_source,
    since,
)

VERSIONS = ("20.200.001", "22.200.001", "23.200.001", "24.200.001", "25.200.001")
CUSTOM_ENDPOINT: dict[str, dict[str, Any]] = {
    "Scratch": {"version": "1.0", "base": "26.200.001"},
    "Extended": {"version": "26.200.001", "base": "24.200.001"},
    "Acme": {
        "version": "1.0",
        "base": "24.200.001",
        "extra_fields": {"Bill": {"UsrApprover": "string", "UsrScore": "int"}},
    },
}
CUSTOM_FIELDS = {
    "Bill": {
        "Document.UsrRisk": "CustomDecimalField",
        "Document.AttributeREGION": "CustomStringField",
        "Details/Transactions.UsrSince": "CustomDateTimeField",
    }
}
CATALOGUE = load_catalogue()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    options = SandboxOptions(
        size="tiny",
        endpoint_versions=(*VERSIONS, "26.200.001"),
        custom_endpoints=CUSTOM_ENDPOINT,
        custom_fields=CUSTOM_FIELDS,
    )
    with Sandbox(options) as tenant:
        yield tenant


SANDBOX_KINDS = {
    "string": Kind.STRING, "decimal": Kind.DECIMAL, "double": Kind.DOUBLE, "int": Kind.INT, "short": Kind.INT,
    "long": Kind.INT, "byte": Kind.INT, "bool": Kind.BOOL, "guid": Kind.GUID, "datetime": Kind.DATETIME,
    "date": Kind.DATE, "string_select": Kind.SELECT,
}  # fmt: skip


def entities_of(version: str) -> list[Entity]:
    exposed = system_endpoint(version).entities
    return [entity for entity in CATALOGUE.entities.values() if entity.acumatica_entity in exposed]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_entity_of_the_catalogue_has_its_whole_contract(sandbox: Sandbox, version: str) -> None:
    assert len(entities_of(version)) >= 15
    with open_source(sandbox, version=version) as source:
        for entity in entities_of(version):
            announced = system_endpoint(version).types[entity.acumatica_entity]
            root = source.describe(entity).root
            assert set(root.fields) | root.unread | set(root.details) | set(root.linked) == {
                *announced.fields, *announced.details, *announced.linked,
            }  # fmt: skip
            for name, kind in root.fields.items():
                expected = SANDBOX_KINDS[announced.fields[name]]
                assert kind is (Kind.DATE if name in entity.date_fields else expected)
            assert set(root.details) == {path for path in entity.expand if path in announced.details}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_entity_of_the_catalogue_can_be_listed_and_read(sandbox: Sandbox, version: str) -> None:
    with open_source(sandbox, version=version) as source:
        for entity in entities_of(version):
            contract = source.describe(entity)
            changed_since = sandbox.tenant.clock.now().replace(year=2000)
            query = a_query(
                entity, modified_field=contract.modified_field, changed_since=changed_since, top=3
            )
            for record in decoded(source.read_list(query)):
                assert set(contract.root.fields) <= set(record)
                assert set(contract.root.details) <= set(record)
                assert source.read_record(entity, record["id"]) is not None


@pytest.mark.parametrize(
    ("entity", "version", "field"),
    [
        ("Vendor", "20.200.001", "LastModifiedDateTime"),
        ("StockItem", "20.200.001", "LastModified"),
        ("StockItem", "23.200.001", "LastModified"),
        ("StockItem", "24.200.001", "LastModifiedDateTime"),
        ("SalesOrder", "25.200.001", "LastModified"),
        ("PurchaseReceipt", "22.200.001", None),
        ("PurchaseReceipt", "23.200.001", "LastModifiedDateTime"),
        ("SalesInvoice", "22.200.001", None),
        ("Subaccount", "25.200.001", None),
        ("Account", "26.200.001", "LastModifiedDateTime"),
    ],
)
def test_the_modified_field_depends_on_entity_and_version(
    sandbox: Sandbox, entity: str, version: str, field: str | None
) -> None:
    with open_source(sandbox, version=version) as source:
        assert source.describe(an_entity(entity)).modified_field == field


def test_an_endpoint_of_the_customers_own_brings_its_extra_fields(sandbox: Sandbox) -> None:
    bill = sandbox.tenant.records("Bill")[0].id
    with open_source(sandbox, endpoint="Acme", version="1.0") as source:
        contract = source.describe(BILLS)
        assert contract.root.fields["UsrApprover"] is Kind.STRING
        assert contract.root.fields["UsrScore"] is Kind.INT
        assert (contract.endpoint, contract.version) == ("Acme", "1.0")
        assert source.read_record(BILLS, bill) is not None
    with open_source(sandbox) as source:
        assert "UsrApprover" not in source.describe(BILLS).root.fields


@pytest.mark.parametrize("version", ["20.200.001", "25.200.001", "26.200.001"])
def test_custom_fields_are_typed_and_read_beside_all_others(sandbox: Sandbox, version: str) -> None:
    entity = an_entity(expand=("Details",), custom=tuple(CUSTOM_FIELDS["Bill"]))
    bill = sandbox.tenant.records("Bill")[0]
    sandbox.tenant.change("Bill", bill.id, custom={"Document.UsrRisk": 7})
    with open_source(sandbox, version=version) as source:
        contract = source.describe(entity)
        assert contract.root.custom == {
            "Document.UsrRisk": Kind.DECIMAL, "Document.AttributeREGION": Kind.STRING,
        }  # fmt: skip
        assert contract.root.details["Details"].custom == {"Transactions.UsrSince": Kind.DATETIME}
        listed = decoded(source.read_list(a_query(entity, top=1)))[0]
    assert listed["custom"]["Document"]["UsrRisk"]["type"] == "CustomDecimalField"
    assert listed["Details"][0]["custom"]["Transactions"]["UsrSince"]["type"] == "CustomDateTimeField"
    assert {"Amount", "Vendor"} <= set(listed)
    assert {"Amount", "UnitCost"} <= set(listed["Details"][0])


def test_a_custom_field_the_form_lacks_is_named(sandbox: Sandbox) -> None:
    with open_source(sandbox) as source, pytest.raises(SourceSetupError, match=r"Document\.UsrTypo"):
        source.describe(an_entity(custom=("Document.UsrTypo", "Document.UsrRisk")))


def test_contract_5_announces_and_filters_in_its_own_way(sandbox: Sandbox) -> None:
    with open_source(sandbox, version="26.200.001") as source:
        fields = source.describe(BILLS).root.fields
        assert (fields["Status"], fields["Date"]) == (Kind.SELECT, Kind.DATE)
        newest = max(bill.stamp for bill in sandbox.tenant.records("Bill"))
        assert ids(source.read_list(since(newest)))
        assert decoded(source.read_list(a_query(top=1)))[0]["Details"]
        selected = an_entity(select=("Amount", "Details/Amount"), expand=("Details",))
        record = decoded(source.read_list(a_query(selected, top=1)))[0]
    assert {"Type", "ReferenceNbr", "Amount", "LastModifiedDateTime", "Details"} <= set(record)
    assert "Vendor" not in record
    assert "UnitCost" not in record["Details"][0]


@pytest.mark.parametrize(
    ("endpoint", "version", "grammar"), [("Scratch", "1.0", 5), ("Extended", "26.200.001", 4)]
)
def test_an_endpoint_of_the_customers_own_is_spoken_to_in_its_grammar_whatever_its_number(
    sandbox: Sandbox, endpoint: str, version: str, grammar: int
) -> None:
    newest = max(bill.stamp for bill in sandbox.tenant.records("Bill"))
    with open_source(sandbox, endpoint=endpoint, version=version) as source:
        contract = source.describe(BILLS)
        listed = ids(source.read_list(since(newest)))
        assert source.read_record(BILLS, listed[0]) is not None
    assert contract.grammar == grammar
    with open_source(sandbox, endpoint=endpoint, version=version) as source:
        assert source.contract_matches(
            BILLS, msgspec.json.decode(msgspec.json.encode(contract), type=Contract)
        )
        assert ids(source.read_list(since(newest))) == listed != []


@pytest.mark.parametrize("form", ["", '"form":2,'])
def test_a_contract_remembered_in_a_form_that_knew_no_grammar_or_a_wrong_one_is_read_again(
    sandbox: Sandbox, form: str
) -> None:
    with open_source(sandbox) as source:
        contract = source.describe(BILLS)
        earlier = replace(contract, request=contract.request.replace('"form":3,', form))
        assert earlier != contract
        assert not source.contract_matches(BILLS, earlier)


def test_every_field_of_a_deep_expansion_is_described(sandbox: Sandbox) -> None:
    entity = an_entity("Vendor", expand=("MainContact/Address", "Attributes"))
    with open_source(sandbox) as source:
        paths = everything_in(source.describe(entity))
    assert {"MainContact/Email", "MainContact/Address/City", "Attributes/AttributeID"} <= paths


@pytest.mark.parametrize("body", ["empty", "html", "json"])
def test_a_wrong_version_is_answered_with_the_offered_ones(sandbox: Sandbox, body: str) -> None:
    sandbox.configure(not_found_body=body)
    with open_source(sandbox, version="21.200.001") as source:
        for action in (lambda: source.describe(BILLS), lambda: source.read_list(a_query())):
            with pytest.raises(EndpointVersionError, match=r"offered are 20\.200\.001, .*26\.200\.001"):
                action()


def test_a_wrong_endpoint_is_answered_with_the_offered_ones_the_customers_too(sandbox: Sandbox) -> None:
    with (
        open_source(sandbox, endpoint="Acne") as source,
        pytest.raises(EndpointVersionError, match=r"Acme 1\.0; Default 20"),
    ):
        source.describe(BILLS)


def test_an_entity_the_version_lacks_is_named(sandbox: Sandbox) -> None:
    with (
        open_source(sandbox) as source,
        pytest.raises(SourceSetupError, match="does not expose the entity Spaceship"),
    ):
        source.describe(an_entity("Spaceship"))


def test_the_contract_is_read_afresh_each_time(sandbox: Sandbox) -> None:
    before = count(sandbox, "swagger.json")
    with open_source(sandbox) as source:
        assert source.describe(BILLS) == source.describe(BILLS)
    assert count(sandbox, "swagger.json") == before + 2
