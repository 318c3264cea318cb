"""The grammar of `$filter`: from tokens to a tree."""

from __future__ import annotations

from dataclasses import dataclass

from .filter_lexer import LiteralValue, Token
from .problems import bad_filter

COMPARISONS = ("eq", "ne", "gt", "ge", "lt", "le")


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant."""

    value: LiteralValue


@dataclass(frozen=True, slots=True)
class Field:
    """A field, or with slashes the field of a linked entity."""

    path: str


@dataclass(frozen=True, slots=True)
class CustomField:
    """A field outside the contract, `View.Field`."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A string function and what is in its parentheses."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Binary:
    """A comparison, `and` or `or`."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Negation:
    """`not` before a condition."""

    operand: Node


Node = Literal | Field | CustomField | Call | Binary | Negation


class Parser:
    """A reader of one filter, by recursive descent."""

    def __init__(self, tokens: list[Token]) -> None:
        """Begin before the first token."""
        self._tokens = tokens
        self._next = 0

    def parse(self) -> Node:
        """The whole filter, or a 500 that says where it went wrong."""
        tree = self._either()
        if self._next < len(self._tokens):
            raise bad_filter(f"Syntax error: '{self._tokens[self._next].text}' was not expected.")
        return tree

    def _either(self) -> Node:
        tree = self._both()
        while self._takes("or"):
            tree = Binary("or", tree, self._both())
        return tree

    def _both(self) -> Node:
        tree = self._condition()
        while self._takes("and"):
            tree = Binary("and", tree, self._condition())
        return tree

    def _condition(self) -> Node:
        if self._takes("not"):
            return Negation(self._condition())
        left = self._operand()
        operator = self._peek()
        if operator.kind == "word" and operator.text in COMPARISONS:
            self._next += 1
            return Binary(operator.text, left, self._operand())
        return left

    def _operand(self) -> Node:
        if self._takes("("):
            tree = self._either()
            self._require(")")
            return tree
        token = self._peek()
        self._next += 1
        if token.kind == "literal":
            return Literal(token.value)
        if token.kind != "word":
            raise bad_filter(f"Syntax error: '{token.text}' was not expected.")
        if self._takes("("):
            return self._call(token.text)
        return Field(token.text)

    def _call(self, name: str) -> Node:
        if name.startswith("cf."):
            return self._custom_field()
        arguments = [self._either()]
        while self._takes(","):
            arguments.append(self._either())
        self._require(")")
        return Call(name, tuple(arguments))

    def _custom_field(self) -> CustomField:
        if self._takes("f"):
            self._require("=")
        token = self._peek()
        self._next += 1
        self._require(")")
        if not isinstance(token.value, str):
            raise bad_filter("The name of a custom field is a text 'View.Field'.")
        return CustomField(token.value)

    def _peek(self) -> Token:
        return self._tokens[self._next] if self._next < len(self._tokens) else Token("end", "end of filter")

    def _takes(self, text: str) -> bool:
        token = self._peek()
        matches = token.kind in ("word", "mark") and token.text == text
        self._next += matches
        return matches

    def _require(self, text: str) -> None:
        if not self._takes(text):
            raise bad_filter(f"Syntax error: '{text}' expected, '{self._peek().text}' found.")
