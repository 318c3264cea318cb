"""What is written, kept and counted of the pages that were read."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import msgspec

from connector.adapters.sqlite import SqliteStateStore
from connector.domain.batch import build_insert_id
from connector.domain.entity_state import Outcome
from connector.domain.records.codec import Record
from connector.domain.run import RunRequest, Status, WriteMethod
from connector.domain.tables.log_table import build_table
from connector.domain.versions import Place
from connector.ports import Ports, Source
from connector.runs.interpreting import Interpreter, ReadingBatch
from connector.runs.run import Limits, Run
from connector.runs.writing import BatchWriter
from tests.builders import MORNING, a_contract, a_memory_file, a_record, a_row, an_entity, an_id
from tests.property.moving_tenant import MovingTenant
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.warehouse import MemoryWarehouse

READ_AT = MORNING + timedelta(hours=2)
SOURCE: Source = MovingTenant(1, contract=a_contract())


class Known:
    """Knows the versions of these records, and where those stand that are `placed`."""

    def __init__(self, *records: Record, placed: dict[str, Place] | None = None) -> None:
        self._versions = {record.version for record in records}
        self._placed = placed or {}
        self.looked_up: list[str] = []
        self.noted: list[tuple[str, Place]] = []

    def look_up(self, records: Sequence[Record]) -> None:
        self.looked_up += [record.id for record in records]

    def find_place(self, record_id: str) -> Place | None:
        return self._placed.get(record_id)

    def note_written(self, record: Record, place: Place) -> None:
        self.noted.append((record.id, place))

    def is_known(self, record: Record) -> bool:
        return record.version in self._versions


class Desk:
    """A writer over a warehouse in memory."""

    def __init__(self, *, is_replay: bool = False) -> None:
        self.clock = FakeClock()
        self.warehouse = MemoryWarehouse()
        self.state = SqliteStateStore(path=a_memory_file(), clock=self.clock)
        ports = Ports(source=SOURCE, warehouse=self.warehouse, state=self.state, clock=self.clock)
        request, limits = RunRequest(entity="vendors"), Limits(deadline=self.clock.now())
        self.run = Run(run_id="run-1", entity=an_entity(), request=request, ports=ports, limits=limits)
        table = build_table(an_entity(), a_contract())
        self.writer = BatchWriter(self.run, table, is_replay=is_replay)

    def write(self, *batches: ReadingBatch, known: Known | None = None) -> list[str]:
        written = self.writer.write(batches, known or Known(), WriteMethod.LOAD)
        return [record.id for record in written.records]

    @property
    def write_method(self) -> WriteMethod | None:
        return self.run.outcome.build_result(Status.SUCCEEDED).write_method

    @property
    def counts(self) -> tuple[int, int, int, int]:
        tally = self.run.outcome.tally
        return (tally.records_read, tally.records_written, tally.records_unchanged, tally.records_rejected)

    def outcomes(self, number: int) -> list[tuple[Outcome, str, str]]:
        trail = self.state.audit.read_trail("vendors", an_id(number))
        return [(page.entry.outcome, page.entry.key, page.entry.reason) for page in trail]


def a_batch(*rows: bytes) -> ReadingBatch:
    return Interpreter(SOURCE, an_entity(), a_contract()).interpret(rows, read_at=READ_AT)


def good(*numbers: int) -> Iterator[bytes]:
    return (a_row(number=number, key=f"V{number}") for number in numbers)


def bad(*numbers: int) -> Iterator[bytes]:
    return (b'{"id":"%b","VendorID":{"value":"V%d"},"x":\xff}' % (an_id(n).encode(), n) for n in numbers)


def test_new_versions_are_written_with_what_the_connector_knows() -> None:
    desk = Desk()
    assert desk.write(a_batch(*good(1, 2))) == [an_id(1), an_id(2)]
    (append,) = desk.warehouse.appends
    assert (append.batch_id, append.method, append.table) == ("run-1_1", WriteMethod.LOAD, desk.writer.table)
    row = msgspec.json.decode(append.rows[0].data)
    assert (row["_run_id"], row["_synced_at"], row["vendor_id"]) == (
        "run-1",
        "2026-11-22T08:00:00.837Z",
        "V1",
    )
    assert len({each.insert_id for each in append.rows}) == 2
    assert desk.write_method is WriteMethod.LOAD
    assert desk.counts == (2, 2, 0, 0)
    assert desk.outcomes(2) == [(Outcome.WRITTEN, "V2", "")]
    (page,) = desk.state.audit.read_trail("vendors", an_id(2))
    assert page.entry.version == a_record(number=2, key="V2").version


def test_the_insert_id_is_that_of_this_version_of_this_record_of_this_entity() -> None:
    desk = Desk()
    desk.write(a_batch(*good(1)))
    expected = build_insert_id("vendors", an_id(1), a_record(number=1, key="V1").version)
    assert desk.warehouse.appends[0].rows[0].insert_id == expected


def test_what_the_contract_does_not_tell_travels_beside_the_row() -> None:
    desk = Desk()
    desk.write(a_batch(a_row(Colour="red")))
    assert desk.warehouse.appends[0].rows[0].extra == b'{"Colour":"red"}'


def test_counts_and_audits_go_on_over_the_writes_of_a_run() -> None:
    desk = Desk()
    known = Known(a_record(number=1, key="V1"))
    for _ in range(2):
        desk.write(a_batch(*good(1, 2), *bad(3)), known=known)
    assert desk.counts == (6, 2, 3, 1), "the same unusable content is no news"
    trail = list(desk.state.audit.read_trail("vendors", an_id(3)))
    assert [page.entry.version for page in trail] == ["", ""]


def test_a_retry_carries_the_same_insert_id_whatever_the_run() -> None:
    ids = []
    for _ in range(2):
        desk = Desk()
        desk.write(a_batch(*good(1)))
        ids.append(desk.warehouse.appends[0].rows[0].insert_id)
    assert ids[0] == ids[1]


def test_each_write_is_a_batch_of_its_own() -> None:
    desk = Desk()
    desk.write(a_batch(*good(1)))
    desk.write(a_batch(*good(2)))
    assert [append.batch_id for append in desk.warehouse.appends] == ["run-1_1", "run-1_2"]


def test_what_is_there_already_is_counted_and_audited_but_not_written() -> None:
    desk = Desk()
    known = Known(a_record(number=1, key="V1"))
    assert desk.write(a_batch(*good(1, 2)), known=known) == [an_id(1), an_id(2)]
    assert [len(append.rows) for append in desk.warehouse.appends] == [1]
    assert desk.counts == (2, 1, 1, 0)
    assert desk.outcomes(1) == [(Outcome.UNCHANGED, "V1", "")]


def test_with_nothing_new_the_warehouse_is_left_alone() -> None:
    desk = Desk()
    desk.write(a_batch(*good(1)), known=Known(a_record(number=1, key="V1")))
    assert desk.warehouse.appends == []
    assert desk.write_method is None


def test_each_batch_has_an_audit_of_its_own() -> None:
    desk = Desk()
    desk.write(a_batch(*good(1, 2)), a_batch(*good(3)))
    desk.write(a_batch(*good(1)))
    assert [len(desk.outcomes(n)) for n in (1, 2, 3)] == [2, 1, 1]
