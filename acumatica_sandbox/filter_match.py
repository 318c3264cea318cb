"""What a `$filter` means: a tree turned into a question about one record."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from typing import Any

from .contract import Endpoint, TypeContract
from .dropdowns import code_of
from .filter_parser import Binary, Call, CustomField, Field, Literal, Negation, Node
from .filter_words import COMPARISONS, ODATA_3, ODATA_4
from .problems import bad_filter, unknown_field
from .rows import Record, Row, Scalar

Condition = Callable[[Record], bool]
Getter = Callable[[Record], Any]

_FUNCTIONS = {4: ODATA_3, 5: ODATA_4}
_KINDS = {
    "string": "text",
    "string_select": "text",
    "guid": "text",
    "datetime": "time",
    "date": "time",
    "bool": "truth",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """Compiles filters on one entity; `zone` is where the server's calendar days begin and end."""

    endpoint: Endpoint
    contract: TypeContract
    zone: tzinfo
    custom_fields: Collection[str] = ()
    used: set[str] = field(default_factory=set)
    """The top-level fields met while compiling: they are returned even if not selected."""

    def condition(self, node: Node) -> Condition:
        """The record's answer to this condition."""
        match node:
            case Binary(operator="and", left=left, right=right):
                first, second = self.condition(left), self.condition(right)
                return lambda record: first(record) and second(record)
            case Binary(operator="or", left=left, right=right):
                first, second = self.condition(left), self.condition(right)
                return lambda record: first(record) or second(record)
            case Binary():
                return self._comparison(node)
            case Negation(operand=Call()):
                raise bad_filter("The operator 'not' cannot be applied to a function here.")
            case Negation(operand=operand):
                positive = self.condition(operand)
                return lambda record: not positive(record)
            case Call():
                return self._call(node)
            case Field() | CustomField():
                truth = self._getter(node)[0]
                return lambda record: truth(record) is True
        raise bad_filter("The $filter expression must evaluate to a single boolean value.")

    def _comparison(self, node: Binary) -> Condition:
        if isinstance(node.left, Call) or isinstance(node.right, Call):
            self.condition(node.left if isinstance(node.left, Call) else node.right)
            return lambda _: False
        left, left_kind = self._getter(node.left)
        right, right_kind = self._getter(node.right)
        if "null" in (left_kind, right_kind):
            return _null_comparison(node.operator, left if right_kind == "null" else right)
        if left_kind != right_kind and "any" not in (left_kind, right_kind):
            raise bad_filter(
                "A binary operator with incompatible types was detected. "
                f"Found operand types '{left_kind}' and '{right_kind}' for operator kind '{node.operator}'."
            )
        return _comparison(COMPARISONS[node.operator], left, right)

    def _call(self, node: Call) -> Condition:
        function = _FUNCTIONS[self.endpoint.contract_version].get(node.name)
        if function is None:
            raise bad_filter(f"An unknown function with name '{node.name}' was found.")
        if len(node.arguments) != 2:
            raise bad_filter(f"No function signature for the function with name '{node.name}' matches.")
        (first, _), (second, _) = (self._getter(argument) for argument in node.arguments)
        return _text_function(function, first, second)

    def _getter(self, node: Node) -> tuple[Getter, str]:
        match node:
            case Literal(value=value):
                constant = self._comparable(value)
                return (lambda _: constant), _kind_of(value)
            case CustomField(name=name):
                if name not in self.custom_fields:
                    raise unknown_field()
                return (lambda record: self._comparable(record.custom.get(name))), "any"
            case Field(path=path):
                return self._field(path)
        raise bad_filter("A comparison needs a field and a constant.")

    def _field(self, path: str) -> tuple[Getter, str]:
        *links, name = path.split("/")
        contract = self.contract
        for link in links:
            contract = self._linked(contract, link)
        if name not in contract.fields:
            raise bad_filter(
                f"Could not find a property named '{name}' on type '{self.endpoint.name}.{contract.type}'."
            )
        self.used.add(links[0] if links else name)
        kind = contract.fields[name]
        comparable = self._coder(contract.type, name) if self._is_coded(kind) else self._comparable
        if not links:
            return (lambda record: comparable(record.fields.get(name))), _KINDS.get(kind, "number")
        return (lambda record: comparable(_follow(record, links, name))), _KINDS.get(kind, "number")

    def _linked(self, contract: TypeContract, link: str) -> TypeContract:
        if link in contract.details:
            raise bad_filter(
                f"The parent value for a property access of a property '{link}' is not a single value. "
                "Property access can only be applied to a single value."
            )
        if link not in contract.linked:
            raise bad_filter(
                f"Could not find a property named '{link}' on type '{self.endpoint.name}.{contract.type}'."
            )
        return self.endpoint.types[contract.linked[link]]

    def _is_coded(self, kind: str) -> bool:
        return kind == "string_select" and self.endpoint.contract_version >= 5

    def _coder(self, type_name: str, name: str) -> Callable[[Scalar | None], Any]:
        return lambda value: None if value is None else code_of(type_name, name, str(value)).casefold()

    def _comparable(self, value: Scalar | None) -> Any:
        if isinstance(value, str):
            return value.rstrip(" ").casefold()
        if isinstance(value, date) and not isinstance(value, datetime):
            return datetime.combine(value, time(), self.zone)
        return value


def _follow(record: Record, links: list[str], name: str) -> Scalar | None:
    row: Row | None = record
    for link in links:
        row = row.linked.get(link) if row else None
    return row.fields.get(name) if row else None


def _kind_of(value: Scalar | None) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, int | Decimal):
        return "number"
    return "text" if isinstance(value, str) else "time"


def _comparison(compare: Callable[[Any, Any], bool], left: Getter, right: Getter) -> Condition:
    def holds(record: Record) -> bool:
        one, other = left(record), right(record)
        return one is not None and other is not None and compare(one, other)

    return holds


def _null_comparison(name: str, value: Getter) -> Condition:
    if name not in ("eq", "ne"):
        return lambda _: False
    return lambda record: (value(record) is None) is (name == "eq")


def _text_function(function: Callable[[str, str], bool], first: Getter, second: Getter) -> Condition:
    def holds(record: Record) -> bool:
        one, other = first(record), second(record)
        return isinstance(one, str) and isinstance(other, str) and function(one, other)

    return holds
