"""Values on the wire: empties, decimals, days, instants, text, notes and links."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from acumatica_sandbox.render import instant_text
from acumatica_sandbox.rows import Scalar, stamped
from tests.unit.acumatica_sandbox.calls import Caller, a_caller


def a_bill(caller: Caller, **fields: Scalar) -> str:
    return caller.sandbox.tenant.insert("Bill", {"Type": "Bill", "ReferenceNbr": "A1", **fields})


def the_text(caller: Caller) -> str:
    return caller.get("Bill").body.decode()


def test_an_empty_field_is_an_empty_object() -> None:
    caller = a_caller(size="empty")
    a_bill(caller)
    assert caller.list("Bill")[0]["Description"] == {}


def test_emptying_a_field_makes_it_an_empty_object_again() -> None:
    caller = a_caller(size="empty")
    record_id = a_bill(caller, Description="x")
    caller.sandbox.tenant.change("Bill", record_id, {"Description": None})
    assert caller.list("Bill")[0]["Description"] == {}


@pytest.mark.parametrize(
    "text", ["0.0", "0.0000", "7000.0000", "-12.50", "12345678901234.5678", "100", "0.00001"]
)
def test_decimals_keep_their_digits_and_scale(text: str) -> None:
    caller = a_caller(size="empty")
    a_bill(caller, Amount=Decimal(text))
    assert f'"Amount":{{"value":{text}}}' in the_text(caller)


def test_a_day_is_midnight_with_the_offset_the_server_has_on_that_day() -> None:
    caller = a_caller(size="empty", server_zone="America/New_York")
    a_bill(caller, Date=date(2026, 2, 11), DueDate=date(2026, 3, 13))
    row = caller.list("Bill")[0]
    assert row["Date"] == {"value": "2026-02-11T00:00:00-05:00"}
    assert row["DueDate"] == {"value": "2026-03-13T00:00:00-04:00"}


def test_an_instant_has_the_servers_offset_and_no_trailing_zeros() -> None:
    at = datetime(2023, 12, 14, 17, 20, 45, 160_000, tzinfo=UTC)
    assert instant_text(at, UTC) == "2023-12-14T17:20:45.16+00:00"
    assert instant_text(at.replace(microsecond=837_000), UTC) == "2023-12-14T17:20:45.837+00:00"
    assert instant_text(at.replace(microsecond=0), UTC) == "2023-12-14T17:20:45+00:00"
    caller = a_caller(size="empty", server_zone="America/New_York")
    a_bill(caller)
    assert caller.list("Bill")[0]["LastModifiedDateTime"] == {"value": "2026-03-16T10:30:00-04:00"}


def test_stamps_are_rounded_to_a_three_hundredth_of_a_second() -> None:
    second = datetime(2026, 1, 1, tzinfo=UTC)
    rounded = {stamped(second + timedelta(microseconds=step * 137)).microsecond for step in range(7300)}
    assert {str(part // 1000)[-1] for part in rounded} == {"0", "3", "7"}
    assert stamped(second + timedelta(microseconds=999_000)) == second + timedelta(seconds=1)
    assert stamped(second + timedelta(microseconds=101_000)).microsecond == 100_000


def test_text_with_quotes_newlines_and_letters_of_every_script_survives() -> None:
    caller = a_caller(size="empty")
    text = 'O\'Malley "quoted"\nsecond line\t\\ żółw 東雲 \u2028 🙂'
    a_bill(caller, Description=text)
    assert caller.list("Bill")[0]["Description"] == {"value": text}


def test_a_note_is_null_empty_or_text() -> None:
    caller = a_caller(size="empty")
    record_id = a_bill(caller)
    assert caller.list("Bill")[0]["note"] is None
    for note in ("", "call them"):
        caller.sandbox.tenant.change("Bill", record_id, note=note)
        assert caller.list("Bill")[0]["note"] == {"value": note}


def test_members_come_in_the_order_acumatica_writes_them() -> None:
    row = a_caller().list("Bill", top="1", expand="Details")[0]
    names = list(row)
    assert names[:3] == ["id", "rowNumber", "note"]
    assert names[-3:] == ["custom", "_links", "files"]
    fields = [name for name in names[3:-3] if name != "Details"]
    assert fields == sorted(fields, key=str.casefold)


def test_links_name_the_virtual_directory_and_only_records_link_to_themselves() -> None:
    row = a_caller().list("Bill", top="1", expand="Details")[0]
    assert row["_links"]["self"] == f"/AcmeERP/entity/Default/24.200.001/Bill/{row['id']}"
    assert row["_links"]["files:put"].endswith(
        f"/PX.Objects.AP.APInvoiceEntry/Document/{row['id']}/{{filename}}"
    )
    assert list(row["Details"][0]["_links"]) == ["files:put"]


def test_ids_are_lower_case_guids_and_never_change() -> None:
    caller = a_caller()
    row = caller.list("Bill", top="1")[0]
    assert row["id"] == row["id"].lower()
    assert len(row["id"]) == 36
    caller.sandbox.tenant.change("Bill", row["id"], {"Description": "new"})
    assert caller.list("Bill", top="1")[0]["id"] == row["id"]


def test_a_rendered_record_follows_every_change() -> None:
    caller = a_caller()
    row = caller.list("Bill", top="1")[0]
    for text in ("one", "two"):
        caller.sandbox.tenant.change("Bill", row["id"], {"Description": text})
        assert caller.list("Bill", top="1")[0]["Description"] == {"value": text}


def test_the_stamp_of_a_sales_order_line_is_a_text() -> None:
    row = a_caller().list("SalesOrder", top="1", expand="Details")[0]
    stamp = row["Details"][0]["LastModifiedDate"]["value"]
    assert datetime.strptime(stamp, "%m/%d/%Y %H:%M:%S").replace(tzinfo=UTC).year in (2024, 2025, 2026)


def test_every_answer_is_valid_json() -> None:
    caller = a_caller()
    for entity in caller.sandbox.tenant.tables:
        assert isinstance(json.loads(caller.get(entity).body), list)
