"""A record's whole story is told, by its key and by its id, from what is left of state and warehouse."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connector.domain.run import Mode, Status
from connector.faces.cli import main
from tests.builders import Rig
from tests.e2e.profiles import embedded_environment, set_environment

UNUSABLE = Decimal("1234567890123456789012345678901.5")


class Desk:
    """A person at the command line, who looks at one bill."""

    def __init__(self, rig: Rig, capture: pytest.CaptureFixture[str]) -> None:
        self.rig = rig
        self.tenant = rig.sandbox.tenant
        self.bill = self.tenant.records("Bill")[3].id
        self._capture = capture

    @property
    def key(self) -> str:
        fields = self.tenant.record("Bill", self.bill).fields
        return f"{fields['Type']}/{fields['ReferenceNbr']}"

    def run(self, mode: Mode = Mode.INCREMENTAL, **change: Any) -> None:
        """Do a run an hour later, after this change of the bill."""
        self.rig.pass_time(timedelta(hours=1))
        if change:
            self.tenant.change("Bill", self.bill, change)
        assert self.rig.run("invoices", mode).status is Status.SUCCEEDED

    def audit(self, key: str) -> list[dict[str, str]]:
        """Return the lines the command line prints."""
        self._capture.readouterr()
        main(["audit", "invoices", key, "--json"])
        lines: list[dict[str, str]] = json.loads(self._capture.readouterr().out)
        return lines


@pytest.fixture
def desk(rig: Rig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    environment = embedded_environment(rig.sandbox, rig.folder)
    files = {
        "WAREHOUSE": f"duckdb:{rig.folder / 'warehouse.duckdb'}",
        "STATE": f"sqlite:{rig.folder / 'state.db'}",
    }
    set_environment(monkeypatch, {**environment, **files})
    return Desk(rig, capsys)


def _told(lines: list[dict[str, str]]) -> list[str]:
    return [f"{line['place']}: {line['what']}" for line in lines]


def _lose_state(rig: Rig) -> None:
    for path in rig.folder.glob("state.db*"):
        path.unlink()


def test_a_record_is_followed_through_all_that_can_happen_to_it(desk: Desk) -> None:
    key = desk.key
    amount = desk.tenant.record("Bill", desk.bill).fields["Amount"]
    desk.run()
    desk.run(Mode.BACKFILL)
    desk.run(Amount=UNUSABLE)
    rejected, letter = desk.audit(key)[-2:][::-1]
    assert letter["what"] == "kept, tried 1 time"
    assert rejected["what"] == "incremental: rejected"
    assert letter["reason"] == rejected["reason"] != ""
    desk.tenant.change("Bill", desk.bill, {"Amount": amount, "Description": "mended"})
    desk.run(Mode.REPLAY)
    desk.tenant.delete("Bill", desk.bill)
    desk.run(Mode.RECONCILE)

    lines = desk.audit(key)
    assert _told(lines) == [
        "run: incremental: written",
        "warehouse: version stored",
        "run: backfill: unchanged",
        "run: incremental: rejected",
        "run: replay: written",
        "warehouse: version stored",
        "run: reconcile: tombstoned",
        "warehouse: deleted",
    ]
    assert {line["record_id"] for line in lines} == {desk.bill}
    assert len({line["run_id"] for line in lines}) == 5
    assert desk.audit(desk.bill) == lines


def test_a_key_is_found_in_the_warehouse_when_the_state_is_lost(desk: Desk) -> None:
    desk.run()
    lines = desk.audit(desk.key)
    _lose_state(desk.rig)
    found = desk.audit(desk.key)
    assert found == [line for line in lines if line["place"] == "warehouse"] != []
    assert found == desk.audit(desk.bill)
    assert found[0]["key"] == desk.key


@pytest.mark.parametrize(
    "keys",
    [
        {"Type": "Bill", "ReferenceNbr": "A/B/1"},
        {"Type": "Credit/Adj.", "ReferenceNbr": "1"},
        {"Type": "Credit/Adj.", "ReferenceNbr": "B/1"},
    ],
)
def test_a_key_with_slashes_in_its_parts_is_found_in_the_warehouse(desk: Desk, keys: dict[str, str]) -> None:
    desk.bill = desk.tenant.insert("Bill", {**keys, "Vendor": "V000001"})
    desk.run()
    _lose_state(desk.rig)
    assert {line["record_id"] for line in desk.audit("/".join(keys.values()))} == {desk.bill}


def test_a_record_is_found_by_every_key_it_ever_had(desk: Desk) -> None:
    before = desk.key
    desk.run()
    desk.run(ReferenceNbr="renamed")
    assert desk.key != before
    _lose_state(desk.rig)
    assert [line["key"] for line in desk.audit(before)] == [before, desk.key]
    assert desk.audit(before) == desk.audit(desk.key)


def test_a_key_that_was_given_to_another_record_tells_of_both(desk: Desk) -> None:
    key = desk.key
    desk.run()
    fields = dict(desk.tenant.record("Bill", desk.bill).fields)
    desk.tenant.delete("Bill", desk.bill)
    other = desk.tenant.insert("Bill", {name: fields[name] for name in ("Type", "ReferenceNbr", "Vendor")})
    desk.run()
    assert {line["record_id"] for line in desk.audit(key)} == {desk.bill, other}
