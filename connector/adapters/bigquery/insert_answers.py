"""Evaluates the response of `insertAll`: with status 200, only the rows it does not list are stored."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.adapters.bigquery.errors import shorten
from connector.domain.tables.schema import Column, Table

UNKNOWN_FIELD = re.compile(r"no such field:?\s*([\w.\[\]]*\w)", re.IGNORECASE)
PASSING = frozenset(
    {"stopped", "timeout", "backendError", "internalError", "rateLimitExceeded", "quotaExceeded"}
)
"""Error reasons for which the row itself is not to blame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The rows that are not stored: `invalid` ones with their reasons, and those to send again.

    `lagging`: BigQuery's streaming side refused a column that the table has, because it has not heard of it yet.
    """

    invalid: Mapping[int, str]
    again: Sequence[int]
    lagging: bool


def read_answer(reply: Mapping[str, Any], indexes: Sequence[int], table: Table) -> Answer:
    """Classify the rows that the response lists; all others are stored."""
    invalid: dict[int, str] = {}
    again: list[int] = []
    lagging = False
    known = set(_walk_names(table.columns))
    for entry in reply.get("insertErrors") or ():
        index = indexes[int(entry["index"])]
        faults = [error for error in entry.get("errors") or () if error.get("reason") not in PASSING]
        late = bool(faults) and all(_names_known_field(error, known) for error in faults)
        lagging = lagging or late
        if faults and not late:
            invalid[index] = "; ".join(_describe(error) for error in faults)
        else:
            again.append(index)
    return Answer(invalid=invalid, again=again, lagging=lagging)


def _names_known_field(error: Mapping[str, Any], known: set[str]) -> bool:
    """Whether the error names a field that the table has, which the streaming backend does not know yet."""
    found = UNKNOWN_FIELD.search(str(error.get("message", "")))
    if found is None:
        return False
    path = re.sub(r"\[\d+\]", "", found.group(1)).lower()
    return path in known or path.rsplit(".", 1)[-1] in {name.rsplit(".", 1)[-1] for name in known}


def _walk_names(columns: Iterable[Column], path: str = "") -> Iterator[str]:
    for column in columns:
        yield path + column.name
        yield from _walk_names(column.fields, f"{path}{column.name}.")


def _describe(error: Mapping[str, Any]) -> str:
    place = f"{error['location']}: " if error.get("location") else ""
    return shorten(f"{place}{error.get('message') or error.get('reason') or 'refused'}")


def describe_passing(reply: Mapping[str, Any]) -> str:
    """Return the reasons the answer gives, for an error about rows that are not at fault."""
    reasons = {
        str(error.get("reason"))
        for entry in reply.get("insertErrors") or ()
        for error in entry.get("errors") or ()
    }
    return ", ".join(sorted(reasons))
