"""What of a data access class cannot be read is refused with the remedy, and nothing is lost; `check` proves a block."""

from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from msgspec import structs

from connector.domain.check_line import CheckLine
from connector.domain.entity import Depth, Entity
from connector.domain.run import Mode, RunResult, Status
from tests.stand_ins.in_process import open_source
from tests.unit.runs.feed_rig import DOCUMENT_COLUMNS, FeedRig, a_class
from tests.unit.runs.test_classes import HISTORY

REGISTER = "PX_Objects_AP_APRegister"


def without(*names: str, **more: str) -> dict[str, str]:
    return {name: kind for name, kind in DOCUMENT_COLUMNS.items() if name not in names} | more


def failure(result: RunResult) -> str:
    assert result.status is Status.FAILED
    assert result.error is not None
    return f"{result.error.type}: {result.error.message} {result.error.action}"


def ids(rig: FeedRig) -> set[str]:
    return {bill.id for bill in rig.tenant.records("Bill")}


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"dac": "PX_Objects_AP_APRegistr"}, f"no data access class PX_Objects_AP_APRegistr. Did you mean {REGISTER}?"),
        ({"dac": "PX_Objects_GL_GLSetup"}, "has no list that can be read (404)"),
        ({"columns": without(Balanc="decimal")}, "Could not find a property named 'Balanc'"),
        ({"columns": without(**{"VendorByVendorID/AcctID": "int"})}, "Could not find a property named 'AcctID'"),
        ({"columns": without(**{"PayeeByPayeeID/AcctCD": "int"})}, "Could not find a property named 'PayeeByPayeeID'"),
        ({"columns": without(**{"VendorByVendorID/note": "string"})}, "has a column called note"),
        ({"filter": "NoteText eq 'x'"}, "Filter on 'NoteText' is not allowed because it is a virtual field"),
        ({"filter": "Status eq 5"}, "refuses the query of the class"),
        ({"keys": ("DocType",)}, "do not tell the rows of the class PX_Objects_AP_APRegister apart: several have"),
        ({"keys": ("DocBal",)}, "DocBal of the class PX_Objects_AP_APRegister is a decimal number"),
        ({"modified_field": "DocDate"}, "DocDate of the class PX_Objects_AP_APRegister is no point in time"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_by_name_and_nothing_is_lost(parts: dict[str, Any], told: str) -> None:
    rig = FeedRig(a_class())
    rig.run()
    before = rig.rows
    rig.edit(**parts, acumatica_entity="")
    rig.edit(name="ap_register")
    if "dac" in parts:
        rig.entity = structs.replace(rig.entity, name="other", current_view="other")
    assert told in failure(rig.run(Mode.RECONCILE if "keys" in parts else Mode.INCREMENTAL))
    rig.entity = a_class()
    assert rig.rows == before


def test_another_class_is_refused_by_the_names_that_a_block_has_for_them() -> None:
    rig = FeedRig(a_class())
    rig.run()
    rig.entity = a_class(dac="PX_Objects_AP_APInvoice")
    told = failure(rig.run())
    assert f"Name {REGISTER} again and give PX_Objects_AP_APInvoice a block of another name" in told
    assert "DAC_" not in told


def test_a_missing_role_is_told_with_its_name() -> None:
    told = failure(FeedRig(a_class(), has_odata4_role=False).run())
    assert told.startswith(f"AccessDeniedError: The API user has no right to the class {REGISTER}.")
    assert "OData4 User" in told
    assert "OData4 User" in failure(FeedRig(a_class(), forbidden_inquiries=(REGISTER,)).run())


def test_an_answer_of_nothing_never_means_no_rows() -> None:
    rig = FeedRig(a_class())
    rig.run()
    before = rig.rows
    rig.sandbox.faults.add(path="APRegister", times=99, status=200, body=b"")
    told = failure(rig.run(Mode.RECONCILE))
    assert told.startswith(
        f"QueryImpossibleError: Acumatica cannot carry out the query of the class {REGISTER}"
    )
    assert rig.rows == before


def test_a_request_that_is_too_long_is_no_missing_class() -> None:
    columns = {f"Usr{number:090}": "string" for number in range(20)}
    told = failure(FeedRig(a_class(columns={**DOCUMENT_COLUMNS, **columns}), query_limit=1500).run())
    assert "does not take the long request for the class PX_Objects_AP_APRegister" in told
    assert "Name fewer columns" in told


def test_rows_are_counted_where_a_query_by_their_keys_is_too_long() -> None:
    block = a_class(filter=f"Status ne '{'x' * 2000}'")
    unlimited = FeedRig(block)
    unlimited.run()
    rig = FeedRig(block, query_limit=max(map(len, unlimited.queries)) - 1)
    assert rig.run().status is Status.SUCCEEDED
    assert set(rig.rows) == ids(rig)
    assert any("$skip" in query for query in rig.queries)


def test_rows_are_counted_where_a_key_has_another_type_than_the_block_says() -> None:
    rig = FeedRig(a_class(columns={**DOCUMENT_COLUMNS, "RefNbr": "int"}))
    result = rig.run()
    assert (result.status, result.details["retyped"]) == (Status.SUCCEEDED, ["RefNbr"])
    assert set(rig.rows) == ids(rig)
    assert rig.run(Mode.RECONCILE).details["deleted"] == 0


def test_a_tenant_without_the_interface_is_told() -> None:
    rig = FeedRig(a_class())
    rig.sandbox.faults.add(path="/odata/dac", times=99, status=404, body=b"")
    assert "has no OData interface of data access classes for the tenant" in failure(rig.run())


def test_a_column_without_which_a_row_is_no_record_ends_as_a_dead_letter() -> None:
    rig = FeedRig(a_class())
    bill = rig.tenant.records("Bill")[0]
    rig.sandbox.faults.add(
        path="APRegister", times=1, ordinal=1, rewrite=(f'"NoteID":"{bill.id}"', '"NoteID":null')
    )
    result = rig.run()
    assert (result.records_written, result.records_rejected) == (39, 1)
    [letter] = rig.state.dead_letters.read("ap_register")
    assert "has no id" in letter.reason
    rig.tenant.clock.advance(timedelta(hours=1).total_seconds())
    assert rig.run(Mode.RECONCILE).details["repaired"] == 1
    assert set(rig.rows) == ids(rig)


@pytest.mark.parametrize(
    ("block", "text"), [(a_class(), b'"NoteID":"7'), (a_class(**HISTORY), b'"SubID":1,')], ids=["id", "keys"]
)
def test_a_row_that_nothing_can_name_keeps_no_reconcile_from_its_end(block: Entity, text: bytes) -> None:
    rig = FeedRig(block)
    rig.sandbox.faults.add(
        path="PX_Objects",
        times=10_000,
        rewrite=(text, text.replace(b":", b':null,"x":')),
    )
    first = rig.run()
    assert first.records_rejected
    for depth in (Depth.KEYS, Depth.CONTENT, Depth.KEYS):
        rig.tenant.clock.advance(timedelta(hours=1).total_seconds())
        result = rig.run(Mode.RECONCILE, depth=depth)
        assert result.status is Status.SUCCEEDED
        assert result.details["deleted"] == 0
        assert result.details.get("without_id", 0) == (first.records_rejected if depth is Depth.KEYS else 0)
    assert len(rig.rows) == first.records_written


def test_links_are_followed_and_a_link_to_another_host_never_is() -> None:
    rig = FeedRig(a_class(), odata_page_size=3)
    assert rig.run().status is Status.SUCCEEDED
    assert set(rig.rows) == ids(rig)
    rig.sandbox.faults.add(path="APRegister", times=99, rewrite=("http://localhost/", "http://elsewhere/"))
    assert "never followed" in failure(rig.run(Mode.RECONCILE))


# check proves a block on the tenant


def check(rig: FeedRig) -> dict[str, CheckLine]:
    source = open_source(rig.sandbox, rig.clock, rig.asked.append)
    try:
        return {line.subject: line for line in source.check([rig.entity])}
    finally:
        source.close()


@pytest.mark.parametrize("tracked", [(), ("Bill",)])
def test_check_asks_for_one_row_and_tells_whether_deletions_are_tracked(
    tracked: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    rig = FeedRig(a_class(), tracked_deletions=tracked)
    line = check(rig)["acumatica ap_register"]
    assert line.ok
    assert "DAC_PX_Objects_AP_APRegister is listable; ordered by LastModifiedDateTime" in line.finding
    told = "deletions of PX_Objects_AP_APRegister are tracked" if tracked else "not told"
    assert told in line.finding
    assert bool(line.remedy) is not bool(tracked)
    assert unquote(rig.queries[0]).endswith("$top=1")
    assert not caplog.records, "the block does not say that they are tracked"


@pytest.mark.parametrize(
    ("column", "kind", "told"),
    [
        ("NoteText", "string", "An error has occurred"),
        ("Balanc", "decimal", "named 'Balanc'"),
        ("PayeeByPayeeID/AcctCD", "string", ""),
    ],
)
def test_check_names_the_column_that_is_refused(column: str, kind: str, told: str) -> None:
    line = check(FeedRig(a_class(columns={**DOCUMENT_COLUMNS, column: kind})))["acumatica ap_register"]
    assert not line.ok
    assert told in line.finding
    assert f"Acumatica refuses {column}." in line.finding
    assert line.remedy.startswith(f"Take {column} out of `columns` of ap_register")


@pytest.mark.parametrize(
    ("dac", "told"),
    [
        ("PX_Objects_GL_GLSetup", "has no list"),
        ("PX_Objects_AP_APRegistr", "Did you mean PX_Objects_AP_APRegister?"),
    ],
)
def test_check_blames_no_column_where_the_class_itself_cannot_be_read(dac: str, told: str) -> None:
    line = check(FeedRig(a_class(dac=dac)))["acumatica ap_register"]
    assert not line.ok
    assert told in line.finding
    assert "one by one" not in line.finding
    assert "Take" not in line.remedy


def test_check_tells_of_a_missing_role_as_a_run_does() -> None:
    line = check(FeedRig(a_class(), has_odata4_role=False))["acumatica ap_register"]
    assert (line.ok, "OData4 User" in line.remedy) == (False, True)
