"""An operator who edits a catalogue, as a Hypothesis machine: the rules are what the docs allow, each followed by a run or by none."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from msgspec.structs import replace

from connector.adapters.sqlite import SqliteStateStore
from connector.app.rename import rename_entity
from connector.domain.entity import CurrentForm, Depth
from connector.domain.entity_state import DeadLetter
from connector.domain.run import Mode, RunRequest, RunResult, Status
from connector.ports import Ports
from connector.runs.run import Limits, Run
from tests.builders import WORK, a_memory_file
from tests.fault.mortal import Killed, Life, mortal
from tests.property.edited_places import DuckDbPlace, Place
from tests.property.edited_tenant import SIZE, STAMPS, EditedTenant, a_block
from tests.stand_ins.clock import FakeClock

HOUR = timedelta(hours=1)
NUMBERS = st.integers(1, 7)
SIDES = st.sampled_from(["left", "left", "left", "right"])
EDITS: tuple[dict[str, Any], ...] = (
    {"select": ("Name",)},
    {"select": ()},
    {"exclude": frozenset({"Colour"})},
    {"exclude": frozenset()},
    {"keys": ("Name",)},
    {"keys": ("VendorID",)},
    {"custom": (SIZE,)},
    {"custom": ()},
)
LOST = {
    "view": "DROP VIEW IF EXISTS {view}",
    "lines": "DROP VIEW IF EXISTS {lines}",
    "history": "DROP VIEW IF EXISTS {history}",
    "replaced": "CREATE OR REPLACE VIEW {view} AS SELECT 'x' AS _id",
    "current": "DROP TABLE IF EXISTS {current}",
    "log": "DROP TABLE IF EXISTS {log}",
    "column": "ALTER TABLE IF EXISTS {log} DROP COLUMN IF EXISTS colour",
    "renamed": "ALTER VIEW {lines} RENAME TO moved_{run}",
}
"""What somebody at a SQL console does."""

Fate = tuple[Mode, Depth, int, int]
UNDISTURBED: Fate = (Mode.INCREMENTAL, Depth.KEYS, 999, 99)
FATES: st.SearchStrategy[Fate | None] = st.sampled_from([None, UNDISTURBED]) | st.tuples(
    st.sampled_from([mode for mode in Mode if mode is not Mode.CHECK]),
    st.sampled_from(Depth),
    st.integers(1, 60) | st.just(999),
    st.integers(0, 9) | st.just(99),
)
"""A run: its mode, its depth, the call at which it is killed, and how often it asks before it has to stop."""


class Operator(RuleBasedStateMachine):
    """Two blocks of a catalogue, their tenants, and everything an operator does to them."""

    def open_place(self) -> Place:
        return DuckDbPlace()

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.place = self.open_place()
        self.state = SqliteStateStore(path=a_memory_file(), clock=self.clock)
        self.blocks = {"left": a_block("vendors", "Vendor"), "right": a_block("customers", "Customer")}
        self.tenants = {side: EditedTenant(block, self.clock) for side, block in self.blocks.items()}
        for number, tenant in enumerate(self.tenants.values()):
            for record in range(1, 4 + number):
                tenant.save(record, self.clock.now())
        self.page_size, self.runs = 2, 0
        self.known = {"left"}
        """The sides of which anything was ever read, or a view taken."""
        self.given_since: dict[str, dict[str, datetime]] = {side: {} for side in self.blocks}
        """When a field came, or came in another type: a record saved before has it once it changes."""

    def ports(self, side: str, life: Life | None = None) -> Ports:
        ports = Ports(
            source=self.tenants[side], warehouse=self.place.warehouse, state=self.state, clock=self.clock
        )
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
        self.known.add(side)
        self.clock.advance(HOUR)
        asked, block = count(), self.blocks[side]
        limits = Limits(
            deadline=self.clock.now() + timedelta(days=1),
            page_size=self.page_size,
            lease_ttl=timedelta(0),
            batch_bytes=1 if self.runs % 2 else 1_000_000,
            is_stopping=lambda: next(asked) >= patience,
        )
        request = RunRequest(entity=block.name, mode=mode, depth=depth, force=True)
        run = Run(
            run_id=f"run-{self.runs}",
            entity=block,
            request=request,
            ports=self.ports(side, life),
            limits=limits,
        )
        try:
            return run.execute(WORK[mode])
        except Killed:
            return None

    def meet(self, side: str, fate: Fate | None) -> None:
        """Do the run that comes next, if one does."""
        if fate is not None:
            mode, depth, at, patience = fate
            self.do(side, mode, depth, life=dies_at_call(at), patience=patience)

    @initialize(sides=st.sampled_from([("left",), ("left", "right")]))
    def copy(self, sides: tuple[str, ...]) -> None:
        for side in sides:
            self.do(side, Mode.INCREMENTAL)

    @rule(side=SIDES, number=NUMBERS, fate=FATES)
    def save(self, side: str, number: int, fate: Fate | None) -> None:
        self.change_record(side, number)
        self.meet(side, fate)

    def change_record(self, side: str, number: int) -> None:
        self.clock.advance(HOUR)
        self.tenants[side].save(number, self.clock.now())

    @rule(side=SIDES, number=NUMBERS, fate=FATES)
    def delete(self, side: str, number: int, fate: Fate | None) -> None:
        records = self.tenants[side].records
        if len(records) > 1:
            records.pop(list(records)[number % len(records)])
        self.meet(side, fate)

    @rule(side=SIDES, number=NUMBERS)
    def reject(self, side: str, number: int) -> None:
        """Keep a record as a dead letter, as a run did that a field's width stopped."""
        records = list(self.tenants[side].records)
        letter = DeadLetter(
            entity=self.blocks[side].name,
            record_id=(record_id := records[number % len(records)]),
            key="",
            reason="refused",
            payload=self.tenants[side].write_row(record_id),
            run_id=f"run-{self.runs}",
            rejected_at=self.clock.now(),
        )
        self.known.add(side)
        self.state.dead_letters.add(letter)

    @rule(side=SIDES, edit=st.sampled_from(EDITS), fate=FATES)
    def edit(self, side: str, edit: dict[str, Any], fate: Fate | None) -> None:
        self.change_block(side, edit)
        self.meet(side, fate)

    def change_block(self, side: str, edit: dict[str, Any]) -> None:
        before = self.fields(side)
        self.blocks[side] = replace(self.blocks[side], **edit)
        self.note_given(side, before)

    @rule(side=SIDES, form=st.sampled_from(CurrentForm), fate=FATES)
    def choose_a_form(self, side: str, form: CurrentForm, fate: Fate | None) -> None:
        """Keep the current rows as a view, in a table, or in both."""
        self.change_block(side, {"current": form})
        self.meet(side, fate)

    @rule(side=SIDES, number=NUMBERS, fate=FATES)
    def choose_the_other_stamp(self, side: str, number: int, fate: Fate | None) -> None:
        """Order changes by another field, and change a record."""
        other = None if self.blocks[side].modified_field else STAMPS[1]
        self.change_block(side, {"modified_field": other})
        self.change_record(side, number)
        self.meet(side, fate)

    @rule(side=SIDES, version=st.sampled_from(["1", "2"]), size=st.integers(2, 5), fate=FATES)
    def switch_version(self, side: str, version: str, size: int, fate: Fate | None) -> None:
        before = self.fields(side)
        self.tenants[side].version, self.page_size = version, size
        self.note_given(side, before)
        self.meet(side, fate)

    def fields(self, side: str) -> dict[str, Any]:
        """Return the types of the fields that the block takes."""
        root = self.tenants[side].build_contract(self.blocks[side]).root
        return {**root.fields, **root.custom}

    def note_given(self, side: str, before: dict[str, Any]) -> None:
        self.clock.advance(HOUR)
        for field, kind in self.fields(side).items():
            if before.get(field) is not kind:
                self.given_since[side][field] = self.clock.now()

    @rule(fate=FATES)
    def exchange_views(self, fate: Fate | None) -> None:
        self.known |= self.blocks.keys()
        left, right = self.blocks["left"], self.blocks["right"]
        self.blocks["left"] = replace(left, current_view=right.current_view, line_views=right.line_views)
        self.blocks["right"] = replace(right, current_view=left.current_view, line_views=left.line_views)
        self.meet("left", fate)

    @rule(side=SIDES, name=st.sampled_from(["vendors", "shown"]), fate=FATES)
    def name_view(self, side: str, name: str, fate: Fate | None) -> None:
        if all(block.current_view != name for block in self.blocks.values()):
            self.blocks[side] = replace(self.blocks[side], current_view=name)
        self.meet(side, fate)

    @rule(side=SIDES)
    def name_another_entity(self, side: str) -> None:
        """It is refused as long as something was read, and the operator takes it back."""
        before, tables = self.blocks[side], self.place.tables()
        if self.state.entities.read(before.name).contract is None or before.log_table not in tables:
            return
        self.blocks[side] = replace(before, acumatica_entity="Project")
        result = self.do(side, Mode.INCREMENTAL)
        assert result is not None
        assert result.error is not None
        assert result.error.type == "OtherEntityError"
        assert self.place.tables() == tables
        self.blocks[side] = before

    @rule(side=SIDES, name=st.sampled_from(["renamed", "vendors", "customers"]), at=st.integers(1, 30))
    def rename(self, side: str, name: str, at: int) -> None:
        """Interrupted once, and run again."""
        before, tables = self.blocks[side], self.place.tables()
        taken = {block.name for block in self.blocks.values()}
        if name in taken or f"{name}_log" in tables or before.log_table not in tables:
            return
        letters = self.letters(before.name) | self.letters(name)
        self.blocks[side] = replace(before, name=name)
        entities = {block.name: block for block in self.blocks.values()}
        for ports in (self.ports(side, dies_at_call(at)), self.ports(side)):
            try:
                list(rename_entity(ports, entities, before.name, name))
            except Killed:
                self.clock.advance(HOUR)
        assert (self.letters(name), self.letters(before.name)) == (letters, frozenset())

    def letters(self, entity: str) -> frozenset[str]:
        """Return the ids of the dead letters of a name."""
        return frozenset(letter.record_id for letter in self.state.dead_letters.read(entity))

    @rule(side=SIDES, kind=st.sampled_from([*LOST]), fate=FATES)
    def lose(self, side: str, kind: str, fate: Fate | None) -> None:
        block = self.blocks[side]
        if kind == "renamed" and not self.place.renames_views:
            return
        statement = LOST[kind].format(
            view=block.current_view,
            lines=block.line_views[0].name,
            history=block.history_view,
            current=block.current_table,
            log=block.log_table,
            run=self.runs,
        )
        try:
            self.place.rows(statement)
        except PermissionError:
            assert kind in ("renamed", "replaced", "view"), kind
        if kind == "column":
            self.note_given(side, self.fields(side) | {"Colour": None})
        self.meet(side, fate)

    def finish(self, side: str, mode: Mode, depth: Depth = Depth.KEYS) -> None:
        """Do runs, which nothing disturbs, until one has come to its end."""
        for _ in range(20):
            result = self.do(side, mode, depth)
            assert result is not None
            assert result.status is not Status.FAILED, result.error
            if result.status is Status.SUCCEEDED:
                return
        raise AssertionError("it never ends")


def dies_at_call(number: int) -> Life:
    """A process that ends at its call of this number, of whatever port."""
    reached = count(1)
    return Life(lambda moment, _: Killed(moment) if next(reached) >= number else None)
