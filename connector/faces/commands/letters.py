"""`letters`: shows the dead letters."""

import argparse

from rich.console import Console
from rich.markup import escape

from connector.app.letters import list_letters
from connector.domain.instants import to_text
from connector.faces.commands.command import open_connector
from connector.faces.commands.parser import Commands
from connector.faces.exit_codes import OK
from connector.faces.stop_signals import StopSignals
from connector.faces.terminal import show_rows, write_json
from connector.faces.wording import show_instant


def register(commands: Commands) -> None:
    """Add the command."""
    letters = commands.add(
        "letters",
        _letters,
        examples=["letters", "letters invoices --json"],
    )
    letters.add_argument("entity", nargs="?", metavar="ENTITY", help="default: every entity of the catalogue")


def _letters(options: argparse.Namespace, console: Console, _: StopSignals) -> int:
    found = list_letters(open_connector(), options.entity)
    if options.json:
        for letter in found:
            write_json(
                {
                    "entity": letter.entity,
                    "key": letter.key,
                    "record_id": letter.record_id,
                    "reason": letter.reason,
                    "rejected_at": to_text(letter.rejected_at),
                    "attempts": letter.attempts,
                    "run_id": letter.run_id,
                }
            )
        return OK
    rows = []
    for letter in found:
        since = show_instant(to_text(letter.rejected_at))
        cells = (letter.entity, letter.key, letter.record_id, since, str(letter.attempts), letter.reason)
        rows.append([escape(cell) for cell in cells])
    if rows:
        show_rows(("Entity", "Key", "Id", "Since (UTC)", "Tries", "Why"), rows, console)
    else:
        console.print("There are no dead letters.")
    return OK
