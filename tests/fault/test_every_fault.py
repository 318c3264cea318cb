"""What goes wrong on the way, run by run: what the operator is told, and that no record is lost for it."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from connector.domain.batch import Append
from connector.domain.entity_state import Outcome
from connector.domain.run import Mode, RunResult, Status
from connector.ports import Ports, Warehouse
from tests.builders import Rig
from tests.oracle import assert_shows_tenant

FIRST_LOOK = 3
"""Requests by which a first run compares the rows of its first page with single records."""
FOREVER = 10_000
BROKEN = b'{"message":"An error has occurred.","exceptionMessage":"Deadlock victim.","exceptionType":"System.Exception"}'

BORNE: dict[str, dict[str, Any]] = {
    "declined twice": {"status": 429, "times": 2},
    "declined with a delay named": {"status": 429, "times": 1, "headers": {"Retry-After": "7"}},
    "declined for minutes on end": {"status": 429, "times": 20},
    "a server error": {"status": 500, "times": 2, "body": BROKEN},
    "unavailable": {"status": 503, "times": 3},
    "reset before the answer": {"reset_before": True, "times": 2},
    "reset after the request was carried out": {"reset_after": True, "times": 2},
    "an answer cut off in the middle": {"cut_body": True, "times": 2},
    "a web page in place of JSON": {"html": "<html><title>Sign In</title></html>", "times": 2},
    "the session ended": {"status": 401, "times": 1},
    "a slow answer": {"delay_seconds": 200, "times": 3},
}
"""Passing troubles of a list's second page: the run bears them."""

LASTING: dict[str, tuple[dict[str, Any], str, int, str]] = {
    "server errors": ({"status": 500, "body": BROKEN}, "SourceUnavailableError", 503, "Wait"),
    "unavailable": ({"status": 503}, "SourceUnavailableError", 503, "Wait"),
    "resets": ({"reset_before": True}, "NoAnswerError", 503, "instance is up"),
    "cut answers": ({"cut_body": True}, "SourceAnswerError", 503, "Wait"),
    "web pages": ({"html": "<html><title>Hello</title></html>"}, "SourceAnswerError", 503, "ACUMATICA_URL"),
    "no valid session": ({"status": 401}, "CredentialsError", 500, "SM303010"),
    "no rights": ({"status": 403}, "AccessDeniedError", 500, "Grant"),
}
"""Lasting troubles from the list's second page on: error type, HTTP status and a word of the remedy."""


@pytest.mark.parametrize("fault", BORNE.values(), ids=list(BORNE))
def test_a_run_bears_what_passes(rig: Rig, fault: dict[str, Any]) -> None:
    rig.sandbox.faults.add(path="/Bill", skip=FIRST_LOOK + 1, **fault)
    result = rig.run("invoices")
    assert result.status is Status.SUCCEEDED, result.error
    assert (result.records_written, result.records_rejected) == (40, 0)
    assert_shows_tenant(rig, "invoices")
    assert rig.sandbox.seats == 0


@pytest.mark.parametrize(("fault", "kind", "http_status", "remedy"), LASTING.values(), ids=list(LASTING))
def test_what_lasts_is_told_and_costs_no_record(
    rig: Rig, fault: dict[str, Any], kind: str, http_status: int, remedy: str
) -> None:
    rig.sandbox.faults.add(path="/Bill", skip=FIRST_LOOK + 1, times=FOREVER, **fault)
    result = rig.run("invoices")
    assert result.status is Status.FAILED
    assert result.error is not None
    assert (result.error.type, result.error.http_status) == (kind, http_status)
    assert (result.error.retry_after_seconds is not None) is (http_status == 503)
    assert remedy in result.error.action
    assert result.watermark_after is None
    assert rig.sandbox.seats == 0
    assert result.records_written == 15, "the page read before the trouble is kept"
    rig.sandbox.faults.clear()
    again = rig.run("invoices")
    assert (again.status, again.records_read) == (Status.SUCCEEDED, 25)
    assert_shows_tenant(rig, "invoices")


@pytest.mark.parametrize("path", ["/identity/connect/token", "swagger.json"])
@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 500}, {"status": 429}], ids=str)
def test_a_run_that_cannot_begin_says_so_and_the_next_one_does_everything(
    rig: Rig, path: str, fault: dict[str, Any]
) -> None:
    rig.sandbox.faults.add(path=path, times=FOREVER, **fault)
    result = rig.run("invoices")
    assert result.status is Status.FAILED
    assert result.error is not None
    assert (result.error.http_status, result.records_read) == (503, 0)
    assert rig.sandbox.seats == 0
    rig.sandbox.faults.clear()
    rig.outlive_leases()
    assert rig.run("invoices").status is Status.SUCCEEDED
    assert_shows_tenant(rig, "invoices")


def test_no_seat_free_is_told_as_such_in_every_dialect(rig: Rig) -> None:
    for dialect in ("json", "text", "redirect"):
        rig.sandbox.configure(seat_limit=0, seat_dialect=dialect)
        result = rig.run("invoices")
        assert result.error is not None
        assert (result.error.type, result.error.http_status) == ("SessionsBusyError", 503)
        assert "SM604000" in result.error.action


def test_a_throttled_run_goes_on_as_long_as_its_budget_lasts(rig: Rig) -> None:
    """And with what it has read stored, however little it was: it is partial, and called again at once."""
    rig.sandbox.faults.add(path="/Bill", skip=FIRST_LOOK + 1, times=FOREVER, status=429)
    began = rig.clock.now()
    result = rig.run("invoices", budget=timedelta(minutes=20))
    assert (result.status, result.records_written) == (Status.PARTIAL, 15)
    assert timedelta(minutes=17) < rig.clock.now() - began <= timedelta(minutes=20)
    assert rig.state.entities.read("invoices").checkpoints["incremental"].offset == 15


class Picky:
    """A warehouse that refuses some rows, as BigQuery refuses `invalid` ones; all others are stored."""

    def __init__(self, warehouse: Warehouse, ids: set[str]) -> None:
        self._warehouse, self._ids = warehouse, ids

    def __getattr__(self, name: str) -> Any:
        return getattr(self._warehouse, name)

    def append(self, append: Append) -> Mapping[int, str]:
        ids = [msgspec.json.decode(row.data).get("_id") for row in append.rows]
        bad = {i for i, record_id in enumerate(ids) if record_id in self._ids}
        good = [row for i, row in enumerate(append.rows) if i not in bad]
        if good:
            rest = Append(table=append.table, rows=good, method=append.method, batch_id=append.batch_id)
            assert self._warehouse.append(rest) == {}
        return dict.fromkeys(sorted(bad), "no such field: colour")


def _run_refusing(rig: Rig, ids: set[str]) -> RunResult:
    ports = rig.open_ports()
    picky: Any = Picky(ports.warehouse, ids)
    picked = Ports(source=ports.source, warehouse=picky, state=ports.state, clock=ports.clock)
    return rig.run("invoices", ports=picked)


def test_refused_rows_become_dead_letters_and_hold_back_no_other(rig: Rig) -> None:
    ids = {record.id for record in rig.sandbox.tenant.records("Bill")[5:8]}
    result = _run_refusing(rig, ids)
    assert result.status is Status.SUCCEEDED
    assert (result.records_read, result.records_written, result.records_rejected) == (40, 37, 3)
    letters = list(rig.state.dead_letters.read("invoices"))
    assert {letter.record_id for letter in letters} == ids
    for letter in letters:
        assert "no such field: colour" in letter.reason
        assert msgspec.json.decode(letter.payload)["id"] == letter.record_id
        (page,) = rig.state.audit.read_trail("invoices", letter.record_id)
        assert page.entry.outcome is Outcome.REJECTED
        assert letter.key == page.entry.key != ""
    assert rig.count("invoices") == 37
    rig.run("invoices", Mode.REPLAY)
    assert list(rig.state.dead_letters.read("invoices")) == []
    assert_shows_tenant(rig, "invoices")


def test_too_many_rejects_move_nothing(rig: Rig) -> None:
    ids = {record.id for record in rig.sandbox.tenant.records("Bill")[5:16]}
    result = _run_refusing(rig, ids)
    assert result.status is Status.FAILED
    assert result.error is not None
    assert (result.error.type, result.error.http_status) == ("TooManyRejectsError", 500)
    entity_state = rig.state.entities.read("invoices")
    assert (entity_state.watermark, entity_state.changed_since, entity_state.checkpoints) == (None, None, {})
    assert list(rig.state.dead_letters.read("invoices")) == []
    assert rig.run("invoices").status is Status.SUCCEEDED
    assert_shows_tenant(rig, "invoices")


def test_an_amount_no_column_holds_is_kept_whole_and_replayed_when_it_is_right(rig: Rig) -> None:
    tenant = rig.sandbox.tenant
    bill = tenant.records("Bill")[3].id
    tenant.change("Bill", bill, {"Amount": Decimal("1234567890123456789012345678901.5")})
    result = rig.run("invoices")
    assert (result.status, result.records_rejected, result.records_written) == (Status.SUCCEEDED, 1, 39)
    (letter,) = rig.state.dead_letters.read("invoices")
    assert b"1234567890123456789012345678901.5" in letter.payload
    assert "bignumeric_fields" in letter.reason
    rig.pass_time(timedelta(minutes=1))
    tenant.change("Bill", bill, {"Amount": Decimal("12.5")})
    assert rig.run("invoices", Mode.REPLAY).status is Status.SUCCEEDED
    assert_shows_tenant(rig, "invoices")


def test_a_record_that_is_mended_needs_no_replay(rig: Rig) -> None:
    tenant = rig.sandbox.tenant
    mended, still_bad, *_ = [bill.id for bill in tenant.records("Bill")]
    for bill in (mended, still_bad):
        tenant.change("Bill", bill, {"Amount": Decimal("1234567890123456789012345678901.5")})
    assert rig.run("invoices").records_rejected == 2
    rig.pass_time(timedelta(minutes=20))
    tenant.change("Bill", mended, {"Amount": Decimal("12.5")})
    tenant.change("Bill", still_bad, {"VendorRef": "still too long an amount"})
    result = rig.run("invoices")
    assert (result.records_written, result.records_rejected) == (1, 1)
    (letter,) = rig.state.dead_letters.read("invoices")
    assert (letter.record_id, letter.attempts) == (still_bad, 2)
    assert b"still too long" in letter.payload
    assert [page.entry.outcome for page in rig.state.audit.read_trail("invoices", mended)] == [
        Outcome.REJECTED,
        Outcome.WRITTEN,
    ]


def test_text_that_is_no_utf_8_costs_one_record_not_the_run(rig: Rig) -> None:
    """A record that no decoder reads is kept under its own id, and replayed once it is mended."""
    body = b'[{"id":"00000000-0000-4000-a000-00000000000a","rowNumber":1,"VendorRef":{"value":"\\xff\\xfe"}}]'
    body = body.replace(b"\\xff\\xfe", b"\xff\xfe")
    headers = {"Content-Type": "application/json"}
    rig.sandbox.faults.add(path="/Bill", status=200, body=body, headers=headers)
    result = rig.run("invoices")
    assert result.status is Status.SUCCEEDED, result.error
    assert result.records_rejected == 1
    (letter,) = rig.state.dead_letters.read("invoices")
    assert letter.record_id == "00000000-0000-4000-a000-00000000000a"
    assert_shows_tenant(rig, "invoices")
