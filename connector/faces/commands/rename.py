"""`rename`: takes everything that is known of an entity to its new name."""

import argparse

from rich.console import Console

from connector.app.rename import rename
from connector.faces.commands.command import open_connector
from connector.faces.commands.parser import Commands
from connector.faces.exit_codes import OK
from connector.faces.stop_signals import StopSignals
from connector.faces.terminal import write_json


def register(commands: Commands) -> None:
    """Add the command."""
    command = commands.add(
        "rename",
        _rename,
        examples=["rename vendors suppliers"],
    )
    command.add_argument("before", metavar="OLD", help="the name of the block so far")
    command.add_argument("after", metavar="NEW", help="its name from now on")


def _rename(options: argparse.Namespace, console: Console, _: StopSignals) -> int:
    done = rename(open_connector(), options.before, options.after)
    if options.json:
        write_json({"status": "succeeded", "from": options.before, "to": options.after, "done": list(done)})
        return OK
    for step in done:
        console.print(step, markup=False, highlight=False)
    return OK
