"""`audit`: shows everything that ever happened to one record."""

import argparse
from dataclasses import asdict

from rich.console import Console

from connector.domain.instants import to_text
from connector.faces.commands.command import open_connector
from connector.faces.commands.parser import Commands
from connector.faces.exit_codes import FAILED, OK
from connector.faces.stop_signals import StopSignals
from connector.faces.terminal import show_audit, write_json


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
    lines = connector.audit(options.entity, options.key)
    if options.json:
        write_json([{**asdict(line), "at": to_text(line.at)} for line in lines])
    elif lines:
        show_audit(lines, console)
    else:
        keys = "/".join(connector.catalogue.find(options.entity).keys)
        text = f"Nothing is known of {options.key} in {options.entity}. Name it by its key ({keys}) or by Acumatica's id."
        console.print(text, markup=False, highlight=False)
    return OK if lines else FAILED
