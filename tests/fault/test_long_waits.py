"""A run that waits for long, whatever it waits for, keeps its entity, while the schedule goes on calling."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from connector.app.run_entity import run_entity
from connector.app.service import build
from connector.app.settings import load_settings
from connector.app.wiring import CLOSING_TIME
from connector.domain.entity import Depth
from connector.domain.run import Mode, RunRequest, RunResult, Status
from connector.errors import SourceUnavailableError
from tests.builders import Rig
from tests.e2e.profiles import embedded_environment
from tests.fault.mortal import Life, stumbles_at
from tests.oracle import assert_shows_tenant

BUDGET = timedelta(minutes=25)
LONG = timedelta(minutes=12)
"""What a licence's queue, a storm of refusals or a load job may take."""


@dataclass
class Schedule:
    """Calls again whenever the run waits, and keeps the answers."""

    rig: Rig
    answers: list[RunResult] = field(default_factory=list)

    def tick(self) -> None:
        no_seat = stumbles_at("before source.avoid", SourceUnavailableError("it was let in", action=""))
        self.answers.append(self.rig.run("invoices", life=no_seat))

    def waits_before(self, step: str) -> Life:
        """Return the life of a run that waits for long once, at this step."""

        def decide(moment: str, count: int) -> None:
            if (moment, count) == (f"before {step}", 1):
                self.rig.pass_time(LONG)
                self.tick()

        return Life(decide)

    def assert_left_the_run_alone(self, run: RunResult) -> None:
        assert self.answers, "nothing was called meanwhile"
        assert {answer.status for answer in self.answers} == {Status.SKIPPED}
        assert all(run.run_id in str(answer.reason) for answer in self.answers)
        assert run.status is Status.SUCCEEDED, run.error


@pytest.fixture
def schedule(rig: Rig) -> Schedule:
    """The schedule of a tenant whose bills were copied, and have all changed since."""
    rig.run("invoices")
    rig.pass_time(timedelta(hours=1))
    for record in rig.sandbox.tenant.records("Bill"):
        rig.sandbox.tenant.change("Bill", record.id, {"Description": "later"})
    return Schedule(rig)


def refuse_for_long(schedule: Schedule) -> None:
    """Decline the request of the second page again and again, each time for half a minute."""
    schedule.rig.sandbox.faults.add(
        path="/Bill",
        skip=1,
        times=LONG // timedelta(seconds=30),
        status=429,
        headers={"Retry-After": "30"},
        hook=lambda _: schedule.tick(),
    )


def queue_for_long(schedule: Schedule) -> None:
    """Answer the second page's request after a silence."""

    def wait() -> None:
        schedule.rig.pass_time(LONG)
        schedule.tick()

    schedule.rig.sandbox.faults.add(path="/Bill", ordinal=2, hook=lambda _: wait())


@pytest.mark.parametrize("hold_up", [refuse_for_long, queue_for_long])
def test_a_list_that_keeps_a_run_waiting_does_not_cost_it_its_entity(
    schedule: Schedule, hold_up: Callable[[Schedule], None]
) -> None:
    rig = schedule.rig
    hold_up(schedule)
    began_at = rig.clock.now()
    run = rig.run("invoices", budget=BUDGET)
    assert rig.clock.now() - began_at >= LONG
    schedule.assert_left_the_run_alone(run)
    assert run.records_written == len(rig.sandbox.tenant.records("Bill"))
    assert_shows_tenant(rig, "invoices")


def test_the_entity_and_the_seat_are_held_for_longer_than_a_run_can_last(
    rig: Rig,
) -> None:
    environment = {**embedded_environment(rig.sandbox, rig.folder), "SYNC_TIME_BUDGET_SECONDS": "1200"}
    connector = build(load_settings(environment), clock=rig.clock)
    last_moment = rig.clock.now() + timedelta(seconds=1200) + CLOSING_TIME
    met: list[RunResult] = []

    def call_at_the_last_moment(_: object) -> None:
        rig.clock.set(last_moment)
        met.extend(run_entity(connector, RunRequest(entity=entity)) for entity in ("vendors", "items"))

    run_entity(connector, RunRequest(entity="vendors"), on_progress=call_at_the_last_moment)
    same, other = met
    assert same.status is Status.SKIPPED
    assert other.error is not None
    assert other.error.type == "SessionsBusyError"


@pytest.mark.parametrize(
    "step",
    [
        "warehouse.prepare",
        "warehouse.current_versions",
        "warehouse.append",
        "warehouse.refresh",
    ],
)
def test_a_step_that_keeps_a_run_waiting_does_not_cost_it_its_entity(schedule: Schedule, step: str) -> None:
    rig = schedule.rig
    run = rig.run("invoices", Mode.BACKFILL, life=schedule.waits_before(step), budget=BUDGET)
    schedule.assert_left_the_run_alone(run)
    assert_shows_tenant(rig, "invoices")


@pytest.mark.parametrize(
    ("depth", "step"), [(Depth.KEYS, "source.read_record"), (Depth.CONTENT, "source.read_list")]
)
def test_a_reconcile_that_waits_keeps_its_entity(schedule: Schedule, depth: Depth, step: str) -> None:
    rig = schedule.rig
    life = schedule.waits_before(step)
    run = rig.run("invoices", Mode.RECONCILE, depth=depth, life=life, budget=BUDGET)
    schedule.assert_left_the_run_alone(run)
    assert_shows_tenant(rig, "invoices")
