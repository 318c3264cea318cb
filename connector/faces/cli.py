"""The command line: the same use cases as the function, for people and scripts.

Only what the called command needs is imported, and for help nothing. `exit_codes` says how it ends.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from connector import __version__
from connector.faces.commands.parser import LISTED, CommandParser, Commands


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    options = build_parser(words).parse_args(words)
    from connector.faces.execution import execute  # help does without

    return execute(options)


def build_parser(words: Sequence[str] | None = None) -> CommandParser:
    """Return the parser of all commands; of those that are not among the words, only what they are for. None: all whole."""
    parser = CommandParser(
        prog="connector" if Path(sys.argv[0]).name == "connector" else "python -m connector",
        description="Acumatica finance data to BigQuery or DuckDB.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = Commands(parser)
    called = {module for name, (module, _) in LISTED.items() if words is None or name.split()[0] in words}
    registered: set[str] = set()
    for name, (module, _) in LISTED.items():
        if module not in called:
            commands.announce(name)
        elif module not in registered:
            registered.add(module)
            import_module(f"connector.faces.commands.{module}").register(commands)
    return parser
