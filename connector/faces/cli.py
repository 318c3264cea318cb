"""The command line: the same use cases as the function, for people and scripts.

`exit_codes` says how it ends.
"""

import argparse
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from rich.console import Console

from connector import __version__
from connector.app.run_request import parse_since
from connector.app.service import Connector, build
from connector.app.settings import load_log_settings, load_settings
from connector.app.status import render_status
from connector.domain.entity import Depth
from connector.domain.instants import to_text
from connector.domain.run import Mode, RunFailure, RunRequest
from connector.errors import BadRequestError, ConnectorError
from connector.faces.demo import run_demo
from connector.faces.exit_codes import FAILED, OK, USAGE
from connector.faces.run_commands import list_requests, run_all
from connector.faces.stop_signals import StopSignals
from connector.faces.terminal import show_audit, show_checks, show_status, write_json, write_note
from connector.logs import configure_logging

logger = logging.getLogger(__name__)

Command = Callable[[argparse.Namespace, Console, StopSignals], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    console = Console(soft_wrap=True, width=None if sys.stdout.isatty() else 120)
    signals = StopSignals()
    try:
        with _logging(), signals.taken():
            code: int = options.run(options, console, signals)
    except ConnectorError as exc:
        _show_error(exc, options)
        return USAGE if isinstance(exc, BadRequestError) else FAILED
    except KeyboardInterrupt:
        write_note("Stopped. What is done is done; the next run goes on from there.")
        return signals.exit_code
    except Exception:
        logger.exception("the command ended with an error the connector does not know; report it")
        return FAILED
    return code


@contextmanager
def _logging() -> Iterator[None]:
    """Log problems; log a run's own line only on request (LOG_LEVEL), because its result is printed anyway."""
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
        prog="connector" if Path(sys.argv[0]).name == "connector" else "python -m connector",
        description="Acumatica finance data to BigQuery or DuckDB.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Command, text: str) -> argparse.ArgumentParser:
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
        return parse_since(text)
    except BadRequestError as exc:
        raise argparse.ArgumentTypeError(f"{exc.message} {exc.action}") from exc


def _build(*, is_stopping: Callable[[], bool] = lambda: False) -> Connector:
    return build(load_settings(os.environ), is_stopping=is_stopping)


def _sync(options: argparse.Namespace, console: Console, signals: StopSignals) -> int:
    connector = _build(is_stopping=signals.is_requested)
    return run_all(connector, list_requests(connector, options), options, console, signals)


def _replay(options: argparse.Namespace, console: Console, signals: StopSignals) -> int:
    request = RunRequest(entity=options.entity, mode=Mode.REPLAY, record_id=options.record_id)
    return run_all(_build(is_stopping=signals.is_requested), [request], options, console, signals)


def _show_error(exc: ConnectorError, options: argparse.Namespace) -> None:
    if options.json:
        write_json({"status": "failed", "error": RunFailure.from_error(exc).describe()})
        return
    errors = Console(stderr=True, soft_wrap=True)
    errors.print(f"{exc.message} {exc.action}", highlight=False, markup=False)


def _check(options: argparse.Namespace, console: Console, _: StopSignals) -> int:
    shown = console.is_terminal and not options.json
    with console.status("Trying every system …") if shown else nullcontext():
        lines = list(_build().check(options.entities, force=options.force))
    if options.json:
        write_json([asdict(line) for line in lines])
    else:
        show_checks(lines, console)
    return OK if all(line.ok for line in lines) else FAILED


def _status(options: argparse.Namespace, console: Console, _: StopSignals) -> int:
    status = render_status(_build())
    if options.json:
        write_json(status)
    else:
        show_status(status, console)
    return OK


def _audit(options: argparse.Namespace, console: Console, _: StopSignals) -> int:
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


def _demo(options: argparse.Namespace, console: Console, _: StopSignals) -> int:
    return run_demo(options.directory, console)
