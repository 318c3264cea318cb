"""The commands that run entities: `sync`, `backfill`, `reconcile` and `replay`."""

import argparse
from datetime import datetime

from rich.console import Console

from connector.app.letters import find_letter
from connector.app.run_request import OPTIONS, build_request, parse_since
from connector.app.service import Connector
from connector.domain.entity import Depth
from connector.domain.run import Mode, RunRequest
from connector.errors import BadRequestError
from connector.faces.commands.command import open_connector
from connector.faces.commands.parser import Commands
from connector.faces.run_all import run_all
from connector.faces.stop_signals import StopSignals


def register(commands: Commands) -> None:
    """Add the commands."""
    _add_sync(commands)
    _add_backfill(commands)
    _add_reconcile(commands)
    _add_replay(commands)


def _add_sync(commands: Commands) -> None:
    sync = commands.add("sync", _run, examples=["sync vendors", "sync vendors invoices", "sync --all"])
    _add_entities(sync)
    modes = [mode.value for mode in Mode if mode is not Mode.CHECK]
    sync.add_argument("--mode", choices=modes, default=Mode.INCREMENTAL.value)
    _add_since(sync)
    _add_reconcile_options(sync)


def _add_backfill(commands: Commands) -> None:
    examples = ["backfill invoices", "backfill invoices --since 2026-01-31T00:00:00Z"]
    backfill = commands.add("backfill", _run, examples=examples)
    _add_entities(backfill)
    _add_since(backfill)
    backfill.set_defaults(mode=Mode.BACKFILL.value)


def _add_reconcile(commands: Commands) -> None:
    examples = ["reconcile invoices", "reconcile --all --depth content"]
    reconcile = commands.add("reconcile", _run, examples=examples)
    _add_entities(reconcile)
    _add_reconcile_options(reconcile)
    reconcile.set_defaults(mode=Mode.RECONCILE.value)


def _add_replay(commands: Commands) -> None:
    replay = commands.add("replay", _run, examples=["replay invoices", "replay invoices Bill/000123"])
    replay.add_argument("entity", metavar="ENTITY")
    replay.add_argument(
        "record_id",
        metavar="KEY",
        nargs="?",
        help="one record, by its key as Bill/000123 or by Acumatica's id; all of the entity without it",
    )
    replay.set_defaults(mode=Mode.REPLAY.value, all=False)


def _add_entities(command: argparse.ArgumentParser) -> None:
    command.add_argument("entities", nargs="*", metavar="ENTITY")
    command.add_argument("--all", action="store_true", help="every enabled entity of the catalogue")


def _add_since(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--since",
        type=_parse_instant,
        metavar="INSTANT",
        help="backfill from here on, e.g. 2026-01-31T00:00:00Z; everything without it",
    )


def _add_reconcile_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--depth", choices=[d.value for d in Depth], help="reconcile: compare keys (default) or content"
    )
    command.add_argument(
        "--force", action="store_true", help="reconcile: go on however many records are gone"
    )


def _parse_instant(text: str) -> datetime:
    try:
        return parse_since(text)
    except BadRequestError as exc:
        raise argparse.ArgumentTypeError(f"{exc.message} {exc.action}") from exc


def _run(options: argparse.Namespace, console: Console, signals: StopSignals) -> int:
    connector = open_connector(is_stopping=signals.is_requested, pause=signals.pause)
    return run_all(connector, list_requests(connector, options), options, console, signals)


def list_requests(connector: Connector, options: argparse.Namespace) -> list[RunRequest]:
    """Return the requests for these options, or raise BadRequestError before anything runs."""
    given = {name: getattr(options, name, None) for name in OPTIONS}
    if given["depth"]:
        given["depth"] = Depth(given["depth"])
    if given["record_id"]:
        given["record_id"] = find_letter(connector, options.entity, given["record_id"]).record_id
    mode = Mode(options.mode)
    return [
        build_request(name, mode, given, spelling="--{}") for name in _choose_entities(connector, options)
    ]


def _choose_entities(connector: Connector, options: argparse.Namespace) -> list[str]:
    """Return the entities to run, each once."""
    catalogue = connector.catalogue
    if options.mode == Mode.REPLAY and hasattr(options, "entity"):
        return [catalogue.find(options.entity).name]
    if options.all and options.entities:
        raise BadRequestError("Both entities and --all are given.", action="Leave one of them out.")
    if not options.all and not options.entities:
        names = ", ".join(catalogue.entities)
        raise BadRequestError("No entity is named.", action=f"Name some of {names}, or --all.")
    if options.all:
        return [entity.name for entity in catalogue.enabled]
    return [catalogue.find(name).name for name in dict.fromkeys(options.entities)]
