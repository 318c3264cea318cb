"""`check`: tries every system."""

import argparse
from contextlib import nullcontext
from dataclasses import asdict

from rich.console import Console

from connector.app.check import check_connector
from connector.faces.commands.command import open_connector
from connector.faces.commands.parser import Commands
from connector.faces.exit_codes import FAILED, OK
from connector.faces.stop_signals import StopSignals
from connector.faces.terminal import show_checks, write_json


def register(commands: Commands) -> None:
    """Add the command."""
    check = commands.add(
        "check",
        _check,
        examples=["check", "check vendors invoices"],
    )
    check.add_argument("entities", nargs="*", metavar="ENTITY", help="default: every enabled entity")
    check.add_argument(
        "--force",
        action="store_true",
        help="take the tenant that is reached for the one copied so far, renamed or moved",
    )


def _check(options: argparse.Namespace, console: Console, _: StopSignals) -> int:
    shown = console.is_terminal and not options.json
    with console.status("Trying every system …") if shown else nullcontext():
        lines = list(check_connector(open_connector(), options.entities, force=options.force))
    if options.json:
        write_json([asdict(line) for line in lines])
    else:
        show_checks(lines, console)
    return OK if all(line.ok for line in lines) else FAILED
