"""Values with defaults, and a whole connector over a sandbox tenant in one call, so that a test shows only what matters."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import duckdb
from msgspec.structs import replace

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.adapters.acumatica import AcumaticaSource, Pace
from connector.adapters.duckdb.warehouse import DuckDbWarehouse
from connector.adapters.retrying import Retry
from connector.adapters.sqlite import SqliteStateStore
from connector.app.catalogue import load_catalogue
from connector.domain.entity import Depth, Entity
from connector.domain.entity_state import Checkpoint, DeadLetter, EntityState
from connector.domain.records.codec import Codec, Record
from connector.domain.records.contract import Contract, Kind, Shape
from connector.domain.records.names import NO_NAMES
from connector.domain.run import Mode, RunRequest, RunResult
from connector.domain.tables.log_table import build_table, remember_names
from connector.domain.tables.schema import Table
from connector.ports import Ports, StateStore, Warehouse
from connector.runs.reconcile import reconcile_entity
from connector.runs.replay import replay_dead_letters
from connector.runs.run import Limits, Run
from connector.runs.sync import sync_entity
from tests.fault.mortal import Life, mortal
from tests.stand_ins.clock import FakeClock

MORNING = datetime(2026, 11, 22, 6, 0, 0, 837_000, tzinfo=UTC)
CATALOGUE = load_catalogue()
WORK = {
    Mode.INCREMENTAL: sync_entity,
    Mode.BACKFILL: sync_entity,
    Mode.RECONCILE: reconcile_entity,
    Mode.REPLAY: replay_dead_letters,
}


def an_id(number: int) -> str:
    """Return a record's id as Acumatica spells it; a greater number sorts later."""
    return f"00000000-0000-4000-a000-{number:012x}"


def an_entity(**parts: Any) -> Entity:
    """Return a catalogue block: a small entity with one key."""
    block = Entity(
        name="vendors",
        acumatica_entity="Vendor",
        keys=("VendorID",),
        current_view="vendors",
        schedule="2 * * * *",
    )
    return replace(block, **parts)


def a_contract(
    *,
    fields: Mapping[str, Kind] | None = None,
    modified_field: str | None = "LastModifiedDateTime",
    **shape: Any,
) -> Contract:
    """Return the contract of `an_entity`: its key, its stamp, and the fields given."""
    stamp = {modified_field: Kind.DATETIME} if modified_field else {}
    root = Shape(fields={"VendorID": Kind.STRING, **stamp, **(fields or {})}, **shape)
    return Contract(
        endpoint="Default", version="24.200.001", request="", root=root, modified_field=modified_field
    )


def named(contract: Contract) -> Contract:
    """Return a contract as it is followed and remembered: with the columns of its fields."""
    return remember_names(an_entity(), contract, NO_NAMES)


def a_row(
    *, number: int = 1, key: str = "V001", modified_at: datetime | None = MORNING, **members: Any
) -> bytes:
    """Return the JSON text of one record of a list; `members` are bare values, or whole members if they are dicts."""
    row: dict[str, Any] = {"id": an_id(number), "rowNumber": 1, "note": "", "VendorID": {"value": key}}
    if modified_at is not None:
        row["LastModifiedDateTime"] = {"value": modified_at.isoformat()}
    for name, value in members.items():
        row[name] = value if isinstance(value, dict | list) else {"value": value}
    return json.dumps(row).encode()


def a_record(*, contract: Contract | None = None, **parts: Any) -> Record:
    """Return what the connector makes of `a_row`."""
    return Codec(an_entity(), contract or a_contract()).decode(a_row(**parts))


def a_checkpoint(**parts: Any) -> Checkpoint:
    """Return progress inside a pass over everything that began in the MORNING."""
    checkpoint = Checkpoint(
        changed_since=None, source_time_at_start=MORNING, offset=2, known=("a", "b"), highest_stamp=MORNING
    )
    return replace(checkpoint, **parts)


def a_memory_file() -> Path:
    """Return the name under which SQLite keeps a database in memory."""
    return Path(":memory:")


def an_entity_state(**parts: Any) -> EntityState:
    """Return the memory of an entity that was read up to the MORNING."""
    entity_state = EntityState(
        entity="vendors", watermark=MORNING, changed_since=MORNING - timedelta(minutes=15), records_seen=3
    )
    return replace(entity_state, **parts)


class Rig:
    """A connector over a sandbox tenant, a SQLite file and a DuckDB file, with a clock that stands still.

    Every run has adapters of its own, as if another instance served it. `pass_time` moves the tenant's clock too.
    """

    def __init__(self, folder: Path, sandbox: Sandbox | None = None, *, url: str | None = None) -> None:
        self.folder = folder
        self.sandbox = sandbox or Sandbox(SandboxOptions(size="tiny")).start()
        self.url = url or self.sandbox.url
        self.clock = FakeClock(self.sandbox.tenant.clock.now())
        self.catalogue = dict(CATALOGUE.entities)
        self.endpoint, self.version = "Default", "24.200.001"
        self.secret: Literal["password", "cookie"] = "password"
        self.runs = 0
        self._opened: list[Ports] = []

    @property
    def state(self) -> StateStore:
        """The state as somebody else sees it."""
        return SqliteStateStore(path=self.folder / "state.db", clock=self.clock)

    def open_warehouse(self, _retry: Retry) -> Warehouse:
        """Return the warehouse as a run opens it."""
        return DuckDbWarehouse(self.folder / "warehouse.duckdb")

    def open_state(self, _retry: Retry) -> StateStore:
        """Return the state as a run opens it."""
        return self.state

    def open_ports(self, deadline: datetime | None = None, *, pace: Pace | None = None) -> Ports:
        """Return adapters that nothing was done with yet."""
        retry = Retry(clock=self.clock, deadline=deadline)
        source = AcumaticaSource(
            url=self.url,
            endpoint=self.endpoint,
            version=self.version,
            credentials=lambda: json.dumps(self.sandbox.credentials(self.secret)).encode(),
            store_credentials=lambda _: None,
            check_storable=lambda: None,
            clock=self.clock,
            retry=retry,
            storing_retry=retry,
            pace=pace,
            deadline=deadline,
        )
        ports = Ports(
            source=source,
            warehouse=self.open_warehouse(retry),
            state=self.open_state(retry),
            clock=self.clock,
        )
        self._opened.append(ports)
        return ports

    def build_table(self, entity: str) -> Table:
        """Return the log by the contract that the last run has read."""
        contract = self.state.entities.read(entity).contract
        assert contract is not None
        return build_table(self.catalogue[entity], contract)

    def build_run(
        self,
        entity: str = "vendors",
        mode: Mode = Mode.INCREMENTAL,
        *,
        ports: Ports | None = None,
        since: datetime | None = None,
        record_id: str | None = None,
        depth: Depth = Depth.KEYS,
        force: bool = False,
        budget: timedelta = timedelta(hours=1),
        **limits: Any,
    ) -> Run:
        """Return a run that has not begun."""
        self.runs += 1
        deadline = self.clock.now() + budget
        return Run(
            run_id=f"run-{self.runs}",
            entity=self.catalogue[entity],
            request=RunRequest(
                entity=entity, mode=mode, since=since, record_id=record_id, depth=depth, force=force
            ),
            ports=ports or self.open_ports(deadline),
            limits=Limits(**{"deadline": deadline, "page_size": 15, **limits}),
        )

    def run(
        self,
        entity: str = "vendors",
        mode: Mode = Mode.INCREMENTAL,
        *,
        life: Life | None = None,
        **parts: Any,
    ) -> RunResult:
        """Do a run; with a life it is done by a process that can die, whose files are closed afterwards."""
        deadline = self.clock.now() + parts.get("budget", timedelta(hours=1))
        ports = parts["ports"] = parts.get("ports") or self.open_ports(deadline)
        if life is not None:
            parts["ports"] = mortal(ports, life)
        try:
            return self.build_run(entity, mode, **parts).execute(WORK[mode])
        finally:
            ports.warehouse.close()
            ports.state.close()

    def reject(self, entity: str, *record_ids: str) -> None:
        """Keep the records, as they are now, as dead letters."""
        ports = self.open_ports()
        state = self.state
        for record_id in record_ids:
            payload = ports.source.read_record(self.catalogue[entity], record_id)
            state.dead_letters.add(
                DeadLetter(
                    entity=entity,
                    record_id=record_id,
                    key="",
                    reason="refused",
                    payload=payload or b"",
                    run_id=f"run-{self.runs}",
                    rejected_at=self.clock.now(),
                )
            )
        ports.source.close()
        state.close()

    def pass_time(self, duration: timedelta) -> None:
        """Move both clocks."""
        self.clock.advance(duration)
        self.sandbox.tenant.clock.advance(duration.total_seconds())

    def outlive_leases(self) -> None:
        """Let so much time pass that the lease and the seat of a dead run have ended."""
        self.pass_time(timedelta(minutes=40))

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Return rows of the warehouse, as an analyst gets them."""
        (rows,) = self.query_all(sql)
        return rows

    def query_all(self, *texts: str) -> list[list[dict[str, Any]]]:
        """Return the rows of several queries."""
        answers = []
        with self.reading() as connection:
            for sql in texts:
                found = connection.execute(sql)
                names = [column[0] for column in found.description or ()]
                answers.append([dict(zip(names, row, strict=True)) for row in found.fetchall()])
        return answers

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the warehouse for reading."""
        path = self.folder / "warehouse.duckdb"
        with duckdb.connect(str(path), read_only=True, config={"threads": 1}) as connection:
            yield connection

    def count(self, table: str) -> int:
        """Return how many rows a table or view shows; 0 when there is no such table yet."""
        if not (self.folder / "warehouse.duckdb").exists():
            return 0
        with self.reading() as connection:
            known = {
                name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
            }
            known |= {
                name for (name,) in connection.execute("SELECT view_name FROM duckdb_views()").fetchall()
            }
            found = (
                connection.execute(f'SELECT count(*) FROM "{table}"').fetchone() if table in known else (0,)
            )
            return int(found[0]) if found else 0

    def close(self) -> None:
        """Close every file and stop the tenant."""
        for ports in self._opened:
            ports.warehouse.close()
            ports.state.close()
        self.sandbox.stop()
