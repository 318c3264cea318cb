"""What a list leaves out of a record: some lists give details or custom fields empty that the single record has."""

from collections.abc import Iterator
from enum import Enum, auto
from typing import Any

import msgspec

PACKAGING = frozenset({"id", "rowNumber", "note", "_links", "files", "error"})
"""Members that differ from reading to reading though the record is the same."""


class Kind(Enum):
    """What a path was found to be."""

    LEFT_OUT = auto()
    GIVEN = auto()
    DIFFERENT = auto()


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Paths of the levels below a record and its custom fields that a list leaves empty (`left_out`) or gives (`given`), of
    those the record has something in; and of other members that `differ`.
    """

    left_out: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    differ: tuple[str, ...] = ()

    def join(self, other: "Comparison") -> "Comparison":
        """Return what both found, in order of the paths."""
        return Comparison(
            left_out=_unite(self.left_out, other.left_out),
            given=_unite(self.given, other.given),
            differ=_unite(self.differ, other.differ),
        )


def _unite(ours: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*ours, *theirs}))


def compare_listed(listed: bytes, single: bytes, modified_field: str | None) -> Comparison:
    """Return what differs between a record as listed and the same record read by its id.

    Nothing when its stamp differs: it was changed in between. Nor when one of them is no JSON: that is told elsewhere.
    """
    try:
        ours, whole = msgspec.json.decode(listed), msgspec.json.decode(single)
    except (ValueError, RecursionError):
        return Comparison()
    if not (isinstance(ours, dict) and isinstance(whole, dict)):
        return Comparison()
    if modified_field is not None and ours.get(modified_field) != whole.get(modified_field):
        return Comparison()
    found = list(dict.fromkeys(_differences(ours, whole, "")))
    return Comparison(
        left_out=tuple(path for path, kind in found if kind is Kind.LEFT_OUT),
        given=tuple(path for path, kind in found if kind is Kind.GIVEN),
        differ=tuple(path for path, kind in found if kind is Kind.DIFFERENT),
    )


def _differences(listed: dict[str, Any], single: dict[str, Any], path: str) -> Iterator[tuple[str, Kind]]:
    """Yield the paths of what differs, and of the levels that both have something in."""
    for member, value in single.items():
        place, given = path + member, listed.get(member)
        if member == "custom":
            yield from _custom_differences(given, value, path)
        elif member in PACKAGING:
            continue
        elif isinstance(value, list) and value:
            yield from _line_differences(given, value, place)
        elif _is_level(value):
            if isinstance(given, dict) and given:
                yield place, Kind.GIVEN
                yield from _differences(given, value, f"{place}/")
            else:
                yield place, Kind.LEFT_OUT
        elif value != given:
            yield place, Kind.DIFFERENT


def _line_differences(listed: Any, single: list[Any], path: str) -> Iterator[tuple[str, Kind]]:
    if not listed:
        yield path, Kind.LEFT_OUT
        return
    yield path, Kind.GIVEN
    if not isinstance(listed, list) or len(listed) != len(single):
        yield path, Kind.DIFFERENT
    else:
        for given, line in zip(listed, single, strict=True):
            if isinstance(given, dict) and isinstance(line, dict):
                yield from _differences(given, line, f"{path}/")


def _custom_differences(listed: Any, single: Any, path: str) -> Iterator[tuple[str, Kind]]:
    given, whole = _custom_values(listed), _custom_values(single)
    for name, value in whole.items():
        if name not in given:
            yield path + name, Kind.LEFT_OUT
            continue
        yield path + name, Kind.GIVEN
        if value != given[name]:
            yield path + name, Kind.DIFFERENT


def _custom_values(custom: Any) -> dict[str, Any]:
    """Return what is not empty of a `custom` member, by `View.Field`."""
    views = custom.items() if isinstance(custom, dict) else ()
    return {
        f"{view}.{name}": field["value"]
        for view, fields in views
        if isinstance(fields, dict)
        for name, field in fields.items()
        if isinstance(field, dict) and field.get("value") not in (None, "")
    }


def _is_level(value: Any) -> bool:
    """Whether it is a linked record: a field is `{}` or has a value."""
    return isinstance(value, dict) and bool(value) and "value" not in value
