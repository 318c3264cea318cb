"""A sandbox tenant as a state machine of Hypothesis: its people insert, change, delete and rename, and commit late."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from acumatica_sandbox import Sandbox, SandboxOptions
from acumatica_sandbox.transaction import RecordLockedError, Transaction
from tests.stand_ins.sandbox_source import TenantTime

LONGEST_TRANSACTION = timedelta(minutes=8)
GROWN_OLD = LONGEST_TRANSACTION - timedelta(minutes=2)
"""From when on a transaction is ended at the next occasion; occasions are less than two minutes apart."""
SKEWS = st.integers(-120, 120).map(lambda seconds: timedelta(seconds=seconds))
"""A transaction's length and the differences of clocks must stay below the lookback together: 8 + 2 · 2 < 15 minutes."""

Move = tuple[str, int, int]
MOVES: st.SearchStrategy[Move] = st.tuples(
    st.sampled_from(
        ["insert", "insert", "change", "change", "several", "delete", "rename", "begin", "commit", "wait"]
    ),
    st.integers(0, 30),
    st.integers(0, 999),
)


class SandboxAtWork(RuleBasedStateMachine):
    """A tenant, and what its people do."""

    def __init__(self) -> None:
        super().__init__()
        self.sandbox = Sandbox(SandboxOptions(size="empty", request_seconds=1, token_seconds=10**8))
        self.tenant = self.sandbox.tenant
        self.clock = TenantTime(self.sandbox)
        self.open: list[tuple[Any, Transaction]] = []
        self.changes = 0

    @rule(moves=st.lists(MOVES, min_size=1, max_size=4))
    def work(self, moves: list[Move]) -> None:
        for move in moves:
            self.move(move)

    @rule(skew=SKEWS)
    def serve_from_another_machine(self, skew: timedelta) -> None:
        """Its clock differs a little."""
        self.tenant.clock.skew = skew

    @rule(minutes=st.integers(1, 40))
    def wait(self, minutes: int) -> None:
        for _ in range(minutes):
            self.tenant.clock.advance(60)
            self._end_transactions(older_than=GROWN_OLD)

    def move(self, move: Move) -> None:
        kind, index, number = move
        self.changes += 1
        self.tenant.clock.advance(0.02)  # one record does not change twice in the same 1/300 s
        records = self.tenant.records("Vendor")
        target = records[index % len(records)] if records else None
        if kind == "commit":
            self._end_transactions(only=index)
        elif kind == "wait":
            self.tenant.clock.advance(number / 10)
            self._end_transactions(older_than=GROWN_OLD)
        elif kind == "insert":
            self._insert(self.tenant.begin(), number).commit()
        elif target is not None and target.stamp <= self.tenant.clock.now():
            # a stamp ahead of the machine's clock: nobody edits the same record twice within the clocks' difference
            self._edit(kind, target.id, number, [record.id for record in records[index % len(records) :][:6]])

    def _edit(self, kind: str, record_id: str, number: int, several: list[str]) -> None:
        transaction = self.tenant.begin()
        try:
            if kind == "delete" and len(self.tenant.records("Vendor")) > 3:
                transaction.delete("Vendor", record_id)
            elif kind == "rename" and not self.tenant.find("Vendor", _key(number)):
                transaction.rename("Vendor", record_id, {"VendorID": _key(number)})
            for other in several if kind == "several" else [record_id] if kind in ("change", "begin") else []:
                if self.tenant.record("Vendor", other).stamp <= self.tenant.clock.now():
                    transaction.change("Vendor", other, {"VendorName": self._name()})
        except RecordLockedError:
            transaction.rollback()
            return
        if kind == "begin":
            self._insert(transaction, number + 1000)
            self.open.append((self.clock.now(), transaction))
        else:
            transaction.commit()

    def _name(self) -> str:
        """Return a name of its own, and of another length than the last."""
        return f"version {self.changes} ".ljust(self.changes * 97 % 800, "x")

    def _insert(self, transaction: Transaction, number: int) -> Transaction:
        """Add a record unless its key is taken, by a transaction that is not yet committed too."""
        key = f"{_key(number)}-{self.changes}"
        transaction.insert("Vendor", {"VendorID": key, "VendorName": self._name()})
        return transaction

    def _end_transactions(self, *, older_than: timedelta = timedelta(0), only: int | None = None) -> None:
        if only is not None:
            ending = [self.open[only % len(self.open)]] if self.open else []
        else:
            ending = [entry for entry in self.open if self.clock.now() - entry[0] >= older_than]
        for entry in ending:
            self.open.remove(entry)
            entry[1].commit()


def _key(number: int) -> str:
    return f"V{number:04}"
