"""`status`: shows how every entity stands."""

import argparse

from rich.console import Console

from connector.app.status import render_status
from connector.faces.commands.command import open_connector
from connector.faces.commands.parser import Commands
from connector.faces.exit_codes import OK
from connector.faces.stop_signals import StopSignals
from connector.faces.terminal import show_status, write_json


def register(commands: Commands) -> None:
    """Add the command."""
    commands.add("status", _status, examples=["status", "status --json"])


def _status(options: argparse.Namespace, console: Console, _: StopSignals) -> int:
    status = render_status(open_connector())
    if options.json:
        write_json(status)
    else:
        show_status(status, console)
    return OK
