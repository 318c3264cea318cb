"""An entity renamed in the cloud: its log in BigQuery, its state, audit and dead letters in Firestore go along."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.app.catalogue import BUNDLED
from connector.app.rename import rename
from connector.app.service import build
from connector.app.settings import load_settings
from connector.domain.entity_state import DeadLetter
from tests.e2e.profiles import Profile, shown_ids, stored_ids, succeed


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny")) as running:
        yield running


@pytest.mark.emulator
def test_renamed_it_goes_on_where_it_stood_and_its_dead_letter_is_replayed(
    cloud: Profile, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = succeed(cloud, "vendors")
    kept, changed, *_ = sandbox.tenant.records("Vendor")
    state = build(load_settings(os.environ)).wiring.open_state()
    state.dead_letters.add(
        DeadLetter(
            entity="vendors",
            record_id=kept.id,
            key="",
            reason="refused",
            payload=b"{}",
            run_id="run-1",
            rejected_at=sandbox.tenant.clock.now(),
        )
    )

    catalogue = tmp_path / "entities.yaml"
    catalogue.write_text(BUNDLED.read_text("utf-8").replace("\nvendors:\n", "\nsuppliers:\n"), "utf-8")
    monkeypatch.setenv("ENTITIES_FILE", str(catalogue))
    done = rename(build(load_settings(os.environ)), "vendors", "suppliers")
    assert done[:2] == [
        "vendors_log is suppliers_log now",
        "state, audit and dead letters of vendors belong to suppliers now",
    ]

    sandbox.tenant.clock.advance(3600)
    sandbox.tenant.change("Vendor", changed.id, {"VendorName": "Changed since"})
    after = succeed(cloud, "suppliers")
    assert (after["watermark_before"], after["records_written"]) == (before["watermark_after"], 1)
    assert succeed(cloud, "suppliers", mode="replay")["records_read"] == 1
    assert list(state.dead_letters.read("suppliers")) == list(state.dead_letters.read("vendors")) == []
    assert shown_ids(cloud, "vendors") == stored_ids(sandbox, "Vendor")
    assert (state.audit.read_run(before["run_id"]) or {})["entity"] == "suppliers"
    state.close()
