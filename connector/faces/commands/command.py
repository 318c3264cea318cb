"""What every command is made of: its place in the parser, and the connector it works with."""

import argparse
import os
import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from rich.console import Console
from typing_extensions import override

from connector.app.service import Connector, build
from connector.app.settings import load_settings
from connector.faces.stop_signals import StopSignals

Command = Callable[[argparse.Namespace, Console, StopSignals], int]
"""Runs a command and returns its exit code."""

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
        self, name: str, run: Command, text: str, *, examples: Sequence[str] = (), has_json: bool = True
    ) -> argparse.ArgumentParser:
        """Add a command, which prints JSON on request if it has it; return its parser, for its arguments.

        `examples` are lines to copy, without the program's name.
        """
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


def open_connector(*, is_stopping: Callable[[], bool] = lambda: False) -> Connector:
    """Return the connector that the environment configures; raise ConfigurationError if it does not."""
    return build(load_settings(os.environ), is_stopping=is_stopping)
