"""An entity whose records have no NoteID, told apart by its keys, through everything that knows a record by its id."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.app.audit import read_audit
from connector.domain.entity import Depth, Identity
from connector.domain.run import Mode, RunResult, Status
from tests.builders import Rig

HOUR = timedelta(hours=1)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path, Sandbox(SandboxOptions(size="tiny", session_ids=("Bill",))).start())
    yield rig
    rig.close()


def describe_by_keys(rig: Rig) -> None:
    rig.catalogue["invoices"] = replace(rig.catalogue["invoices"], identity=Identity.KEYS)


def run(rig: Rig, mode: Mode = Mode.INCREMENTAL, **parts: Any) -> RunResult:
    rig.pass_time(HOUR)
    result = rig.run("invoices", mode, **parts)
    assert result.status is Status.SUCCEEDED, result
    return result


def test_by_their_ids_they_are_refused_and_never_double(rig: Rig) -> None:
    run(rig)
    count = rig.count("invoices")
    rig.sandbox.tenant.change("Bill", rig.sandbox.tenant.records("Bill")[0].id, {"Description": "new"})
    rig.pass_time(HOUR)
    for mode in (Mode.INCREMENTAL, Mode.RECONCILE):
        error = rig.run("invoices", mode).error
        assert error is not None
        assert error.type == "UnstableIdsError"
    assert rig.count("invoices") == count == len(rig.sandbox.tenant.records("Bill"))


@pytest.mark.parametrize("not_optimizable", [{}, {"Bill": {"Amount": "View"}}], ids=["listed", "one by one"])
def test_by_their_keys_they_are_copied_changed_deleted_and_audited(
    tmp_path: Path, not_optimizable: dict[str, dict[str, str]]
) -> None:
    options = SandboxOptions(size="tiny", session_ids=("Bill",), not_optimizable=not_optimizable)
    rig = Rig(tmp_path, Sandbox(options).start())
    describe_by_keys(rig)
    tenant = rig.sandbox.tenant
    changed, gone, silent = tenant.records("Bill")[:3]
    run(rig)
    assert {row["_id"] for row in rig.query("SELECT _id FROM invoices")} == {
        f"{bill.fields['Type']}|{bill.fields['ReferenceNbr']}" for bill in tenant.records("Bill")
    }
    tenant.change("Bill", changed.id, {"Description": "new"})
    assert run(rig).records_written == 1
    tenant.delete("Bill", gone.id)
    assert run(rig, Mode.RECONCILE).details["deleted"] == 1
    result = run(rig, Mode.RECONCILE, depth=Depth.CONTENT)
    assert (result.records_written, result.details["matched"]) == (0, len(tenant.records("Bill")))
    record_id = f"{silent.fields['Type']}|{silent.fields['ReferenceNbr']}"
    rig.reject("invoices", record_id)
    assert run(rig, Mode.REPLAY).records_written == 1
    assert list(rig.state.dead_letters.read("invoices")) == []
    warehouse = rig.open_ports().warehouse
    told = read_audit(
        rig.state,
        warehouse,
        rig.catalogue["invoices"],
        f"{gone.fields['Type']}/{gone.fields['ReferenceNbr']}",
    )
    warehouse.close()
    assert {line.what for line in told} >= {"deleted", "version stored", "incremental: written"}
    rig.close()


def test_check_tells_ids_that_do_not_last_and_needs_one_seat(tmp_path: Path) -> None:
    options = SandboxOptions(size="tiny", session_ids=("Bill",), seat_limit=1)
    rig = Rig(tmp_path, Sandbox(options).start())
    entities = [rig.catalogue["invoices"], rig.catalogue["vendors"]]
    source = rig.open_ports().source
    failed = [line for line in source.check(entities, lambda _entity, _contract: None) if not line.ok]
    assert [(line.subject, line.finding) for line in failed] == [
        ("acumatica invoices", "its records get another id in each session (they have no NoteID)")
    ]
    assert "identity: keys" in failed[0].remedy
    source.close()
    describe_by_keys(rig)
    source = rig.open_ports().source
    assert all(line.ok for line in source.check([rig.catalogue["invoices"]], lambda _entity, _contract: None))
    source.close()
    rig.close()


ODD_KEYS = ("A/1", "/", "..", ".", "A|B", "100%2F", "ä ö", "O'Brien", "A?b=c#d", "A+B")


def test_keys_that_no_address_can_hold_tell_records_apart_all_the_same(rig: Rig) -> None:
    """They are read by a filter on the keys: in a reconcile of keys, by a replay, and to see whether one is gone."""
    describe_by_keys(rig)
    tenant = rig.sandbox.tenant
    made = [
        tenant.insert("Bill", {"Type": "Bill", "ReferenceNbr": key, "Vendor": "V000001", "Hold": True})
        for key in ODD_KEYS
    ]
    run(rig)
    for bill_id in made:
        tenant.change("Bill", bill_id, {"Description": "new"})
    reconciled = run(rig, Mode.RECONCILE)
    assert (reconciled.details["repaired"], reconciled.details["deleted"]) == (len(made), 0)
    rows = rig.query("SELECT reference_nbr, description, _id FROM invoices")
    shown = {row["reference_nbr"]: row for row in rows}
    assert {key: shown[key]["description"] for key in ODD_KEYS} == dict.fromkeys(ODD_KEYS, "new")
    for key in ("A/1", ".."):
        rig.reject("invoices", shown[key]["_id"])
    assert run(rig, Mode.REPLAY).records_written == 2
    assert list(rig.state.dead_letters.read("invoices")) == []
    for bill_id in made[:3]:
        tenant.delete("Bill", bill_id)
    assert run(rig, Mode.RECONCILE).details["deleted"] == 3
    left = {row["reference_nbr"] for row in rig.query("SELECT reference_nbr FROM invoices")}
    assert left & set(ODD_KEYS) == set(ODD_KEYS[3:])
