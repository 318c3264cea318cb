"""A whole connector over a list in memory: a run takes milliseconds."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from connector.adapters.sqlite import SqliteStateStore
from connector.domain.batch import Append
from connector.domain.entity import Depth
from connector.domain.entity_state import EntityState
from connector.domain.records.contract import Contract
from connector.domain.run import Mode, RunRequest, RunResult, Status
from connector.ports import Ports
from connector.runs.identity_proof import describe_identity
from connector.runs.run import Limits, Run
from tests.builders import WORK, a_contract, a_memory_file, a_row, an_entity, an_id
from tests.fault.mortal import Life, mortal
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.list_source import ListSource
from tests.stand_ins.warehouse import MemoryWarehouse

PROVEN = describe_identity(an_entity(), a_contract())
"""What a rig remembers whose records were seen to keep their ids."""


class SmallRig:
    """The entity `vendors`, copied from a list into a warehouse; all three systems are open to the test."""

    def __init__(self, *rows: bytes, contract: Contract | None = None, **entity: Any) -> None:
        self.clock = FakeClock()
        self.entity = an_entity(**entity)
        self.source = ListSource(entity=self.entity, clock=self.clock, contract=contract or a_contract())
        self.source.put(*rows)
        self.warehouse = MemoryWarehouse()
        self.state = SqliteStateStore(path=a_memory_file(), clock=self.clock)
        self.runs = 0

    def edit(self, *, contract: Contract | None = None, **parts: Any) -> None:
        """Let an operator edit the block of the catalogue."""
        self.entity = replace(self.entity, **parts)
        self.source.serve(self.entity, contract or self.source.contract)

    def build_run(
        self,
        mode: Mode = Mode.INCREMENTAL,
        *,
        life: Life | None = None,
        budget: timedelta = timedelta(hours=1),
        since: datetime | None = None,
        record_id: str | None = None,
        depth: Depth = Depth.KEYS,
        force: bool = False,
        **limits: Any,
    ) -> Run:
        """Return a run that has not begun; pages have three rows."""
        self.runs += 1
        ports = Ports(source=self.source, warehouse=self.warehouse, state=self.state, clock=self.clock)
        return Run(
            run_id=f"run-{self.runs}",
            entity=self.entity,
            request=RunRequest(
                entity=self.entity.name, mode=mode, since=since, record_id=record_id, depth=depth, force=force
            ),
            ports=ports if life is None else mortal(ports, life),
            limits=Limits(**{"deadline": self.clock.now() + budget, "page_size": 3, **limits}),
        )

    def run(self, mode: Mode = Mode.INCREMENTAL, **parts: Any) -> RunResult:
        return self.build_run(mode, **parts).execute(WORK[mode])

    @property
    def entity_state(self) -> EntityState:
        return self.state.entities.read(self.entity.name)

    @property
    def appends(self) -> list[Append]:
        """What was written into the log of the entity."""
        return [append for append in self.warehouse.appends if append.table.name == self.entity.log_table]

    def shown(self, column: str = "vendor_id") -> dict[str, Any]:
        """Return a column of the current view by id; a view without it is queried in vain."""
        assert column in self.warehouse.views[self.entity.current_view]
        current = self.warehouse.current(self.entity.log_table)
        return {i: msgspec.json.decode(row.data).get(column) for i, row in sorted(current.items())}

    def runs_told(self) -> list[dict[str, Any]]:
        """Return the rows of `sync_runs`."""
        told = self.warehouse.logs.get("sync_runs", ())
        return [msgspec.json.decode(row.data) for row in told]


def vendors(*numbers: int, **members: Any) -> list[bytes]:
    """Return rows whose keys tell their numbers; `members` as of `a_row`."""
    return [a_row(number=number, key=f"V{number:03}", **members) for number in numbers]


def copied(*numbers: int, **entity: Any) -> SmallRig:
    """A rig whose rows were copied at noon; an hour has passed since."""
    rig = SmallRig(*vendors(*numbers), **entity)
    assert rig.run().status is Status.SUCCEEDED
    remember(rig, proven_identity=PROVEN)
    rig.clock.advance(timedelta(hours=1))
    rig.warehouse.appends.clear()
    rig.source.queries.clear()
    rig.source.asked.clear()
    return rig


def remember(rig: SmallRig, **parts: Any) -> None:
    """Replace parts of what is remembered of the entity."""
    taken = rig.state.entities.acquire_lease("vendors", "test", timedelta(hours=1))
    assert isinstance(taken, tuple)
    rig.state.entities.commit(taken[0], replace(taken[1], **parts))


def lose(rig: SmallRig, *numbers: int) -> None:
    """Let Acumatica no longer have these records."""
    for number in numbers:
        del rig.source.rows[an_id(number)]


def report(rig: SmallRig, *numbers: int) -> None:
    """Let Acumatica report these records deleted."""
    ids = [an_id(number) for number in numbers]
    assert rig.state.notifications.note("vendors", f"n-{numbers}", ids, timedelta(hours=1))


def is_free(rig: SmallRig) -> bool:
    """Whether neither the lease nor the only seat is held."""
    seat = rig.state.seats.acquire("probe", 1, timedelta(hours=1))
    if seat is not None:
        rig.state.seats.release(seat)
    return seat is not None and rig.state.statuses(["vendors"])[0].lease is None
