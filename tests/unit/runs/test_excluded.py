"""An excluded value is stored nowhere, whatever becomes of its record."""

import logging

import msgspec
import pytest

from connector.domain.entity_state import DeadLetter
from connector.domain.records.contract import Kind, Shape
from connector.domain.run import Mode, Status
from tests.builders import MORNING, a_contract, an_id
from tests.unit.runs.small_rig import SmallRig, vendors

VALUE = "DE89 3704 0044 0532 0130 00"
LINE = {"id": an_id(90), "Iban": {"value": VALUE}, "Amount": {"value": 1}}


def a_rig(*rows: bytes) -> SmallRig:
    contract = a_contract(fields={"Name": Kind.STRING})
    lines = Shape(fields={"Amount": Kind.DECIMAL}, unread=frozenset({"Iban"}))
    root = msgspec.structs.replace(contract.root, details={"Lines": lines})
    return SmallRig(
        *rows,
        contract=msgspec.structs.replace(contract, root=root),
        expand=("Lines",),
        exclude=frozenset({"Iban", "Lines/Iban"}),
    )


def a_row(**members: object) -> bytes:
    node = msgspec.json.decode(vendors(1)[0])
    return msgspec.json.encode(node | {"Iban": {"value": VALUE}, "Lines": [LINE]} | members)


def everything_stored(rig: SmallRig, caplog: pytest.LogCaptureFixture) -> str:
    letters = [
        letter.payload.decode() + letter.reason + letter.key
        for letter in rig.state.dead_letters.read("vendors")
    ]
    rows = [row.data.decode() + row.extra.decode() for append in rig.warehouse.appends for row in append.rows]
    audit = [
        repr(page)
        for letter in rig.state.dead_letters.read("vendors")
        for page in rig.state.audit.read_trail("vendors", letter.record_id)
    ]
    return " ".join([*letters, *rows, *audit, repr(rig.entity_state), caplog.text])


ROWS = {
    "a good one": a_row(),
    "a member nobody announced": a_row(Odd={"value": "x"}),
    "a level of another type": a_row(Lines=LINE),
    "lines that are no records": a_row(Lines=[7, LINE]),
    "too long a number": a_row(Lines=[{"Iban": {"value": VALUE}, "Amount": {"value": 10**40}}]),
    "no id": a_row(id=""),
    "not quite JSON": a_row()[:-1] + b',"x":"\xff"}',
    "cut off": a_row()[:-1],
}


@pytest.mark.parametrize("name", ROWS)
def test_it_is_not_stored(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    rig = a_rig()
    rig.source.rows = {an_id(1): ROWS[name]}
    rig.run()
    rig.run(Mode.REPLAY)
    found = everything_stored(rig, caplog)
    assert len(found) > 100
    assert len(list(rig.state.dead_letters.read("vendors"))) <= 1
    assert VALUE not in found


def test_it_is_not_stored_with_a_record_that_the_warehouse_refuses(caplog: pytest.LogCaptureFixture) -> None:
    rig = a_rig(a_row())
    rig.warehouse.refuse = lambda _: "it does not like it"
    rig.run()
    (letter,) = rig.state.dead_letters.read("vendors")
    assert VALUE not in everything_stored(rig, caplog)
    assert b'"VendorID"' in letter.payload


def test_a_record_without_it_is_the_same_letter_again() -> None:
    rig = a_rig()
    rig.source.rows = {an_id(1): ROWS["too long a number"]}
    assert rig.run().records_rejected == 1
    assert rig.run(Mode.BACKFILL).records_rejected == 0


def test_a_letter_of_before_it_was_excluded_loses_it_when_it_is_replayed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rig = a_rig()
    rig.source.rows = {an_id(1): ROWS["too long a number"]}
    letter = DeadLetter(
        entity="vendors",
        record_id=an_id(1),
        key="",
        reason="",
        payload=ROWS["too long a number"],
        run_id="r",
        rejected_at=MORNING,
    )
    rig.state.dead_letters.add(letter)
    assert rig.run(Mode.REPLAY).status is Status.SUCCEEDED
    assert VALUE not in everything_stored(rig, caplog)


def test_a_letter_of_which_nothing_was_kept_stays_one_letter() -> None:
    rig = a_rig()
    rig.source.rows = {an_id(1): ROWS["cut off"]}
    rig.run()
    (before,) = rig.state.dead_letters.read("vendors")
    rig.source.rows = {}
    rig.run(Mode.REPLAY)
    (after,) = rig.state.dead_letters.read("vendors")
    assert (after.record_id, after.reason, after.attempts) == (
        before.record_id,
        before.reason,
        before.attempts + 1,
    )
