"""Whatever a tenant and an operator change, and whatever is forgotten: a column that is there keeps the field it was made for."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from connector.domain.entity import Entity, LineView
from connector.domain.records.codec import Codec
from connector.domain.records.columns import build_layout
from connector.domain.records.contract import Contract, Kind, Shape
from connector.domain.records.names import NO_NAMES, ColumnNames
from connector.domain.tables.evolution import evolve
from connector.domain.tables.learned_names import learn_names
from connector.domain.tables.log_table import build_table, remember_names
from connector.domain.tables.schema import Column, View
from tests.builders import a_contract, an_entity

HEADER = (
    "UsrCode",
    "USRCode",
    "Usr_Code",
    "StatusID",
    "StatusId",
    "MainContactCity",
    "Description",
    "BatchDescription",
    "Document_UsrRegion",
    "UsrRegion",
    "ValidFrom",
    "FieldValidFrom",
    "Batch_BatchDescription",
    "Qty",
    "DocDescription",
)
LINE = ("Description", "StatusID", "BatchDescription", "Qty", "QTY", "UsrCode", 'od"d\\', "line\nbreak")
SOURCE = re.compile(r"(`_(?:line|record)`\.`\w+`).* AS `([a-z0-9]\w*)`,?$", re.MULTILINE)
ROLES = ("field", "collection", "link", "")


class _Bits:
    """A number taken apart: many small choices are drawn, and shrunk, as one."""

    def __init__(self, number: int) -> None:
        self._number = number

    def take(self, count: int) -> int:
        self._number, taken = divmod(self._number, count)
        return taken

    def choose(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if self.take(2)]

    def fields(self, *names: str) -> dict[str, Kind]:
        """Some of these fields and maybe a drop-down, which has a column more."""
        status = {"Status": Kind.SELECT} if self.take(2) else {}
        return dict.fromkeys(self.choose(names), Kind.STRING) | status

    def custom(self, *names: str) -> dict[str, Kind]:
        return dict.fromkeys(self.choose(names), Kind.STRING)

    def lines(self) -> Shape:
        return Shape(
            fields=self.fields(*LINE), custom=self.custom("Transactions.UsrRegion", "Lines.UsrRegion")
        )

    def shape(self) -> Shape:
        """Any contract of a small document, with as many names that are alike as possible."""
        fields = {"VendorID": Kind.STRING, **self.fields(*HEADER)}
        details: dict[str, Shape] = {}
        linked: dict[str, Shape] = {}
        for name in ("Details", "details", "Document"):
            role = ROLES[self.take(4)]
            if role == "field":
                fields[name] = Kind.STRING
            elif role == "collection":
                details[name] = self.lines()
            elif role == "link":
                linked[name] = Shape(fields=self.fields("UsrRegion", "City"))
        if self.take(2):
            linked["Main"] = Shape(fields=self.fields("ContactCity"))
            inner = {"History": self.lines()} if self.take(2) else {}
            linked["MainContact"] = Shape(fields=self.fields("City", "UsrRegion"), details=inner)
        custom = self.custom("Document.UsrRegion", "CurrentDocument.UsrRegion", "Document.UsrCode")
        return Shape(fields=fields, details=details, linked=linked, custom=custom)


SHAPES = st.integers(0, 2**80).map(lambda number: _Bits(number).shape())


def views() -> st.SearchStrategy[LineView]:
    return st.builds(
        lambda details, prefix, parent: LineView(
            name="lines", details=tuple(details), prefix=prefix, parent=parent
        ),
        st.permutations(["Details", "details", "MainContact/History"]).flatmap(
            lambda order: st.integers(1, 3).map(lambda count: order[:count])
        ),
        st.sampled_from(["batch_", "doc_", "field_"]),
        st.sampled_from(
            ["keys", "all", ("VendorID", "Description"), ("VendorID", "Status", "MainContact/City")]
        ),
    )


@dataclass
class World:
    """What is left of the runs before: the state's memory, the log, its views, and what every column was made for."""

    contract: Contract | None = None
    log: tuple[Column, ...] = ()
    views: tuple[View, ...] = ()
    made_for: dict[str, str] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)

    def run_old(self, entity: Entity, shape: Shape) -> None:
        """A run that numbers by the names of the moment, as versions before did."""
        self._make(entity, a_contract_of(shape, NO_NAMES))

    def run(self, entity: Entity, shape: Shape) -> Contract:
        known = self.contract
        before = known.names if known and known.names else self._learn(known)
        contract = remember_names(entity, a_contract_of(shape, NO_NAMES), before)
        self._make(entity, contract)
        return contract

    def lose_state(self) -> None:
        self.contract = None
        self.shown = {}
        self.note_shown()

    def note_shown(self) -> None:
        for view in self.views:
            for column, source in _find_sources(view):
                self._note(self.shown, f"{view.name}:{column}", source)

    def _make(self, entity: Entity, contract: Contract) -> None:
        table = build_table(entity, contract)
        assert len({column.name for column in table.columns}) == len(table.columns)
        self.contract = contract
        self.log = evolve(self.log, table.columns).columns
        self.views = table.views[1:]
        for view in table.views:
            assert len({column.name for column in view.columns}) == len(view.columns)

    def _learn(self, known: Contract | None) -> ColumnNames:
        views = {view.name: view.columns for view in self.views}
        return learn_names(self.log, views, build_layout(known.root, {}).owners if known else {})

    def check(self, entity: Entity, contract: Contract) -> None:
        """No column of the log or of a view stands for another field than before; each field is somewhere."""
        record = Codec(entity, contract).decode(_fill(contract.root))
        assert record.extra == b""
        row = msgspec.json.decode(record.body)
        for column, path in _walk(row, ""):
            self._note(self.made_for, column, path)
        assert {path for _, path in _walk(row, "")} == set(_paths(contract.root, ""))
        for column, description in _describe(self.log, ""):
            self._note(self.made_for, f"description of {column}", _strip_kind(description))
        self.note_shown()

    @staticmethod
    def _note(known: dict[str, str], column: str, made_for: str) -> None:
        assert known.setdefault(column, made_for) == made_for, column


def a_contract_of(shape: Shape, names: ColumnNames) -> Contract:
    return replace(a_contract(modified_field=None), root=shape, names=names)


def _fill(shape: Shape) -> bytes:
    return json.dumps({"id": "x", **_fill_level(shape, "")}).encode()


def _fill_level(shape: Shape, path: str) -> dict[str, Any]:
    """Return a level whose every value is its own path."""
    node: dict[str, Any] = {}
    for name, kind in shape.fields.items():
        value = path + name
        node[name] = {"value": {"id": f"{value} id", "description": value} if kind is Kind.SELECT else value}
    for name in shape.custom:
        view, _, own = name.partition(".")
        node.setdefault("custom", {}).setdefault(view, {})[own] = {
            "type": "T",
            "value": f"{path}custom {name}",
        }
    for name, below in shape.linked.items():
        node[name] = _fill_level(below, f"{path}{name}/")
    for name, below in shape.details.items():
        node[name] = [{"id": "l", **_fill_level(below, f"{path}{name}/")}]
    return node


def _paths(shape: Shape, path: str) -> Iterator[str]:
    for name, kind in shape.fields.items():
        yield path + name
        if kind is Kind.SELECT:
            yield f"{path}{name} id"
    yield from (f"{path}custom {name}" for name in shape.custom)
    for name, below in {**shape.linked, **shape.details}.items():
        yield from _paths(below, f"{path}{name}/")


def _walk(row: Mapping[str, Any], place: str) -> Iterator[tuple[str, str]]:
    for column, value in row.items():
        if isinstance(value, list):
            yield from _walk(value[0], f"{place}{column}.")
        elif not column.startswith("_"):
            yield place + column, value


def _describe(columns: tuple[Column, ...], place: str) -> Iterator[tuple[str, str]]:
    for column in columns:
        if not column.name.startswith("_"):
            yield place + column.name, column.description
        yield from _describe(column.fields, f"{place}{column.name}.")


def _find_sources(view: View) -> Iterator[tuple[str, str]]:
    """Yield the columns of a history or a line view, each with the column of the log that it shows."""
    if view.name != "lines":
        return ((column.name, _strip_kind(column.description)) for column in view.columns)
    return ((shown, source) for source, shown in SOURCE.findall(view.sql))


def _strip_kind(description: str) -> str:
    return description if description.endswith("(internal id)") else description.partition(" (")[0]


STEPS = st.lists(st.tuples(SHAPES, views(), st.booleans()), min_size=1, max_size=6)


@settings(max_examples=100, deadline=None, print_blob=True)
@given(st.lists(SHAPES, max_size=3), STEPS)
def test_no_contract_catalogue_or_lost_state_changes_what_a_column_stands_for(
    old: list[Shape], steps: list[tuple[Shape, LineView, bool]]
) -> None:
    world = World()
    for shape in old:
        world.run_old(an_entity(line_views=(steps[0][1],)), shape)
    world.note_shown()
    for column, description in _describe(world.log, ""):
        world.made_for[f"description of {column}"] = _strip_kind(description)
    for shape, view, is_lost in steps:
        if is_lost:
            world.lose_state()
        entity = an_entity(line_views=(view,))
        world.check(entity, world.run(entity, shape))
