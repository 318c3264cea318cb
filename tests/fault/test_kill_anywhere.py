"""A process may end before or after any call of any port: the next run makes the copy complete and right.

The tenant is on loopback, state and warehouse are files. What the warehouse shows is compared with the tenant itself,
column by column and line by line. `test_sigkill.py` does the same to a real process.
"""

import os
import random
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from acumatica_sandbox.rows import Scalar
from connector.domain.entity import Depth
from connector.domain.run import Mode, Status
from connector.errors import (
    ConnectorError,
    SourceUnavailableError,
    StateStoreUnavailableError,
    WarehouseUnavailableError,
)
from tests.builders import Rig
from tests.fault.mortal import Killed, Life, Moment, choose_ends, dies_at, stumbles_at
from tests.oracle import assert_shows_tenant
from tests.seed import SEED

PAIRS = int(os.environ.get("CONNECTOR_KILL_PAIRS", "10"))
MOMENTS = int(os.environ.get("CONNECTOR_KILL_MOMENTS", "8"))
"""Of each mode but the incremental one, of some 30 kinds of call."""
BATCHES: dict[str, dict[str, Any]] = {"a batch per page": {"batch_bytes": 1}, "one batch": {}}
ERRORS: dict[str, type[ConnectorError]] = {
    "source": SourceUnavailableError,
    "warehouse": WarehouseUnavailableError,
    "state": StateStoreUnavailableError,
}


class Books:
    """Seven bills that are changed again and again, so that each run reads three pages of three."""

    def __init__(self, rig: Rig, batches: dict[str, Any]) -> None:
        self.rig = rig
        self.limits: dict[str, Any] = {"page_size": 3, **batches}
        self.turn = 0
        self.bills = [record.id for record in rig.sandbox.tenant.records("Bill")[:7]]

    def change(self) -> None:
        """Change every bill, the lines of some, and let the next run prove anew that ids last."""
        self.turn += 1
        taken = self.rig.state.entities.acquire_lease("invoices", "test", timedelta(minutes=1))
        assert isinstance(taken, tuple)
        self.rig.state.entities.commit(taken[0], replace(taken[1], proven_identity=None))
        self.rig.pass_time(timedelta(seconds=1))
        tenant = self.rig.sandbox.tenant
        for number, bill in enumerate(self.bills):
            tenant.change(
                "Bill", bill, {"Description": f"turn {self.turn}", "Amount": Decimal(self.turn) / 100}
            )
            if number % 3 == 0:
                line = tenant.record("Bill", bill).details["Details"][0]
                added: dict[str, Scalar] = {
                    "Account": "20100",
                    "Amount": Decimal(self.turn),
                    "InventoryID": "AALEGO500",
                }
                tenant.change("Bill", bill, details={"Details": [line, added]})

    def run(self, life: Life) -> str:
        """Return how a run that meets this fate ends."""
        try:
            return self.rig.run("invoices", life=life, **self.limits).status
        except Killed:
            return "killed"

    def moments(self) -> list[Moment]:
        """Every moment of an undisturbed run over changed bills, in the order they came."""
        self.change()
        life = Life(lambda *_: None)
        assert self.run(life) == Status.SUCCEEDED
        return life.order

    def assert_nothing_is_passed(self) -> None:
        """Fail if the next pass would begin after a record that is not written."""
        changed_since = self.rig.state.entities.read("invoices").changed_since
        assert changed_since is not None
        shown = {row["_id"]: row["_modified_at"] for row in self.rig.query("SELECT * FROM invoices")}
        for record in self.rig.sandbox.tenant.records("Bill"):
            assert shown.get(record.id) == record.stamp or record.stamp >= changed_since, record.keys

    def recover(self) -> None:
        """Run again as another instance, once the dead one's lease has ended, and compare."""
        self.assert_nothing_is_passed()
        self.rig.outlive_leases()
        result = self.rig.run("invoices", **self.limits)
        assert result.status is Status.SUCCEEDED, result
        assert_shows_tenant(self.rig, "invoices")

    def assert_rests(self) -> None:
        """Fail if a run with nothing to do writes something."""
        assert self.rig.run("invoices", **self.limits).records_written == 0


@pytest.fixture(params=list(BATCHES.values()), ids=list(BATCHES))
def books(rig: Rig, request: pytest.FixtureRequest) -> Books:
    """Books that were copied once, an hour ago."""
    assert rig.run("invoices").status is Status.SUCCEEDED
    rig.outlive_leases()
    return Books(rig, request.param)


def test_a_process_may_end_before_and_after_every_call(books: Books) -> None:
    moments = choose_ends(books.moments(), random.Random(SEED))  # noqa: S311 - which of equal moments to try
    assert len(moments) >= 20, moments
    for moment in moments:
        books.change()
        assert books.run(dies_at(*moment)) == "killed", moment
        books.recover()
    books.assert_rests()


def test_two_processes_may_end_one_after_the_other(books: Books) -> None:
    chance = random.Random(SEED)  # noqa: S311 - which moments to try
    moments = books.moments()
    for _ in range(PAIRS):
        for moment in chance.choice(moments), chance.choice(moments):
            if chance.random() < 0.5:
                books.change()
            books.run(dies_at(*moment))  # the second may end before its moment comes
            books.rig.outlive_leases()
        books.recover()
    books.assert_rests()


def test_every_kind_of_call_may_fail_before_or_after_it_had_its_effect(books: Books) -> None:
    moments = books.moments()
    last = dict(moments)  # of those that come several times the last: most is at stake there
    for moment, ordinal in _that_may_fail(list(last.items())):
        books.change()
        error = ERRORS[moment.split()[1].split(".")[0]]("It is down.", action="Wait.")
        status = books.run(stumbles_at(moment, error, ordinal))
        assert status in (Status.FAILED, Status.SUCCEEDED), moment
        books.recover()
    books.assert_rests()


def _that_may_fail(moments: list[Moment]) -> Iterator[Moment]:
    """Leave out the calls that never raise, by their contract."""
    never = ("source.close", "source.contract_matches", "warehouse.close")
    return ((moment, ordinal) for moment, ordinal in moments if not moment.endswith(never))


def test_the_very_first_run_may_end_at_any_call(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    limits: dict[str, Any] = {"page_size": 15, "batch_bytes": 1}
    life = Life(lambda *_: None)
    rig.run("invoices", life=life, **limits)
    for number, moment in enumerate(choose_ends(life.order, random.Random(SEED))):  # noqa: S311
        folder = tmp_path / str(number)
        folder.mkdir()
        young = Rig(folder, rig.sandbox)
        with pytest.raises(Killed):
            young.run("invoices", life=dies_at(*moment), **limits)
        young.outlive_leases()
        assert young.run("invoices", **limits).status is Status.SUCCEEDED, moment
        assert_shows_tenant(young, "invoices")
    rig.close()


OTHER_MODES = {
    "backfill": (Mode.BACKFILL, Depth.KEYS),
    "reconcile of keys": (Mode.RECONCILE, Depth.KEYS),
    "reconcile of contents": (Mode.RECONCILE, Depth.CONTENT),
    "replay": (Mode.REPLAY, Depth.KEYS),
}


class Upheaval:
    """Bills that are changed (for a reconcile of contents without a stamp), deleted, inserted and rejected, turn by turn."""

    def __init__(self, rig: Rig, mode: Mode, depth: Depth) -> None:
        self.rig, self.mode, self.depth = rig, mode, depth
        self.turn = 0
        self.gone: set[str] = set()

    def change(self) -> None:
        """Make work for every step of the mode."""
        self.turn += 1
        self.rig.pass_time(timedelta(minutes=30))
        tenant = self.rig.sandbox.tenant
        bills = [bill.id for bill in tenant.records("Bill")]
        for bill in bills[:8]:
            touch = self.depth is Depth.KEYS
            tenant.change("Bill", bill, {"Description": f"turn {self.turn}"}, touch=touch)
        tenant.insert(
            "Bill", {"Type": "Bill", "ReferenceNbr": f"9{self.turn:05}", "Vendor": "V000001", "Hold": True}
        )
        if self.mode is Mode.REPLAY:
            self.rig.reject("invoices", *bills[:8])
        tenant.delete("Bill", bills[7])
        self.gone.add(bills[7])
        self.rig.pass_time(timedelta(minutes=1))

    def run(self, life: Life | None = None) -> Status | None:
        """Return how a run that meets this fate ends; None for one that is killed."""
        try:
            return self.rig.run(
                "invoices", self.mode, depth=self.depth, life=life, page_size=15, batch_bytes=1
            ).status
        except Killed:
            return None

    def moments(self) -> list[Moment]:
        """Some moments of an undisturbed run, by chance."""
        for _ in range(2):  # what is found out once and remembered is not among them
            self.change()
            life = Life(lambda *_: None)
            assert self.run(life) is Status.SUCCEEDED
        chance = random.Random(SEED)  # noqa: S311 - which moments to try
        kinds = chance.sample(sorted(life.moments.items()), MOMENTS)
        return [(moment, chance.randint(1, count)) for moment, count in kinds]

    def assert_none_is_back(self) -> None:
        """Fail if a bill is shown in the version that was kept of it before it was deleted."""
        shown = {row["_id"]: row["description"] for row in self.rig.query("SELECT * FROM invoices")}
        assert not [bill for bill in self.gone if str(shown.get(bill)).startswith("turn")]

    def assert_done(self) -> None:
        """Fail unless the mode has done all that is its own."""
        shown = {row["_id"]: row["description"] for row in self.rig.query("SELECT * FROM invoices")}
        bills = self.rig.sandbox.tenant.records("Bill")
        if self.mode is Mode.REPLAY:
            assert list(self.rig.state.dead_letters.read("invoices")) == []
            assert not self.gone & set(shown)
            assert {bill.id: bill.fields["Description"] for bill in bills[:7]}.items() <= shown.items()
            return
        if self.depth is Depth.CONTENT:  # gone on with in two runs it judges no deletions
            self.rig.run("invoices", Mode.RECONCILE)
        deletes = self.mode is Mode.RECONCILE
        assert_shows_tenant(self.rig, "invoices", deleted=frozenset() if deletes else frozenset(self.gone))


@pytest.mark.parametrize(("mode", "depth"), OTHER_MODES.values(), ids=list(OTHER_MODES))
def test_every_other_mode_may_end_at_any_call(rig: Rig, mode: Mode, depth: Depth) -> None:
    assert rig.run("invoices").status is Status.SUCCEEDED
    books = Upheaval(rig, mode, depth)
    for moment in books.moments():
        books.change()
        assert books.run(dies_at(*moment)) is None, moment
        rig.outlive_leases()
        books.assert_none_is_back()
        assert books.run() is Status.SUCCEEDED, moment
        books.assert_done()
