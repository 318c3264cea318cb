"""The demo: a simulated tenant, the real function, a DuckDB file, and an analyst's queries, in one command."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from socket import socket
from typing import Any

import duckdb
import requests
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from acumatica_sandbox import Sandbox, SandboxOptions
from acumatica_sandbox.data.business_day import business_day
from connector.app.catalogue import load_catalogue
from connector.app.settings import list_variables
from connector.errors import ConfigurationError, SourceUnavailableError

PACKAGES = Path(__file__).parents[2]
"""The folder of this package: a process started there can import it, installed or not."""
STARTUP_SECONDS = 60
LOOPBACK = requests.Session()
LOOPBACK.trust_env = False
"""Calls to this machine never go through the user's proxy."""

PAYABLES = """
    SELECT v.vendor_name AS vendor, count(*) AS bills, sum(i.balance) AS open_balance, min(i.due_date) AS oldest_due
    FROM invoices i JOIN vendors v ON v.vendor_id = i.vendor
    WHERE i.status = 'Open' AND i.type = 'Bill' AND i.balance > 0
    GROUP BY ALL ORDER BY open_balance DESC LIMIT 8
"""
TRIAL_BALANCE = """
    SELECT a.type AS account_type, sum(e.debit_amount) AS debit, sum(e.credit_amount) AS credit,
           sum(e.debit_amount) - sum(e.credit_amount) AS balance
    FROM gl_entries e JOIN gl_accounts a ON a.account_cd = e.account
    GROUP BY ROLLUP (a.type) ORDER BY a.type NULLS LAST
"""


def run_demo(directory: str, console: Console) -> int:
    """Run the demo in this directory, made if missing; return the exit code."""
    folder = Path(directory).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    warehouse, state = folder / "acumatica.duckdb", folder / "state.db"
    for path in (warehouse, state):
        for leftover in folder.glob(f"{path.name}*"):
            leftover.unlink()
    console.print(
        "[bold]A simulated Acumatica tenant starts[/]: a distributor with vendors, bills, orders, payments, a ledger."
    )
    with Sandbox(SandboxOptions(size="demo", real_time=True)) as sandbox:
        (folder / "credentials.json").write_text(json.dumps(sandbox.credentials("password")))
        with _serve(_environment(sandbox.url, folder, warehouse, state), folder / "function.log") as url:
            results = _describe(sandbox, url, console)
    _show_queries(warehouse, console)
    return 0 if all(result["status"] == "succeeded" for result in results) else 1


def _describe(sandbox: Sandbox, url: str, console: Console) -> list[dict[str, Any]]:
    entities = load_catalogue().enabled
    names = [entity.name for entity in entities]
    console.print(
        f"It answers at {sandbox.url}; the function at {url}.\n\n[bold]First sync:[/] everything is new.\n"
    )
    first = _sync_all(url, [{"entity": name} for name in names], console)
    _show_results(first, console)
    console.print(
        "\n[bold]A business day passes in the ERP:[/] bills, payments, a new vendor, a deleted draft."
    )
    activity = business_day(sandbox.tenant, sandbox.options)
    for line in _describe_day(activity):
        console.print(f"  {line}", highlight=False)
    console.print()
    console.print("[bold]Second sync:[/] only what changed is read; a reconcile finds what was deleted.\n")
    again = [{"entity": name} for name in names]
    deleted = {entity for entity, counts in activity.items() if counts["deleted"]}
    again += [{"entity": e.name, "mode": "reconcile"} for e in entities if e.acumatica_entity in deleted]
    second = _sync_all(url, again, console)
    _show_results(second, console)
    console.print(
        f"\nAPI sessions (licensed seats) still open in the tenant: {sandbox.seats}", highlight=False
    )
    return first + second


def _environment(url: str, folder: Path, warehouse: Path, state: Path) -> dict[str, str]:
    """Return the function's environment: none of the user's own configuration, and no proxy for loopback."""
    own = {variable.name for variable in list_variables()}
    kept = {name: value for name, value in os.environ.items() if name not in own}
    return {
        **kept,
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "ACUMATICA_URL": url,
        "ACUMATICA_ENDPOINT_VERSION": "24.200.001",
        "ACUMATICA_CREDENTIALS": f"file:{folder / 'credentials.json'}",
        "WAREHOUSE": f"duckdb:{warehouse}",
        "STATE": f"sqlite:{state}",
    }


@contextmanager
def _serve(environment: dict[str, str], log: Path) -> Iterator[str]:
    """Start the real function as Cloud Functions does, and yield its address; it ends with the block."""
    source = log.with_name("main.py")
    source.write_text("from connector.faces.http import sync as sync\n")
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "functions_framework",
        "--target",
        "sync",
        "--source",
        str(source),
    ]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with log.open("w") as output:
        process = subprocess.Popen(command, env=environment, cwd=PACKAGES, stdout=output, stderr=output)  # noqa: S603 - our own interpreter and file
        try:
            _wait_until_it_answers(f"http://127.0.0.1:{port}/status", process, log)
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()
            process.wait(30)


def _wait_until_it_answers(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    ends_at = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < ends_at:
        if process.poll() is not None:
            raise ConfigurationError("The function could not be started.", action=f"Read {log}.")
        try:
            LOOPBACK.get(url, timeout=5)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    raise SourceUnavailableError(
        f"The function did not answer within {STARTUP_SECONDS} s.", action=f"Read {log}."
    )


def _sync_all(url: str, bodies: Sequence[dict[str, str]], console: Console) -> list[dict[str, Any]]:
    results = []
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<28}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting", total=len(bodies))
        for body in bodies:
            progress.update(task, description=f"{body.get('mode', 'sync')} {body['entity']}")
            result = LOOPBACK.post(url, json=body, timeout=600).json()
            results.append(result)
            if not console.is_terminal:
                console.print(f"  {body['entity']}: {result['status']}", highlight=False)
            progress.advance(task)
    return results


def _show_results(results: Sequence[dict[str, Any]], console: Console) -> None:
    table = Table("Entity", "Mode", "Status", box=None, pad_edge=False)
    for name in ("Read", "Written", "Unchanged", "Deleted", "Seconds"):
        table.add_column(name, justify="right")
    table.add_column("Watermark (UTC)")
    for result in results:
        counts = [result.get(f"records_{name}", 0) for name in ("read", "written", "unchanged")]
        table.add_row(
            result["entity"],
            result["mode"],
            f"[{'green' if result['status'] == 'succeeded' else 'red'}]{result['status']}[/]",
            *(f"{count:,}" for count in counts),
            f"{result['deleted']:,}" if "deleted" in result else "",
            f"{result['duration_seconds']:.1f}",
            (result["watermark_after"] or "")[:16].replace("T", " "),
        )
        if "error" in result:
            table.add_row("", "", result["error"]["message"])
    console.print(table)


def _describe_day(activity: dict[str, dict[str, int]]) -> Iterator[str]:
    for entity, counts in activity.items():
        done = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
        yield f"{entity:<20} {done}"


def _show_queries(warehouse: Path, console: Console) -> None:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for title, query in (
            ("Open payables by vendor", PAYABLES),
            ("Trial balance from gl_entries", TRIAL_BALANCE),
        ):
            cursor = connection.execute(query)
            names = [column[0] for column in cursor.description or ()]
            table = Table(
                title=f"\n{title}", title_justify="left", title_style="bold", box=None, pad_edge=False
            )
            for name in names:
                table.add_column(
                    name, justify="left" if name in ("vendor", "account_type", "oldest_due") else "right"
                )
            for row in cursor.fetchall():
                table.add_row(*(_show_cell(name, value) for name, value in zip(names, row, strict=True)))
            console.print(table)
    place = os.path.relpath(warehouse)
    console.print(f"\nThe data stays in [bold]{place}[/]. Look at it:", highlight=False)
    query = "SELECT type, reference_nbr, vendor, date, amount, balance FROM invoices LIMIT 5"
    console.print(
        f"  {os.path.relpath(sys.executable)} -c \"import duckdb; duckdb.connect('{place}').sql('{query}').show()\"",
        highlight=False,
    )


def _show_cell(name: str, value: Any) -> str:
    if value is None:
        return "all" if name == "account_type" else ""
    if name in ("open_balance", "debit", "credit", "balance"):
        return f"{value:,.2f}"
    return str(value)
