"""What a request asks to see: `$select`, `$expand` and `$custom` in both contracts' grammars."""

from __future__ import annotations

from dataclasses import dataclass, field

from .problems import bad_filter


@dataclass(frozen=True, slots=True)
class Selection:
    """The wish for one level: chosen fields (None is all of them), custom ones as `View.Field`, and the members opened below it."""

    fields: frozenset[str] | None = None
    custom: tuple[str, ...] = ()
    opened: dict[str, Selection] = field(default_factory=dict)


def read_selection(parameters: dict[str, str], contract_version: int) -> Selection:
    """The selection of a request's query options."""
    select, expand = parameters.get("$select", ""), parameters.get("$expand", "")
    if contract_version >= 5:
        return _nested(select, expand)
    return _flat(_split(select), _split(expand), _split(parameters.get("$custom", "")))


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _flat(select: list[str], expand: list[str], custom: list[str]) -> Selection:
    """Contract 4: paths with slashes. With a `$select`, what is expanded but not selected is dropped."""
    opened = {}
    for name in _heads(expand):
        below = _below(expand, name), _below(custom, name)
        if not select or name == "files" or name in select:
            opened[name] = _flat([], *below)
        elif _below(select, name):
            opened[name] = _flat(_below(select, name), *below)
    chosen = frozenset(_heads(select)) if select else None
    return Selection(chosen, tuple(name for name in custom if "/" not in name), opened)


def _heads(paths: list[str]) -> list[str]:
    return list(dict.fromkeys(path.split("/")[0] for path in paths))


def _below(paths: list[str], name: str) -> list[str]:
    return [path.removeprefix(f"{name}/") for path in paths if path.startswith(f"{name}/")]


def _nested(select: str, expand: str) -> Selection:
    """Contract 5: `Details($select=Amount;$expand=Allocations)`, and `*` for every field.

    There is no `$custom`: custom fields stand in the `$select` of their level, told by their dot.
    """
    named = _split(select)
    custom = tuple(name for name in named if "." in name)
    fields = None if not named or "*" in named else frozenset(named).difference(custom)
    opened: dict[str, Selection] = {}
    for item in _outside_brackets(expand, ","):
        name, _, options = item.strip().partition("(")
        if not name:
            continue
        if options and not options.endswith(")"):
            raise bad_filter(f"Found an unbalanced bracket expression in '{item}'.")
        below = dict(part.strip().partition("=")[::2] for part in _outside_brackets(options[:-1], ";"))
        opened[name] = _nested(below.get("$select", ""), below.get("$expand", ""))
    return Selection(fields, custom, opened)


def _outside_brackets(text: str, separator: str) -> list[str]:
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
