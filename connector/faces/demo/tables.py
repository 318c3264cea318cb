"""How the demo shows what happened on a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from connector.faces.terminal import COLOURS
from connector.faces.wording import show_instant

SHOWN = 8
"""Rows of an answer that are printed."""


def show_results(results: Sequence[Mapping[str, Any]], console: Console) -> None:
    """Print the function's answers, one a line, and the reason of what failed."""
    table = Table("Entity", "Mode", "Status", box=None, pad_edge=False)
    for name in ("Read", "Written", "Unchanged", "Deleted", "Seconds"):
        table.add_column(name, justify="right")
    table.add_column("Watermark (UTC)")
    for result in results:
        counts = [result.get(f"records_{name}", 0) for name in ("read", "written", "unchanged")]
        table.add_row(
            result["entity"],
            result["mode"],
            f"[{COLOURS[result['status']]}]{result['status']}[/]",
            *(f"{count:,}" for count in counts),
            f"{result['deleted']:,}" if "deleted" in result else "",
            f"{result['duration_seconds']:.1f}",
            show_instant(result["watermark_after"])[:16],
        )
        if "error" in result:
            table.add_row("", "", escape(result["error"]["message"]))
    console.print(table)


def show_day(activity: Mapping[str, Mapping[str, int]], console: Console) -> None:
    """Print what people did in the ERP."""
    for entity, counts in activity.items():
        done = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
        console.print(f"  {entity:<20} {done}", highlight=False)


def show_answer(title: str, rows: Sequence[Mapping[str, Any]], console: Console) -> None:
    """Print the first rows of a query's answer, how many there are, and what its balances add up to."""
    table = Table(title=f"\n{title}", title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name, value in (rows[0] if rows else {}).items():
        table.add_column(name, justify="right" if isinstance(value, Decimal) else "left")
    for row in rows[:SHOWN]:
        table.add_row(*(escape(_show_value(value)) for value in row.values()))
    console.print(table)
    for line in _summarise(rows):
        console.print(f"[dim]{line}[/]", highlight=False)


def _summarise(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if len(rows) > SHOWN:
        yield f"… and {len(rows) - SHOWN:,} more"
    if rows and {"debit", "credit", "balance"} <= rows[0].keys():
        totals = (f"{name} {sum(row[name] for row in rows):,.2f}" for name in ("debit", "credit", "balance"))
        yield f"in all: {', '.join(totals)}"


def _show_value(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return "" if value is None else str(value)
