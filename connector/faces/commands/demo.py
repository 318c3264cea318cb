"""`demo`: shows the connector at work on a simulated tenant."""

import argparse

from rich.console import Console

from connector.faces.commands.parser import Commands
from connector.faces.demo import run_demo
from connector.faces.stop_signals import StopSignals


def register(commands: Commands) -> None:
    """Add the command."""
    demo = commands.add(
        "demo",
        _demo,
        examples=["demo"],
        has_json=False,
    )
    demo.add_argument("--directory", default=".demo", help="where the files go (default: .demo)")


def _demo(options: argparse.Namespace, console: Console, _: StopSignals) -> int:
    return run_demo(options.directory, console)
