"""What the rows of a sample tell: which times are days, and which columns tell the rows apart."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from connector.domain.offer import Look

Row = Mapping[str, Any]

MIDNIGHT = re.compile(r"\d{4}-\d\d-\d\dT00:00:00(\.0+)?(Z|[+-]\d\d:\d\d)?")
NAME_OF_KEY = re.compile(r"(ID|CD|Nbr|Number|Code)$")
NAME_OF_TYPE = re.compile(r"(Type|Module|Class)$")


def look_at(rows: Sequence[Row], times: Iterable[str], expanded: tuple[str, ...] = ()) -> Look:
    """Return what the rows tell of these points in time: which were midnight whenever they had a value."""
    judged: dict[str, list[str]] = {"days": [], "times": [], "unseen": []}
    for path in times:
        texts = [value for row in rows for value in find_values(row, path) if isinstance(value, str)]
        kind = "days" if all(map(MIDNIGHT.fullmatch, texts)) else "times"
        judged[kind if texts else "unseen"].append(path)
    return Look(
        rows=len(rows),
        expanded=expanded,
        days=tuple(judged["days"]),
        times=tuple(judged["times"]),
        unseen=tuple(judged["unseen"]),
    )


def find_values(node: Any, path: str) -> Iterator[Any]:
    """Yield the values at a path of a record, in each of its details; what is empty has none."""
    name, _, rest = path.partition("/")
    for level in node if isinstance(node, list) else [node]:
        if not isinstance(level, dict) or name not in level:
            continue
        if rest:
            yield from find_values(level[name], rest)
        elif (value := read_value(level[name])) not in (None, ""):
            yield value


def read_value(member: Any) -> Any:
    """Return the value of a member, as people see it: a row of a feed has it bare, a choice describes it."""
    value = member.get("value") if isinstance(member, dict) else member
    return value.get("description") or value.get("id") if isinstance(value, dict) else value


def find_key_texts(row: Row, keys: Sequence[str]) -> tuple[str, ...] | None:
    """Return the values of these fields as text; None if one is missing."""
    values = [next(find_values(row, key), None) for key in keys]
    if any(value is None or isinstance(value, list | float) for value in values):
        return None
    return tuple(
        str(value).lower() if isinstance(value, bool) else str(value).rstrip(" ") for value in values
    )


def is_unique(rows: Sequence[Row], keys: Sequence[str]) -> bool:
    """Whether each row has a value in each of these fields, and no two have the same."""
    found = [find_key_texts(row, keys) for row in rows]
    return None not in found and len(set(found)) == len(rows)


def rank(names: Iterable[str], of: str) -> list[str]:
    """Return the names, those first that keys are usually called, and of these the ones that begin as what they belong to."""
    return sorted(names, key=lambda name: (not NAME_OF_KEY.search(name), not name.startswith(of)))
