"""Who may sit down, what they are told, and what they leave for those who come after them."""

from datetime import timedelta

from connector.adapters.sqlite import SqliteStateStore
from connector.domain.entity_state import Origin, RefusedSignIn, Seat
from connector.runs.seats import give_seat_back, note_origin, take_seat
from tests.builders import MORNING, a_contract, a_memory_file, an_entity
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.list_source import ListSource

HERE = Origin(instance="https://erp.example.com/AcmeERP", tenant="Acme")
REFUSED = RefusedSignIn(credential_fingerprint="m1", refused_at=MORNING)
TTL = timedelta(minutes=35)


class Office:
    """One seat, a state that all runs share, and a source of its own for each."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.state = SqliteStateStore(path=a_memory_file(), clock=self.clock)

    def enter(self) -> ListSource:
        return ListSource(entity=an_entity(), clock=self.clock, contract=a_contract())

    def take(self, source: ListSource, owner: str = "run-1") -> Seat:
        seat = take_seat(self.state.seats, source, owner, 1, TTL)
        assert seat is not None
        return seat


def test_whoever_takes_a_seat_is_told_what_is_remembered() -> None:
    office, source = Office(), Office().enter()
    office.state.seats.remember_refused_sign_in(REFUSED)
    office.state.seats.remember_origin(HERE)
    seat = office.take(source)
    assert (seat.owner, seat.expires_at) == ("run-1", office.clock.now() + TTL)
    assert (source.avoided, source.expected) == ([REFUSED], [HERE])


def test_without_a_free_seat_the_source_is_not_touched() -> None:
    office = Office()
    office.take(office.enter())
    waiting = office.enter()
    assert take_seat(office.state.seats, waiting, "run-2", 1, TTL) is None
    assert (waiting.avoided, waiting.expected) == ([], [])
    assert take_seat(office.state.seats, waiting, "run-2", 2, TTL) is not None


def test_the_first_rows_bind_every_later_run_to_where_they_came_from() -> None:
    office = Office()
    source = office.enter()
    seat = office.take(source)
    source.here = HERE
    noted = note_origin(office.state.seats, source, seat)
    assert (noted.origin, noted.number, noted.owner) == (HERE, seat.number, seat.owner)
    assert source.expected[-1] == HERE
    give_seat_back(office.state.seats, source, noted)
    assert office.take(office.enter(), "run-2").origin == HERE


def test_what_rows_came_from_first_is_not_replaced() -> None:
    office = Office()
    office.state.seats.remember_origin(HERE)
    source = office.enter()
    seat = office.take(source)
    source.here = Origin(instance=HERE.instance, tenant="Other")
    assert note_origin(office.state.seats, source, seat) is seat
    assert source.expected == [HERE]
    give_seat_back(office.state.seats, source, seat)
    assert office.take(office.enter(), "run-2").origin == HERE


def test_a_source_that_cannot_tell_where_it_reads_binds_nobody() -> None:
    office = Office()
    source = office.enter()
    seat = office.take(source)
    assert note_origin(office.state.seats, source, seat) is seat
    give_seat_back(office.state.seats, source, seat)
    assert office.take(office.enter(), "run-2").origin is None


def test_a_refused_sign_in_is_told_to_the_next_run_and_forgotten_once_one_succeeds() -> None:
    office = Office()
    refused, mended = office.enter(), office.enter()
    seat = office.take(refused)
    refused.refused = REFUSED
    give_seat_back(office.state.seats, refused, seat)
    told = office.take(mended, "run-2")
    assert (told.refused, mended.avoided) == (REFUSED, [REFUSED])
    give_seat_back(office.state.seats, mended, told)
    assert office.take(office.enter(), "run-3").refused is None


def test_what_another_run_found_out_meanwhile_is_not_overwritten_by_one_that_found_nothing() -> None:
    office = Office()
    source = office.enter()
    seat = office.take(source)
    office.state.seats.remember_refused_sign_in(REFUSED)
    give_seat_back(office.state.seats, source, seat)
    assert office.take(office.enter(), "run-2").refused == REFUSED
