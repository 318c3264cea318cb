"""`status`: shows how every entity stands."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from connector.app.status import judge, render_status
from connector.domain.run import RunKind
from connector.faces.commands.command import open_connector
from connector.faces.commands.parser import Commands
from connector.faces.exit_codes import OK
from connector.faces.stop_signals import StopSignals
from connector.faces.terminal import show_rows, write_json
from connector.faces.wording import describe_age, show_instant

STATE_COLOURS = {"ok": "green", "running": "blue", "late": "yellow", "failed": "red", "off": "dim"}


def register(commands: Commands) -> None:
    """Add the command."""
    commands.add("status", _status, examples=["status", "status --json"])


def _status(options: argparse.Namespace, console: Console, _: StopSignals) -> int:
    status = render_status(open_connector())
    if options.json:
        write_json(status)
    else:
        _show(status, console)
    return OK


def _show(status: dict[str, Any], console: Console) -> None:
    """Print the status of every entity that is enabled or ever ran, then the reasons of failures."""
    headers = (
        "Entity",
        "State",
        "Last success",
        "Watermark (UTC)",
        "Deletions checked",
        "Last run",
        "Letters",
    )
    listed = [entry for entry in status["entities"] if entry["enabled"] or entry["last_run"]]
    show_rows(headers, [_build_row(entry) for entry in listed], console)
    reasons: dict[str, list[str]] = {}
    for entry in listed:
        for run, error in entry["failures"].items():
            told = f"{error['message']} {error['action']}"
            name = entry["entity"] if run == RunKind.INCREMENTAL else f"{entry['entity']} ({run})"
            reasons.setdefault(told, []).append(name)
    for reason, entities in reasons.items():
        console.print(f"{', '.join(entities)}: {reason}", highlight=False, markup=False)


def _build_row(entry: Mapping[str, Any]) -> Sequence[str]:
    last = entry["last_run"] or {}
    kind, word = judge(entry)
    return (
        entry["entity"],
        f"[{STATE_COLOURS[kind]}]{word}[/]",
        describe_age(entry["lag_seconds"]),
        show_instant(entry["watermark"]),
        show_instant(entry["deletions_checked_at"])[:16],
        f"{last.get('mode', '')} {last.get('status', '')}",
        str(entry["dead_letters"]),
    )
