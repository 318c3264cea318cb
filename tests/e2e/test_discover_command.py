"""The command `discover`: blocks that `check` and `sync` accept, lists, and sentences for what is not there."""

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.app.catalogue import load_catalogue
from connector.app.service import build
from connector.app.settings import load_settings
from connector.faces.cli import main
from tests.e2e.profiles import Profile, succeed


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny")) as tenant:
        yield tenant
    assert tenant.seats == 0


def test_printed_blocks_are_accepted_by_check_and_sync(
    embedded: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own.yaml"
    printed = []
    for name in (
        "AP-Vendors",
        "GL-Journal Transactions",
        "GL-Account Balances by Period",
        "AP-Ageing by Vendor",
        "Invoice",
        "PX_Objects_GL_GLTran",
        "PX_Objects_GL_GLHistory",
        "PX_Objects_AP_APInvoice",
    ):
        assert main(["discover", name]) == 0
        printed.append(capsys.readouterr().out)
    own.write_text("".join(printed))
    monkeypatch.setenv("ENTITIES_FILE", str(own))
    blocks = load_catalogue(own).entities
    assert len(blocks) == len(printed)
    answer = embedded.function.call(mode="check")
    assert answer.status == 200, answer.json
    for name in blocks:
        assert succeed(embedded, name)["records_written"] > 0
        assert succeed(embedded, name)["records_written"] == 0
    assert discovered_again(capsys, "AP-Vendors")["differences"] == []


def discovered_again(capsys: pytest.CaptureFixture[str], name: str) -> dict[str, Any]:
    assert main(["discover", name, "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (document["known_as"], document["keys_proven"]) == (document["block_name"], True)
    return document


@pytest.mark.usefixtures("embedded")
def test_an_inquiry_with_parameters_is_refused_until_they_are_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["discover", "DB-StorageDetails"]) == 0
    printed = capsys.readouterr().out
    assert "# parameters: [{name: Warehouse, value: …}] is needed: give the values" in printed
    own = tmp_path / "own.yaml"
    monkeypatch.setenv("ENTITIES_FILE", str(own))
    own.write_text(printed)
    assert main(["check"]) == 1
    assert "has parameters" in " ".join(capsys.readouterr().out.split())
    assert main(["discover", "DB-StorageDetails", "--parameter", "Warehouse=MAIN"]) == 0
    printed = capsys.readouterr().out
    assert "parameters: [{name: Warehouse, value: MAIN}]  # it was read with these" in printed
    assert "keys: [InventoryID, Warehouse]  # declared, and different in each of" in printed
    own.write_text(printed)
    assert main(["check"]) == 0
    capsys.readouterr()
    assert discovered_again(capsys, "DB-StorageDetails")["differences"] == []


@pytest.mark.usefixtures("embedded")
def test_the_command_lists_for_people_and_for_programs(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["discover"]) == 0
    assert "AP-Ageing by Vendor" in capsys.readouterr().out
    assert main(["discover", "--fields"]) == 0
    assert "Details/Account" in capsys.readouterr().out
    assert main(["discover", "--dacs", "PX_Objects_AP_*"]) == 0
    assert "DocDate" in capsys.readouterr().out
    assert main(["discover", "--json", "--dacs"]) == 0
    listed = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert listed["Bill"]["fields"]["Amount"] == "decimal"
    assert listed["Bill"]["details"]["Details"]["Amount"] == "decimal"
    assert listed["PX_Objects_GL_GLTran"]["look"] is None
    assert not listed["DB-StorageDetails"]["look"]["is_listable"]
    assert sandbox.seats == 0


@pytest.mark.usefixtures("embedded")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["Bil"], "Did you mean Bill?"),
        (["AP-Vendor", "--kind", "inquiry"], "Did you mean AP-Vendors?"),
        (["PX_Objects_GL_GLTra"], "Did you mean PX_Objects_GL_GLTran?"),
        (["GLTrn", "--kind", "dac"], "shows nothing called 'GLTrn'"),
        (["DB-StorageDetails", "--parameter", "Warehouse"], "is no NAME=VALUE"),
        (["Bill", "--dacs"], "--dacs"),
        (["--kind", "entity"], "--kind"),
    ],
)
def test_what_is_not_there_is_told_in_a_sentence(
    capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert main(["discover", *words]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.usefixtures("embedded")
def test_while_runs_hold_every_seat_it_waits_for_another_call(capsys: pytest.CaptureFixture[str]) -> None:
    connector = build(load_settings(os.environ))
    with connector.open_state() as state:
        seat = state.seats.acquire("another run", 1, timedelta(minutes=1))
        assert seat is not None
        assert main(["discover", "Bill"]) == 1
        assert "in use by running syncs" in capsys.readouterr().err
        state.seats.release(seat)
    assert main(["discover", "Bill"]) == 0
