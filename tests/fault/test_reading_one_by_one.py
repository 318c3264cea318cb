"""Lists that Acumatica cannot export with one query, where every record takes a request of its own."""

from datetime import timedelta
from urllib.parse import parse_qs

import pytest

from connector.adapters.acumatica.one_by_one import ROWS_AT_ONCE
from connector.adapters.acumatica.pace import Pace
from connector.domain.run import RunResult, Status
from connector.runs.page_size import FIRST_ROWS
from tests.builders import Rig
from tests.fault.mortal import Killed, dies_at
from tests.oracle import assert_shows_tenant

BUDGET = timedelta(seconds=60)


@pytest.fixture(autouse=True)
def not_optimizable(rig: Rig) -> None:
    """Make the list of bills one that cannot be exported at once."""
    rig.sandbox.configure(not_optimizable={"Bill": {"Details": "Transactions"}})


def _run_paced(rig: Rig) -> RunResult:
    """Do a run that may make 20 requests, of which a few are for signing in and the contract."""
    ports = rig.open_ports(rig.clock.now() + BUDGET, pace=Pace(rig.clock, 20))
    return rig.run("invoices", ports=ports, budget=BUDGET, page_size=1000)


def test_a_list_that_cannot_be_optimised_is_read_one_by_one_and_that_is_remembered(rig: Rig) -> None:
    rig.sandbox.configure(not_optimizable={"Bill": {"Details": "Transactions"}})
    assert rig.run("invoices").status is Status.SUCCEEDED
    assert_shows_tenant(rig, "invoices")
    assert rig.state.entities.read("invoices").read_one_by_one
    rig.pass_time(timedelta(hours=1))
    rig.sandbox.tenant.change("Bill", rig.sandbox.tenant.records("Bill")[3].id, {"Description": "new"})
    done = len(rig.sandbox.requests)
    assert rig.run("invoices").records_written == 1
    assert [request.status for request in rig.sandbox.requests[done:] if request.status == 500] == []
    assert_shows_tenant(rig, "invoices")


def test_a_list_of_which_a_run_cannot_read_a_page_is_read_by_many(rig: Rig) -> None:
    runs = [_run_paced(rig)]
    while runs[-1].status is Status.PARTIAL and len(runs) < 20:
        rig.pass_time(timedelta(minutes=5))
        runs.append(_run_paced(rig))
    assert runs[-1].status is Status.SUCCEEDED, runs[-1].error
    assert len(runs) > 2
    assert all(run.records_read > 1 for run in runs[:-1])
    assert sum(run.records_written for run in runs) == len(rig.sandbox.tenant.records("Bill"))
    assert_shows_tenant(rig, "invoices")


def test_a_list_that_moves_between_such_runs_loses_nothing(rig: Rig) -> None:
    tenant = rig.sandbox.tenant
    for turn in range(40):
        status = _run_paced(rig).status
        if status is Status.SUCCEEDED:
            break
        assert status is Status.PARTIAL
        rig.pass_time(timedelta(minutes=5))
        if turn < 3:
            tenant.insert("Bill", {"Type": "Bill", "ReferenceNbr": f"00000-{turn}", "Vendor": "V000001"})
            tenant.change("Bill", tenant.records("Bill")[turn].id, {"Description": f"turn {turn}"})
    rig.pass_time(timedelta(hours=1))
    while _run_paced(rig).status is Status.PARTIAL:
        rig.pass_time(timedelta(minutes=5))
    assert_shows_tenant(rig, "invoices")


def test_that_records_are_read_one_by_one_is_remembered_though_none_could_be_read(rig: Rig) -> None:
    rig.sandbox.faults.add(path="/Bill/", times=99, status=503)
    assert rig.run("invoices", budget=BUDGET).status is Status.FAILED
    assert rig.state.entities.read("invoices").read_one_by_one


def test_that_records_are_read_one_by_one_is_remembered_before_the_first_is_written(rig: Rig) -> None:
    with pytest.raises(Killed):
        rig.run("invoices", life=dies_at("before warehouse.append"))
    assert rig.state.entities.read("invoices").read_one_by_one


def test_a_page_of_single_records_is_small_however_large_a_listed_one_may_be(rig: Rig) -> None:
    rig.run("invoices", page_size=1000)
    listings = [request for request in rig.sandbox.requests if request.path.endswith("/Bill")]
    assert [parse_qs(request.query)["$top"] for request in listings] == [
        *[[str(FIRST_ROWS)]] * 2,
        *[[str(ROWS_AT_ONCE)]] * 2,
    ], "the list, then its keys by pages that begin small"
