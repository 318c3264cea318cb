"""Which field of a record goes to which column: the one place that names columns."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from connector.domain.records.contract import Kind, Shape

WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[A-Z]+")


class Part(StrEnum):
    """Which side of a drop-down value a column holds."""

    WHOLE = "whole"
    DESCRIPTION = "description"
    ID = "id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A scalar and its column. `link` is the path of linked entities that leads to it."""

    column: str
    field: str
    kind: Kind
    part: Part = Part.WHOLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """The columns of a record or of a line: its scalars, those of its linked entities, and its detail collections.

    `linked` holds levels whose columns stand beside the own ones, under the link's name as a prefix. `details` hold
    levels of repeated records. All are sorted by name, so that a new field never moves another.
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


def to_snake_case(name: str) -> str:
    """Return the column name of a field: `VendorID` → `vendor_id`, `F1099Box` → `f1099_box`, `APAccount` → `ap_account`."""
    words: list[str] = []
    for word in WORDS.findall(name):
        if word.isdigit() and words and len(words[-1]) <= 1:
            words[-1] += word
        else:
            words.append(word.lower())
    return "_".join(words) or "field"


def build_level(shape: Shape) -> Level:
    """Return the columns of a record of this shape."""
    return _build(shape, "", set())


def find_paths(level: Level, columns: frozenset[str], path: str = "", prefix: str = "") -> Iterator[str]:
    """Yield the Acumatica paths of the scalars whose columns (dotted: `details.qty`) are among these."""
    for field, leaf in level.walk_leaves(path):
        if prefix + leaf.column in columns:
            yield field
    for member, column, inner in level.walk_details(path):
        yield from find_paths(inner, columns, f"{member}/", f"{prefix}{column}.")


def _build(shape: Shape, prefix: str, taken: set[str]) -> Level:
    leaves = tuple(_build_leaves(shape, prefix, taken))
    custom = tuple(
        Leaf(column=_claim(prefix + to_snake_case(name.rsplit(".", 1)[-1]), taken), field=name, kind=kind)
        for name, kind in sorted(shape.custom.items())
    )
    details = tuple(
        (member, _claim(prefix + to_snake_case(member), taken), _build(child, "", {"_id", "_position"}))
        for member, child in sorted(shape.details.items())
    )
    linked = tuple(
        (member, _build(child, f"{prefix}{to_snake_case(member)}_", taken))
        for member, child in sorted(shape.linked.items())
    )
    return Level(leaves=leaves, custom=custom, linked=linked, details=details)


def _build_leaves(shape: Shape, prefix: str, taken: set[str]) -> Iterator[Leaf]:
    for field, kind in sorted(shape.fields.items()):
        column = _claim(prefix + to_snake_case(field), taken)
        if kind is Kind.SELECT:
            yield Leaf(column=column, field=field, kind=kind, part=Part.DESCRIPTION)
            yield Leaf(column=_claim(f"{column}_id", taken), field=field, kind=kind, part=Part.ID)
        else:
            yield Leaf(column=column, field=field, kind=kind)


def _claim(column: str, taken: set[str]) -> str:
    """Return the name, numbered if another field of the row has it already (BigQuery ignores case)."""
    free, number = column, 2
    while free in taken:
        free, number = f"{column}_{number}", number + 1
    taken.add(free)
    return free
