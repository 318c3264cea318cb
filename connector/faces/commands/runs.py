"""The commands that run entities: `sync`, `backfill`, `reconcile` and `replay`."""

import argparse
from collections.abc import Sequence
from datetime import datetime

from rich.console import Console

from connector.app.letters import find_letter
from connector.app.run_entity import run_entity
from connector.app.run_request import OPTIONS, build_request, parse_since
from connector.app.service import Connector
from connector.domain.entity import Depth
from connector.domain.run import Mode, RunRequest, RunResult, Status, got_further
from connector.domain.tables.sync_runs import build_answer
from connector.errors import (
    BadRequestError,
    CredentialsError,
    EndpointVersionError,
    OtherTenantError,
    SecretUnavailableError,
)
from connector.faces.commands.command import open_connector
from connector.faces.commands.parser import Commands
from connector.faces.exit_codes import FAILED, NOTHING_RAN, OK
from connector.faces.output import outlived
from connector.faces.progress import show_progress
from connector.faces.stop_signals import StopSignals
from connector.faces.terminal import show_result, show_total, write_json, write_note

HOPELESS = frozenset(
    kind.__name__
    for kind in (CredentialsError, EndpointVersionError, OtherTenantError, SecretUnavailableError)
)
"""Failures that would hit every other entity too."""


def register(commands: Commands) -> None:
    """Add the commands."""
    sync = commands.add(
        "sync",
        _run,
        examples=["sync vendors", "sync vendors invoices", "sync --all"],
    )
    _add_entities(sync)
    modes = [mode.value for mode in Mode if mode is not Mode.CHECK]
    sync.add_argument("--mode", choices=modes, default=Mode.INCREMENTAL.value)
    _add_since(sync)
    _add_reconcile_options(sync)
    backfill = commands.add(
        "backfill",
        _run,
        examples=["backfill invoices", "backfill invoices --since 2026-01-31T00:00:00Z"],
    )
    _add_entities(backfill)
    _add_since(backfill)
    backfill.set_defaults(mode=Mode.BACKFILL.value)
    reconcile = commands.add(
        "reconcile",
        _run,
        examples=["reconcile invoices", "reconcile --all --depth content"],
    )
    _add_entities(reconcile)
    _add_reconcile_options(reconcile)
    reconcile.set_defaults(mode=Mode.RECONCILE.value)
    replay = commands.add(
        "replay",
        _run,
        examples=["replay invoices", "replay invoices Bill/000123"],
    )
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
    connector = open_connector(is_stopping=signals.is_requested)
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


def run_all(
    connector: Connector,
    requests: Sequence[RunRequest],
    options: argparse.Namespace,
    console: Console,
    signals: StopSignals,
) -> int:
    """Run each, going on by itself where the time budget cut one short, as long as that gets it nearer to its end.

    A failure does not keep the next from running, unless it would fail in the same way. Returns the exit code.
    """
    results: list[RunResult] = []
    with signals.patient():
        for number, request in enumerate(requests, 1):
            place = f"{number}/{len(requests)} " if len(requests) > 1 else ""
            result = _run_one(connector, request, options, console, place)
            while got_further(result) and not signals.is_requested():
                _show_result(result, options, console)
                result = _run_one(connector, request, options, console, place)
            _show_result(result, options, console)
            results.append(result)
            if signals.is_requested():
                raise KeyboardInterrupt
            if result.status is Status.PARTIAL:
                write_note(f"{request.entity} gets no further: raise SYNC_TIME_BUDGET_SECONDS.")
            if result.error and result.error.type in HOPELESS and number < len(requests):
                write_note("The other entities are not tried: they would fail in the same way.")
                break
    if len(results) > 1 and not options.json:
        with outlived():
            show_total(results, console)
            copied = [result.entity for result in results if result.status is Status.SUCCEEDED]
            if copied:
                console.print(_describe_place(connector, copied[0]), highlight=False, markup=False)
    return _judge(results)


def _describe_place(connector: Connector, entity: str) -> str:
    """Return where the data is, and a first query."""
    view = connector.catalogue.find(entity).current_view
    first_query = f"SELECT * FROM {{}}{view} LIMIT 10"  # noqa: S608 - shown, not run
    file = connector.settings.backend.warehouse.partition(":")[2]
    if file:
        return f'The data is in {file}. Ask it: python -m connector query "{first_query.format("")}"'
    dataset = f"{connector.settings.bigquery.project}.{connector.settings.bigquery.dataset}"
    ask = f"bq query --use_legacy_sql=false '{first_query.format(f'{dataset}.')}'"
    return f"The data is in BigQuery's dataset {dataset}. Ask it: {ask}"


def _judge(results: Sequence[RunResult]) -> int:
    statuses = {result.status for result in results}
    if statuses == {Status.SKIPPED}:
        return NOTHING_RAN
    return OK if statuses <= {Status.SUCCEEDED, Status.SKIPPED} else FAILED


def _run_one(
    connector: Connector, request: RunRequest, options: argparse.Namespace, console: Console, place: str
) -> RunResult:
    with show_progress(f"{place}{request.entity}", console, shown=not options.json) as show:
        return run_entity(connector, request, on_progress=show)


def _show_result(result: RunResult, options: argparse.Namespace, console: Console) -> None:
    with outlived():
        if options.json:
            write_json(build_answer(result))
        else:
            show_result(result, console)
