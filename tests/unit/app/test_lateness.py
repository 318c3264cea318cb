"""One answer to whether something is late, whoever asks."""

import json
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connector.app.lateness import find_late_after, parse_late_after
from connector.app.schedules import find_longest_pause
from connector.app.sections import StatusSettings
from connector.app.standings import find_succeeded_at, judge_kinds
from connector.app.status import describe_entity, judge
from connector.app.timetable import KINDS, Timetable
from connector.domain.entity import Entity, ReconcileSchedule
from connector.domain.entity_state import EntityState, EntityStatus
from connector.domain.run import RunKind
from connector.logs import configure_logging, log_freshness
from tests.contract.warehouse_rows import an_entity
from tests.stand_ins.clock import NOON

HOURLY = {
    RunKind.INCREMENTAL: "5 * * * *",
    RunKind.RECONCILE_KEYS: "0 3 * * *",
    RunKind.RECONCILE_CONTENT: "0 4 * * 6",
}


@pytest.mark.parametrize(
    ("schedule", "pause"),
    [
        ("5 * * * *", timedelta(hours=1)),
        ("*/15 * * * *", timedelta(minutes=15)),
        ("7-59/15 * * * *", timedelta(minutes=15)),
        ("30 4 * * *", timedelta(days=1)),
        ("0 6-18 * * *", timedelta(hours=12)),
        ("0 6 * * 1-5", timedelta(days=3)),
        ("*/5 9-17 * * 1-5", timedelta(days=2, hours=15, minutes=5)),
        ("0 4 1 * *", timedelta(days=31)),
        ("30 1,5 1,15 * *", timedelta(days=16, hours=20)),
        ("50,3 * * 3 *", timedelta(days=334, minutes=13)),
    ],
)
def test_a_schedule_s_longest_pause_is_found(schedule: str, pause: timedelta) -> None:
    assert find_longest_pause(schedule) == pause


def test_the_deployment_is_believed_before_the_block_and_the_block_before_the_schedule() -> None:
    hourly, slow = an_entity(), an_entity(late_after_hours=5)
    assert find_late_after(hourly, {}) == timedelta(hours=3)
    assert find_late_after(slow, {}) == timedelta(hours=5)
    assert find_late_after(slow, parse_late_after(" bills = 60 ;x=1")) == timedelta(minutes=1)


def test_what_nobody_schedules_is_never_late() -> None:
    assert find_late_after(an_entity(enabled=False), {}) is None
    assert find_late_after(an_entity(enabled=False), parse_late_after("bills=60")) == timedelta(minutes=1)
    assert find_late_after(an_entity(), parse_late_after("vendors=60")) is None


MINUTES = st.integers(0, 59).map(str) | st.sampled_from(["*/5", "7-59/15", "0,30"])
HOURS = st.sampled_from(["*", "3", "6-18", "8,20"])
WEEKDAYS = st.sampled_from(["*", "1-5", "6"])
CRONS = st.builds("{} {} * * {}".format, MINUTES, HOURS, WEEKDAYS)
AGES = st.none() | st.floats(0, 2.5)
"""How long ago a success is, as a multiple of the age from which it is late; None if there was none."""


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    schedules=st.fixed_dictionaries(dict.fromkeys(KINDS.values(), CRONS)),
    ages=st.fixed_dictionaries(dict.fromkeys(KINDS.values(), AGES)),
    failed=st.sets(st.sampled_from(list(KINDS.values()))),
)
@example(HOURLY, dict.fromkeys(KINDS.values(), 1.0), set())
@example(HOURLY, dict.fromkeys(KINDS.values()), set())
def test_page_and_alerts_agree_whatever_the_schedule_and_the_age(
    capsys: pytest.CaptureFixture[str],
    schedules: dict[RunKind, str],
    ages: dict[RunKind, float | None],
    failed: set[RunKind],
) -> None:
    configure_logging()
    entity = an_entity()
    timetable = Timetable(deployed={entity.name: schedules})
    late_after = {kind: timetable.find_late_after(entity, kind) or timedelta() for kind in KINDS.values()}
    succeeded = {kind: NOON - late_after[kind] * age for kind, age in ages.items() if age is not None}
    status = a_status(entity, succeeded, failed)
    kinds = judge_kinds(entity, status, timetable, NOON)
    log_freshness(status, kinds, NOON)
    entry = describe_entity(entity, status, kinds, timetable, NOON)
    line = json.loads(capsys.readouterr().out)

    assert line["is_late"] == entry["is_late"]
    reconciles = [RunKind.RECONCILE_KEYS, RunKind.RECONCILE_CONTENT]
    needs_look = [kind for kind in reconciles if entry["kinds"][kind]["is_late"] or kind in entry["failures"]]
    assert line["reconcile_overdue"] == bool(needs_look)
    assert set(line["reconcile"].split(", ")) - {""} == set(needs_look)
    is_quiet = not line["is_late"] and not line["reconcile_overdue"] and RunKind.INCREMENTAL not in failed
    assert (judge(entry)[0] == "ok") == (is_quiet and RunKind.INCREMENTAL in succeeded)
    for kind, instant in succeeded.items():
        assert entry["kinds"][kind]["is_late"] == (NOON - instant > late_after[kind])


def a_status(entity: Entity, succeeded: dict[RunKind, datetime], failed: Collection[RunKind]) -> EntityStatus:
    """A status whose kinds last succeeded at these instants, and of which these failed since."""
    successes = {kind: {"status": "succeeded", "started_at": at} for kind, at in succeeded.items()}
    failure = {"status": "failed", "error": {"type": "X", "message": "It broke.", "action": "Mend it."}}
    last_runs: dict[RunKind, Any] = {**successes, **dict.fromkeys(failed, failure)}
    return EntityStatus(
        entity_state=EntityState(entity=entity.name, last_success_at=succeeded.get(RunKind.INCREMENTAL)),
        lease=None,
        dead_letters=0,
        recent_runs=[last_runs.get(RunKind.INCREMENTAL, {"status": "succeeded"})],
        last_runs=last_runs,
        last_successes=successes,
    )


@pytest.mark.parametrize(("ahead", "is_late"), [(timedelta(minutes=5), False), (timedelta(days=400), True)])
def test_a_success_of_the_future_hides_nothing(ahead: timedelta, is_late: bool) -> None:
    entity = an_entity()
    status = a_status(entity, dict.fromkeys(KINDS.values(), NOON + ahead), set())
    kinds = judge_kinds(entity, status, Timetable(), NOON)
    assert kinds[RunKind.INCREMENTAL].is_late == is_late


@pytest.mark.parametrize(("days", "is_late"), [(2, False), (3, True)])
def test_a_reconcile_that_never_comes_is_late_once_its_time_has_passed(days: int, is_late: bool) -> None:
    entity = an_entity(reconcile=ReconcileSchedule(keys="0 3 * * *"))
    status = EntityStatus(
        entity_state=EntityState(entity=entity.name, last_success_at=NOON),
        lease=None,
        dead_letters=0,
        known_since=NOON - timedelta(days=days),
    )
    kinds = judge_kinds(entity, status, Timetable(), NOON)
    assert kinds[RunKind.RECONCILE_KEYS].is_late == is_late
    assert RunKind.RECONCILE_CONTENT not in kinds


def test_contents_are_checked_up_to_when_the_pass_began() -> None:
    content = {"status": "succeeded", "started_at": NOON, "contents_checked_at": "2026-11-22T10:00:00Z"}
    for success, checked_at in ((content, NOON - timedelta(hours=2)), ({"started_at": NOON}, NOON)):
        status = EntityStatus(
            entity_state=EntityState(entity="bills"),
            lease=None,
            dead_letters=0,
            last_successes={RunKind.RECONCILE_CONTENT: success},
        )
        assert find_succeeded_at(status, RunKind.RECONCILE_CONTENT) == checked_at


@pytest.mark.parametrize(
    ("checked_at", "is_late"),
    [("2026-11-22T03:00:00Z", False), ("2026-11-19T03:00:00Z", True), (None, True)],
)
def test_deletions_that_fall_behind_are_told_though_every_reconcile_succeeds(
    checked_at: str | None, is_late: bool
) -> None:
    """One that could not tell which records are gone marks none, and ends well."""
    entity = an_entity(reconcile=ReconcileSchedule(keys="0 3 * * *"))
    success = {"status": "succeeded", "started_at": NOON, "deletions_checked_at": checked_at}
    status = EntityStatus(
        entity_state=EntityState(entity=entity.name, last_success_at=NOON),
        lease=None,
        dead_letters=0,
        known_since=NOON - timedelta(days=9),
        last_runs={RunKind.RECONCILE_KEYS: success},
        last_successes={RunKind.RECONCILE_KEYS: success},
    )
    standing = judge_kinds(entity, status, Timetable(), NOON)[RunKind.RECONCILE_KEYS]
    assert (standing.is_late, standing.failure) == (is_late, None)


def test_the_deployment_says_what_is_scheduled_when_and_in_which_zone() -> None:
    text = "bills=5 8 * * *; bills/keys = 0 3 * * * ;items=*/15 * * * *"
    berlin = Timetable.from_settings(StatusSettings(schedules=text, time_zone="Europe/Berlin"))
    assert berlin.find_schedules(an_entity()) == {
        RunKind.INCREMENTAL: "5 8 * * *",
        RunKind.RECONCILE_KEYS: "0 3 * * *",
    }
    assert berlin.find_next("5 8 * * *", NOON) == datetime(2026, 11, 23, 7, 5, tzinfo=UTC)
    assert not berlin.is_scheduled(an_entity(name="vendors"))
    stopped = Timetable.from_settings(StatusSettings(schedules=text, paused=True))
    assert stopped.find_next("5 8 * * *", NOON) is None
    nowhere = Timetable.from_settings(StatusSettings(schedules=text, time_zone="Nowhere/Land"))
    assert nowhere.find_next("5 8 * * *", NOON) is None
