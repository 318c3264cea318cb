"""The parser of the command line. It knows what each command is for, and nothing of how it does it: help is there at once."""

import argparse
import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from typing_extensions import override

LISTED = {
    "init": (
        "init",
        "Ask for URL and credentials, try them, and write .env and acumatica-credentials.json in this folder, readable by you alone.",
    ),
    "sync": ("runs", "Read what changed since the last run (the first run reads everything)."),
    "backfill": ("runs", "Read everything changed since an instant again, without moving the watermark."),
    "reconcile": ("runs", "Compare both sides completely; repair, and mark what was deleted."),
    "replay": ("runs", "Process dead letters again."),
    "check": ("check", "Try every system, writing nothing to the warehouse."),
    "discover": (
        "discover",
        "Show what the tenant has to read, or a block of the catalogue for one of it; nothing is written.",
    ),
    "status": ("status", "Show how every entity stands."),
    "entities": (
        "entities",
        "Show what the catalogue has: what is scheduled when, how records are keyed, which views there are.",
    ),
    "query": (
        "query",
        "Ask the DuckDB file in SQL; nothing is changed. In the cloud, ask BigQuery (bq query).",
    ),
    "audit": ("audit", "Show everything that ever happened to one record."),
    "letters": (
        "letters",
        "Show the records that could not be used, each with its reason; replay tries them again.",
    ),
    "letters drop": (
        "letters_drop",
        "Drop a dead letter that no replay will ever mend. The audit trail of its record keeps that.",
    ),
    "rename": (
        "rename",
        "Take log, views, state, audit and dead letters of an entity to its new name in the catalogue.",
    ),
    "demo": ("demo", "Sync a simulated tenant into a DuckDB file, change it, sync again."),
}
"""Each command with the module that has it and what it is for, in the order in which help lists them."""

WRONG_CHOICE = re.compile(r"invalid choice: '(?P<given>[^']*)' \(choose from (?P<choices>.*)\)")


class CommandParser(argparse.ArgumentParser):
    """A parser whose commands may be two words (`letters drop`), and which suggests what was meant."""

    commands: frozenset[str] = frozenset()

    @override
    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if args is not None and (two := " ".join(args[:2])) in self.commands:
            args = [two, *args[2:]]
        return super().parse_known_args(args, namespace)

    @override
    def error(self, message: str) -> NoReturn:
        if match := WRONG_CHOICE.search(message):
            choices = [choice.strip("'") for choice in match["choices"].split(", ")]
            nearest = get_close_matches(match["given"], choices, n=1)
            message += "".join(f"; did you mean {choice}?" for choice in nearest)
        super().error(message)


class Commands:
    """The commands of a parser."""

    def __init__(self, parser: CommandParser) -> None:
        self._parser = parser
        self._added = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(
        self, name: str, run: Callable[..., int], *, examples: Sequence[str] = (), has_json: bool = True
    ) -> argparse.ArgumentParser:
        """Add a command, which prints JSON on request if it has it; return its parser, for its arguments.

        `run` is given the options, the console and the signals, and returns the exit code. `examples` are lines to copy, without the program's name.
        """
        text = LISTED[name][1]
        lines = [f"  {self._parser.prog} {example}" for example in examples]
        command = self._added.add_parser(
            name,
            help=text,
            description=text,
            epilog="\n".join(["examples:", *lines]) if lines else None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if has_json:
            command.add_argument("--json", action="store_true", help="print JSON, one document a line")
        command.set_defaults(run=run, json=False)
        self._parser.commands |= {name}
        return command

    def announce(self, name: str) -> None:
        """List a command that was not called, without its arguments."""
        self._added.add_parser(name, help=LISTED[name][1])
        self._parser.commands |= {name}
