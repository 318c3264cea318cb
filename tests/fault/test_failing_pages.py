"""Pages and records that the tenant fails on while it answers everything else, from the request to the views."""

from datetime import timedelta

import pytest

from connector.domain.run import Mode, Status
from tests.builders import Rig
from tests.oracle import assert_shows_tenant

TIMEOUT = {
    "status": 500,
    "headers": {"Content-Type": "application/json"},
    "body": '{"exceptionMessage": "Execution Timeout Expired.", "exceptionType": "System.Data.SqlClient.SqlException"}',
}
WAYS = {"500": TIMEOUT, "504": {"status": 504}, "cut": {"cut_body": True}, "reset": {"reset_after": True}}
LISTS = "/Bill?"


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_a_list_that_comes_in_small_pages_alone_is_copied_whole(rig: Rig, way: dict[str, object]) -> None:
    rig.sandbox.faults.add(path="$expand", larger_than=6, times=9999, **way)
    result = rig.run("invoices", page_size=20)
    assert (result.status, result.records_rejected) == (Status.SUCCEEDED, 0), result.error
    assert result.details["page_size"] == 5
    assert_shows_tenant(rig, "invoices")
    rig.pass_time(timedelta(hours=1))
    done = len(rig.sandbox.requests)
    assert rig.run("invoices", Mode.BACKFILL, page_size=20).status is Status.SUCCEEDED
    assert not [request for request in rig.sandbox.requests[done:] if "$top=20&$expand" in request.query]


def test_a_record_that_fails_alone_costs_itself_and_is_mended_by_a_replay(rig: Rig) -> None:
    bills = rig.sandbox.tenant.records("Bill")
    rig.sandbox.faults.add(path="$expand", rows=(17, 18), times=9999, **TIMEOUT)
    rig.sandbox.faults.add(path=f"/Bill/{bills[17].id}", times=9999, **TIMEOUT)
    result = rig.run("invoices", page_size=20)
    assert (result.status, result.records_rejected) == (Status.SUCCEEDED, 1), result.error
    assert result.records_written == len(bills) - 1
    (letter,) = rig.state.dead_letters.read("invoices")
    assert (letter.record_id, letter.key) == (bills[17].id, "/".join(bills[17].keys))
    assert "Execution Timeout Expired" in letter.reason
    rig.pass_time(timedelta(minutes=1))
    again = rig.run("invoices", Mode.REPLAY)
    assert again.status is Status.SUCCEEDED, "a replay goes past it"
    (letter,) = rig.state.dead_letters.read("invoices")
    assert letter.attempts == 2
    rig.sandbox.faults.clear()
    rig.pass_time(timedelta(minutes=1))
    assert rig.run("invoices", Mode.REPLAY).records_written == 1
    assert list(rig.state.dead_letters.read("invoices")) == []
    assert_shows_tenant(rig, "invoices")


def test_a_record_known_by_its_keys_alone_that_is_gone_is_forgotten(rig: Rig) -> None:
    bill = rig.sandbox.tenant.records("Bill")[17]
    rig.sandbox.faults.add(path="$expand", rows=(17, 18), times=9999, **TIMEOUT)
    rig.sandbox.faults.add(path=f"/Bill/{bill.id}", times=9999, **TIMEOUT)
    rig.run("invoices", page_size=20)
    rig.sandbox.faults.clear()
    rig.sandbox.tenant.delete("Bill", bill.id)
    rig.pass_time(timedelta(minutes=1))
    assert rig.run("invoices", Mode.REPLAY).details["deleted"] == 1
    assert list(rig.state.dead_letters.read("invoices")) == []
    assert_shows_tenant(rig, "invoices")


def test_a_server_that_is_down_makes_no_page_smaller_and_blames_no_record(rig: Rig) -> None:
    rig.sandbox.faults.add(path=LISTS, times=9999, **TIMEOUT)
    assert rig.run("invoices", page_size=20).status is Status.FAILED
    assert not [request for request in rig.sandbox.requests if "$top=10&" in request.query]
    assert rig.state.entities.read("invoices").page_limit is None
    assert list(rig.state.dead_letters.read("invoices")) == []
