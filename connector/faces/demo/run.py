"""The course of the demo."""

import json
import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from acumatica_sandbox import Sandbox, SandboxOptions
from acumatica_sandbox.data.business_day import business_day
from connector.app.catalogue import load_catalogue
from connector.app.wiring import query_file
from connector.faces.demo.function import LOOPBACK, build_environment, serve_function
from connector.faces.demo.stories import QUERIES, Demo, find_untold, write_query
from connector.faces.demo.tables import show_answer, show_day, show_results
from connector.faces.exit_codes import FAILED, OK

ASKED_FOR_TOO = ("sales_invoices",)
"""What is off by default, and the guides for analysts have a query for."""
FIRST_QUERY = "SELECT type, reference_nbr, vendor, date, amount, balance FROM acumatica.invoices LIMIT 5"


def run_demo(directory: str, console: Console, sandbox: Sandbox | None = None) -> int:
    """Run the demo in this directory, made if missing; return the exit code.

    It fails if a run does, or if what it tells did not happen. `sandbox` is another tenant to show it with, which listens already.
    """
    folder = Path(directory).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    warehouse = folder / "acumatica.duckdb"
    for name in (warehouse.name, "state.db"):
        for leftover in folder.glob(f"{name}*"):
            leftover.unlink()
    console.print(
        "[bold]A simulated Acumatica tenant starts[/]: a distributor with vendors, bills, orders, payments, a ledger."
    )
    with nullcontext(sandbox) if sandbox else Sandbox(SandboxOptions(size="demo", real_time=True)) as tenant:
        (folder / "credentials.json").write_text(json.dumps(tenant.credentials("password")))
        with serve_function(build_environment(tenant.url, folder), folder / "function.log") as url:
            demo = _tell(tenant, url, warehouse, console)
    _show_place(warehouse, console)
    return judge_demo(demo, console)


def judge_demo(demo: Demo, console: Console) -> int:
    """Print what the demo tells and did not show; return the exit code."""
    untold = list(find_untold(demo))
    for sentence in untold:
        console.print(f"[red]This demo did not show what it tells:[/] {sentence}", highlight=False)
    return FAILED if untold else OK


def _tell(sandbox: Sandbox, url: str, warehouse: Path, console: Console) -> Demo:
    catalogue = load_catalogue()
    entities = [*catalogue.enabled, *(catalogue.find(name) for name in ASKED_FOR_TOO)]
    console.print(
        f"  tenant    {sandbox.url}\n  function  {url}\n\n[bold]First sync:[/] everything is new.\n"
    )
    syncs = [{"entity": entity.name} for entity in entities]
    first = _call_all(url, syncs, console)
    console.print(
        "\n[bold]A business day passes in the ERP:[/] bills, payments, a new vendor, a deleted draft."
    )
    activity = business_day(sandbox.tenant, sandbox.options)
    show_day(activity, console)
    console.print(
        "\n[bold]Second sync:[/] only what changed is written; a reconcile finds what was deleted.\n"
    )
    deleted = {entity for entity, counts in activity.items() if counts["deleted"]}
    reconciles = [{"entity": e.name, "mode": "reconcile"} for e in entities if e.acumatica_entity in deleted]
    second = _call_all(url, [*syncs, *reconciles], console)
    console.print(
        f"\nAPI sessions (licensed seats) still open in the tenant: {sandbox.seats}", highlight=False
    )
    answers = {title: _ask(warehouse, title) for title in QUERIES}
    for title, rows in answers.items():
        show_answer(title, rows, console)
    return Demo(
        activity=activity,
        acumatica_entities={entity.name: entity.acumatica_entity for entity in entities},
        first=first,
        second=second,
        answers=answers,
        seats=sandbox.seats,
    )


def _call_all(url: str, bodies: Sequence[Mapping[str, str]], console: Console) -> list[dict[str, Any]]:
    """Call the function with each body in turn; show and return its answers."""
    results = []
    with _counted(len(bodies), console) as (progress, task):
        for body in bodies:
            progress.update(task, description=f"{body.get('mode', 'sync')} {body['entity']}")
            results.append(LOOPBACK.post(url, json=body, timeout=600).json())
            progress.advance(task)
    show_results(results, console)
    return results


@contextmanager
def _counted(total: int, console: Console) -> Iterator[tuple[Progress, Any]]:
    """Show on a terminal how many calls are done."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<28}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield progress, progress.add_task("starting", total=total)


def _ask(warehouse: Path, title: str) -> list[dict[str, Any]]:
    answer = query_file(warehouse, write_query(title, datetime.now(UTC).date()))
    names = next(answer)
    return [dict(zip(names, row, strict=True)) for row in answer]


def _show_place(warehouse: Path, console: Console) -> None:
    place = os.path.relpath(warehouse)
    command = [os.path.relpath(sys.executable), "-m", "connector", "query", FIRST_QUERY]
    console.print(f"\nThe data stays in [bold]{place}[/]. Ask it:", highlight=False)
    line = f"  WAREHOUSE={shlex.quote(f'duckdb:{place}')} {shlex.join(command)}"
    console.print(line, highlight=False, markup=False)
