"""The cost page's tables, recomputed."""

import re

import pytest

from connector.app.catalogue import load_catalogue
from tests.docs.configuration import ROOT, Configuration, find_resource, resources
from tests.docs.test_schedule import fire_times

COST = (ROOT / "docs" / "cost.md").read_text()
MEMORY_GIB = 0.5
DOCUMENTS_READ = 42
"""Of each entity at a look: the last 30 runs, and the last run and success of each kind."""
RUN_BYTES, RECORD_BYTES, RECORDS_A_DAY = 1765, 365, 203
"""Of a run's document and of a record's audit entry in Firestore, indexes included, as `python -m benchmarks.month` counts them."""
DAYS = 210
"""As many days as hold whole weeks and whole periods of 30 days."""


def rows(heading: str) -> dict[str, list[str]]:
    table = COST.split(f"| {heading} |", 1)[1].split("\n\n")[0]
    cells = [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    return {first: rest for first, *rest in cells}


def number(text: str) -> float:
    return float(text.replace(",", ""))


@pytest.mark.parametrize(("column", "cadence"), [(0, "nightly"), (1, "quarter_hourly")])
def test_the_runs_are_those_terraform_schedules(
    configuration: Configuration, column: int, cadence: str
) -> None:
    jobs = configuration.evaluate("local.jobs", cadence=cadence)
    look = find_resource("google_cloud_scheduler_job", "look").text("schedule")
    documented = {name: number(cells[column]) for name, cells in rows("calls in 30 days").items()}

    def count(ending: str) -> int:
        crons = [job["schedule"] for name, job in jobs.items() if name.endswith(ending)]
        return round(sum(len(list(fire_times(cron, days=DAYS))) for cron in crons) * 30 / DAYS)

    assert documented == {
        "incremental runs": count("-incremental"),
        "reconcile by keys": count("-reconcile-keys"),
        "reconcile by content": count("-reconcile-content"),
        "checks of the data's age": len(list(fire_times(look, days=30))),
        "Cloud Scheduler jobs": len(jobs) + 1,
    }


@pytest.mark.parametrize("column", [0, 1])
def test_the_quantities_follow_from_the_runs(column: int) -> None:
    calls = [number(cells[column]) for cells in list(rows("calls in 30 days").values())[:4]]
    seconds = [number(cells[column]) for cells in rows("call").values()]
    used = {name: number(cells[column]) for name, cells in list(rows("quantity in 30 days").items())[:-1]}
    assert used["CPU seconds"] == sum(n * s for n, s in zip(calls, seconds, strict=True))
    assert used["GiB seconds"] == used["CPU seconds"] * MEMORY_GIB
    assert used["requests"] == sum(calls)
    assert used["secret accesses"] == sum(calls[:3])
    assert used["Firestore reads"] == calls[3] * DOCUMENTS_READ * len(load_catalogue().entities)
    assert used["GiB in Firestore"] == round(
        400 * (sum(calls[:3]) / 30 * RUN_BYTES + RECORDS_A_DAY * RECORD_BYTES) / 2**30, 2
    )
    assert used["Firestore writes"] == 10 * sum(calls[:3])


@pytest.mark.parametrize("column", [0, 1])
def test_the_costs_follow_from_the_quantities(column: int) -> None:
    *bill, together = rows("quantity in 30 days").values()
    costs = []
    for cells in bill:
        used, free, price = number(cells[column]), number(cells[2]), number(cells[3])
        costs.append(round(max(0.0, used - free) * price, 2))
        assert number(cells[4 + column]) == costs[-1], cells
    assert number(together[4 + column]) == round(sum(costs), 2)


@pytest.mark.parametrize("column", [0, 1])
def test_several_tenants_share_what_is_free(column: int) -> None:
    *bill, _ = rows("quantity in 30 days").values()
    for tenants, cells in rows("tenants").items():
        costs = [
            round(max(0.0, int(tenants) * number(each[column]) - number(each[2])) * number(each[3]), 2)
            for each in bill
        ]
        assert number(cells[column]) == round(sum(costs), 2), tenants
    assert set(rows("tenants")) == {"1", "3", "10"}


def test_the_peak_that_was_measured_leaves_a_third_of_the_memory_free() -> None:
    [(fewer, million)] = re.findall(r"(\d+) MiB with 300,000, (\d+) MiB with a million", COST)
    size = MEMORY_GIB * 1024
    assert int(fewer) < int(million) <= size * 2 / 3
    assert int(fewer) > size / 2 * 2 / 3


def test_it_is_about_the_default_entities_and_the_default_size(configuration: Configuration) -> None:
    assert f"{len(load_catalogue().enabled)} default entities".replace("9", "nine") in COST
    function = configuration.evaluate("var.function")
    assert (function["cpu"], function["memory"]) == ("1", f"{MEMORY_GIB * 1024:.0f}Mi")
    assert f"1 CPU and {MEMORY_GIB * 1024:.0f} MiB" in COST


def test_the_alerts_counted_are_those_there_are(configuration: Configuration) -> None:
    matched = configuration.evaluate("local.line_alerts")
    others = [
        r for r in resources() if r.type == "google_monitoring_alert_policy" and "for_each" not in r.body
    ]
    assert (len(matched), len(others)) == (5, 1)
    assert re.search(r"six alert policies.*other\s+five match log lines", COST, re.DOTALL)
    assert len(configuration.evaluate("local.metrics")) == 5


def test_the_bounds_named_are_the_ones_set() -> None:
    jobs = [r for r in resources() if r.type == "google_cloud_scheduler_job"]
    assert {job.body["retry_config"][0]["retry_count"] for job in jobs} == {2}
    queue = find_resource("google_cloud_tasks_queue", "continuations").body
    assert queue["retry_config"][0]["max_attempts"] == 5
    policies = find_resource("google_artifact_registry_repository", "images").body["cleanup_policies"]
    assert policies[0]["most_recent_versions"][0]["keep_count"] == 3
    assert policies[1]["condition"][0]["older_than"].strip('"') == f"{7 * 86400}s"
