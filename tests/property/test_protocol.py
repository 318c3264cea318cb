"""The reading protocol against random histories of a moving tenant: whatever happens, the copy ends up complete.

One history: a few runs while the tenant moves, each of which may be killed at any call of any port and goes on from
its checkpoint or, when an operator threw that away, from the beginning; then the tenant rests longer than the lookback
and one run ends undisturbed. After it every live record must be current in the copy (deleted ones are reconcile's).

CONNECTOR_HISTORIES sets how many histories are tried, CONNECTOR_SEED where they begin.
"""

import os
import random
from collections.abc import Callable
from datetime import timedelta
from math import ceil
from pathlib import Path
from zlib import crc32

import msgspec
import pytest

from connector.adapters.sqlite import SqliteStateStore
from connector.domain.run import Mode, RunRequest, RunResult, Status
from connector.ports import Ports
from connector.runs.run import Limits, Run
from tests.builders import WORK
from tests.fault.mortal import Killed, Life, mortal
from tests.property.moving_rows import CountedInquiry, MovingClass, MovingInquiry
from tests.property.moving_tenant import (
    LONGEST_TRANSACTION,
    LOOKBACK_TICKS,
    TICK,
    MovingTenant,
    TenantTime,
)
from tests.seed import SEED
from tests.stand_ins.warehouse import MemoryWarehouse

HISTORIES = int(os.environ.get("CONNECTOR_HISTORIES", "1000"))
NAIVE_HISTORIES = 300
KILL_SHARE = 0.02
"""Of the moments before and after a port's call: about every third run of a stormy history is killed."""


class Copy:
    """The copy of one tenant: warehouse and state, and the runs that keep it."""

    def __init__(
        self, seed: int, *, lookback: timedelta = LOOKBACK_TICKS * TICK, tenant: MovingTenant | None = None
    ) -> None:
        self.seed, self.lookback, self.runs = seed, lookback, 0
        self.warehouse = MemoryWarehouse()
        self.chance = random.Random(f"copy {seed}")  # noqa: S311 - made-up histories, not secrets
        self.tenant = tenant or MovingTenant(seed)
        self.entity = self.tenant.entity
        self.clock = TenantTime(self.tenant)
        self.state = SqliteStateStore(path=Path(":memory:"), clock=self.clock)
        self.page_size = self.chance.randrange(2, 6)
        self.batch_bytes = self.chance.choice([1, 600, 8_000_000])

    def run(self, life: Life | None = None, mode: Mode = Mode.INCREMENTAL) -> RunResult | None:
        """Do one run; None when it was killed. Its lease and seat end at once, as if much time had passed."""
        ports = Ports(source=self.tenant, warehouse=self.warehouse, state=self.state, clock=self.clock)
        self.runs += 1
        self.tenant.sign_in()
        limits = Limits(
            deadline=self.clock.now() + timedelta(days=1),
            page_size=self.page_size,
            lookback=self.lookback,
            lease_ttl=timedelta(0),
            batch_bytes=self.batch_bytes,
        )
        try:
            return Run(
                run_id=f"run-{self.runs}",
                entity=self.entity,
                request=RunRequest(entity=self.entity.name, mode=mode),
                ports=mortal(ports, life) if life else ports,
                limits=limits,
            ).execute(WORK[mode])
        except Killed:
            return None

    def _decide(self, moment: str, count: int) -> Killed | None:
        """Two threads ask, so what is decided depends on the moment alone, not on who asks first."""
        dice = crc32(f"{self.seed} {self.runs} {moment} {count}".encode()) / 2**32
        return Killed(moment) if dice < KILL_SHARE else None

    def throw_checkpoint_away(self) -> None:
        taken = self.state.entities.acquire_lease(self.entity.name, "operator", timedelta(0))
        assert isinstance(taken, tuple)
        self.state.entities.save_checkpoint(taken[0], "incremental", None)
        self.state.entities.release_lease(taken[0])

    def live_through_storm(self) -> None:
        for _ in range(self.chance.randrange(1, 7)):
            killed = self.run(Life(self._decide)) is None
            if killed and self.chance.random() < 0.3:
                self.throw_checkpoint_away()
            self.tenant.pass_time(self.chance.randrange(60))

    def come_to_rest(self) -> None:
        self.tenant.storm = 0
        self.tenant.pass_time(LONGEST_TRANSACTION + LOOKBACK_TICKS + 5)
        for _ in range(30):
            result = self.run()
            if result is not None and result.status is Status.SUCCEEDED:
                break
        self.run(mode=Mode.REPLAY)
        self.tenant.pass_time(LOOKBACK_TICKS + 5)
        last = self.run()
        assert last is not None
        assert last.status is Status.SUCCEEDED, last

    def find_lost(self) -> list[str]:
        """Return the live records whose newest version is not current in the copy."""
        current = self.warehouse.current(self.entity.log_table)
        numbers = {record: msgspec.json.decode(row.data)["number"] for record, row in current.items()}
        newest = {self.tenant.name(record, item): item.number for record, item in self.tenant.items.items()}
        return [record for record, number in newest.items() if numbers.get(record) != number]


@pytest.mark.parametrize(
    ("kind", "histories"),
    [
        (MovingTenant, HISTORIES),
        *((feed, ceil(HISTORIES * 2 / 3)) for feed in (MovingInquiry, CountedInquiry, MovingClass)),
    ],
    ids=["entity", "inquiry by keys", "inquiry by counting", "class"],
)
def test_no_history_loses_a_record_and_an_idle_run_writes_nothing(
    kind: type[MovingTenant], histories: int
) -> None:
    for seed in range(SEED, SEED + histories):
        copy = Copy(seed, tenant=kind(seed))
        copy.live_through_storm()
        copy.come_to_rest()
        assert copy.find_lost() == [], f"CONNECTOR_SEED={seed} CONNECTOR_HISTORIES=1"
        idle = copy.run()
        assert idle is not None
        assert (idle.status, idle.records_written) == (Status.SUCCEEDED, 0), f"CONNECTOR_SEED={seed}"


def test_a_transaction_longer_than_the_lookback_can_be_lost() -> None:
    """Nothing can save a change that shows later than the lookback: the test above does depend on the margin."""

    def loses(seed: int) -> bool:
        copy = Copy(seed, lookback=timedelta(0))
        copy.live_through_storm()
        copy.come_to_rest()
        return bool(copy.find_lost())

    assert any(loses(seed) for seed in range(200))


@pytest.mark.parametrize("step", [0, 1], ids=["ge", "gt"])
def test_paging_by_offset_from_the_highest_stamp_loses_records(step: int) -> None:
    """The plain way, as a script would do it, on the same tenants: so these histories are hard enough to tell."""
    losing = sum(_lives_naively(seed, step) for seed in range(NAIVE_HISTORIES))
    assert losing > NAIVE_HISTORIES // 10, f"only {losing} of {NAIVE_HISTORIES} lose a record"


def _lives_naively(seed: int, step: int) -> bool:
    tenant = MovingTenant(seed)
    rows: dict[int, int] = {}
    high: int | None = None

    def read() -> int | None:
        changed_since, position, highest_stamp = None if high is None else high + step, 0, high
        while True:
            page = tenant.list_items(changed_since, position, 4)
            for record, item in page:
                highest_stamp = max(item.stamp, highest_stamp or 0)
                rows[record] = max(item.number, rows.get(record, 0))
            position += len(page)
            if len(page) < 4:
                return highest_stamp

    def rest(ticks: int) -> None:
        tenant.pass_time(ticks)

    chance = random.Random(f"naive {seed}")  # noqa: S311 - made-up histories, not secrets
    for _ in range(chance.randrange(1, 7)):
        high = read()
        rest(chance.randrange(60))
    tenant.storm = 0
    steps: list[Callable[[], None]] = [lambda: rest(LONGEST_TRANSACTION + LOOKBACK_TICKS)]
    for wait in steps * 2:
        wait()
        high = read()
    return any(rows.get(record) != item.number for record, item in tenant.items.items())
