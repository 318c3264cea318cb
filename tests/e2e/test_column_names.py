"""Two fields that get one name: the one that came first keeps its column, in both warehouses, whatever is forgotten."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from tests.e2e.profiles import Profile, set_environment, succeed


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny")) as running:
        yield running


def extend(sandbox: Sandbox, *fields: str) -> None:
    """Give the tenant's own endpoint these extra fields of bills and of their lines."""
    extra = dict.fromkeys(("Bill", "BillDetail"), dict.fromkeys(fields, "string"))
    definition = {"version": "1.0", "base": "24.200.001", "extra_fields": extra}
    sandbox.configure(custom_endpoints={"Finance": definition})


def change(sandbox: Sandbox, values: dict[str, str]) -> str:
    """Change a bill and its line; return the bill's id."""
    sandbox.tenant.clock.advance(seconds=3600)
    bill = next(bill for bill in sandbox.tenant.records("Bill") if bill.details["Details"])
    line = {**bill.details["Details"][0].fields, **values}
    sandbox.tenant.change("Bill", bill.id, values, details={"Details": [line]})
    return bill.id


@pytest.mark.parametrize("is_lost", [False, True], ids=["remembered", "state lost"])
def test_a_newcomer_gets_the_number_in_documents_and_in_lines(
    embedded: Profile, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_lost: bool
) -> None:
    """`USRCode` sorts before `UsrCode`, and comes later."""
    set_environment(monkeypatch, {"ACUMATICA_ENDPOINT": "Finance", "ACUMATICA_ENDPOINT_VERSION": "1.0"})
    extend(sandbox, "UsrCode")
    bill = change(sandbox, {"UsrCode": "old"})
    succeed(embedded, "invoices")
    if is_lost:
        (tmp_path / "state.db").unlink()
    extend(sandbox, "USRCode", "UsrCode")
    change(sandbox, {"USRCode": "new", "UsrCode": "still old"})
    succeed(embedded, "invoices")
    succeed(embedded, "invoices")
    expected = [{"usr_code": "still old", "usr_code_2": "new"}]
    for view, key in (("invoices", "_id"), ("invoice_lines", "_parent_id")):
        found = embedded.rows(f"SELECT usr_code, usr_code_2 FROM {view} WHERE {key} = '{bill}'")
        assert found == expected, view


@pytest.mark.emulator
def test_a_newcomer_gets_the_number_in_bigquery_though_the_state_is_lost(
    cloud: Profile, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_environment(
        monkeypatch,
        {"ACUMATICA_ENDPOINT": "Finance", "ACUMATICA_ENDPOINT_VERSION": "1.0", "FIRESTORE_PREFIX": "one"},
    )
    sandbox.configure(
        custom_endpoints={
            "Finance": {
                "version": "1.0",
                "base": "24.200.001",
                "extra_fields": {"Vendor": {"UsrCode": "string"}},
            }
        }
    )
    vendor = sandbox.tenant.records("Vendor")[0].id
    sandbox.tenant.change("Vendor", vendor, {"UsrCode": "old"})
    succeed(cloud, "vendors")
    monkeypatch.setenv("FIRESTORE_PREFIX", "two")
    fields = {"USRCode": "string", "UsrCode": "string"}
    sandbox.configure(
        custom_endpoints={
            "Finance": {"version": "1.0", "base": "24.200.001", "extra_fields": {"Vendor": fields}}
        }
    )
    sandbox.tenant.clock.advance(seconds=3600)
    sandbox.tenant.change("Vendor", vendor, {"USRCode": "new", "UsrCode": "still old"})
    succeed(cloud, "vendors")
    (shown,) = cloud.rows(f"SELECT usr_code, usr_code_2 FROM vendors WHERE _id = '{vendor}'")
    assert shown == {"usr_code": "still old", "usr_code_2": "new"}
