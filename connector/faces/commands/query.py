"""`query`: asks the DuckDB file of a laptop."""

import argparse
import csv
import sys

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from connector.app.query import query_warehouse
from connector.faces.commands.command import Commands
from connector.faces.exit_codes import OK
from connector.faces.stop_signals import StopSignals
from connector.faces.terminal import write_json


def register(commands: Commands) -> None:
    """Add the command."""
    query = commands.add(
        "query",
        _query,
        "Ask the DuckDB file in SQL; nothing is changed. In the cloud, ask BigQuery (bq query).",
        examples=[
            "query 'SELECT status, count(*) FROM invoices GROUP BY ALL'",
            "query --csv 'SELECT * FROM vendors' > vendors.csv",
        ],
    )
    query.add_argument("sql", metavar="SQL")
    query.add_argument("--csv", action="store_true", help="print CSV with a header")


def _query(options: argparse.Namespace, console: Console, _: StopSignals) -> int:
    answer = query_warehouse(options.sql)
    names = list(next(answer))
    if options.json:
        for row in answer:
            write_json(dict(zip(names, row, strict=True)))
    elif options.csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(answer)
    else:
        table = Table(*(escape(name) for name in names), box=None, pad_edge=False)
        for row in answer:
            table.add_row(*("" if value is None else escape(str(value)) for value in row))
        console.print(table, highlight=False)
        console.print(f"\n{table.row_count:,} rows", highlight=False)
    return OK
