"""`audit`: shows everything that ever happened to one record."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.markup import escape

from connector.app.audit import AuditLine, audit_record
from connector.domain.instants import to_text
from connector.faces.commands.command import open_connector
from connector.faces.commands.parser import Commands
from connector.faces.exit_codes import FAILED, OK
from connector.faces.stop_signals import StopSignals
from connector.faces.terminal import show_rows, write_json
from connector.faces.wording import show_instant


def register(commands: Commands) -> None:
    """Add the command."""
    audit = commands.add(
        "audit",
        _audit,
        examples=["audit vendors V000001", "audit invoices Bill/000123"],
    )
    audit.add_argument("entity", metavar="ENTITY")
    audit.add_argument("key", metavar="KEY", help="its key as Bill/000123, or Acumatica's id")


def _audit(options: argparse.Namespace, console: Console, _: StopSignals) -> int:
    connector = open_connector()
    lines = audit_record(connector, options.entity, options.key)
    if options.json:
        write_json([{**asdict(line), "at": to_text(line.at)} for line in lines])
    elif lines:
        _show(lines, console)
    else:
        keys = "/".join(connector.catalogue.find(options.entity).keys)
        text = f"Nothing is known of {options.key} in {options.entity}. Name it by its key ({keys}) or by Acumatica's id."
        console.print(text, markup=False, highlight=False)
    return OK if lines else FAILED


def _show(lines: Sequence[AuditLine], console: Console) -> None:
    """Print everything that happened to a record, oldest first."""
    headers = ("When (UTC)", "Where", "What", "Run", "Version", "Key", "Why")
    rows = []
    for line in lines:
        cells = (line.place, line.what, line.run_id, line.version[:12], line.key, line.reason)
        rows.append([show_instant(to_text(line.at)), *map(escape, cells)])
    show_rows(headers, rows, console)
