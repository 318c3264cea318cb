"""`discover` tells what a tenant has to read, and proposes blocks for what it found and no more."""

from collections.abc import Iterator, Mapping

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from acumatica_sandbox.odata.inquiries import INQUIRIES
from connector.adapters.acumatica.discovery import AcumaticaExplorer
from connector.app.catalogue import Catalogue, load_catalogue, parse_catalogue
from connector.app.discover import Discovered, compare, discover, parse
from connector.app.proposal import propose
from connector.domain.block_members import SourceKind
from connector.domain.offer import Offer
from tests.real_instance import read_real_swagger
from tests.stand_ins.in_process import open_any
from tests.stand_ins.sandbox_source import TenantTime

BUNDLED = load_catalogue()
JSON = {"Content-Type": "application/json; charset=utf-8"}
NAMING = frozenset({"name", "current_view", "schedule", "reconcile", "enabled"})
"""What is a choice of whoever writes a block."""

NO_VALUE, NOT_READ, CHOSEN = "no row had a value in", "was not read", "is a choice"
KNOWN: Mapping[str, Mapping[str, str]] = {
    "vendors": {"date_fields": NO_VALUE},
    "payments": {"date_fields": NO_VALUE},
    "non_stock_items": {"date_fields": NO_VALUE},
    "customers": {"date_fields": NO_VALUE},
    "sales_invoices": {"date_fields": NO_VALUE},
    "sales_orders": {"date_fields": NO_VALUE},
    "purchase_receipts": {"date_fields": NO_VALUE},
    "projects": {"date_fields": NO_VALUE},
}
"""Where the tenant tells less than the bundled block says: nobody has filled in these dates."""
ALONE: Mapping[str, Mapping[str, str]] = {
    "vendors": {"expand": CHOSEN, "exclude": CHOSEN, "date_fields": NOT_READ},
    "invoices": {"expand": CHOSEN, "line_views": CHOSEN},
    "payments": {"expand": CHOSEN, "line_views": CHOSEN, "date_fields": NOT_READ},
    "checks": {"expand": CHOSEN, "line_views": CHOSEN},
    "gl_entries": {"line_views": CHOSEN},
    "non_stock_items": {"date_fields": NO_VALUE},
    "customers": {"expand": CHOSEN, "exclude": CHOSEN, "date_fields": NOT_READ},
    "sales_invoices": {"expand": CHOSEN, "date_fields": NO_VALUE},
    "sales_orders": {"date_fields": NO_VALUE},
    "purchase_receipts": {"date_fields": NO_VALUE},
    "projects": {"expand": CHOSEN, "date_fields": NOT_READ},
}
"""The same where no catalogue says which levels are read with each record: the main lines alone are looked at."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny")) as tenant:
        yield tenant
    assert tenant.seats == 0


def an_explorer(sandbox: Sandbox) -> AcumaticaExplorer:
    return open_any(AcumaticaExplorer, sandbox, TenantTime(sandbox))


def find_all(sandbox: Sandbox, catalogue: Catalogue) -> dict[str, Discovered]:
    """Return what is found for the Acumatica entity of each bundled block."""
    explorer = an_explorer(sandbox)
    try:
        return {
            name: discover(explorer, catalogue, block.acumatica_entity, None)
            for name, block in BUNDLED.entities.items()
        }
    finally:
        explorer.close()


def list_offers(sandbox: Sandbox, *, with_dacs: bool = False) -> dict[str, Offer]:
    explorer = an_explorer(sandbox)
    try:
        return {offer.name: offer for offer in explorer.list_offers(with_dacs=with_dacs)}
    finally:
        explorer.close()


def test_the_bundled_blocks_are_found_or_the_output_says_why_not(sandbox: Sandbox) -> None:
    assert len(BUNDLED.entities) == 16
    told = {}
    for name, found in find_all(sandbox, BUNDLED).items():
        assert found.known_as == found.proposal.name == name
        assert found.offer.keys is not None
        assert found.offer.keys.is_proven
        told[name] = {item.member: item.reason for item in found.differences}
        assert all(
            f"{item.member}: " in found.render().split("# The catalogue's block")[1]
            for item in found.differences
        )
        assert found.differences or "says the same" in found.render()
    assert told.keys() == BUNDLED.entities.keys()
    agree(told, KNOWN)


def test_they_are_found_without_a_catalogue_but_for_what_is_a_choice(sandbox: Sandbox) -> None:
    told = {}
    for name, found in find_all(sandbox, Catalogue({})).items():
        differences = compare(parse(found.proposal), BUNDLED.entities[name], found.offer)
        told[name] = {item.member: item.reason for item in differences if item.member not in NAMING}
        assert parse(found.proposal).keys == BUNDLED.entities[name].keys
    agree(told, ALONE)


def agree(told: Mapping[str, Mapping[str, str]], expected: Mapping[str, Mapping[str, str]]) -> None:
    """Expect these differences and no others, each with its reason."""
    members = {name: set(reasons) for name, reasons in told.items() if reasons}
    assert members == {name: set(reasons) for name, reasons in expected.items()}
    for name, reasons in expected.items():
        for member, reason in reasons.items():
            assert reason in told[name][member], (name, member, told[name][member])


def test_of_each_it_is_said_whether_it_has_a_stamp_an_id_days_and_a_list() -> None:
    sandbox = Sandbox(
        SandboxOptions(
            size="tiny",
            session_ids=("Ledger",),
            not_optimizable={"Check": {"Description": "APPayment"}},
            forbidden=("Project",),
            forbidden_inquiries=("AP-Vendors",),
        )
    )
    found = list_offers(sandbox, with_dacs=True)
    assert set(found) > {inquiry.title for inquiry in INQUIRIES}
    looks = {name: offer.look for name, offer in found.items()}
    assert sandbox.seats == 0

    bills, lines = found["Bill"], found["GL-Journal Transactions"]
    assert (bills.modified_field, bills.id_field) == ("LastModifiedDateTime", "id")
    assert (lines.modified_field, lines.id_field) == ("LastModifiedOn", None)
    assert found["Subaccount"].modified_field is None
    assert looks["Bill"].days == ("Date", "DueDate")  # type: ignore[union-attr]
    assert looks["GL-Journal Transactions"].days == ("TransactionDate",)  # type: ignore[union-attr]
    lasting = {name: look.has_lasting_id for name, look in looks.items() if look}
    assert (lasting["Bill"], lasting["Ledger"], lasting["Project"]) == (True, False, None)
    refused = {name: look.refusal for name, look in looks.items() if look and look.refusal}
    assert set(refused) == {"Check", "Project", "AP-Vendors", "DB-StorageDetails"}
    assert "record by record only" in refused["Check"]
    assert "Warehouse" in refused["DB-StorageDetails"]

    classes = [offer for offer in found.values() if offer.kind is SourceKind.DAC]
    assert {(offer.modified_field, offer.id_field, offer.look) for offer in classes} == {
        ("LastModifiedDateTime", "NoteID", None)
    }


@pytest.mark.parametrize(
    ("interface", "status", "told", "lost"),
    [
        ("gi", 404, "generic inquiries are not listed", SourceKind.INQUIRY),
        ("gi", 403, "generic inquiries are not listed", SourceKind.INQUIRY),
        ("dac", 404, "data access classes are not listed", SourceKind.DAC),
        ("dac", 403, "Give it the role OData4 User", SourceKind.DAC),
    ],
)
def test_without_a_right_to_one_interface_the_others_are_listed(
    caplog: pytest.LogCaptureFixture, interface: str, status: int, told: str, lost: SourceKind
) -> None:
    sandbox = Sandbox(SandboxOptions(size="empty"))
    sandbox.faults.add(path=f"/odata/{interface}/$metadata", status=status, body=b"", times=9)
    found = list_offers(sandbox, with_dacs=True)
    assert {offer.kind for offer in found.values()} == set(SourceKind) - {lost}
    assert told in caplog.text


def test_records_without_a_note_are_told_apart_by_their_keys() -> None:
    sandbox = Sandbox(SandboxOptions(size="tiny", session_ids=("Ledger",)))
    explorer = an_explorer(sandbox)
    found = discover(explorer, BUNDLED, "ledger", None)
    explorer.close()
    assert found.proposal.block["identity"] == "keys"
    assert [item.member for item in found.differences] == ["identity"]


def test_what_cannot_be_listed_gets_keys_that_are_called_a_guess() -> None:
    sandbox = Sandbox(SandboxOptions(size="empty", forbidden=("Bill",)))
    explorer = an_explorer(sandbox)
    found = discover(explorer, Catalogue({}), "Bill", None)
    explorer.close()
    assert found.offer.keys is not None
    assert not found.offer.keys.is_proven
    assert "NOT PROVEN" in found.render()
    assert "# NOT KNOWN: whether records keep their id" in found.render()


@pytest.mark.parametrize("version", ["24.200.001", "25.200.001"])
def test_every_entity_of_a_real_instance_gets_a_block_that_is_valid(version: str) -> None:
    sandbox = Sandbox(SandboxOptions(size="empty"))
    sandbox.faults.add(
        path="/swagger.json", status=200, headers=JSON, body=read_real_swagger(version), times=9
    )
    found = list_offers(sandbox)
    entities = [offer for offer in found.values() if offer.kind is SourceKind.ENTITY]
    assert len(entities) > 100
    for offer in entities:
        proposal = propose(offer, Catalogue({}))
        if offer.fields:
            keys = f"  keys: [{next(iter(offer.fields))}]\n"
            text = proposal.render().replace("  acumatica_entity:", f"{keys}  acumatica_entity:")
            assert parse_catalogue(offer.name, text).find(proposal.name).acumatica_entity == offer.name
