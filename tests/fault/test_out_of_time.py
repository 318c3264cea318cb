"""Time that runs out in the middle of a request: what was read before is kept, and the next run goes on from there."""

from datetime import timedelta

import pytest

from connector.domain.entity import Depth
from connector.domain.run import Mode, Status
from tests.builders import Rig
from tests.oracle import assert_shows_tenant

FOREVER = 10_000
BUDGET = timedelta(minutes=20)
SINGLE_READS = "/Bill/"


def _change_all_bills(rig: Rig) -> None:
    rig.run("invoices")
    rig.pass_time(timedelta(hours=1))
    for bill in rig.sandbox.tenant.records("Bill"):
        rig.sandbox.tenant.change("Bill", bill.id, {"Description": "missed"})


def _decline(rig: Rig, path: str, *, after: int) -> None:
    """Let Acumatica decline everything after so many requests, which is borne until the budget ends."""
    rig.sandbox.faults.add(path=path, skip=after, times=FOREVER, status=429)


def test_what_a_reconcile_read_record_by_record_is_written(rig: Rig) -> None:
    _change_all_bills(rig)
    _decline(rig, SINGLE_READS, after=25)
    first = rig.run("invoices", Mode.RECONCILE, budget=BUDGET, page_size=100)
    assert (first.status, first.details["repaired"]) == (Status.PARTIAL, 25)
    rig.sandbox.faults.clear()
    second = rig.run("invoices", Mode.RECONCILE, page_size=100)
    assert (second.status, second.details["repaired"]) == (Status.SUCCEEDED, 15)
    assert_shows_tenant(rig, "invoices")


def test_deletions_are_judged_by_the_reads_made_in_time(rig: Rig) -> None:
    rig.run("invoices")
    rig.pass_time(timedelta(hours=1))
    for bill in rig.sandbox.tenant.records("Bill")[:8]:
        rig.sandbox.tenant.delete("Bill", bill.id)
    _decline(rig, SINGLE_READS, after=3)
    first = rig.run("invoices", Mode.RECONCILE, budget=BUDGET)
    assert (first.status, first.details["deleted"]) == (Status.PARTIAL, 3)
    rig.sandbox.faults.clear()
    second = rig.run("invoices", Mode.RECONCILE)
    assert (second.status, second.details["deleted"]) == (Status.SUCCEEDED, 5)
    assert_shows_tenant(rig, "invoices")


@pytest.mark.parametrize("depth", list(Depth))
def test_a_reconcile_whose_list_is_declined_to_the_end_is_partial(rig: Rig, depth: Depth) -> None:
    """And goes on where it stopped."""
    rig.run("invoices")
    rig.pass_time(timedelta(hours=1))
    _decline(rig, "/Bill", after=1)
    first = rig.run("invoices", Mode.RECONCILE, depth=depth, budget=BUDGET)
    assert (first.status, first.records_read) == (Status.PARTIAL, 15)
    rig.sandbox.faults.clear()
    second = rig.run("invoices", Mode.RECONCILE, depth=depth)
    assert (second.status, second.records_read) == (Status.SUCCEEDED, 25)


@pytest.mark.parametrize("mode", [Mode.INCREMENTAL, Mode.RECONCILE])
def test_a_run_declined_from_its_first_page_to_the_end_says_so(rig: Rig, mode: Mode) -> None:
    rig.run("invoices")
    _decline(rig, "/Bill", after=0)
    result = rig.run("invoices", mode, budget=BUDGET)
    assert result.status is Status.FAILED
    assert result.error is not None
    assert (result.error.type, result.error.http_status) == ("SourceThrottledError", 503)
    assert "Wait" in result.error.action
