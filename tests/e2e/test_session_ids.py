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
