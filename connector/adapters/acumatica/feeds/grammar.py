"""Queries of a feed in the grammar of OData 4."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

import msgspec
from msgspec import Raw

from connector.adapters.acumatica.odata import READABLE
from connector.domain.instants import to_text
from connector.domain.records.contract import Kind

ORDERED = (Kind.STRING, Kind.INT, Kind.DATE, Kind.DATETIME)
"""Kinds that OData compares with `gt` and `ge`, and that can be keys."""

KeyValues = tuple[Raw, ...]
"""The values of a row's keys, as they were sent: blanks at the end are left as the server compares them."""


def render_literal(value: str, kind: Kind) -> str:
    """Return a value, given as text, as a literal of its kind."""
    if kind is Kind.DATE:
        return f"{value[:10]}T00:00:00Z"
    if kind is Kind.STRING:
        return "'" + value.replace("'", "''") + "'"
    return value.lower() if kind is Kind.BOOL else value


def render_sent(raw: Raw, kind: Kind) -> str:
    """Return a value as it came in JSON as a literal of its kind."""
    text = bytes(raw).decode()
    return render_literal(msgspec.json.decode(text) if text.startswith('"') else text, kind)


def is_at_or_after(keys: Sequence[str], literals: Sequence[str]) -> str:
    """Return the condition on rows that stand at these key values or behind them."""
    (key, *others), (literal, *rest) = keys, literals
    if not others:
        return f"{key} ge {literal}"
    return f"{key} gt {literal} or ({key} eq {literal} and ({is_at_or_after(others, rest)}))"


def is_equal(keys: Sequence[str], literals: Sequence[str]) -> str:
    """Return the condition on the row with these key values."""
    return " and ".join(f"{key} eq {literal}" for key, literal in zip(keys, literals, strict=True))


def lacks_a_key(keys: Sequence[str]) -> str:
    """Return the condition on rows without a value in one of their keys."""
    return " or ".join(f"{key} eq null" for key in keys)


def is_changed_since(field: str, instant: datetime) -> str:
    """Return the condition on rows stamped at this instant or later."""
    return f"{field} ge {to_text(instant)}"


def build_query(
    *, conditions: Sequence[str], select: Sequence[str], order: Sequence[str], top: int, skip: int = 0
) -> str:
    """Return the encoded query. All conditions must hold. A path (`AccountByAccountID/AccountCD`) is selected by expanding it."""
    own = [name for name in select if "/" not in name]
    both = conditions[0] if len(conditions) == 1 else " and ".join(f"({one})" for one in conditions)
    parameters = (
        ("$filter", both),
        ("$orderby", ",".join(order)),
        ("$select", ",".join(own)),
        ("$expand", _expand(select)),
        ("$top", str(top)),
        ("$skip", str(skip) if skip else ""),
    )
    return "&".join(f"{name}={quote(value, safe=READABLE)}" for name, value in parameters if value)


def _expand(select: Sequence[str]) -> str:
    """Return the references that are read too, each with its columns alone."""
    levels: dict[str, list[str]] = {}
    for path in select:
        reference, _, column = path.rpartition("/")
        if reference:
            levels.setdefault(reference, []).append(column)
    return ",".join(f"{reference}($select={','.join(columns)})" for reference, columns in levels.items())
