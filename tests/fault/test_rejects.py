"""Records that cannot be used cost themselves alone: no other record, no later run."""

from datetime import timedelta
from decimal import Decimal

import pytest

from connector.domain.run import Mode, Status
from tests.builders import Rig
from tests.oracle import assert_shows_tenant

TOO_LONG = Decimal("1234567890123456789012345678901.5")


def _insert(rig: Rig, number: int, amount: Decimal = Decimal("5.25")) -> None:
    rig.sandbox.tenant.insert(
        "Bill", {"Type": "Bill", "ReferenceNbr": f"9{number:05}", "Vendor": "V000001", "Amount": amount}
    )


@pytest.mark.parametrize(
    "text",
    [
        rb'"Lunch \ud83d"',
        rb'"\ude00 x"',
        b"NaN",
        b"-Infinity",
        b'"a\x01b\n"',
        b'"caf\xe9"',
        rb'"\q"',
        b"[" * 3000 + b"]" * 3000,
    ],
    ids=["high half", "low half", "nan", "infinity", "control character", "no utf-8", "escape", "levels"],
)
def test_text_that_is_no_json_costs_its_own_record_alone(rig: Rig, text: bytes) -> None:
    tenant = rig.sandbox.tenant
    bad = tenant.records("Bill")[7]
    tenant.change("Bill", bad.id, {"Description": "SPOILED"})
    rig.sandbox.faults.add(path="/Bill", times=99, rewrite=(b'"SPOILED"', text))
    result = rig.run("invoices", page_size=10)
    assert (result.status, result.records_rejected) == (Status.SUCCEEDED, 1), result.error
    assert result.records_read == len(tenant.records("Bill"))
    (letter,) = rig.state.dead_letters.read("invoices")
    assert letter.record_id == bad.id
    assert letter.key == "/".join(bad.keys) or text.startswith(b"[["), (
        "in levels without end no key is looked for"
    )
    assert letter.reason
    assert text in letter.payload
    assert rig.run("invoices", Mode.REPLAY).status is Status.SUCCEEDED, "it is still broken"
    rig.sandbox.faults.clear()
    assert rig.run("invoices", Mode.REPLAY).records_written == 1
    assert_shows_tenant(rig, "invoices")


def test_rejects_that_one_run_tolerates_do_not_block_the_next_ones(rig: Rig) -> None:
    """Eleven among many are tolerated; read again with one good record beside them they must not count anew."""
    for number in range(80):
        _insert(rig, number)
    rig.pass_time(timedelta(hours=1))
    for number in range(80, 91):
        _insert(rig, number, TOO_LONG)
    rig.pass_time(timedelta(minutes=1))
    first = rig.run("invoices")
    assert (first.status, first.records_rejected) == (Status.SUCCEEDED, 11)
    for number in range(100, 104):
        rig.pass_time(timedelta(minutes=1))  # within the lookback they are listed again
        _insert(rig, number)
        result = rig.run("invoices")
        assert (result.status, result.records_written, result.records_rejected) == (Status.SUCCEEDED, 1, 0)
    assert {letter.attempts for letter in rig.state.dead_letters.read("invoices")} == {1}


def test_a_reject_is_not_read_for_ever(rig: Rig) -> None:
    """Once the lookback is over, even the newest record of all is behind the lower bound."""
    assert rig.run("invoices").status is Status.SUCCEEDED
    rig.pass_time(timedelta(hours=1))
    _insert(rig, 1, TOO_LONG)
    read = []
    for _ in range(4):
        rig.pass_time(timedelta(hours=3))
        read.append(rig.run("invoices").records_read)
    assert read == [1, 0, 0, 0]
    (letter,) = rig.state.dead_letters.read("invoices")
    assert letter.attempts == 1


def test_rejects_are_mended_one_by_one_in_acumatica(rig: Rig) -> None:
    for number in range(5):
        _insert(rig, number, TOO_LONG)
    assert rig.run("invoices").records_rejected == 5
    tenant = rig.sandbox.tenant
    for left, letter in zip((4, 3, 2, 1, 0), list(rig.state.dead_letters.read("invoices")), strict=True):
        rig.pass_time(timedelta(minutes=20))
        tenant.change("Bill", letter.record_id, {"Amount": Decimal("1.5")})
        assert rig.run("invoices").status is Status.SUCCEEDED
        assert len(list(rig.state.dead_letters.read("invoices"))) == left
    assert_shows_tenant(rig, "invoices")


def test_too_many_rejects_are_told_with_what_was_found(rig: Rig) -> None:
    assert rig.run("invoices").status is Status.SUCCEEDED
    rig.pass_time(timedelta(hours=1))
    for number in range(12):
        _insert(rig, number, TOO_LONG)
    before = rig.state.entities.read("invoices")
    result = rig.run("invoices")
    assert result.error is not None
    assert (result.error.type, result.records_read, result.records_rejected) == (
        "TooManyRejectsError",
        12,
        12,
    )
    rejected = [bill for bill in rig.sandbox.tenant.records("Bill") if bill.fields.get("Amount") == TOO_LONG]
    for bill in rejected:
        (page,) = rig.state.audit.read_trail("invoices", bill.id)
        assert "more digits than its column holds" in page.entry.reason
    after = rig.state.entities.read("invoices")
    assert (after.watermark, after.changed_since) == (before.watermark, before.changed_since)
    assert list(rig.state.dead_letters.read("invoices")) == []


def test_a_reconcile_does_not_reject_a_dead_letter_again(rig: Rig) -> None:
    _insert(rig, 1, TOO_LONG)
    assert rig.run("invoices").records_rejected == 1
    for _ in range(2):
        result = rig.run("invoices", Mode.RECONCILE)
        assert (result.status, result.records_rejected) == (Status.SUCCEEDED, 0)
    (letter,) = rig.state.dead_letters.read("invoices")
    assert letter.attempts == 1
