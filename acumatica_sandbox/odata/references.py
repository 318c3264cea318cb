"""`$expand`: columns of the row of another class that a row refers to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..problems import bad_filter
from .feed import Feed, FeedRow

DEEPEST = 3
Lookup = Callable[[Feed, str, FeedRow], FeedRow | None]
"""Answers which row a row of a feed leads to by a reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """What is asked for of one reference: columns (none means all), and references of its own."""

    feed: Feed
    select: Sequence[str] = ()
    expand: Mapping[str, Expansion] = field(default_factory=dict)


def parse_expand(text: str, feed: Feed, classes: Mapping[str, Feed], depth: int = 1) -> dict[str, Expansion]:
    """Read `A($select=X,Y),B`; a refusal for what is no reference of the class, or goes deeper than three."""
    found = {}
    for part in filter(None, _split(text, ",")):
        name, _, rest = part.partition("(")
        reference = feed.references.get(name.strip())
        if reference is None:
            raise bad_filter(
                f"Could not find a property named '{name}' on type '{feed.namespace}.{feed.type_name}'."
            )
        if depth > DEEPEST:
            raise bad_filter("The request includes a $expand path which is too deep.")
        target = classes[reference.target]
        options = dict(
            option.split("=", 1) for option in _split(rest.removesuffix(")"), ";") if "=" in option
        )
        chosen = tuple(filter(None, options.get("$select", "").split(",")))
        for column in chosen:
            if target.column(column) is None:
                raise bad_filter(
                    f"Could not find a property named '{column}' on type '{target.namespace}.{target.type_name}'."
                )
        deeper = parse_expand(options.get("$expand", ""), target, classes, depth + 1)
        found[name.strip()] = Expansion(feed=target, select=chosen, expand=deeper)
    return found


def _split(text: str, mark: str) -> Iterator[str]:
    """The parts between marks that stand in no parentheses."""
    depth, part = 0, ""
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == mark and not depth:
            yield part
            part = ""
        else:
            part += letter
    yield part
