"""Runs several entities, as many at once as there are seats, and shows how each ends."""

import argparse
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from rich.console import Console

from connector.app.run_entity import run_entity
from connector.app.service import Connector
from connector.domain.run import RunProgress, RunRequest, RunResult, Status, got_further
from connector.domain.tables.sync_runs import build_answer
from connector.errors import (
    CredentialsError,
    EndpointVersionError,
    OtherTenantError,
    SecretUnavailableError,
)
from connector.faces.exit_codes import FAILED, NOTHING_RAN, OK
from connector.faces.output import outlived
from connector.faces.progress import Follow, show_progress
from connector.faces.stop_signals import StopSignals
from connector.faces.terminal import show_result, show_total, write_json, write_note

HOPELESS = frozenset(
    kind.__name__
    for kind in (CredentialsError, EndpointVersionError, OtherTenantError, SecretUnavailableError)
)
"""Failures that would hit every other entity too."""


def run_all(
    connector: Connector,
    requests: Sequence[RunRequest],
    options: argparse.Namespace,
    console: Console,
    signals: StopSignals,
) -> int:
    """Run each, going on by itself where the time budget cut one short, as long as that gets it nearer to its end.

    As many are at work at once as Acumatica allows sessions. A failure does not keep the next from running, unless it would
    fail in the same way. Returns the exit code.
    """
    seats = min(connector.settings.acumatica.max_sessions, len(requests))
    with signals.patient(), show_progress(console, shown=not options.json) as follow:
        runs = EntityRuns(connector, requests, options, console, signals, follow)
        if seats > 1:
            runs.do_at_once(seats)
        else:
            runs.do_in_turn()
        if signals.is_requested():
            raise KeyboardInterrupt
    if len(runs.results) > 1 and not options.json:
        with outlived():
            show_total(runs.results, console)
            copied = [result.entity for result in runs.results if result.status is Status.SUCCEEDED]
            if copied:
                console.print(_describe_place(connector, copied[0]), highlight=False, markup=False)
    return _judge(runs.results)


class EntityRuns:
    """The runs of one command, and how they ended."""

    def __init__(
        self,
        connector: Connector,
        requests: Sequence[RunRequest],
        options: argparse.Namespace,
        console: Console,
        signals: StopSignals,
        follow: Follow,
    ) -> None:
        self._connector = connector
        self._pending = deque(enumerate(requests, 1))
        self._count = len(requests)
        self._options = options
        self._console = console
        self._signals = signals
        self._follow = follow
        self._output = threading.Lock()
        self._is_seat_awaited = False
        self._is_hopeless = False
        self.results: list[RunResult] = []
        """The last result of each entity that ran, in the order in which they ended."""

    def do_in_turn(self) -> None:
        """Do one after the other."""
        for number, request in self._next():
            self._do(number, request)

    def do_at_once(self, seats: int) -> None:
        """Do so many at once, each in a thread of its own.

        The first goes ahead alone until it is signed in: credentials that are wrong are sent once, not once a thread. A seat that another program holds is waited for.
        """
        self._is_seat_awaited = True
        signed_in: Future[None] = Future()
        following = self._next()
        under_way: set[Future[None]] = set()
        with ThreadPoolExecutor(seats, thread_name_prefix="run") as threads:
            while True:
                free = (seats if signed_in.done() else 1) - len(under_way)
                for _ in range(free):
                    if (turn := next(following, None)) is not None:
                        under_way.add(threads.submit(self._do, *turn, lambda: _mark(signed_in)))
                if not under_way:
                    return
                awaited: set[Future[None]] = under_way if signed_in.done() else {*under_way, signed_in}
                ended = wait(awaited, return_when=FIRST_COMPLETED).done & under_way
                under_way -= ended
                for run in ended:
                    run.result()

    def _next(self) -> Iterator[tuple[int, RunRequest]]:
        """Yield what is to be run, until the command is asked to stop or the rest would fail in the same way."""
        while self._pending and not (self._signals.is_requested() or self._is_hopeless):
            yield self._pending.popleft()

    def _do(self, number: int, request: RunRequest, on_signed_in: Callable[[], None] = lambda: None) -> None:
        name = f"{number}/{self._count} {request.entity}" if self._count > 1 else request.entity
        result = self._run(name, request, on_signed_in)
        while got_further(result) and not self._signals.is_requested():
            self._show(result)
            result = self._run(name, request, on_signed_in)
        self._show(result)
        self._note(result)

    def _run(self, name: str, request: RunRequest, on_signed_in: Callable[[], None]) -> RunResult:
        with self._follow(name) as show:

            def tell(progress: RunProgress) -> None:
                show(progress)
                self._signals.check()

            return run_entity(
                self._connector,
                request,
                on_progress=tell,
                on_signed_in=on_signed_in,
                waits_for_seat=self._is_seat_awaited,
            )

    def _show(self, result: RunResult) -> None:
        with self._output, outlived():
            if self._options.json:
                write_json(build_answer(result))
            else:
                show_result(result, self._console)

    def _note(self, result: RunResult) -> None:
        """Note how an entity ended, and say what follows from it."""
        with self._output:
            self.results.append(result)
            if self._signals.is_requested():
                return
            if result.status is Status.PARTIAL:
                write_note(f"{result.entity} gets no further: raise SYNC_TIME_BUDGET_SECONDS.")
            if result.error and result.error.type in HOPELESS and not self._is_hopeless:
                self._is_hopeless = True
                if self._pending:
                    write_note("The other entities are not tried: they would fail in the same way.")


def _mark(done: Future[None]) -> None:
    if not done.done():
        done.set_result(None)


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
