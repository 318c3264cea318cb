"""Both sides compared and made equal: what is missing, stale, changed without a stamp, gone, or back again."""

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.domain.entity import Depth
from connector.domain.run import Mode, Status
from tests.builders import Rig
from tests.e2e.profiles import Profile

FIGURES = ("matched", "repaired", "deleted", "stale")
MANY = 25
"""More bills than may vanish at once without a word."""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny")) as running:
        yield running


def _sync(profile: Profile, entity: str = "invoices", **members: Any) -> dict[str, Any]:
    answer = profile.function.call(entity=entity, **members)
    assert (answer.status, answer.json["status"]) == (200, "succeeded"), answer.json
    return answer.json


def _reconcile(profile: Profile, **members: Any) -> tuple[int, ...]:
    """Return (matched, repaired, deleted, stale) of a reconcile that succeeded."""
    answer = _sync(profile, mode="reconcile", **members)
    return tuple(answer[name] for name in FIGURES)


def _shown(profile: Profile, column: str = "description") -> dict[str, Any]:
    return {row["_id"]: row[column] for row in profile.rows(f"SELECT _id, {column} FROM invoices")}


def _stored(sandbox: Sandbox) -> dict[str, Any]:
    return {bill.id: bill.fields.get("Description") for bill in sandbox.tenant.records("Bill")}


def _edit(folder: Path, sql: str) -> None:
    with duckdb.connect(str(folder / "erp.duckdb")) as connection:
        connection.execute(sql)


def test_what_was_missed_and_what_is_gone_is_put_right(sandbox: Sandbox, profile: Profile) -> None:
    """A transaction that outlasts the lookback hides an insertion and a change from every incremental run."""
    tenant = sandbox.tenant
    stale, gone, *others = tenant.records("Bill")
    _sync(profile)
    tenant.clock.advance(60)
    slow = tenant.begin()
    new = slow.insert("Bill", {"Type": "Bill", "ReferenceNbr": "LATE-1", "Description": "committed late"})
    slow.change("Bill", stale.id, {"Description": "changed late"})
    tenant.clock.advance(7200)
    tenant.change("Bill", others[0].id, {"Description": "moves the watermark"})
    _sync(profile)
    tenant.clock.advance(7200)
    slow.commit()
    tenant.delete("Bill", gone.id)
    assert _sync(profile)["records_written"] == 0
    assert _shown(profile) != _stored(sandbox)

    assert _reconcile(profile) == (len(others), 2, 1, 1)
    assert _shown(profile) == _stored(sandbox)
    assert new in _shown(profile)
    assert gone.id not in _shown(profile)
    assert _reconcile(profile) == (len(others) + 2, 0, 0, 0)
    assert sandbox.seats == 0


def test_rows_and_tables_that_somebody_removed_come_back(
    sandbox: Sandbox, embedded: Profile, tmp_path: Path
) -> None:
    first = _sync(embedded)["records_written"]
    ids = sorted(_stored(sandbox))[:3]
    _edit(tmp_path, f"DELETE FROM invoices_log WHERE _id IN {tuple(ids)}")
    assert _reconcile(embedded) == (first - 3, 3, 0, 0)
    assert _shown(embedded) == _stored(sandbox)

    _edit(tmp_path, "DELETE FROM invoices_log")
    assert _reconcile(embedded)[1] == first
    assert _shown(embedded) == _stored(sandbox)

    _edit(tmp_path, "DROP TABLE invoices_log CASCADE")
    assert _reconcile(embedded)[1] == first
    assert _shown(embedded) == _stored(sandbox)


def test_a_change_that_moved_no_stamp_is_found_by_content(sandbox: Sandbox, embedded: Profile) -> None:
    bill, *others = sandbox.tenant.records("Bill")
    _sync(embedded)
    sandbox.tenant.change("Bill", bill.id, {"Description": "silently"}, touch=False)
    assert _reconcile(embedded) == (len(others) + 1, 0, 0, 0)
    assert _shown(embedded)[bill.id] != "silently"

    assert _reconcile(embedded, depth="content") == (len(others), 1, 0, 1)
    assert _shown(embedded) == _stored(sandbox)
    history = embedded.rows(f"SELECT is_current FROM invoices_history WHERE _id = '{bill.id}'")
    assert sorted(row["is_current"] for row in history) == [False, True]


def test_archived_records_stay(sandbox: Sandbox, embedded: Profile) -> None:
    first = _sync(embedded)["records_written"]
    for bill in sandbox.tenant.records("Bill")[:5]:
        sandbox.tenant.archive("Bill", bill.id)
    assert _reconcile(embedded) == (first, 0, 0, 0)
    assert _reconcile(embedded, depth="content") == (first, 0, 0, 0)
    assert _shown(embedded) == _stored(sandbox)


def test_rights_taken_away_are_not_taken_for_deletions(sandbox: Sandbox, embedded: Profile) -> None:
    bills = sandbox.tenant.records("Bill")
    _sync(embedded)
    for bill in bills[:MANY]:
        sandbox.tenant.hide("Bill", bill.id)
    answer = embedded.function.call(entity="invoices", mode="reconcile")
    assert (answer.status, answer.json["error"]["type"]) == (500, "TooManyDeletionsError")
    assert f"{MANY} of {len(bills)}" in answer.json["error"]["message"]
    assert "force" in answer.json["error"]["action"]
    assert _shown(embedded) == _stored(sandbox), "something was taken away"

    for bill in bills:
        sandbox.tenant.hide("Bill", bill.id, False)
    assert _reconcile(embedded) == (len(bills), 0, 0, 0)


def test_with_force_many_deletions_are_believed(sandbox: Sandbox, embedded: Profile) -> None:
    bills = sandbox.tenant.records("Bill")
    _sync(embedded)
    for bill in bills[:MANY]:
        sandbox.tenant.delete("Bill", bill.id)
    assert embedded.function.call(entity="invoices", mode="reconcile").status == 500
    assert _reconcile(embedded, force=True) == (len(bills) - MANY, 0, MANY, 0)
    assert _shown(embedded) == _stored(sandbox)


def test_a_record_that_comes_back_lives_again(sandbox: Sandbox, embedded: Profile) -> None:
    """With its old stamp, as when rights are given back: newer than the tombstone only by when it was read."""
    bill, *others = sandbox.tenant.records("Bill")
    _sync(embedded)
    sandbox.tenant.hide("Bill", bill.id)
    assert _reconcile(embedded) == (len(others), 0, 1, 0)
    assert bill.id not in _shown(embedded)
    assert embedded.rows(f"SELECT is_current FROM invoices_history WHERE _id = '{bill.id}'") == [
        {"is_current": False}
    ]

    sandbox.tenant.hide("Bill", bill.id, False)
    assert _reconcile(embedded) == (len(others), 1, 0, 0)
    assert _shown(embedded) == _stored(sandbox)


@pytest.mark.parametrize("depth", ["keys", "content"])
def test_a_tenant_restored_from_a_backup_is_what_is_shown(
    sandbox: Sandbox, embedded: Profile, depth: str
) -> None:
    """Its records carry older stamps than the versions that the restore undid."""
    bill, *others = sandbox.tenant.records("Bill")
    _sync(embedded)
    sandbox.tenant.clock.advance(7200)
    sandbox.tenant.change("Bill", bill.id, {"Description": "undone by the restore"})
    _sync(embedded)
    sandbox.tenant.clock.skew = timedelta(hours=-1)
    sandbox.tenant.change("Bill", bill.id, {"Description": "as restored"})
    sandbox.tenant.clock.skew = timedelta(0)

    assert _reconcile(embedded, depth=depth) == (len(others), 1, 0, 1)
    assert _shown(embedded) == _stored(sandbox)
    requests = len(sandbox.requests)
    assert _reconcile(embedded, depth=depth) == (len(others) + 1, 0, 0, 0)
    single = [request for request in sandbox.requests[requests:] if "/Bill/" in request.path]
    assert single == [], "a restored record is read again in every reconcile"


def test_a_renamed_key_is_the_same_record(sandbox: Sandbox, embedded: Profile) -> None:
    vendor = sandbox.tenant.records("Vendor")[0]
    first = _sync(embedded, "vendors")["records_written"]
    sandbox.tenant.clock.advance(3600)
    sandbox.tenant.rename("Vendor", vendor.id, {"VendorID": "RENAMED"})
    answer = _sync(embedded, "vendors", mode="reconcile")
    assert [answer[name] for name in FIGURES] == [first - 1, 1, 0, 1]
    rows = embedded.rows("SELECT _id, vendor_id FROM vendors")
    assert len(rows) == first
    assert {row["vendor_id"] for row in rows if row["_id"] == vendor.id} == {"RENAMED"}


def test_the_audit_tells_what_became_of_every_record(sandbox: Sandbox, tmp_path: Path) -> None:
    rig = Rig(tmp_path, sandbox)
    rig.run("invoices")
    gone, silent, *_ = sandbox.tenant.records("Bill")
    rig.pass_time(timedelta(hours=1))
    sandbox.tenant.delete("Bill", gone.id)
    sandbox.tenant.change("Bill", silent.id, {"Description": "silently"}, touch=False)
    result = rig.run("invoices", Mode.RECONCILE, depth=Depth.CONTENT)
    assert (result.status, result.details["deleted"], result.details["repaired"]) == (Status.SUCCEEDED, 1, 1)

    def outcomes(record_id: str) -> list[str]:
        trail = rig.state.audit.read_trail("invoices", record_id)
        return [page.entry.outcome.value for page in trail if page.run_id == result.run_id]

    assert outcomes(gone.id) == ["tombstoned"]
    assert outcomes(silent.id) == ["written"]
    (run,) = rig.query(f"SELECT details, mode FROM sync_runs WHERE run_id = '{result.run_id}'")
    assert run["mode"] == "reconcile"
    assert all(name in run["details"] for name in FIGURES)


def _stop_after(pages: int) -> Callable[[], bool]:
    """Return a stop signal that comes while that page is worked on; it is asked for once a page."""
    asked = itertools.count(1)
    return lambda: next(asked) >= pages


@pytest.mark.parametrize("depth", list(Depth))
def test_a_reconcile_that_ran_out_of_time_gets_to_the_end(
    sandbox: Sandbox, tmp_path: Path, depth: Depth
) -> None:
    """Each goes on where the one before stopped."""
    rig = Rig(tmp_path, sandbox)
    rig.run("invoices", page_size=100)
    bills = sandbox.tenant.records("Bill")
    for bill in bills:
        sandbox.tenant.change("Bill", bill.id, {"Description": "silently"}, touch=False)
    rig.pass_time(timedelta(hours=1))
    sandbox.tenant.change("Bill", bills[-1].id, {"Description": "stamped"})

    results = [
        rig.run("invoices", Mode.RECONCILE, depth=depth, page_size=6, is_stopping=_stop_after(pages))
        for pages in (2, 2, 1000)
    ]
    statuses = [result.status for result in results]
    assert statuses == [Status.PARTIAL, Status.PARTIAL, Status.SUCCEEDED]
    read = [result.records_read for result in results]
    assert sum(read) == len(bills), "a record was read twice, or not at all"
    shown = {row["_id"]: row["description"] for row in rig.query("SELECT _id, description FROM invoices")}
    stored = _stored(sandbox)
    assert shown[bills[-1].id] == stored[bills[-1].id] == "stamped"
    assert (shown == stored) is (depth is Depth.CONTENT)
