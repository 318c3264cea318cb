"""`query`: asks the DuckDB file of a laptop."""

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from rich.console import Console
from rich.markup import escape

from connector.app.query import query_warehouse
from connector.errors import BadRequestError
from connector.faces.commands.parser import Commands
from connector.faces.exit_codes import OK
from connector.faces.stop_signals import StopSignals
from connector.faces.terminal import show_rows, write_json


def register(commands: Commands) -> None:
    """Add the command."""
    query = commands.add(
        "query",
        _query,
        examples=[
            "query 'SELECT status, count(*) FROM invoices GROUP BY ALL'",
            "query --csv 'SELECT * FROM vendors' > vendors.csv",
        ],
    )
    query.add_argument("sql", metavar="SQL")
    query.add_argument("--csv", action="store_true", help="print CSV with a header")


def _query(options: argparse.Namespace, console: Console, _: StopSignals) -> int:
    if options.json and options.csv:
        raise BadRequestError("Both --json and --csv are given.", action="Leave one of them out.")
    answer = query_warehouse(options.sql)
    names = list(next(answer))
    if options.json:
        for row in answer:
            write_json({name: _spell(value) for name, value in zip(names, row, strict=True)})
    elif options.csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([_as_text(value) for value in row] for row in answer)
    else:
        _show_rows(names, answer, console)
    return OK


def _spell(value: Any) -> Any:
    """Return the value with all digits of its decimals: a zero of nine places reads 0.000000000, not 0E-9."""
    match value:
        case Decimal():
            return f"{value:f}"
        case list():
            return [_spell(each) for each in value]
        case dict():
            return {name: _spell(each) for name, each in value.items()}
    return value


def _as_text(value: Any) -> str:
    """Return the text of a cell; a list and a struct as JSON."""
    if isinstance(value, list | dict):
        return msgspec.json.encode(_spell(value)).decode()
    return "" if value is None else str(_spell(value))


def _show_rows(names: Sequence[str], answer: Iterator[Sequence[Any]], console: Console) -> None:
    rows = [[escape(_as_text(value)) for value in row] for row in answer]
    show_rows([escape(name) for name in names], rows, console, numbered=True)
    console.print(f"\n{len(rows):,} {'row' if len(rows) == 1 else 'rows'}", highlight=False)
