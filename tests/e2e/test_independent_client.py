"""A client written by others for real instances agrees that the sandbox is an Acumatica."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from acumatica_sandbox.odata.inquiries import INQUIRIES

REASON = "the package easy-acumatica is not installed"
easy_acumatica = pytest.importorskip("easy_acumatica", reason=REASON)
odata = pytest.importorskip("easy_acumatica.odata", reason=REASON)
exceptions = pytest.importorskip("easy_acumatica.exceptions", reason=REASON)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny")) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def client(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    directory: Path = tmp_path_factory.mktemp("easy_acumatica")
    secret = sandbox.credentials("cookie")
    client = easy_acumatica.AcumaticaClient(
        base_url=sandbox.url,
        username=secret["username"],
        password=secret["password"],
        tenant=secret["tenant"],
        branch=secret["branch"],
        endpoint_version="24.200.001",
        rate_limit_calls_per_second=1000.0,
        cache_dir=directory,
    )
    yield client
    client.close()


def options(**chosen: Any) -> Any:
    return odata.QueryOptions(**chosen)


def test_it_signs_in_with_its_cookies(client: Any, sandbox: Sandbox) -> None:
    assert client.get_session_info()["logged_in"]
    assert sandbox.seats == 1
    assert sandbox.requests[0].path.endswith("/entity/auth/login")


def test_it_builds_a_service_and_a_model_of_every_entity_from_the_schema(client: Any) -> None:
    services = client.list_services()
    assert {"Bill", "Vendor", "JournalTransaction", "StockItem"} <= set(services)
    bill = client.models.Bill.get_schema()
    assert bill["Amount"] == {"type": "float", "fields": {}}
    assert bill["Details"]["type"] == "List[BillDetail]"
    assert "LastModifiedDateTime" in bill
    assert "MainContact" in client.models.Vendor.get_schema()


def test_it_lists_with_details(client: Any, sandbox: Sandbox) -> None:
    rows = client.bill.get_list(options=options(expand=["Details"]))
    expected = {row.id: len(row.details["Details"]) for row in sandbox.tenant.records("Bill")}
    assert {row["id"]: len(row["Details"]) for row in rows} == expected


def test_it_filters_with_its_own_filter_builder(client: Any, sandbox: Sandbox) -> None:
    wanted = (odata.F.Type == "Bill") & (odata.F.Amount > 3000)
    rows = client.bill.get_list(options=options(filter=wanted, select=["ReferenceNbr", "Amount"]))
    expected = [
        row.keys[1]
        for row in sandbox.tenant.records("Bill")
        if row.keys[0] == "Bill" and float(str(row.fields["Amount"])) > 3000
    ]
    assert [row["ReferenceNbr"]["value"] for row in rows] == expected
    assert expected


def test_it_pages_through_a_list(client: Any, sandbox: Sandbox) -> None:
    read: list[str] = []
    while page := client.vendor.get_list(options=options(top=5, skip=len(read), select=["VendorID"])):
        read += [row["id"] for row in page]
    assert read == [row.id for row in sandbox.tenant.records("Vendor")]


def test_it_reads_a_single_record_by_id_and_by_keys(client: Any, sandbox: Sandbox) -> None:
    record = sandbox.tenant.records("Bill")[4]
    by_id = client.bill.get_by_id(record.id)
    by_keys = client.bill.get_by_keys(Type=record.keys[0], ReferenceNbr=record.keys[1])
    assert by_id["id"] == by_keys["id"] == record.id


def test_it_reads_the_ad_hoc_schema(client: Any) -> None:
    assert client.bill.get_ad_hoc_schema()["Amount"] == {}


def test_it_understands_the_error_of_a_record_that_does_not_exist(client: Any) -> None:
    with pytest.raises(exceptions.AcumaticaError, match="No entity satisfies the condition"):
        client.bill.get_by_keys(Type="Bill", ReferenceNbr="NONE")


def test_it_finds_the_inquiries_and_reads_one(client: Any, sandbox: Sandbox) -> None:
    answer = client.inquiries._get_inquiry(
        "AP-Bills and Adjustments",
        options(filter=odata.F.Status == "Open", select=["ReferenceNbr", "Balance"]),
    )
    expected = {
        str(bill.fields["ReferenceNbr"]): float(str(bill.fields["Balance"]))
        for bill in sandbox.tenant.records("Bill")
        if bill.fields["Status"] == "Open" and bill.fields["Type"] == "Bill"
    }
    shown = {row["ReferenceNbr"].rstrip(): row["Balance"] for row in answer["value"]}
    assert expected
    assert expected.items() <= shown.items()
    assert sandbox.users == 2  # one for the metadata, one for the rows: it keeps no cookies


def test_it_reads_every_inquiry_that_needs_no_parameters(client: Any) -> None:
    titles = [inquiry.title for inquiry in INQUIRIES if not inquiry.parameters]
    read = {title: client.inquiries._get_inquiry(title, options(top=3))["value"] for title in titles}
    assert all(0 < len(rows) <= 3 for rows in read.values()), read
    shown = {title: set(rows[0]) for title, rows in read.items()}
    assert shown == {
        item.title: {column.name for column in item.columns} for item in INQUIRIES if item.title in read
    }


def test_it_signs_out_and_leaves_no_seat(client: Any, sandbox: Sandbox) -> None:
    assert client.logout() == 204
    assert sandbox.seats == 0
