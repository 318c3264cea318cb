"""`discover` tells what a tenant has to read, and proposes blocks for what it found and no more."""

import tracemalloc
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from acumatica_sandbox.odata.classes import CLASSES, make_up
from acumatica_sandbox.odata.dialect import NEW
from acumatica_sandbox.odata.inquiries import INQUIRIES
from acumatica_sandbox.odata.metadata import build_metadata
from connector.adapters.acumatica.discovery import AcumaticaExplorer
from connector.adapters.acumatica.feeds.metadata import parse_metadata
from connector.app.catalogue import Catalogue, load_catalogue, parse_catalogue
from connector.app.discover import Discovered, compare, discover, parse
from connector.app.proposal import propose
from connector.domain.block_members import SourceKind
from connector.domain.offer import Offer
from tests.real_instance import read_real_swagger
from tests.stand_ins.in_process import open_any
from tests.stand_ins.sandbox_source import TenantTime

BUNDLED, NONE = load_catalogue(), Catalogue({})
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


def list_offers(sandbox: Sandbox, *, classes: str | None = None) -> dict[str, Offer]:
    explorer = an_explorer(sandbox)
    try:
        return {offer.name: offer for offer in explorer.list_offers(classes=classes)}
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
    found = list_offers(sandbox, classes="*")
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

    classes = {name: offer for name, offer in found.items() if offer.kind is SourceKind.DAC}
    assert set(classes) == {item.title for item in CLASSES}
    assert {offer.look for offer in classes.values()} == {None}
    history, tran = classes["PX_Objects_GL_GLHistory"], classes["PX_Objects_GL_GLTran"]
    assert (history.modified_field, history.id_field) == ("LastModifiedDateTime", None)
    assert (tran.modified_field, tran.id_field) == ("LastModifiedDateTime", "NoteID")


def test_rows_of_classes_are_looked_at_where_a_pattern_names_them() -> None:
    sandbox = Sandbox(SandboxOptions(size="tiny"))
    found = list_offers(sandbox, classes="px_objects_gl_gl*")
    looks = {offer.name: offer.look for offer in found.values() if offer.kind is SourceKind.DAC}
    assert {
        name.rpartition("_")[2]: look and (look.days, bool(look.refusal)) for name, look in looks.items()
    } == {
        "GLTran": (("TranDate",), False),
        "GLHistory": ((), False),
        "GLSetup": ((), True),
    }


def find_class(sandbox: Sandbox, name: str, catalogue: Catalogue = NONE, **parts: Any) -> Discovered:
    explorer = an_explorer(sandbox)
    try:
        return discover(explorer, catalogue, name, **{"kind": SourceKind.DAC, **parts})
    finally:
        explorer.close()


@pytest.mark.parametrize("name", ["PX_Objects_GL_GLTran", "px_objects_gl_gltran", "GLTran"])
def test_a_class_is_found_by_each_of_its_names_and_named_by_the_one_that_is_its_alone(
    sandbox: Sandbox, name: str
) -> None:
    block = find_class(sandbox, name, kind=None if "_" in name else SourceKind.DAC).proposal.block
    assert block["dac"] == "PX_Objects_GL_GLTran"
    assert block["keys"] == ("Module", "BatchNbr", "LineNbr")
    columns = block["columns"]
    assert (columns["TranDate"], columns["AccountByAccountID/AccountCD"]) == ("date", "string")
    assert "CuryID" not in columns  # the catalogue says that it cannot be asked for


def test_a_derived_class_has_the_columns_and_keys_of_its_base(sandbox: Sandbox) -> None:
    found = find_class(sandbox, "PX_Objects_AP_APInvoice")
    assert found.proposal.block["keys"] == ("DocType", "RefNbr")
    assert {"DocBal", "DueDate", "VendorByVendorID/AcctCD"} <= set(found.proposal.block["columns"])
    assert "    # DeletedDatabaseRecord: bool  # no value in 40 rows\n" in found.render()
    assert not {"tstamp", "NoteText"} & set(found.proposal.block["columns"])


def test_the_columns_that_a_catalogue_has_chosen_stay_and_their_types_are_compared(sandbox: Sandbox) -> None:
    block = find_class(sandbox, "PX_Objects_GL_GLHistory").render()
    catalogue = parse_catalogue("own.yaml", block)
    assert find_class(sandbox, "PX_Objects_GL_GLHistory", catalogue).differences == ()
    edited = block.replace("    FinYtdBalance: decimal\n", "").replace("LedgerID: int", "LedgerID: string")
    found = find_class(sandbox, "PX_Objects_GL_GLHistory", parse_catalogue("own.yaml", edited))
    assert [(item.member, item.catalogue, item.found) for item in found.differences] == [
        ("columns", "LedgerID (string)", "LedgerID (int)")
    ]
    assert "# FinYtdBalance: decimal  # not in the catalogue's block" in found.render()


def test_references_that_are_refused_are_left_out_with_the_rest_looked_at() -> None:
    sandbox = Sandbox(SandboxOptions(size="tiny"))
    sandbox.faults.add(path="expand", times=99, status=500, body=b"")
    found = find_class(sandbox, "PX_Objects_GL_GLTran")
    assert not any("/" in name for name in found.proposal.block["columns"])
    assert found.offer.keys is not None
    assert found.offer.keys.is_proven


def test_a_stamp_of_midnight_is_a_point_in_time() -> None:
    """A class of which few rows exist, imported in one night, say."""
    row = b'{"Module":"GL","BatchNbr":"1","DateEntered":"2026-01-31T00:00:00Z","LastModifiedDateTime":"2026-01-31T00:00:00Z"}'
    with Sandbox(SandboxOptions(size="tiny")) as tenant:
        body = b'{"value":[%b]}' % row
        tenant.faults.add(path="GL_Batch", times=99, status=200, headers=JSON, body=body)
        entity = parse(find_class(tenant, "PX_Objects_GL_Batch").proposal)
    assert (entity.columns["DateEntered"], entity.columns["LastModifiedDateTime"]) == ("date", "datetime")
    assert entity.modified_field == "LastModifiedDateTime"


def test_a_large_catalogue_is_read_without_a_tree() -> None:
    """Beside its text nothing is kept but names and types."""
    body = build_metadata([*CLASSES, *make_up(200)], "PX.Data", NEW).encode()
    assert len(body) > 1_500_000
    tracemalloc.start()
    classes = parse_metadata(body, of_inquiries=False)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(classes) == len(CLASSES) + 200
    assert peak < 4 * len(body)


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
    found = list_offers(sandbox, classes="*")
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
