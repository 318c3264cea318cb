"""Data access classes over OData: names, references, stored codes, headers, and what is refused."""

from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.unit.acumatica_sandbox.calls import Caller, a_caller, exact
from tests.unit.acumatica_sandbox.test_feeds import DAC, ask, rows

LINES = "PX_Objects_GL_GLTran"
REGISTER = "PX_Objects_AP_APRegister"
EDM = "{http://docs.oasis-open.org/odata/ns/edm}"


def show(caller: Caller, header: str, path: str) -> list[dict[str, Any]]:
    response = caller.send("GET", f"{caller.base}/{path}", headers={**caller.headers, header: "SHOW"})
    found: list[dict[str, Any]] = exact(response)["value"]
    return found


def test_a_class_goes_by_several_names_at_two_addresses() -> None:
    caller = a_caller()
    order = {"orderby": "Module,BatchNbr,LineNbr"}
    first = rows(caller, f"{DAC}/{LINES}", **order)
    assert first == rows(caller, f"{DAC}/GLTran", **order) == rows(caller, f"ODatav4/ACME/{LINES}", **order)
    names = {item["name"] for item in ask(caller, DAC).json()["value"]}
    assert {LINES, "GLTran", REGISTER, "APRegister", "Document"} <= names
    assert ask(caller, f"{DAC}/PX.Objects.GL.GLTran").status == 404


def test_accounts_of_lines_are_reached_by_reference_alone() -> None:
    caller = a_caller()
    expand = "AccountByAccountID($select=AccountCD,Type),SubBySubID"
    row = rows(caller, f"{DAC}/{LINES}", expand=expand, select="DebitAmt", top="1")[0]
    assert row["AccountByAccountID"].keys() == {"AccountCD", "Type"}
    assert len(row["AccountByAccountID"]["AccountCD"]) == 10
    assert {"SubCD", "SubID", "NoteID"} <= row["SubBySubID"].keys()
    assert ask(caller, f"{DAC}/{LINES}", select="AccountID").status == 500
    assert ask(caller, f"{DAC}/{LINES}", expand="Nothing").status == 500
    assert ask(caller, f"{DAC}/{LINES}", expand="SubBySubID($select=Nothing)").status == 500
    assert ask(caller, f"{DAC}/PX_Objects_GL_Account", expand="SubBySubID").status == 500


def test_filters_reach_what_a_row_refers_to() -> None:
    caller = a_caller()
    code = rows(caller, f"{DAC}/{LINES}", expand="AccountByAccountID", top="1")[0]["AccountByAccountID"][
        "AccountCD"
    ]
    found = rows(
        caller,
        f"{DAC}/{LINES}",
        filter=f"AccountByAccountID/AccountCD eq '{code}'",
        expand="AccountByAccountID",
    )
    assert {row["AccountByAccountID"]["AccountCD"] for row in found} == {code}
    assert ask(caller, f"{DAC}/{LINES}", filter="AccountByAccountID/Nothing eq 1").status == 500


def test_a_row_that_refers_to_nothing_has_null_there() -> None:
    caller = a_caller()
    bill = caller.sandbox.tenant.records("Bill")[0]
    caller.sandbox.tenant.change("Bill", bill.id, {"Vendor": "GONE"})
    found = rows(
        caller, f"{DAC}/{REGISTER}", expand="VendorByVendorID($select=AcctCD)", filter=f"NoteID eq {bill.id}"
    )
    assert found[0]["VendorByVendorID"] is None


def test_headers_show_archived_and_deleted_rows() -> None:
    caller = a_caller()
    archived, deleted = caller.sandbox.tenant.records("Bill")[:2]
    caller.sandbox.tenant.archive("Bill", archived.id)
    caller.sandbox.tenant.delete("Bill", deleted.id)
    path = f"{DAC}/{REGISTER}"
    plain = {row["NoteID"] for row in rows(caller, path)}
    assert not plain & {archived.id, deleted.id}
    assert {row["NoteID"] for row in show(caller, "PX-ApiArchive", path)} == plain | {archived.id}
    with_deleted = show(caller, "PX-ApiDeleted", path)
    assert {row["NoteID"] for row in with_deleted if row["DeletedDatabaseRecord"]} == {deleted.id}
    assert len(with_deleted) == len(plain) + 1


def test_what_the_catalogue_declares_is_not_all_that_can_be_asked_for() -> None:
    caller = a_caller()
    assert ask(caller, f"{DAC}/{REGISTER}", filter="NoteText eq 'x'").status == 500
    assert ask(caller, f"{DAC}/{REGISTER}", select="NoteText").json() == {"message": "An error has occurred."}
    assert "NoteText" not in rows(caller, f"{DAC}/{REGISTER}", top="1")[0]
    assert ask(caller, f"{DAC}/PX_Objects_GL_GLSetup").status == 404
    root = ET.fromstring(ask(caller, f"{DAC}/$metadata").body)  # noqa: S314 - the sandbox wrote it
    types = {item.get("Name"): item for item in root.iter(f"{EDM}EntityType")}
    derived = types["PX_Objects_AP_APInvoice"]
    assert derived.get("BaseType") == f"PX.Data.{REGISTER}"
    assert [item.get("Name") for item in derived.iter(f"{EDM}Property")] == ["DueDate"]
    navigation = [item.get("Name") for item in types[LINES].iter(f"{EDM}NavigationProperty")]
    assert "AccountByAccountID" in navigation
    assert "AccountID" not in [item.get("Name") for item in types[LINES].iter(f"{EDM}Property")]


@pytest.mark.parametrize("root", [DAC, "ODatav4/ACME"])
def test_without_the_role_the_whole_interface_is_refused(root: str) -> None:
    caller = a_caller(has_odata4_role=False)
    paths = ("", "/$metadata", f"/{LINES}", f"/{LINES}/px.GetDeletedRecords()")
    assert [ask(caller, root + path).status for path in paths] == [403] * 4
    assert ask(caller, "t/ACME/api/odata/gi").status == 200


def test_deletions_of_a_document_are_those_of_its_lines_too() -> None:
    caller = a_caller(tracked_deletions=("JournalTransaction",))
    batch = caller.sandbox.tenant.records("JournalTransaction")[0]
    caller.sandbox.tenant.delete("JournalTransaction", batch.id)
    told = {
        name: {row["RefNoteID"] for row in rows(caller, f"{root}/{name}/px.GetDeletedRecords()")}
        for root, name in ((DAC, "PX_Objects_GL_Batch"), ("ODatav4/ACME", LINES))
    }
    assert told == {"PX_Objects_GL_Batch": {batch.id}, LINES: {line.id for line in batch.details["Details"]}}


def test_balances_follow_from_the_lines_in_the_sign_of_their_account() -> None:
    caller = a_caller()
    lines = rows(
        caller, f"{DAC}/{LINES}", expand="AccountByAccountID($select=AccountCD)", filter="Posted eq true"
    )
    history = rows(caller, f"{DAC}/GLHistory", expand="AccountByAccountID($select=AccountCD,Type)")
    assert sum(row["DebitAmt"] for row in lines) == sum(row["FinPtdDebit"] for row in history)
    for row in history:
        sign = 1 if row["AccountByAccountID"]["Type"] in "AE" else -1
        assert row["FinYtdBalance"] - row["FinBegBalance"] == sign * (
            row["FinPtdDebit"] - row["FinPtdCredit"]
        )
    assert all(isinstance(row["FinYtdBalance"], Decimal) for row in history)
    assert "NoteID" not in history[0]
