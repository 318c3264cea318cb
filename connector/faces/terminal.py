"""Prints results and tables on a terminal."""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from connector.domain.check_line import CheckLine
from connector.domain.run import Mode, RunResult, Status

COLOURS = {"succeeded": "green", "partial": "yellow", "skipped": "yellow", "failed": "red"}

GAP = 2
"""Blanks between two columns of a table."""


def show_result(result: RunResult, console: Console) -> None:
    """Print the result of a run: its counts, and why it was skipped or failed."""
    colour = COLOURS[result.status.value]
    counts = (
        f"{result.records_read:,} read, {result.records_written:,} written, {result.records_unchanged:,} unchanged, "
        f"{result.records_rejected:,} rejected in {result.duration_seconds:.1f} s"
    )
    extra = "".join(f", {name} {value}" for name, value in result.details.items())
    console.print(
        f"{result.entity:<20} [{colour}]{result.status.value:<10}[/] {counts}{extra}", highlight=False
    )
    if result.mode is Mode.REPLAY and result.status is Status.SUCCEEDED and not result.records_read:
        console.print("  There is no dead letter to process.")
    if result.reason:
        console.print(f"  {result.reason}", highlight=False, markup=False)
    if result.error:
        console.print(f"  {result.error.message} {result.error.action}", highlight=False, markup=False)


def show_total(results: Sequence[RunResult], console: Console) -> None:
    """Print what several runs came to."""
    ends = Counter(result.status.value for result in results)
    told = ", ".join(f"{count} {status}" for status, count in ends.items())
    read, written = sum(r.records_read for r in results), sum(r.records_written for r in results)
    console.print(
        f"\n{len(results)} entities: {told}. {read:,} records read, {written:,} written.", highlight=False
    )


def show_checks(lines: Sequence[CheckLine], console: Console) -> None:
    """Print each test in order, the remedy below each failure, and the number of failures."""
    table = Table("", "Tried", "Found", box=None, pad_edge=False)
    for line in lines:
        state, colour = ("[green]ok[/]", "dim") if line.ok else ("[red]FAILED[/]", "yellow")
        remedy = f"\n[{colour}]→ {escape(line.remedy)}[/]" if line.remedy else ""
        table.add_row(state, escape(line.subject), escape(line.finding) + remedy)
    console.print(table, highlight=False)
    failed = sum(not line.ok for line in lines)
    summary = f"[red]{failed} of {len(lines)} failed.[/]" if failed else f"All {len(lines)} are well."
    console.print(f"\n{summary}", highlight=False)


def show_rows(
    headers: Sequence[str], rows: Sequence[Sequence[str]], console: Console, *, numbered: bool = False
) -> None:
    """Print a row a line; one value a line where a line is too narrow for every word. Texts may have markup."""
    table = Table(box=None, pad_edge=False)
    columns = list(zip(headers, *rows, strict=True))
    longest = [_measure(column, str.split) for column in columns]
    spare = console.width - sum(longest) - GAP * len(columns)
    for column, width in zip(columns, longest, strict=True):
        wider = max(0, min(spare, _measure(column, str.splitlines) - width))
        table.add_column(column[0], width=width + wider)
        spare -= wider
    for row in rows:
        table.add_row(*row)
    if sum(longest) + GAP * len(columns) <= console.width:
        console.print(table, highlight=False)
        return
    for number, row in enumerate(rows, 1):
        values = Table(box=None, pad_edge=False, show_header=False)
        for name, value in zip(headers, row, strict=True):
            values.add_row(name, value)
        if number > 1:
            console.print()
        if numbered:
            console.print(f"[bold]row {number:,}[/]", highlight=False)
        console.print(values, highlight=False)


def _measure(texts: Sequence[str], split: Callable[[str], list[str]]) -> int:
    """Return how wide the widest part of a column's texts is."""
    return max(
        (cell_len(part) for text in texts for part in split(Text.from_markup(text, emoji=False).plain)),
        default=0,
    )


def write_note(text: str) -> None:
    """Write a note to stderr, apart from the output."""
    sys.stderr.write(f"{text}\n")


def write_json(plain: Any) -> None:
    """Write one JSON document on one line."""
    sys.stdout.write(msgspec.json.encode(plain).decode() + "\n")
