"""The command line: the same use cases as the function, for people and scripts.

Exit code 0: everything went well; 1: something failed; 2: the command itself was wrong.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from connector.bootstrap import Connector, build
from connector.config import load_settings
from connector.demo import run_demo
from connector.domain.entity import Depth
from connector.domain.instants import from_text, to_text
from connector.domain.journal import to_plain
from connector.domain.run import Mode, RunRequest, RunResult, Status, Tally
from connector.errors import BadRequestError, ConnectorError
from connector.logs import configure_logging
from connector.status import render_status

OK, FAILED, USAGE = 0, 1, 2
COLOURS = {"succeeded": "green", "partial": "yellow", "skipped": "yellow", "failed": "red"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    configure_logging(json=False, level=os.environ.get("LOG_LEVEL") or "WARNING")
    console = Console(soft_wrap=True, width=None if sys.stdout.isatty() else 120)
    try:
        code: int = options.run(options, console)
    except ConnectorError as exc:
        _show_error(exc, options)
        return USAGE if isinstance(exc, BadRequestError) else FAILED
    except KeyboardInterrupt:
        console.print("Stopped. What is done is done; the next run goes on from there.")
        return 130
    return code


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


def _build() -> Connector:
    return build(load_settings(os.environ))


def _sync(options: argparse.Namespace, console: Console) -> int:
    connector = _build()
    names = options.entities or (
        [entity.name for entity in connector.catalogue.enabled] if options.all else []
    )
    if not names:
        raise BadRequestError(
            "No entity is named.", action=f"Name some of {', '.join(connector.catalogue.entities)}, or --all."
        )
    for name in names:
        connector.catalogue.find(name)
    requests = [
        RunRequest(
            entity=name,
            mode=Mode(options.mode),
            since=getattr(options, "since", None),
            depth=Depth(options.depth or Depth.KEYS),
            force=options.force,
        )
        for name in names
    ]
    return _run_all(connector, requests, options, console)


def _replay(options: argparse.Namespace, console: Console) -> int:
    request = RunRequest(entity=options.entity, mode=Mode.REPLAY, record_id=options.record_id)
    return _run_all(_build(), [request], options, console)


def _run_all(
    connector: Connector, requests: Sequence[RunRequest], options: argparse.Namespace, console: Console
) -> int:
    """Run each, going on by itself where the time budget cut one short; a failure does not keep the next from running."""
    results = []
    for request in requests:
        result = _run_one(connector, request, options, console)
        while result.status is Status.PARTIAL:
            _show_result(result, options, console)
            result = _run_one(connector, request, options, console)
        _show_result(result, options, console)
        results.append(result)
    return FAILED if any(result.status is Status.FAILED for result in results) else OK


def _run_one(
    connector: Connector, request: RunRequest, options: argparse.Namespace, console: Console
) -> RunResult:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(
        *columns, console=console, transient=True, disable=options.json or not console.is_terminal
    ) as progress:
        task = progress.add_task(f"{request.entity}: signing in")

        def show(tally: Tally) -> None:
            text = f"{request.entity}: {tally.records_read:,} records written down, reading on"
            progress.update(task, description=text)

        return connector.run(request, on_progress=show)


def _show_result(result: RunResult, options: argparse.Namespace, console: Console) -> None:
    plain = to_plain(result)
    if options.json:
        _print_json(plain)
        return
    colour = COLOURS[result.status.value]
    counts = (
        f"{result.records_read:,} read, {result.records_written:,} written, {result.records_unchanged:,} unchanged, "
        f"{result.records_rejected:,} rejected in {result.duration_seconds:.1f} s"
    )
    extra = "".join(f", {name} {value}" for name, value in result.details.items())
    console.print(
        f"{result.entity:<20} [{colour}]{result.status.value:<10}[/] {counts}{extra}", highlight=False
    )
    if result.reason:
        console.print(f"  {result.reason}", highlight=False, markup=False)
    if result.error:
        console.print(f"  {result.error.message} {result.error.action}", highlight=False, markup=False)


def _show_error(exc: ConnectorError, options: argparse.Namespace) -> None:
    if options.json:
        _print_json(
            {
                "status": "failed",
                "error": {"type": type(exc).__name__, "message": exc.message, "action": exc.action},
            }
        )
        return
    errors = Console(stderr=True, soft_wrap=True)
    errors.print(f"{exc.message} {exc.action}", highlight=False, markup=False)


def _check(options: argparse.Namespace, console: Console) -> int:
    lines = []
    table = Table("", "Tried", "Found", "What to do", box=None, pad_edge=False)
    for line in _build().check(options.entities):
        lines.append(line)
        mark = "[green]ok[/]" if line.ok else "[red]FAILED[/]"
        table.add_row(mark, line.subject, line.finding, line.remedy)
    if options.json:
        _print_json([asdict(line) for line in lines])
    else:
        console.print(table)
    return OK if all(line.ok for line in lines) else FAILED


def _status(options: argparse.Namespace, console: Console) -> int:
    status = render_status(_build())
    if options.json:
        _print_json(status)
        return OK
    table = Table("Entity", "Last success", "Watermark", "Last run", "Dead letters", box=None, pad_edge=False)
    for entry in status["entities"]:
        last = entry["last_run"] or {}
        if entry["enabled"] or last:
            outcome = f"{last.get('mode', '')} {last.get('status', '')}".strip() or "never"
            cells = (entry["entity"], entry["last_success_at"] or "", entry["watermark"] or "", outcome)
            table.add_row(*cells, str(entry["dead_letters"]))
    console.print(table)
    return OK


def _audit(options: argparse.Namespace, console: Console) -> int:
    lines = _build().audit(options.entity, options.key)
    if options.json:
        _print_json([{**asdict(line), "at": to_text(line.at)} for line in lines])
        return OK if lines else FAILED
    if not lines:
        console.print(
            f"Nothing is known of {options.key} in {options.entity}. A key looks like Bill/000123.",
            markup=False,
        )
        return FAILED
    table = Table("When", "Where", "What", "Run", "Version", "Key", "Why", box=None, pad_edge=False)
    for line in lines:
        table.add_row(
            to_text(line.at), line.place, line.what, line.run_id, line.version[:12], line.key, line.reason
        )
    console.print(table)
    return OK


def _demo(options: argparse.Namespace, console: Console) -> int:
    return run_demo(options.directory, console)


def _print_json(plain: Any) -> None:
    sys.stdout.write(msgspec.json.encode(plain).decode() + "\n")
