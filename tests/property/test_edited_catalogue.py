"""An operator edits the catalogue, renames entities, drops what the docs allow and switches versions, while runs are killed:
after the next undisturbed runs every view shows the tenant, or a run says what it refuses.
"""

import os
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from msgspec.structs import replace

from connector.adapters.duckdb.warehouse import DuckDbWarehouse
from connector.adapters.sqlite import SqliteStateStore
from connector.app.rename import rename_entity
from connector.domain.entity import CurrentForm, Depth, Entity, LineView
from connector.domain.run import Mode, RunRequest, RunResult, Status
from connector.ports import Ports
from connector.runs.run import Limits, Run
from tests.builders import WORK, a_memory_file, an_entity
from tests.fault.mortal import Killed, Life, mortal
from tests.property.edited_tenant import EditedTenant
from tests.stand_ins.clock import FakeClock

HISTORIES = int(os.environ.get("CONNECTOR_CATALOGUES", "100"))
HOUR = timedelta(hours=1)
NUMBERS = st.integers(1, 7)
SIDES = st.sampled_from(["left", "right"])
EDITS: tuple[dict[str, Any], ...] = (
    {"modified_field": "Changed"},
    {"modified_field": None},
    {"select": ("Name",)},
    {"select": ()},
    {"exclude": frozenset({"Colour"})},
    {"exclude": frozenset()},
    {"keys": ("Name",)},
    {"keys": ("VendorID",)},
    {"current": CurrentForm.TABLE},
    {"current": CurrentForm.VIEW},
)


class MemoryDuckDb(DuckDbWarehouse):
    """A file that never leaves memory, which the test looks into."""

    def __init__(self) -> None:
        super().__init__(Path("memory"))
        self._connection = self.opened = duckdb.connect(":memory:")
        self.opened.execute("SET TimeZone = 'UTC'; SET threads = 1")

    def close(self) -> None:
        """Stay open."""


def a_block(name: str, acumatica_entity: str) -> Entity:
    lines = LineView(name=f"{name}_lines", details=("Details",), prefix="record_")
    return an_entity(
        name=name,
        acumatica_entity=acumatica_entity,
        current_view=name,
        line_views=(lines,),
        expand=("Details",),
    )


class Operator(RuleBasedStateMachine):
    """Two blocks of a catalogue, their tenants, and everything an operator does to them."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.warehouse = MemoryDuckDb()
        self.state = SqliteStateStore(path=a_memory_file(), clock=self.clock)
        self.blocks = {"left": a_block("vendors", "Vendor"), "right": a_block("customers", "Customer")}
        self.tenants = {side: EditedTenant(block, self.clock) for side, block in self.blocks.items()}
        for number, tenant in enumerate(self.tenants.values()):
            for record in range(1, 4 + number):
                tenant.save(record, self.clock.now())
        self.page_size, self.runs = 2, 0

    def ports(self, side: str, life: Life | None = None) -> Ports:
        ports = Ports(source=self.tenants[side], warehouse=self.warehouse, state=self.state, clock=self.clock)
        return ports if life is None else mortal(ports, life)

    def do(
        self,
        side: str,
        mode: Mode,
        depth: Depth = Depth.KEYS,
        *,
        life: Life | None = None,
        patience: int = 99,
    ) -> RunResult | None:
        """Do one run; None if it was killed. Its lease ends at once, as if much time had passed."""
        self.runs += 1
        self.clock.advance(HOUR)
        asked, block = count(), self.blocks[side]
        limits = Limits(
            deadline=self.clock.now() + timedelta(days=1),
            page_size=self.page_size,
            lease_ttl=timedelta(0),
            batch_bytes=1,
            is_stopping=lambda: next(asked) >= patience,
        )
        request = RunRequest(entity=block.name, mode=mode, depth=depth, force=True)
        try:
            return Run(
                run_id=f"run-{self.runs}",
                entity=block,
                request=request,
                ports=self.ports(side, life),
                limits=limits,
            ).execute(WORK[mode])
        except Killed:
            return None

    @rule(
        side=SIDES,
        mode=st.sampled_from(Mode),
        depth=st.sampled_from(Depth),
        at=st.integers(1, 60),
        patience=st.integers(0, 9),
    )
    def run_until_killed(self, side: str, mode: Mode, depth: Depth, at: int, patience: int) -> None:
        if mode is Mode.CHECK:
            return
        reached = count(1)
        life = Life(lambda moment, _: Killed(moment) if next(reached) >= at else None)
        self.do(side, mode, depth, life=life, patience=patience)

    @rule(side=SIDES, number=NUMBERS)
    def save(self, side: str, number: int) -> None:
        self.clock.advance(HOUR)
        self.tenants[side].save(number, self.clock.now())

    @rule(side=SIDES, number=NUMBERS)
    def delete(self, side: str, number: int) -> None:
        records = self.tenants[side].records
        if len(records) > 1:
            records.pop(list(records)[number % len(records)])

    @rule(side=SIDES, edit=st.sampled_from(EDITS))
    def edit(self, side: str, edit: dict[str, Any]) -> None:
        self.blocks[side] = replace(self.blocks[side], **edit)

    @rule(side=SIDES, version=st.sampled_from(["1", "2"]), size=st.integers(2, 5))
    def switch_version(self, side: str, version: str, size: int) -> None:
        self.tenants[side].version, self.page_size = version, size

    @rule()
    def exchange_views(self) -> None:
        left, right = self.blocks["left"], self.blocks["right"]
        self.blocks["left"] = replace(left, current_view=right.current_view, line_views=right.line_views)
        self.blocks["right"] = replace(right, current_view=left.current_view, line_views=left.line_views)

    @rule(side=SIDES, name=st.sampled_from(["vendors", "shown"]))
    def name_view(self, side: str, name: str) -> None:
        if all(block.current_view != name for block in self.blocks.values()):
            self.blocks[side] = replace(self.blocks[side], current_view=name)

    @rule(side=SIDES)
    def name_another_entity(self, side: str) -> None:
        """It is refused as long as something was read, and the operator takes it back."""
        before, was_read = self.blocks[side], self.is_known(side)
        rows = self.warehouse.opened.execute("SELECT count(*) FROM duckdb_tables()").fetchall()
        if not was_read:
            return
        self.blocks[side] = replace(before, acumatica_entity="Project")
        result = self.do(side, Mode.INCREMENTAL)
        assert result is not None
        assert result.error is not None
        assert result.error.type == "OtherEntityError"
        assert self.warehouse.opened.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == rows
        self.blocks[side] = before

    def is_known(self, side: str) -> bool:
        contract = self.state.entities.read(self.blocks[side].name).contract
        return contract is not None and self.has_table(self.blocks[side].log_table)

    def has_table(self, name: str) -> bool:
        return bool(
            self.warehouse.opened.execute(
                "SELECT 1 FROM duckdb_tables() WHERE table_name = $1", [name]
            ).fetchall()
        )

    @rule(side=SIDES, name=st.sampled_from(["renamed", "vendors", "customers"]), at=st.integers(1, 30))
    def rename(self, side: str, name: str, at: int) -> None:
        before = self.blocks[side]
        taken = {block.name for block in self.blocks.values()}
        if name in taken or self.has_table(f"{name}_log"):
            return
        self.blocks[side] = replace(before, name=name)
        entities = {block.name: block for block in self.blocks.values()}
        reached = count(1)
        life = Life(lambda moment, _: Killed(moment) if next(reached) >= at else None)
        for ports in (self.ports(side, life), self.ports(side)):
            try:
                list(rename_entity(ports, entities, before.name, name))
            except Killed:
                self.clock.advance(HOUR)

    @rule(
        side=SIDES,
        kind=st.sampled_from(["view", "lines", "history", "replaced", "current", "log", "column", "renamed"]),
    )
    def lose(self, side: str, kind: str) -> None:
        block = self.blocks[side]
        statement = {
            "view": f'DROP VIEW IF EXISTS "{block.current_view}"',
            "lines": f'DROP VIEW IF EXISTS "{block.line_views[0].name}"',
            "history": f'DROP VIEW IF EXISTS "{block.history_view}"',
            "replaced": f"CREATE OR REPLACE VIEW \"{block.current_view}\" AS SELECT 'x' AS _id",
            "current": f'DROP TABLE IF EXISTS "{block.current_table}"',
            "log": f'DROP TABLE IF EXISTS "{block.log_table}"',
            "column": f'ALTER TABLE IF EXISTS "{block.log_table}" DROP COLUMN IF EXISTS colour',
            "renamed": f'ALTER VIEW "{block.line_views[0].name}" RENAME TO "moved_{self.runs}"',
        }[kind]
        try:
            self.warehouse.opened.execute(statement)
        except duckdb.CatalogException:
            assert kind in ("renamed", "replaced", "view"), kind
        if kind == "column":  # its values went with it; a record fills it when it changes
            self.clock.advance(HOUR)
            for record in [*self.tenants[side].records.values()]:
                self.tenants[side].save(int(record["VendorID"][1:]), self.clock.now())

    def teardown(self) -> None:
        for side in self.blocks:
            self.finish(side, Mode.RECONCILE, Depth.CONTENT)
        for side in self.blocks:
            self.finish(side, Mode.INCREMENTAL, Depth.KEYS)
            self.assert_shows_tenant(side)
        self.warehouse.opened.close()

    def finish(self, side: str, mode: Mode, depth: Depth) -> None:
        for _ in range(20):
            result = self.do(side, mode, depth)
            assert result is not None
            assert result.status is not Status.FAILED, result.error
            if result.status is Status.SUCCEEDED:
                return
        raise AssertionError("it never ends")

    def query(self, sql: str) -> list[dict[str, Any]]:
        found = self.warehouse.opened.execute(sql)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def assert_shows_tenant(self, side: str) -> None:
        block, tenant = self.blocks[side], self.tenants[side]
        shown = {row["_id"]: row for row in self.query(f'SELECT * FROM "{block.current_view}"')}
        assert shown.keys() == tenant.records.keys()
        fields = {
            name: column
            for name, column in COLUMNS.items()
            if name in tenant.build_contract(block).root.fields
        }
        for record_id, row in shown.items():
            for field, column in fields.items():
                wanted, found = tenant.read_value(record_id, field), row[column]
                is_set_aside = isinstance(wanted, str) and f'"{field}"' in str(row["_extra"])
                assert str(wanted) == str(found).removesuffix(".000000000") or (
                    found is None and is_set_aside
                ), (field, row)
        lines = self.query(f'SELECT _parent_id, account FROM "{block.line_views[0].name}"')
        assert sorted((line["_parent_id"], line["account"]) for line in lines) == sorted(
            (record_id, tenant.read_account(record_id)) for record_id in tenant.records
        )
        current = self.query(
            f'SELECT _id, _version FROM "{block.history_view}" WHERE is_current ORDER BY _id'
        )
        assert current == self.query(f'SELECT _id, _version FROM "{block.current_view}" ORDER BY _id')
        is_kept = block.current is CurrentForm.TABLE
        assert self.has_table(block.current_table) is is_kept
        if is_kept:
            kept = self.query(
                f'SELECT _id, _version FROM "{block.current_table}" WHERE NOT _deleted ORDER BY _id'
            )
            assert kept == current


COLUMNS = {"VendorID": "vendor_id", "Name": "name", "Amount": "amount", "Colour": "colour", "Terms": "terms"}

TestOperator = Operator.TestCase
TestOperator.settings = settings(
    max_examples=HISTORIES,
    stateful_step_count=6,
    deadline=None,
    suppress_health_check=[*HealthCheck],
    print_blob=True,
)
