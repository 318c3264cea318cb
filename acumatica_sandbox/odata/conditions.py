"""A `$filter` on the rows of a feed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from ..filter_lexer import Lexer
from ..filter_parser import Binary, Call, Field, Literal, Negation, Node, Parser
from ..filter_words import COMPARISONS, ODATA_3, ODATA_4
from ..problems import Refusal, bad_filter
from .dialect import Dialect
from .feed import Feed, FeedRow

Condition = Callable[[FeedRow], bool]

_FUNCTIONS = {3: ODATA_3, 4: ODATA_4}
_KINDS = {"Int32": "Edm.Decimal", "Guid": "Edm.String"}


def comparable(value: Any) -> Any:
    """A value as the database compares it: text without case and without blanks at its end."""
    if isinstance(value, str):
        return value.rstrip(" ").casefold()
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    return value


@dataclass(slots=True, kw_only=True)
class Conditions:
    """Reads filters on one feed; `used` collects the columns they name."""

    feed: Feed
    dialect: Dialect
    lookup: Callable[[str, FeedRow], FeedRow | None] = lambda _name, _row: None
    """Answers which row a row leads to by a reference."""
    classes: Mapping[str, Feed] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    has_two_starts: bool = False
    """Whether two `startswith` are joined with `or`, which the platform cannot carry out."""

    def read(self, text: str) -> Condition:
        """The condition, or a refusal worded as the OData library does."""
        if self.dialect.version == 3:
            text = re.sub(r"\bdatetime'", "datetimeoffset'", text)
        tokens = Lexer(4 if self.dialect.version == 3 else 5, UTC).tokens(text)
        return self._condition(Parser(tokens).parse())

    def _condition(self, node: Node) -> Condition:
        match node:
            case Binary(operator="and", left=left, right=right):
                one, other = self._condition(left), self._condition(right)
                return lambda row: one(row) and other(row)
            case Binary(operator="or", left=left, right=right):
                one, other = self._condition(left), self._condition(right)
                self.has_two_starts |= _is_start(left) and _is_start(right)
                return lambda row: one(row) or other(row)
            case Binary():
                return self._comparison(node)
            case Negation(operand=operand):
                positive = self._condition(operand)
                return lambda row: not positive(row)
            case Call():
                return self._call(node)
        raise bad_filter("The $filter expression must evaluate to a single boolean value.")

    def _comparison(self, node: Binary) -> Condition:
        (one, one_kind), (other, other_kind) = self._getter(node.left), self._getter(node.right)
        if "null" in (one_kind, other_kind):
            value = one if other_kind == "null" else other
            return lambda row: (value(row) is None) is (node.operator == "eq")
        if one_kind != other_kind:
            raise bad_filter(
                "A binary operator with incompatible types was detected. "
                f"Found operand types '{one_kind}' and '{other_kind}' for operator kind '{node.operator}'."
            )
        compare = COMPARISONS[node.operator]

        def holds(row: FeedRow) -> bool:
            left, right = one(row), other(row)
            return left is not None and right is not None and compare(left, right)

        return holds

    def _call(self, node: Call) -> Condition:
        function = _FUNCTIONS[self.dialect.version].get(node.name)
        if function is None:
            raise bad_filter(
                f"An unknown function with name '{node.name}' was found. This may also be a function import or a key "
                "lookup on a navigation property, which is not allowed."
            )
        (one, _), (other, _) = (self._getter(argument) for argument in node.arguments)
        return lambda row: function(one(row) or "", other(row) or "")

    def _getter(self, node: Node) -> tuple[Callable[[FeedRow], Any], str]:
        match node:
            case Literal(value=value):
                constant = comparable(value)
                return (lambda _: constant), _kind_of(value)
            case Field(path=path) if path.partition("/")[0] in self.feed.references:
                return self._referred(*path.split("/", 1))
            case Field(path=path):
                column = self.feed.column(path)
                if column is None:
                    raise unknown_property(path, self.feed)
                if path in self.feed.unselectable:
                    raise bad_filter(f"Filter on '{path}' is not allowed because it is a virtual field.")
                self.used.add(path)
                return (lambda row: comparable(row.get(path))), _KINDS.get(column.kind, f"Edm.{column.kind}")
        raise bad_filter("A comparison needs a column and a constant.")

    def _referred(self, name: str, path: str) -> tuple[Callable[[FeedRow], Any], str]:
        """A column of what a row leads to."""
        target = self.classes[self.feed.references[name].target]
        column = target.column(path)
        if column is None:
            raise unknown_property(path, target)

        def read(row: FeedRow) -> Any:
            return comparable((self.lookup(name, row) or {}).get(path))

        return read, _KINDS.get(column.kind, f"Edm.{column.kind}")


def unknown_property(name: str, feed: Feed) -> Refusal:
    """The refusal of a name that is no property: names are told apart by case."""
    return bad_filter(
        f"Could not find a property named '{name}' on type '{feed.namespace}.{feed.type_name}'."
    )


def _is_start(node: Node) -> bool:
    return isinstance(node, Call) and node.name == "startswith"


def _kind_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "Edm.Boolean"
    if isinstance(value, str):
        return "Edm.String"
    return "Edm.DateTimeOffset" if isinstance(value, date) else "Edm.Decimal"
