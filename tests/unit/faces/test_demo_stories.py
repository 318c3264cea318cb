"""The demo fails when a story it tells did not happen."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console

from connector.faces.demo.run import judge_demo
from connector.faces.demo.stories import QUERIES, Demo, find_untold, write_query

DELETED, PAYABLES, TRIAL = (
    "Bills that were deleted",
    "Open payables by vendor",
    "Trial balance up to this month",
)


def a_result(**parts: Any) -> dict[str, Any]:
    result = {"entity": "invoices", "mode": "incremental", "status": "succeeded"}
    return {**result, "records_read": 9, "records_written": 9, **parts}


def a_reconcile(**parts: Any) -> dict[str, Any]:
    return a_result(mode="reconcile", **{"deleted": 1, **parts})


ANSWERS: dict[str, list[dict[str, Any]]] = {
    PAYABLES: [{"owed": Decimal(5)}],
    TRIAL: [
        {"ledger_id": "ACTUAL", "balance": Decimal(7)},
        {"ledger_id": "ACTUAL", "balance": Decimal(-7)},
        {"ledger_id": "BUDGET", "balance": Decimal(0)},
    ],
    DELETED: [{"reference_nbr": "000001"}],
}
DEMO = Demo(
    activity={
        "Bill": {"inserted": 2, "changed": 1, "deleted": 1},
        "Payment": {"inserted": 1},
        "Vendor": {"inserted": 1},
    },
    acumatica_entities={"invoices": "Bill", "vendors": "Vendor"},
    first=[a_result()],
    second=[a_result(records_read=4, records_written=3), a_reconcile()],
    answers=ANSWERS,
    seats=0,
)


def test_a_demo_that_shows_what_it_tells_lacks_nothing() -> None:
    assert list(find_untold(DEMO)) == []


@pytest.mark.parametrize(
    ("spoilt", "sentence"),
    [
        (
            {"first": [a_result(status="failed")]},
            "The incremental run of invoices ended as failed.",
        ),
        (
            {"first": [a_result(records_written=8)]},
            "The first sync of invoices wrote 8 of 9 records.",
        ),
        (
            {"first": [a_result(records_read=0, records_written=0)]},
            "The first sync of invoices wrote 0 of 0 records.",
        ),
        (
            {"second": [a_result(records_written=9), a_reconcile()]},
            "The second sync of invoices wrote 9 records; 3 had changed.",
        ),
        (
            {"activity": {**DEMO.activity, "Payment": {"changed": 1}}},
            "Nobody entered a Payment on the business day.",
        ),
        (
            {"second": [a_result(records_written=3), a_reconcile(deleted=0)]},
            "1 records of invoices were deleted, and the reconcile found 0.",
        ),
        (
            {"second": [a_result(records_written=3)]},
            "1 records of invoices were deleted, and the reconcile found 0.",
        ),
        ({"answers": {**ANSWERS, DELETED: []}}, "1 bills were deleted, and the history shows 0."),
        ({"answers": {**ANSWERS, PAYABLES: []}}, "Nothing is owed to any vendor."),
        ({"answers": {**ANSWERS, TRIAL: []}}, "The trial balance does not add up to 0."),
        ({"answers": {**ANSWERS, TRIAL: ANSWERS[TRIAL][:1]}}, "The trial balance does not add up to 0."),
        ({"seats": 2}, "2 API sessions are still open in the tenant."),
    ],
)
def test_what_did_not_happen_is_told(spoilt: dict[str, Any], sentence: str) -> None:
    assert list(find_untold(replace(DEMO, **spoilt))) == [sentence]


def test_a_day_on_which_nothing_was_deleted_is_told() -> None:
    activity = {**DEMO.activity, "Bill": {"inserted": 2, "changed": 1, "deleted": 0}}
    quiet = replace(DEMO, activity=activity, second=[DEMO.second[0]], answers={**ANSWERS, DELETED: []})
    assert list(find_untold(quiet)) == [
        "Nobody deleted a bill on the business day, so no reconcile can find one."
    ]


def test_the_exit_code_and_a_sentence_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert judge_demo(DEMO, Console()) == 0
    assert capsys.readouterr().out == ""
    assert judge_demo(replace(DEMO, seats=1), Console(soft_wrap=True)) == 1
    told = capsys.readouterr().out
    assert told == "This demo did not show what it tells: 1 API sessions are still open in the tenant.\n"


def test_the_trial_balance_is_asked_for_up_to_the_month() -> None:
    assert "<= '203102'" in write_query(TRIAL, date(2031, 2, 3))
    assert write_query(PAYABLES, date(2031, 2, 3)) == QUERIES[PAYABLES]
