"""The query part of requests, in the grammar of contract 4 (OData 3) or contract 5 (OData 4.01), encoded."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from connector.domain.instants import to_text
from connector.domain.records.contract import Kind

READABLE = "/,'()*.:$=;"
"""Marks that both grammars use and a query part may hold as they are; everything else is percent-encoded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSelection:
    """What of a record is asked for. Paths are levels joined with `/`; each expanded level's parent is expanded too.

    An empty `select` asks for every field of every expanded level. `custom` holds `View.Field` below any path. It is asked
    for in the `grammar` of contract 4 or 5.
    """

    expand: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    custom: tuple[str, ...] = ()
    grammar: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class RowWindow:
    """Which rows of a list are requested. `equal` holds fields, each with the text and the kind of its value."""

    equal: tuple[tuple[str, str, Kind], ...] = ()
    modified_field: str | None = None
    changed_since: datetime | None = None
    skip: int = 0
    top: int


def build_query(choice: FieldSelection, window: RowWindow | None = None) -> str:
    """Return the encoded query of a list (with a window) or of one record (without)."""
    parameters = _build_window(choice.grammar, window) if window else []
    parameters += _build_choice_5(choice) if choice.grammar == 5 else _build_choice_4(choice)
    return "&".join(f"{name}={quote(value, safe=READABLE)}" for name, value in parameters)


def _build_window(grammar: int, window: RowWindow) -> list[tuple[str, str]]:
    parameters = []
    if window.equal:
        conditions = (f"{field} eq {_render_literal(value, kind)}" for field, value, kind in window.equal)
        parameters.append(("$filter", " and ".join(conditions)))
    if window.modified_field is not None and window.changed_since is not None:
        instant = to_text(window.changed_since)
        literal = instant if grammar == 5 else f"datetimeoffset'{instant}'"
        parameters.append(("$filter", f"{window.modified_field} ge {literal}"))
    parameters.append(("$top", str(window.top)))
    if window.skip:
        parameters.append(("$skip", str(window.skip)))
    return parameters


def _render_literal(value: str, kind: Kind) -> str:
    if kind in (Kind.INT, Kind.DECIMAL, Kind.DOUBLE, Kind.BOOL):
        return value.lower()
    return "'" + value.replace("'", "''") + "'"


def _build_choice_4(choice: FieldSelection) -> list[tuple[str, str]]:
    lists = (("$select", choice.select), ("$expand", with_parents(choice.expand)), ("$custom", choice.custom))
    return [(name, ",".join(paths)) for name, paths in lists if paths]


def _build_choice_5(choice: FieldSelection) -> list[tuple[str, str]]:
    """Custom fields are selected like others; options of an expanded level stand in its parentheses."""
    select, expand = _level_5(choice, "")
    return [(name, value) for name, value in (("$select", select), ("$expand", expand)) if value]


def _level_5(choice: FieldSelection, path: str) -> tuple[str, str]:
    chosen = [_name(item) for item in choice.select if _parent(item) == path]
    custom = [_name(item) for item in choice.custom if _parent(item) == path]
    select = ",".join([*(chosen or ["*"]), *custom]) if chosen or custom else ""
    levels = []
    for child in with_parents(choice.expand):
        if _parent(child) == path:
            names = zip(("$select", "$expand"), _level_5(choice, child), strict=True)
            options = ";".join(f"{name}={value}" for name, value in names if value)
            levels.append(f"{_name(child)}({options})" if options else _name(child))
    return select, ",".join(levels)


def with_parents(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the paths, each after all the levels above it, none twice."""
    ordered: dict[str, None] = {}
    for path in paths:
        levels = path.split("/")
        for depth in range(1, len(levels) + 1):
            ordered["/".join(levels[:depth])] = None
    return tuple(ordered)


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _name(path: str) -> str:
    return path.rpartition("/")[2]
