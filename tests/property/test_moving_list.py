"""Hypothesis moves a sandbox tenant between and during pages, kills runs and lets them overlap; then nothing is missing.

CONNECTOR_EXAMPLES sets how many examples are tried, CONNECTOR_SEED where the search begins.
"""

import os
import threading
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from acumatica_sandbox.rows import Record
from connector.adapters.sqlite import SqliteStateStore
from connector.domain.list_query import ListQuery
from connector.domain.records.contract import Kind
from connector.domain.run import RunRequest, RunResult, Status
from connector.errors import SourceUnavailableError
from connector.ports import Ports, Source
from connector.runs.run import Limits, Run
from connector.runs.sync import sync_entity
from tests.builders import a_contract, an_entity
from tests.fault.mortal import Killed, Life, mortal
from tests.property.sandbox_at_work import GROWN_OLD, MOVES, Move, SandboxAtWork
from tests.seed import SEED
from tests.stand_ins.list_source import failure
from tests.stand_ins.sandbox_source import SandboxSource
from tests.stand_ins.warehouse import MemoryWarehouse

EXAMPLES = int(os.environ.get("CONNECTOR_EXAMPLES", "600"))
SEARCHES = 4
"""The examples are shared out among so many searches, which run side by side."""
LOOKBACK = timedelta(minutes=15)
ENTITY = an_entity()
CONTRACT = a_contract(fields={"VendorName": Kind.STRING})

WEATHER = ("fair", "fair", "page", "page", "down", "late")


class MovingList(SandboxAtWork):
    """A tenant, its copy, and everything that may happen to them."""

    def __init__(self) -> None:
        super().__init__()
        self.state = SqliteStateStore(path=Path(":memory:"), clock=self.clock)
        self.warehouse = MemoryWarehouse()
        self.source = self.open_source()
        self.weather: list[str] = []
        self.largest_page: int | None = None
        self.meanwhile: list[list[Move]] = []
        self.turn = threading.RLock()
        self.runs = 0

    entity = ENTITY
    key_column, name_column = "vendor_id", "vendor_name"

    def open_source(self) -> Source:
        """Return what a run reads from."""
        return SandboxSource(self.sandbox, CONTRACT, self.move_meanwhile, self.fail_now_and_then)

    def name_of(self, record: Record) -> object:
        """Return the name as this source gives it."""
        return record.fields["VendorName"]

    def id_of(self, record: Record) -> str:
        """Return the id under which a record is copied."""
        return record.id

    @initialize(
        page_size=st.integers(2, 5),
        page_bytes=st.sampled_from([300, 1_000, 2_000, 12_000_000]),
        batch_bytes=st.sampled_from([1, 500, 8_000_000]),
        size=st.integers(1, 15),
    )
    def begin(self, page_size: int, page_bytes: int, batch_bytes: int, size: int) -> None:
        self.page_size, self.page_bytes, self.batch_bytes = page_size, page_bytes, batch_bytes
        for number in range(size):
            self.move(("insert", 0, number * 60))

    # what the connector does

    def move_meanwhile(self) -> None:
        """Before and after a page is taken: the next few moves that were drawn for this run."""
        with self.turn:
            self._end_transactions(older_than=GROWN_OLD)
            for move in self.meanwhile.pop(0) if self.meanwhile else ():
                self.move(move)

    @rule(meanwhile=st.lists(st.lists(MOVES, max_size=3), max_size=12))
    def run(self, meanwhile: list[list[Move]]) -> None:
        self._run(meanwhile)

    def fail_now_and_then(self, query: ListQuery) -> None:
        """Fail as Acumatica does: on this page alone, on pages that are too large, altogether, or until time is up."""
        with self.turn:
            kind = self.weather.pop(0) if self.weather else "fair"
        is_too_large = self.largest_page is not None and query.top > self.largest_page
        if not query.keys_only and (kind == "page" or is_too_large):
            raise failure("a page")
        if kind in ("down", "late"):
            error = SourceUnavailableError("Acumatica is down.", action="Wait.")
            error.is_out_of_time = kind == "late"
            raise error

    @rule(
        meanwhile=st.lists(st.lists(MOVES, max_size=2), max_size=12),
        weather=st.lists(st.sampled_from(WEATHER), max_size=12),
        largest_page=st.none() | st.integers(2, 5),
    )
    def run_in_a_storm(
        self, meanwhile: list[list[Move]], weather: list[str], largest_page: int | None
    ) -> None:
        self.weather, self.largest_page = list(weather), largest_page
        self._run(meanwhile)
        self.weather, self.largest_page = [], None

    @rule(meanwhile=st.lists(st.lists(MOVES, max_size=2), max_size=8), call=st.integers(1, 60))
    def run_and_be_killed(self, meanwhile: list[list[Move]], call: int) -> None:
        calls = iter(range(1, 10_000))
        steps = (
            "warehouse",
            "state",
            "source.read_list",
        )  # those of the main thread and of the reader's apart

        def decide(moment: str, count: int) -> Killed | None:
            if moment.endswith(steps[2]):
                return Killed(moment) if count == call % 10 and call > 50 else None
            return Killed(moment) if next(calls) == call else None

        self._run(meanwhile, Life(decide))

    @rule(
        meanwhile=st.lists(st.lists(MOVES, max_size=2), max_size=8),
        step=st.sampled_from(["append", "save", "commit"]),
    )
    def run_and_be_overtaken(self, meanwhile: list[list[Move]], step: str) -> None:
        """In the middle of one run, with its rows in hand, another takes over and does the whole work."""
        moments = {
            "append": "before warehouse.append",
            "save": "before state.entities.save_checkpoint",
            "commit": "before state.entities.commit",
        }

        def decide(moment: str, count: int) -> None:
            if (moment, count) == (moments[step], 1):
                with self.turn:  # the next page may be on its way
                    self.tenant.clock.advance(60)
                    self._end_transactions(older_than=GROWN_OLD)
                self._run([])

        self._run(meanwhile, Life(decide))

    def _run(self, meanwhile: list[list[Move]], life: Life | None = None) -> RunResult | None:
        with self.turn:
            self.meanwhile, self.runs = list(meanwhile), self.runs + 1
        ports = Ports(source=self.source, warehouse=self.warehouse, state=self.state, clock=self.clock)
        limits = Limits(
            deadline=self.clock.now() + timedelta(days=1),
            page_size=self.page_size,
            lookback=LOOKBACK,
            lease_ttl=timedelta(0),
            page_bytes=self.page_bytes,
            batch_bytes=self.batch_bytes,
        )
        run = Run(
            run_id=f"run-{self.runs}",
            entity=self.entity,
            request=RunRequest(entity=self.entity.name),
            ports=mortal(ports, life) if life else ports,
            limits=limits,
        )
        try:
            result = run.execute(sync_entity)
        except Killed:
            return None
        assert "share_an_id" not in result.details, "a record that moves is not taken for two"
        return result

    # what must hold

    @invariant()
    def no_record_is_shown_with_content_it_never_had(self) -> None:
        """A row that is current and bears the record's newest stamp has its newest content."""
        shown = self.warehouse.current(self.entity.log_table)
        for record in self.tenant.records("Vendor"):
            row = shown.get(self.id_of(record))
            if row is not None and row.modified_at == record.stamp:
                assert msgspec.json.decode(row.data)[self.name_column] == self.name_of(record)

    def teardown(self) -> None:
        if self.runs == 0:
            return
        self._end_transactions()
        self.tenant.clock.skew = timedelta(0)
        self.tenant.clock.advance((LOOKBACK + timedelta(minutes=5)).total_seconds())
        for _ in range(10):  # a list that moved too much is an answer 503: the schedule calls again
            result = self._run([])
            if result is not None and result.status is Status.SUCCEEDED:
                break
        self.tenant.clock.advance((LOOKBACK + timedelta(minutes=5)).total_seconds())
        last = self._run([])
        assert last is not None
        assert last.status is Status.SUCCEEDED
        shown = self.warehouse.current(self.entity.log_table)
        for record in self.tenant.records("Vendor"):
            assert self.id_of(record) in shown, f"{record.keys} is lost"
            content = msgspec.json.decode(shown[self.id_of(record)].data)
            assert content[self.name_column] == self.name_of(record)
            assert content[self.key_column] == record.keys[0]
            assert shown[self.id_of(record)].modified_at == record.stamp
        idle = self._run([])
        assert idle is not None
        assert (idle.status, idle.records_written) == (Status.SUCCEEDED, 0)


@pytest.mark.parametrize("search", range(SEARCHES))
def test_a_list_that_moves_while_it_is_read_loses_nothing(search: int) -> None:
    checks = list(HealthCheck)
    options = settings(
        max_examples=-(-EXAMPLES // SEARCHES),
        stateful_step_count=15,
        deadline=None,
        suppress_health_check=checks,
        print_blob=True,
    )
    run_state_machine_as_test(seed(SEED + search)(MovingList), settings=options)
