"""BigQuery and Firestore on a bad day, run by run: what the operator is told, and what is in the warehouse afterwards."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import grpc
import pytest
from msgspec.structs import replace

from connector.domain.entity_state import EntityState
from connector.domain.run import Mode, RunResult, Status, WriteMethod, WritePolicy
from tests.builders import Rig
from tests.fault.cloud_rigs import BigQueryRig, FirestoreRig
from tests.fault.mortal import Life
from tests.oracle import assert_shows_tenant
from tests.stand_ins.scripted_bigquery_state import BigQueryState

FOREVER = 10_000

Fault = Callable[[BigQueryState, int], object]
"""Goes wrong so many times."""

STREAMED: dict[str, Fault] = {
    "503": lambda state, times: state.fail("insertAll", 503, "backendError", times=times),
    "over quota": lambda state, times: state.fail("insertAll", 403, "quotaExceeded", times=times),
    "no answer": lambda state, times: state.break_off("insertAll", times=times),
    "the answer lost, the rows stored": lambda state, times: state.lose_answer("insertAll", times=times),
    "a row stopped": lambda state, times: state.fail_requests("stopped", times=times),
    "a row timed out": lambda state, times: state.fail_requests("timeout", times=times),
    "the table not to be looked at": lambda state, times: state.fail(
        "get table", 503, "backendError", times=times
    ),
}
LOADED: dict[str, Fault] = {
    "503": lambda state, times: state.fail("upload", 503, "backendError", times=times),
    "no answer": lambda state, times: state.break_off("upload", times=times),
    "a job of that id, not to be found": lambda state, times: state.fail(
        "upload", 409, "duplicate", times=times
    ),
    "the job failed": lambda state, times: state.fail_job("backendError", times=times),
    "the job stopped": lambda state, times: state.fail_job("stopped", times=times),
}
PASSING = [
    *(
        pytest.param(WritePolicy.STREAMING, fault, id=f"streaming: {name}")
        for name, fault in STREAMED.items()
    ),
    *(pytest.param(WritePolicy.LOAD, fault, id=f"load: {name}") for name, fault in LOADED.items()),
]
"""What time mends. A row or a job may go wrong for either reason: it is the same to the operator."""

ONLY_ONCE = [
    pytest.param(
        WritePolicy.LOAD,
        lambda state, _: state.lose_answer("upload"),
        id="load: the answer lost, the job done",
    ),
    pytest.param(
        WritePolicy.LOAD, lambda state, _: state.fail_job("invalid"), id="load: a job without a row at fault"
    ),
]
"""As long as it may last, a repeat finds the job, or the rows are loaded one by one."""


def _sync_first(rig: Rig) -> None:
    """What the runs before have left: forty bills; since then three were changed, and one is new."""
    assert rig.run("invoices").records_written == 40
    rig.pass_time(timedelta(hours=1))
    tenant = rig.sandbox.tenant
    for bill in tenant.records("Bill")[:3]:
        tenant.change("Bill", bill.id, {"Description": "changed"})
    tenant.insert("Bill", {"Type": "Bill", "ReferenceNbr": "900001", "Vendor": "V000001"})


def _read_progress(rig: Rig) -> EntityState:
    """Return what is known of invoices, but for the proof that their ids last: what a run found out stays known."""
    return replace(rig.state.entities.read("invoices"), proven_identity=None)


def _assert_told(result: RunResult, kind: str, http_status: int, remedy: str = "") -> None:
    assert result.status is Status.FAILED
    assert result.error is not None
    assert (result.error.type, result.error.http_status) == (kind, http_status)
    assert (result.error.retry_after_seconds is not None) is (http_status == 503)
    assert remedy in result.error.action != ""


def _assert_next_run_is_exact(rig: Rig) -> None:
    rig.outlive_leases()
    result = rig.run("invoices")
    assert (result.status, result.records_rejected) == (Status.SUCCEEDED, 0)
    assert_shows_tenant(rig, "invoices")
    assert rig.sandbox.seats == 0


@pytest.mark.parametrize(("policy", "fault"), [*PASSING, *ONLY_ONCE])
def test_a_run_bears_what_bigquery_does_wrong_once(
    bigquery_rig: BigQueryRig, policy: WritePolicy, fault: Fault
) -> None:
    rig = bigquery_rig
    _sync_first(rig)
    rig.bigquery.deduplicates = False
    fault(rig.bigquery, 1)
    result = rig.run("invoices", write_policy=policy)
    assert result.status is Status.SUCCEEDED, result.error
    assert rig.bigquery.faults_left == 0
    assert (result.records_written, result.records_rejected) == (4, 0)
    assert result.write_method == WriteMethod(policy.value)
    assert_shows_tenant(rig, "invoices")


@pytest.mark.parametrize(("policy", "fault"), PASSING)
def test_what_bigquery_does_wrong_for_long_is_told_and_moves_nothing(
    bigquery_rig: BigQueryRig, policy: WritePolicy, fault: Fault
) -> None:
    rig = bigquery_rig
    _sync_first(rig)
    before = _read_progress(rig)
    rig.bigquery.deduplicates = False
    fault(rig.bigquery, FOREVER)
    result = rig.run("invoices", write_policy=policy)
    assert rig.bigquery.faults_left < FOREVER
    _assert_told(result, "WarehouseUnavailableError", 503)
    assert result.watermark_after == result.watermark_before
    assert _read_progress(rig) == before
    rig.bigquery.recover()
    _assert_next_run_is_exact(rig)


def test_a_right_taken_from_the_service_account_is_for_the_operator(bigquery_rig: BigQueryRig) -> None:
    rig = bigquery_rig
    _sync_first(rig)
    before = _read_progress(rig)
    denied = "Access Denied: Permission bigquery.tables.updateData denied"
    rig.bigquery.fail("insertAll", 403, "accessDenied", denied, times=FOREVER)
    result = rig.run("invoices")
    _assert_told(result, "AccessDeniedError", 500, "roles/bigquery.dataEditor")
    assert _read_progress(rig) == before
    rig.bigquery.recover()
    _assert_next_run_is_exact(rig)


def test_requests_too_large_for_bigquery_are_loaded_however_long_that_lasts(
    bigquery_rig: BigQueryRig,
) -> None:
    _sync_first(bigquery_rig)
    bigquery_rig.bigquery.largest_request = 10
    result = bigquery_rig.run("invoices", write_policy=WritePolicy.STREAMING)
    assert (result.status, result.records_written) == (Status.SUCCEEDED, 4)
    assert_shows_tenant(bigquery_rig, "invoices")


@pytest.mark.parametrize("times", [1, FOREVER])
@pytest.mark.parametrize("policy", [WritePolicy.STREAMING, WritePolicy.LOAD])
def test_rows_bigquery_finds_invalid_are_kept_and_replayed(
    bigquery_rig: BigQueryRig, policy: WritePolicy, times: int
) -> None:
    rig = bigquery_rig
    _sync_first(rig)
    rig.bigquery.fail_requests("invalid", times=times)
    rig.bigquery.fail_job("invalid", "no such field: colour", times=times if times > 1 else 5)
    result = rig.run("invoices", write_policy=policy)
    assert result.status is Status.SUCCEEDED, result.error
    assert result.records_written + result.records_rejected == 4
    assert result.records_rejected == len(list(rig.state.dead_letters.read("invoices"))) > 0
    rig.bigquery.recover()
    assert rig.run("invoices", Mode.REPLAY).status is Status.SUCCEEDED
    assert list(rig.state.dead_letters.read("invoices")) == []
    assert_shows_tenant(rig, "invoices")


STATUSES = (grpc.StatusCode.ABORTED, grpc.StatusCode.UNAVAILABLE)
MOMENTS = {
    "entities.acquire_lease": grpc.StatusCode.UNAVAILABLE,
    "audit.open_run": grpc.StatusCode.DEADLINE_EXCEEDED,
    "audit.record_page": grpc.StatusCode.UNAVAILABLE,
    "entities.commit": grpc.StatusCode.ABORTED,
}


def _from(moment: str, happens: Callable[[], object]) -> Life:
    """A life in which something happens before the first call of a method of the state."""

    def decide(at: str, count: int) -> None:
        if (at, count) == (f"before state.{moment}", 1):
            happens()

    return Life(decide)


@pytest.mark.emulator
@pytest.mark.parametrize("status", STATUSES, ids=lambda status: status.name)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_bears_what_firestore_does_wrong_once(
    firestore_rig: FirestoreRig, status: grpc.StatusCode, when: str
) -> None:
    """At every moment of one run: a call that is not carried out, or an answer that is lost."""
    rig = firestore_rig
    _sync_first(rig)

    def decide(at: str, _: int) -> None:
        if at.startswith("before state."):
            plan: dict[int, Any] = getattr(rig.faults, when)
            plan[rig.faults.calls + 1] = status  # the second call of a change is its write

    result = rig.run("invoices", life=Life(decide))
    assert (result.status, result.records_written) == (Status.SUCCEEDED, 4), result.error
    planned = rig.faults.before | rig.faults.after
    assert sum(number < rig.faults.calls for number in planned) > len(MOMENTS)
    assert_shows_tenant(rig, "invoices")


@pytest.mark.emulator
@pytest.mark.parametrize(("moment", "status"), MOMENTS.items(), ids=MOMENTS)
def test_what_firestore_does_wrong_for_long_is_told_and_moves_nothing(
    firestore_rig: FirestoreRig, moment: str, status: grpc.StatusCode
) -> None:
    rig = firestore_rig
    _sync_first(rig)
    before = _read_progress(rig)
    result = rig.run("invoices", life=_from(moment, lambda: setattr(rig.faults, "lasting", status)))
    _assert_told(result, "StateStoreUnavailableError", 503)
    assert result.watermark_after == result.watermark_before
    assert _read_progress(rig) == before
    rig.faults.lasting = None
    _assert_next_run_is_exact(rig)


@pytest.mark.emulator
def test_a_right_on_firestore_taken_in_the_middle_of_a_run_is_for_the_operator(
    firestore_rig: FirestoreRig,
) -> None:
    rig = firestore_rig
    _sync_first(rig)
    before = _read_progress(rig)
    denied = grpc.StatusCode.PERMISSION_DENIED
    result = rig.run(
        "invoices", life=_from("audit.record_page", lambda: setattr(rig.faults, "lasting", denied))
    )
    _assert_told(result, "AccessDeniedError", 500, "roles/datastore.user")
    assert _read_progress(rig) == before
    rig.faults.lasting = None
    _assert_next_run_is_exact(rig)
