"""Maps the fields of a record to columns; the only place that names columns."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from connector.domain.records.contract import Kind, Shape
from connector.domain.records.names import COLLECTION, Claims, render_path

WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[A-Z]+")


class Part(StrEnum):
    """Which part of a drop-down value a column holds."""

    WHOLE = "whole"
    DESCRIPTION = "description"
    ID = "id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A scalar and its column. `as_text`: the column is text although the contract declares another kind."""

    column: str
    field: str
    kind: Kind
    part: Part = Part.WHOLE
    as_text: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """The columns of a record or of a line: its scalars, those of its linked entities, and its detail collections.

    `linked` holds levels whose columns stand beside the own ones, under the link's name as a prefix. `details` hold
    levels of repeated records. All are sorted by name.
    """

    leaves: tuple[Leaf, ...]
    custom: tuple[Leaf, ...]
    linked: tuple[tuple[str, "Level"], ...]
    details: tuple[tuple[str, str, "Level"], ...]
    """(member, column, level)"""

    def walk_leaves(self, path: str = "") -> Iterator[tuple[str, Leaf]]:
        """Yield every scalar of this level with its Acumatica path, in the order of the columns."""
        for leaf in (*self.leaves, *self.custom):
            yield f"{path}{leaf.field}", leaf
        for member, level in self.linked:
            yield from level.walk_leaves(f"{path}{member}/")

    def walk_details(self, path: str = "") -> Iterator[tuple[str, str, "Level"]]:
        """Yield every detail collection of this level as (Acumatica path, column, level)."""
        for member, column, level in self.details:
            yield f"{path}{member}", column, level
        for member, level in self.linked:
            yield from level.walk_details(f"{path}{member}/")

    def render_as_text(self, paths: frozenset[str], path: str = "") -> "Level":
        """Return the same level with the scalars of these Acumatica paths as text."""

        def render(leaf: Leaf) -> Leaf:
            return replace(leaf, as_text=True) if path + leaf.field in paths else leaf

        return replace(
            self,
            leaves=tuple(map(render, self.leaves)),
            custom=tuple(map(render, self.custom)),
            linked=tuple(
                (name, level.render_as_text(paths, f"{path}{name}/")) for name, level in self.linked
            ),
            details=tuple(
                (name, column, level.render_as_text(paths, f"{path}{name}/"))
                for name, column, level in self.details
            ),
        )

    def without(self, paths: frozenset[str], path: str = "") -> "Level":
        """Return the level without the scalars and collections at these Acumatica paths; all others keep their columns."""
        return replace(
            self,
            leaves=tuple(leaf for leaf in self.leaves if path + leaf.field not in paths),
            custom=tuple(leaf for leaf in self.custom if path + leaf.field not in paths),
            linked=tuple((member, level.without(paths, f"{path}{member}/")) for member, level in self.linked),
            details=tuple(
                (member, column, level.without(paths, f"{path}{member}/"))
                for member, column, level in self.details
                if path + member not in paths
            ),
        )


def to_snake_case(name: str) -> str:
    """Return the column name of a field: `VendorID` → `vendor_id`, `F1099Box` → `f1099_box`, `APAccount` → `ap_account`.

    BigQuery takes no digit in front: `_130Days` → `field_130_days`.
    """
    words: list[str] = []
    for word in WORDS.findall(name):
        if word.isdigit() and words and len(words[-1]) <= 1:
            words[-1] += word
        else:
            words.append(word.lower())
    name = "_".join(words) or "field"
    return f"field_{name}" if name[0].isdigit() else name


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The column of every field of a contract; both the codec and the table are built from it.

    `owners` maps the columns of the log, dotted, to their fields; those of fields that are gone are in it too.
    """

    level: Level
    owners: Mapping[str, str]


def build_layout(shape: Shape, owners: Mapping[str, str]) -> Layout:
    """Return the columns of a record of this shape: fields in `owners` keep theirs, new fields get free names."""
    builder = _Builder(owners)
    level = builder.build(shape, _Place())
    return Layout(level=level, owners=builder.collect())


def find_paths(level: Level, columns: frozenset[str], path: str = "", prefix: str = "") -> Iterator[str]:
    """Yield the Acumatica paths of the scalars and collections whose columns (dotted: `details.qty`) are among these."""
    for field, leaf in level.walk_leaves(path):
        if prefix + leaf.column in columns:
            yield field
    for member, column, inner in level.walk_details(path):
        if prefix + column in columns:
            yield member
        yield from find_paths(inner, columns, f"{member}/", f"{prefix}{column}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """The position of a level: `row` is the dotted column of its row, `prefix` the prefix of its columns."""

    path: str = ""
    row: str = ""
    prefix: str = ""


class _Builder:
    """Assigns column names. Every row has its own namespace: the record, and the lines of each collection."""

    def __init__(self, owners: Mapping[str, str]) -> None:
        rows: dict[str, dict[str, str]] = {}
        for column, owner in owners.items():
            row, dot, name = column.rpartition(".")
            rows.setdefault(row + dot, {})[name] = owner
        self._claims = {row: Claims(before) for row, before in rows.items()}

    def collect(self) -> dict[str, str]:
        """Return every column with its field."""
        return {
            row + name: owner for row, claims in self._claims.items() for name, owner in claims.owners.items()
        }

    def build(self, shape: Shape, place: _Place) -> Level:
        return Level(
            leaves=tuple(self._build_leaves(shape, place)),
            custom=tuple(
                Leaf(
                    column=self._claim(place, f"custom/{render_path(name)}", name.rsplit(".", 1)[-1]),
                    field=name,
                    kind=kind,
                )
                for name, kind in sorted(shape.custom.items())
            ),
            details=tuple(
                self._build_collection(member, child, place)
                for member, child in sorted(shape.details.items())
            ),
            linked=tuple(
                (member, self._build_linked(member, child, place))
                for member, child in sorted(shape.linked.items())
            ),
        )

    def _build_leaves(self, shape: Shape, place: _Place) -> Iterator[Leaf]:
        for field, kind in sorted(shape.fields.items()):
            path = render_path(field)
            column = self._claim(place, path, field)
            if kind is Kind.SELECT:
                yield Leaf(column=column, field=field, kind=kind, part=Part.DESCRIPTION)
                own = self._claims[place.row].claim(f"{place.path}{path}/id", f"{column}_id")
                yield Leaf(column=own, field=field, kind=kind, part=Part.ID)
            else:
                yield Leaf(column=column, field=field, kind=kind)

    def _build_collection(self, member: str, child: Shape, place: _Place) -> tuple[str, str, Level]:
        path = render_path(member)
        column = self._claim(place, f"{path}{COLLECTION}", member)
        inside = _Place(path=f"{place.path}{path}/", row=f"{place.row}{column}.")
        return member, column, self.build(child, inside)

    def _build_linked(self, member: str, child: Shape, place: _Place) -> Level:
        prefix = f"{place.prefix}{to_snake_case(member)}_"
        return self.build(
            child, _Place(path=f"{place.path}{render_path(member)}/", row=place.row, prefix=prefix)
        )

    def _claim(self, place: _Place, path: str, member: str) -> str:
        claims = self._claims.setdefault(place.row, Claims({}))
        return claims.claim(place.path + path, place.prefix + to_snake_case(member))
