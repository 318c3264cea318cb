"""`entities`: shows what the catalogue has."""

import argparse
import os
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from connector.app.catalogue import load_catalogue
from connector.app.settings import load_backend
from connector.domain.entity import Entity
from connector.faces.commands.parser import Commands
from connector.faces.exit_codes import OK
from connector.faces.stop_signals import StopSignals
from connector.faces.terminal import show_rows, write_json


def register(commands: Commands) -> None:
    """Add the command."""
    commands.add(
        "entities",
        _entities,
        examples=["entities", "entities --json"],
    )


def _entities(options: argparse.Namespace, console: Console, _: StopSignals) -> int:
    file = load_backend(os.environ).entities_file
    listed = [_describe(entity) for entity in load_catalogue(Path(file) if file else None).entities.values()]
    if options.json:
        write_json(listed)
        return OK
    rows = []
    for entry in listed:
        reconciles = (f"{depth} {schedule}" for depth, schedule in entry["reconcile"].items())
        cells = (
            entry["entity"],
            entry["acumatica_entity"],
            ", ".join(entry["keys"]),
            entry["schedule"] if entry["enabled"] else "off",
            "\n".join(reconciles) if entry["enabled"] else "",
            "\n".join(entry["views"]),
        )
        rows.append([escape(cell) for cell in cells])
    show_rows(("Entity", "Acumatica", "Keys", "Schedule (UTC)", "Reconcile", "Views"), rows, console)
    return OK


def _describe(entity: Entity) -> dict[str, Any]:
    return {
        "entity": entity.name,
        "acumatica_entity": entity.acumatica_entity,
        "keys": list(entity.keys),
        "identity": entity.identity.value,
        "enabled": entity.enabled,
        "schedule": entity.schedule,
        "reconcile": {depth.value: schedule for depth, schedule in entity.reconcile.plans.items()},
        "views": [entity.current_view, *(view.name for view in entity.line_views), entity.history_view],
    }
