"""`letters drop`: drops a dead letter whose record is gone or of no use."""

import argparse

from rich.console import Console

from connector.app.letters import drop_letter
from connector.faces.commands.command import open_connector
from connector.faces.commands.parser import Commands
from connector.faces.exit_codes import OK
from connector.faces.stop_signals import StopSignals
from connector.faces.terminal import write_json


def register(commands: Commands) -> None:
    """Add the command."""
    drop = commands.add(
        "letters drop",
        _drop,
        examples=["letters drop invoices Bill/000123 --reason 'deleted in Acumatica'"],
    )
    drop.add_argument("entity", metavar="ENTITY")
    drop.add_argument("key", metavar="KEY", help="its key as Bill/000123, or its id")
    drop.add_argument("--reason", default="", metavar="TEXT", help="why, for the audit trail")


def _drop(options: argparse.Namespace, console: Console, _: StopSignals) -> int:
    letter = drop_letter(open_connector(), options.entity, options.key, reason=options.reason)
    if options.json:
        write_json(
            {"entity": letter.entity, "record_id": letter.record_id, "key": letter.key, "dropped": True}
        )
    else:
        text = (
            f"The dead letter {letter.key or letter.record_id} of {letter.entity} is dropped. If the record still exists, "
            "a reconcile reads it again."
        )
        console.print(text, markup=False, highlight=False)
    return OK
