from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.acumatica.odata import FieldSelection, RowWindow, build_query, with_parents

AN_INSTANT = datetime(2026, 11, 22, 6, 0, 0, 837_000, tzinfo=UTC)


def of_list(grammar: int, **window: Any) -> str:
    return unquote(build_query(FieldSelection(grammar=grammar), RowWindow(**({"top": 100} | window))))


def test_a_list_is_bounded_below_in_utc() -> None:
    eastern = AN_INSTANT.astimezone(timezone(timedelta(hours=-5)))
    query = of_list(4, modified_field="LastModifiedDateTime", changed_since=eastern, skip=99)
    assert query == (
        "$filter=LastModifiedDateTime ge datetimeoffset'2026-11-22T06:00:00.837Z'&$top=100&$skip=99"
    )


def test_contract_5_writes_instants_bare() -> None:
    query = of_list(5, modified_field="LastModifiedDateTime", changed_since=AN_INSTANT)
    assert query == "$filter=LastModifiedDateTime ge 2026-11-22T06:00:00.837Z&$top=100"


@pytest.mark.parametrize(
    "window", [{"changed_since": AN_INSTANT}, {"modified_field": "LastModifiedDateTime"}]
)
def test_there_is_no_filter_without_both_field_and_bound(window: dict[str, Any]) -> None:
    assert of_list(4, **window) == "$top=100"


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(1970, 1, 1)))  # noqa: DTZ001 (Hypothesis wants it naive)
def test_no_digit_of_the_bound_is_lost_and_no_plus_is_sent(instant: datetime) -> None:
    query = build_query(FieldSelection(), RowWindow(modified_field="F", changed_since=instant, top=1))
    assert "+" not in query
    assert " " not in query
    literal = unquote(query).split("'")[1]
    assert datetime.fromisoformat(literal) == instant


def test_every_level_above_an_expanded_one_is_expanded_too() -> None:
    assert with_parents(["MainContact/Address", "Details", "MainContact"]) == (
        "MainContact", "MainContact/Address", "Details",
    )  # fmt: skip


def test_contract_4_lists_paths() -> None:
    choice = FieldSelection(
        expand=("Details", "MainContact/Address"),
        select=("Type", "Details/Amount"),
        custom=("Document.UsrA", "Details/Transactions.UsrB"),
    )
    assert unquote(build_query(choice)) == (
        "$select=Type,Details/Amount&$expand=Details,MainContact,MainContact/Address"
        "&$custom=Document.UsrA,Details/Transactions.UsrB"
    )


def test_contract_5_nests_options_and_selects_custom_fields() -> None:
    choice = FieldSelection(
        expand=("Details", "MainContact/Address"),
        select=("Type", "Details/Amount", "MainContact/Email", "MainContact/Address/City"),
        custom=("Document.UsrA", "Details/Transactions.UsrB"),
        grammar=5,
    )
    assert unquote(build_query(choice)) == (
        "$select=Type,Document.UsrA&$expand=Details($select=Amount,Transactions.UsrB),"
        "MainContact($select=Email;$expand=Address($select=City))"
    )


def test_contract_5_keeps_all_fields_beside_a_custom_one() -> None:
    custom = ("Document.UsrA", "Details/Transactions.UsrB")
    choice = FieldSelection(expand=("Details",), custom=custom, grammar=5)
    assert unquote(build_query(choice)) == (
        "$select=*,Document.UsrA&$expand=Details($select=*,Transactions.UsrB)"
    )


def test_what_is_not_asked_for_is_not_in_the_query() -> None:
    assert build_query(FieldSelection(grammar=4)) == ""
    assert build_query(FieldSelection(grammar=5)) == ""
