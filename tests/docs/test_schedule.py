"""What Cloud Scheduler will call, and when: Terraform's jobs against the catalogue and the function's own parser."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product
from typing import Any

import pytest

from connector.app.catalogue import load_catalogue
from connector.domain.entity import Depth
from connector.domain.run import Mode
from connector.faces.run_body import parse_run_body
from tests.docs.configuration import Configuration, find_resource, resources

CATALOGUE = load_catalogue()


def jobs(configuration: Configuration, **variables: Any) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = configuration.evaluate("local.jobs", **variables)
    return found


def test_every_enabled_entity_has_the_jobs_its_block_asks_for_and_no_other(
    configuration: Configuration,
) -> None:
    expected = {}
    for entity in CATALOGUE.enabled:
        expected[f"{entity.name}-incremental"] = entity.schedule
        expected |= {
            f"{entity.name}-reconcile-{depth.value}": schedule
            for depth, schedule in entity.reconcile.plans.items()
        }
    assert {name: job["schedule"] for name, job in jobs(configuration).items()} == expected


def test_the_function_understands_every_scheduled_call(configuration: Configuration) -> None:
    everything = {name: {"enabled": True} for name in CATALOGUE.entities}
    calls = {
        name: parse_run_body(json.dumps(job["body"]).encode())
        for name, job in jobs(configuration, entities=everything).items()
    }
    assert {call.entity for call in calls.values()} == set(CATALOGUE.entities)
    assert calls["vendors-incremental"].mode is Mode.INCREMENTAL
    assert calls["vendors-reconcile-keys"].mode is Mode.RECONCILE
    assert calls["vendors-reconcile-keys"].depth is Depth.KEYS
    assert calls["vendors-reconcile-content"].depth is Depth.CONTENT


def test_an_entity_that_is_off_by_default_runs_when_it_is_asked_for(configuration: Configuration) -> None:
    assert "customers-incremental" not in jobs(configuration)
    assert "customers-incremental" in jobs(configuration, entities={"customers": {"enabled": True}})


def test_an_entity_can_be_switched_off(configuration: Configuration) -> None:
    left = jobs(configuration, entities={"vendors": {"enabled": False}})
    assert not [name for name in left if name.startswith("vendors-")]


def test_schedules_can_be_changed_and_switched_off_one_by_one(configuration: Configuration) -> None:
    changed = {"vendors": {"schedule": "7 2 * * *", "reconcile_keys": "off"}}
    found = jobs(configuration, cadence="quarter_hourly", entities=changed)
    assert found["vendors-incremental"]["schedule"] == "7 2 * * *"
    assert "vendors-reconcile-keys" not in found
    assert "vendors-reconcile-content" in found


@pytest.mark.parametrize(
    ("cadence", "pause"),
    [
        ("nightly", timedelta(days=1)),
        ("hourly", timedelta(hours=1)),
        ("quarter_hourly", timedelta(minutes=15)),
    ],
)
def test_ready_made_cadences_spread_the_entities_and_keep_their_pace(
    configuration: Configuration, cadence: str, pause: timedelta
) -> None:
    found = jobs(configuration, cadence=cadence)
    crons = [job["schedule"] for name, job in found.items() if name.endswith("-incremental")]
    assert len(set(crons)) == len(crons) == len(CATALOGUE.enabled)
    for cron in crons:
        times = list(fire_times(cron, days=3))
        assert {later - earlier for earlier, later in pairwise(times)} == {pause}


def fire_times(cron: str, *, days: int) -> Iterator[datetime]:
    """Yield every minute at which a cron fires, from a Monday on."""
    minute, hour, day, month, weekday = (
        read_part(part, low, high)
        for part, (low, high) in zip(cron.split(), [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)], strict=True)
    )
    for offset in range(days):
        today = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(days=offset)
        named = today.month in month and today.day in day
        if named and {today.isoweekday(), today.isoweekday() % 7} & weekday:
            for at in product(sorted(hour), sorted(minute)):
                yield today + timedelta(hours=at[0], minutes=at[1])


def read_part(part: str, low: int, high: int) -> set[int]:
    values: set[int] = set()
    for piece in part.split(","):
        span, _, step = piece.partition("/")
        first, _, last = span.partition("-")
        start = low if first == "*" else int(first)
        end = high if first == "*" else int(last or (high if step else first))
        values |= set(range(start, end + 1, int(step or 1)))
    return values


@pytest.mark.parametrize(
    "cron",
    [
        "5 * * * *",
        "*/15 * * * *",
        "14-59/15 * * * *",
        "50-59/5 * * * *",
        "0,10 * * * *",
        "12 1 * * *",
        "0 6,18 * * *",
        "0 */6 * * *",
        "0 */7 * * *",
        "0 8-18/2 * * *",
        "*/15 8-18 * * 1-5",
        "0 2 * * 1-5",
        "0 2 * * 6",
        "0 2 1 * *",
        "0 2 31 * *",
        "0 2 1 1,7 *",
    ],
)
def test_no_entity_is_called_late_between_two_of_its_own_runs(
    configuration: Configuration, cron: str
) -> None:
    given: dict[str, Any] = {
        "entities": {"vendors": {"schedule": cron}},
        "alerts": {"late_after_cadences": 1},
    }
    late_after = configuration.evaluate("local.late_after_seconds", **given)["vendors"]
    longest = max(later - earlier for earlier, later in pairwise(fire_times(cron, days=500)))
    assert late_after >= longest.total_seconds() + 3600


@pytest.mark.parametrize(("cadence", "hours"), [("nightly", 49), ("hourly", 3)])
def test_an_entity_is_late_after_two_missed_runs(
    configuration: Configuration, cadence: str, hours: int
) -> None:
    assert set(configuration.evaluate("local.late_after_seconds", cadence=cadence).values()) == {hours * 3600}


def test_the_age_at_which_data_is_late_can_be_set_for_one_entity(configuration: Configuration) -> None:
    late_after = configuration.evaluate(
        "local.late_after_seconds", entities={"items": {"late_after_hours": 12}}
    )
    assert (late_after["items"], late_after["vendors"]) == (12 * 3600, 3 * 3600)


def test_callers_wait_at_least_as_long_as_the_function_may_take(configuration: Configuration) -> None:
    scheduled = [job for job in resources() if job.type == "google_cloud_scheduler_job"]
    assert {job.body["attempt_deadline"] for job in scheduled} == {"${local.attempt_deadline}"}
    assert len(scheduled) == 2
    for timeout in (600, 1800):
        function = {"timeout_seconds": timeout, "time_budget_seconds": 300}
        assert configuration.evaluate("local.attempt_deadline", function=function) == f"{timeout}s"
    config = find_resource("google_cloudfunctions2_function", "sync").body["service_config"][0]
    assert config["timeout_seconds"] == "${var.function.timeout_seconds}"


def test_every_call_has_an_identity() -> None:
    for job in (job for job in resources() if job.type == "google_cloud_scheduler_job"):
        token = job.body["http_target"][0]["oidc_token"][0]
        assert token["service_account_email"] == "${google_service_account.invoker.email}"
        assert token["audience"].startswith("${google_cloudfunctions2_function.sync.")


def test_one_run_fills_an_instance() -> None:
    config = find_resource("google_cloudfunctions2_function", "sync").body["service_config"][0]
    assert config["max_instance_request_concurrency"] == 1
    assert config["max_instance_count"] == "${var.function.max_instances}"
