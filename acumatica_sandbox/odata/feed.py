"""What an OData feed is: its columns, its keys, its parameters, and where its rows come from."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from .seen import Books

Kind = Literal["String", "Int32", "Decimal", "Boolean", "DateTimeOffset", "Guid", "Binary"]
"""An Edm type without its prefix; there is no type for a day without time."""

FeedRow = dict[str, Any]
"""Column name to value: text, number, `Decimal`, `date` for a day, aware `datetime` for an instant, None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedColumn:
    """One property of a row. A text of a fixed `width` is padded with blanks to it."""

    name: str
    kind: Kind = "String"
    width: int = 0
    is_formula: bool = False
    """Calculated, which nothing in the metadata tells: no filter and no order can use it."""
    is_join_key: bool = False
    """A key of a table behind the inquiry that is no column of its results."""

    def pad(self, value: Any) -> Any:
        """The value as it is stored."""
        return value.ljust(self.width) if self.width and isinstance(value, str) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Leads from a member of a row, which need not be a column, to the row of another class whose `key` is the same."""

    target: str
    by: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A generic inquiry or a data access class."""

    title: str
    columns: tuple[FeedColumn, ...]
    keys: tuple[str, ...]
    """Key columns among the results; with the join keys they are the declared key."""
    rows: Callable[[Books], Sequence[FeedRow]]
    tables: tuple[str, ...]
    """The entities whose records the rows are made of."""
    parameters: Mapping[str, Kind] = field(default_factory=dict)
    """Each is compared with the column of its name; without them the inquiry shows nothing."""
    aliases: tuple[str, ...] = ()
    namespace: str = "GenericInquiry"
    references: Mapping[str, Reference] = field(default_factory=dict)
    """Of a class, what `$expand` can name."""
    unselectable: tuple[str, ...] = ()
    """Columns that can be neither filtered nor selected, though the metadata declares them."""
    keeps_deleted: tuple[str, ...] = ()
    """Entities whose deleted records stay in the table, marked as such."""
    base: Feed | None = None
    """The class that it is derived from: the metadata declares what it adds alone."""
    has_list: bool = True

    @property
    def type_name(self) -> str:
        """The title without what no name of a type may hold."""
        return property_name(self.title)

    @property
    def ordered_columns(self) -> tuple[FeedColumn, ...]:
        """The columns as the metadata lists them: keys among the results, the other results, join keys."""
        first = [item for item in self.columns if item.name in self.keys and not item.is_join_key]
        last = [item for item in self.columns if item.is_join_key]
        return (*first, *(item for item in self.columns if item not in first and item not in last), *last)

    def column(self, name: str) -> FeedColumn | None:
        """The column of exactly this name."""
        return next((item for item in self.columns if item.name == name), None)

    def with_captions(self, captions: Mapping[str, str]) -> Feed:
        """The same feed after someone edited captions: the properties have other names."""
        if not captions:
            return self
        rows = self.rows

        def renamed(tenant: Books) -> Sequence[FeedRow]:
            return [{captions.get(name, name): value for name, value in row.items()} for row in rows(tenant)]

        return replace(
            self,
            columns=tuple(replace(item, name=captions.get(item.name, item.name)) for item in self.columns),
            keys=tuple(captions.get(name, name) for name in self.keys),
            rows=renamed,
        )


def property_name(caption: str) -> str:
    """The name of a property: the caption without invalid characters, never with a digit in front."""
    name = re.sub(r"\W", "", caption)
    return f"_{name}" if name[:1].isdigit() else name


def text(caption: str, width: int = 0, **parts: Any) -> FeedColumn:
    """A column of text."""
    return FeedColumn(name=property_name(caption), width=width, **parts)


def amount(caption: str, **parts: Any) -> FeedColumn:
    """A column of money or quantities."""
    return FeedColumn(name=property_name(caption), kind="Decimal", **parts)


def whole(caption: str, **parts: Any) -> FeedColumn:
    """A column of whole numbers."""
    return FeedColumn(name=property_name(caption), kind="Int32", **parts)


def moment(caption: str, **parts: Any) -> FeedColumn:
    """A column of instants, or of days at midnight."""
    return FeedColumn(name=property_name(caption), kind="DateTimeOffset", **parts)


Value = str | int | bool | Decimal | date | datetime | None
