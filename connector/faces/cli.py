"""The command line: the same use cases as the function, for people and scripts.

Exit code 0: everything went well; 1: something failed or did not come to its end; 2: the command itself was wrong; 130: stopped with Ctrl-C.
"""

import argparse
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from datetime import datetime

from rich.console import Console

from connector.app.service import Connector, build
from connector.app.settings import load_log_settings, load_settings
from connector.app.status import render_status
from connector.domain.entity import Depth
from connector.domain.instants import from_text, to_text
from connector.domain.run import Mode, RunRequest, RunResult, Status, got_further
from connector.domain.tables.sync_runs import to_plain
from connector.errors import (
    BadRequestError,
    ConnectorError,
    CredentialsError,
    EndpointVersionError,
    OtherTenantError,
    SecretUnavailableError,
)
from connector.faces.demo import run_demo
from connector.faces.terminal import (
    Interruption,
    show_audit,
    show_checks,
    show_progress,
    show_result,
    show_status,
    write_json,
    write_note,
)
from connector.logs import configure_logging

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
OWNERS = {"since": Mode.BACKFILL, "depth": Mode.RECONCILE, "force": Mode.RECONCILE}
"""The mode that each option belongs to; with another it is a mistake, not ignored."""
HOPELESS = frozenset(
    kind.__name__
    for kind in (CredentialsError, EndpointVersionError, OtherTenantError, SecretUnavailableError)
)
"""Failures that every other entity would meet as well."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    console = Console(soft_wrap=True, width=None if sys.stdout.isatty() else 120)
    try:
        with _logging():
            code: int = options.run(options, console)
    except ConnectorError as exc:
        _show_error(exc, options)
        return USAGE if isinstance(exc, BadRequestError) else FAILED
    except KeyboardInterrupt:
        write_note("Stopped. What is done is done; the next run goes on from there.")
        return INTERRUPTED
    return code


@contextmanager
def _logging() -> Iterator[None]:
    """Log what goes wrong on the way; a run's own line only on request (LOG_LEVEL), as its result is printed anyway."""
    chosen = "LOG_LEVEL" in os.environ
    configure_logging(json=False, level=load_log_settings(os.environ).level if chosen else "WARNING")
    runs = logging.getLogger("connector.run")
    before = runs.level
    if not chosen:
        runs.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        runs.setLevel(before)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="python -m connector", description="Acumatica finance data to BigQuery or DuckDB."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(
        name: str, run: Callable[[argparse.Namespace, Console], int], text: str
    ) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--json", action="store_true", help="print JSON, one document a line")
        command.set_defaults(run=run)
        return command

    sync = add("sync", _sync, "Sync entities: what changed since the last run, or more with --mode.")
    _add_entities(sync)
    sync.add_argument(
        "--mode", choices=[m.value for m in Mode if m is not Mode.CHECK], default=Mode.INCREMENTAL.value
    )
    sync.add_argument(
        "--since",
        type=_parse_instant,
        metavar="INSTANT",
        help="backfill from here on, e.g. 2026-01-31T00:00:00Z",
    )
    _add_reconcile_options(sync)
    reconcile = add("reconcile", _sync, "Compare both sides completely; repair, and mark what was deleted.")
    _add_entities(reconcile)
    _add_reconcile_options(reconcile)
    reconcile.set_defaults(mode=Mode.RECONCILE.value)
    replay = add("replay", _replay, "Process dead letters again.")
    replay.add_argument("entity")
    replay.add_argument("record_id", nargs="?", help="one record; all of the entity without it")
    check = add("check", _check, "Try every system, writing nothing to the warehouse.")
    check.add_argument("entities", nargs="*", metavar="ENTITY", help="default: every enabled entity")
    check.add_argument(
        "--force",
        action="store_true",
        help="take the tenant that is reached for the one copied so far, renamed or moved",
    )
    add("status", _status, "Show how every entity stands.")
    audit = add("audit", _audit, "Show everything that ever happened to one record.")
    audit.add_argument("entity")
    audit.add_argument("key", help="its key as Bill/000123, or Acumatica's id")
    demo = add("demo", _demo, "Sync a simulated tenant into a DuckDB file, change it, sync again.")
    demo.add_argument("--directory", default=".demo", help="where the files go (default: .demo)")
    return parser


def _add_entities(command: argparse.ArgumentParser) -> None:
    command.add_argument("entities", nargs="*", metavar="ENTITY")
    command.add_argument("--all", action="store_true", help="every enabled entity of the catalogue")


def _add_reconcile_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--depth", choices=[d.value for d in Depth], help="reconcile: compare keys (default) or content"
    )
    command.add_argument(
        "--force", action="store_true", help="reconcile: go on however many records are gone"
    )


def _parse_instant(text: str) -> datetime:
    try:
        return from_text(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError("write it as 2026-01-31T00:00:00Z, with Z or an offset") from exc


def _build(*, is_stopping: Callable[[], bool] = lambda: False) -> Connector:
    return build(load_settings(os.environ), is_stopping=is_stopping)


def _sync(options: argparse.Namespace, console: Console) -> int:
    interruption = Interruption()
    connector = _build(is_stopping=interruption.is_requested)
    mode = Mode(options.mode)
    for option, owner in OWNERS.items():
        if getattr(options, option, None) and mode is not owner:
            raise BadRequestError(
                f"--{option} belongs to mode {owner.value}, not to {mode.value}.",
                action=f"Leave it out, or add --mode {owner.value}.",
            )
    requests = [
        RunRequest(
            entity=name,
            mode=mode,
            since=getattr(options, "since", None),
            depth=Depth(options.depth or Depth.KEYS),
            force=options.force,
        )
        for name in _choose_entities(connector, options)
    ]
    return _run_all(connector, requests, options, console, interruption)


def _choose_entities(connector: Connector, options: argparse.Namespace) -> list[str]:
    """Return the entities to run, each once, or raise BadRequestError before anything runs."""
    catalogue = connector.catalogue
    if options.all and options.entities:
        raise BadRequestError("Both entities and --all are given.", action="Leave one of them out.")
    if not options.all and not options.entities:
        names = ", ".join(catalogue.entities)
        raise BadRequestError("No entity is named.", action=f"Name some of {names}, or --all.")
    if options.all:
        return [entity.name for entity in catalogue.enabled]
    return [catalogue.find(name).name for name in dict.fromkeys(options.entities)]


def _replay(options: argparse.Namespace, console: Console) -> int:
    interruption = Interruption()
    request = RunRequest(entity=options.entity, mode=Mode.REPLAY, record_id=options.record_id)
    connector = _build(is_stopping=interruption.is_requested)
    return _run_all(connector, [request], options, console, interruption)


def _run_all(
    connector: Connector,
    requests: Sequence[RunRequest],
    options: argparse.Namespace,
    console: Console,
    interruption: Interruption,
) -> int:
    """Run each, going on by itself where the time budget cut one short, as long as that gets it nearer to its end.

    A failure does not keep the next from running, unless it would fail in the same way.
    """
    results: list[RunResult] = []
    with interruption.awaited():
        for number, request in enumerate(requests, 1):
            place = f"{number}/{len(requests)} " if len(requests) > 1 else ""
            result = _run_one(connector, request, options, console, place)
            while got_further(request, result) and not interruption.requested:
                _show_result(result, options, console)
                result = _run_one(connector, request, options, console, place)
            _show_result(result, options, console)
            results.append(result)
            if interruption.requested:
                write_note("Stopped. What is done is done; the next run goes on from there.")
                return INTERRUPTED
            if result.status is Status.PARTIAL:
                write_note(f"{request.entity} gets no further: raise SYNC_TIME_BUDGET_SECONDS.")
            if result.error and result.error.type in HOPELESS and number < len(requests):
                write_note("The other entities are not tried: they would fail in the same way.")
                break
    return OK if all(result.status in (Status.SUCCEEDED, Status.SKIPPED) for result in results) else FAILED


def _run_one(
    connector: Connector, request: RunRequest, options: argparse.Namespace, console: Console, place: str
) -> RunResult:
    with show_progress(f"{place}{request.entity}", console, shown=not options.json) as show:
        return connector.run(request, on_progress=show)


def _show_result(result: RunResult, options: argparse.Namespace, console: Console) -> None:
    if options.json:
        write_json(to_plain(result))
    else:
        show_result(result, console)


def _show_error(exc: ConnectorError, options: argparse.Namespace) -> None:
    if options.json:
        write_json(
            {
                "status": "failed",
                "error": {"type": type(exc).__name__, "message": exc.message, "action": exc.action},
            }
        )
        return
    errors = Console(stderr=True, soft_wrap=True)
    errors.print(f"{exc.message} {exc.action}", highlight=False, markup=False)


def _check(options: argparse.Namespace, console: Console) -> int:
    shown = console.is_terminal and not options.json
    with console.status("Trying every system …") if shown else nullcontext():
        lines = list(_build().check(options.entities, force=options.force))
    if options.json:
        write_json([asdict(line) for line in lines])
    else:
        show_checks(lines, console)
    return OK if all(line.ok for line in lines) else FAILED


def _status(options: argparse.Namespace, console: Console) -> int:
    status = render_status(_build())
    if options.json:
        write_json(status)
    else:
        show_status(status, console)
    return OK


def _audit(options: argparse.Namespace, console: Console) -> int:
    connector = _build()
    lines = connector.audit(options.entity, options.key)
    if options.json:
        write_json([{**asdict(line), "at": to_text(line.at)} for line in lines])
    elif lines:
        show_audit(lines, console)
    else:
        keys = "/".join(connector.catalogue.find(options.entity).keys)
        text = f"Nothing is known of {options.key} in {options.entity}. Name it by its key ({keys}) or by Acumatica's id."
        console.print(text, markup=False, highlight=False)
    return OK if lines else FAILED


def _demo(options: argparse.Namespace, console: Console) -> int:
    return run_demo(options.directory, console)
