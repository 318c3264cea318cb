"""Reading what `insertAll` says of each row."""

from typing import Any

import pytest

from connector.adapters.bigquery.insert_answers import read_answer
from tests.contract.warehouse_rows import a_log


def an_error(index: int, reason: str, message: str = "", location: str = "") -> dict[str, Any]:
    return {"index": index, "errors": [{"reason": reason, "message": message, "location": location}]}


def test_rows_that_are_not_listed_are_stored() -> None:
    answer = read_answer({}, [7, 8, 9], a_log())
    assert (answer.invalid, list(answer.again), answer.lagging) == ({}, [], False)


def test_indexes_are_those_of_the_whole_write() -> None:
    reply = {"insertErrors": [an_error(0, "stopped"), an_error(2, "invalid", "bad", "amount")]}
    answer = read_answer(reply, [70, 80, 90], a_log())
    assert answer.invalid == {90: "amount: bad"}
    assert list(answer.again) == [70]


@pytest.mark.parametrize(
    "message",
    [
        "no such field: amount.",
        "no such field: details[3].account.",
        "no such field: account.",
        "No such field: AMOUNT",
    ],
)
def test_a_field_that_the_table_has_means_that_streaming_lags(message: str) -> None:
    answer = read_answer({"insertErrors": [an_error(0, "invalid", message)]}, [5], a_log())
    assert answer.lagging
    assert (answer.invalid, list(answer.again)) == ({}, [5])


def test_a_field_that_nobody_knows_refuses_the_row() -> None:
    answer = read_answer({"insertErrors": [an_error(0, "invalid", "no such field: zzz.")]}, [5], a_log())
    assert not answer.lagging
    assert set(answer.invalid) == {5}


def test_a_row_with_another_fault_beside_the_unknown_field_is_refused() -> None:
    errors = [
        {"reason": "invalid", "message": "no such field: amount."},
        {"reason": "invalid", "message": "bad date"},
    ]
    answer = read_answer({"insertErrors": [{"index": 0, "errors": errors}]}, [5], a_log())
    assert set(answer.invalid) == {5}
    assert not answer.lagging


def test_a_row_listed_without_a_reason_is_sent_again() -> None:
    assert list(read_answer({"insertErrors": [{"index": 0}]}, [5], a_log()).again) == [5]
