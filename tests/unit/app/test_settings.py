"""The settings: what the environment means, and that every mistake is told at once and none with its value."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from connector.app.sections import LogSettings, SyncSettings
from connector.app.settings import Variable, list_variables, load_log_settings, load_settings
from connector.domain.run import WritePolicy
from connector.errors import ConfigurationError

LEAST = {
    "ACUMATICA_URL": "https://erp.example.com/Books",
    "ACUMATICA_CREDENTIALS": "env:ACUMATICA",
    "BIGQUERY_PROJECT": "acme-data",
}
EVERYTHING = {
    **LEAST,
    "ACUMATICA_ENDPOINT": "Finance",
    "ACUMATICA_ENDPOINT_VERSION": "24.200.001",
    "ACUMATICA_PAGE_SIZE": "500",
    "ACUMATICA_MAX_SESSIONS": "3",
    "ACUMATICA_MAX_REQUESTS_PER_MINUTE": "40",
    "WAREHOUSE": "duckdb:erp.duckdb",
    "STATE": "sqlite:state.db",
    "ENTITIES_FILE": "mine.yaml",
    "BIGQUERY_DATASET": "books",
    "BIGQUERY_LOCATION": "EU",
    "BIGQUERY_EMULATOR_HOST": "http://127.0.0.1:9050",
    "BIGQUERY_CREDENTIALS": "file:key.json",
    "FIRESTORE_PROJECT": "acme-state",
    "FIRESTORE_DATABASE": "books",
    "FIRESTORE_PREFIX": "books",
    "SYNC_LOOKBACK_SECONDS": "60",
    "SYNC_TIME_BUDGET_SECONDS": "120",
    "SYNC_WRITE_METHOD": "load",
    "CONTINUATION_QUEUE": "projects/p/locations/l/queues/q",
    "CONTINUATION_URL": "https://function.example.com",
    "CONTINUATION_SERVICE_ACCOUNT": "invoker@p.example.com",
    "CONTINUATION_EMULATOR_HOST": "127.0.0.1:9060",
    "NOTIFY_SECRET": "projects/p/secrets/s/versions/3",
    "NOTIFY_HEADER": "X-Books",
    "NOTIFY_QUERIES": "Open Bills=invoices; Vendors=vendors",
    "NOTIFY_COLLECT_SECONDS": "5",
    "STATUS_LATE_AFTER": "vendors=10800; items=90000",
    "STATUS_SCHEDULES": "vendors=2 * * * *; vendors/keys=12 3 * * *",
    "STATUS_TIME_ZONE": "Europe/Berlin",
    "STATUS_PAUSED": "true",
    "STATUS_OPERATORS": "ada@example.com; grace@example.com",
    "LOG_LEVEL": "DEBUG",
    "LOG_FORMAT": "text",
    "LOG_PROJECT": "acme-logs",
}


def find_mistakes(**variables: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(LEAST | variables)
    assert "README" in caught.value.action
    return caught.value.message


def test_the_least_is_enough_and_the_rest_has_the_documented_defaults() -> None:
    settings = load_settings(LEAST)
    assert (settings.backend.warehouse, settings.backend.state) == ("bigquery", "firestore")
    assert settings.entities_file is None
    assert settings.acumatica.max_requests_per_minute is None
    assert (settings.acumatica.page_size, settings.acumatica.max_sessions) == (1000, 1)
    assert (settings.bigquery.dataset, settings.bigquery.credentials) == ("acumatica", None)
    assert settings.notify.secret is None
    assert settings.sync == SyncSettings(
        lookback_seconds=900, time_budget_seconds=1500, write_method=WritePolicy.AUTO
    )


def test_every_variable_arrives() -> None:
    assert {variable.name for variable in list_variables()} == set(EVERYTHING)
    settings = load_settings(EVERYTHING)
    assert settings.acumatica.endpoint == "Finance"
    assert settings.acumatica.endpoint_version == "24.200.001"
    assert settings.acumatica.page_size == 500
    assert settings.acumatica.max_sessions == 3
    assert settings.acumatica.max_requests_per_minute == 40
    assert settings.backend.warehouse == "duckdb:erp.duckdb"
    assert settings.backend.state == "sqlite:state.db"
    assert settings.entities_file == Path("mine.yaml")
    assert settings.bigquery.location == "EU"
    assert settings.bigquery.credentials == "file:key.json"
    assert settings.firestore.project == "acme-state"
    assert settings.sync.lookback == timedelta(seconds=60)
    assert settings.sync.time_budget == timedelta(seconds=120)
    assert settings.sync.write_method is WritePolicy.LOAD
    assert settings.continuation.queue == "projects/p/locations/l/queues/q"
    assert settings.notify.secret == "projects/p/secrets/s/versions/3"
    assert settings.notify.queries == "Open Bills=invoices; Vendors=vendors"
    assert settings.notify.collect_seconds == 5
    assert settings.status.schedules == "vendors=2 * * * *; vendors/keys=12 3 * * *"
    assert (settings.status.time_zone, settings.status.paused) == ("Europe/Berlin", True)
    assert settings.status.operators == "ada@example.com; grace@example.com"
    assert settings.log == LogSettings(level="DEBUG", format="text", project="acme-logs")


@pytest.mark.parametrize(
    "variable",
    [
        Variable(
            name="ACUMATICA_CREDENTIALS",
            default="",
            is_required=True,
            description="secret reference to the credentials",
        ),
        Variable(
            name="ACUMATICA_PAGE_SIZE",
            default="1000",
            is_required=False,
            description="most records asked for at once (`$top`); of large records fewer, about 12 MB",
        ),
        Variable(
            name="SYNC_WRITE_METHOD",
            default="auto",
            is_required=False,
            description="`auto`, `streaming` or `load`",
        ),
        Variable(
            name="NOTIFY_SECRET",
            default="",
            is_required=False,
            description="secret reference to the value of their header; empty = `POST /notify` is off",
        ),
    ],
    ids=lambda variable: variable.name,
)
def test_a_variable_is_listed_as_the_documents_tell_it(variable: Variable) -> None:
    assert variable in list(list_variables())


@pytest.mark.parametrize("name", [variable.name for variable in list_variables()])
def test_an_empty_variable_is_one_that_is_not_set(name: str) -> None:
    without = {other: value for other, value in LEAST.items() if other != name}
    if name in LEAST:
        with pytest.raises(ConfigurationError, match=f"{name} is missing"):
            load_settings({**without, name: "  "})
    else:
        assert load_settings({**without, name: "  "}) == load_settings(without)


def test_spaces_around_a_value_are_no_part_of_it() -> None:
    assert load_settings({**LEAST, "ACUMATICA_PAGE_SIZE": " 50\n"}).acumatica.page_size == 50


@dataclass(frozen=True)
class Bound:
    """The smallest and the largest value a number may have."""

    name: str
    low: int
    high: int | None


BOUNDS = [
    Bound("ACUMATICA_PAGE_SIZE", 2, 5000),
    Bound("ACUMATICA_MAX_SESSIONS", 1, 50),
    Bound("ACUMATICA_MAX_REQUESTS_PER_MINUTE", 1, None),
    Bound("SYNC_LOOKBACK_SECONDS", 0, 86_400),
    Bound("SYNC_TIME_BUDGET_SECONDS", 1, 3500),
    Bound("NOTIFY_COLLECT_SECONDS", 1, 3600),
]


@pytest.mark.parametrize("bound", BOUNDS, ids=lambda bound: bound.name)
def test_a_number_is_whole_and_within_its_bounds(bound: Bound) -> None:
    told = f"{bound.name} must be a whole number from {bound.low}"
    for wrong in (str(bound.low - 1), "many", "1.5"):
        assert told in find_mistakes(**{bound.name: wrong})
    load_settings({**LEAST, bound.name: str(bound.low)})
    if bound.high is not None:
        assert f"{told} to {bound.high}" in find_mistakes(**{bound.name: str(bound.high + 1)})
        load_settings({**LEAST, bound.name: str(bound.high)})


@pytest.mark.parametrize("name", ["ACUMATICA_CREDENTIALS", "BIGQUERY_CREDENTIALS", "NOTIFY_SECRET"])
@pytest.mark.parametrize(
    "wrong", ["hunter2", "env:", "file:", "env:A B", "projects/p/secrets", "projects/p/secrets/s/versions/"]
)
def test_a_secret_in_place_of_its_reference_is_refused_and_not_told(name: str, wrong: str) -> None:
    told = find_mistakes(**{name: wrong})
    assert (
        f"{name} must be a secret reference: projects/P/secrets/S[/versions/V], env:NAME or file:PATH" in told
    )
    assert "hunter2" not in told


@pytest.mark.parametrize(
    "reference",
    ["env:NAME", "file:/run/key.json", "projects/p/secrets/s", "projects/p/secrets/s/versions/latest"],
)
def test_a_secret_reference_has_one_of_three_forms(reference: str) -> None:
    assert load_settings({**LEAST, "NOTIFY_SECRET": reference}).notify.secret == reference


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("WAREHOUSE", "postgres:x"),
        ("WAREHOUSE", "duckdb:"),
        ("STATE", "redis:x"),
        ("STATE", "sqlite:"),
        ("SYNC_WRITE_METHOD", "magic"),
        ("LOG_LEVEL", "debug"),
        ("LOG_FORMAT", "xml"),
        ("BIGQUERY_DATASET", "a-b"),
        ("FIRESTORE_PREFIX", "1st"),
        ("ACUMATICA_ENDPOINT_VERSION", "24 R2"),
        ("CONTINUATION_QUEUE", "q"),
        ("CONTINUATION_URL", "function.example.com"),
        ("NOTIFY_HEADER", "X Books"),
        ("NOTIFY_QUERIES", "Open Bills"),
    ],
)
def test_a_value_of_another_form_is_told_by_what_it_must_be(name: str, wrong: str) -> None:
    told = find_mistakes(**{name: wrong})
    assert f"{name} must be " in told
    assert f"{name} must be ." not in told


def test_all_mistakes_are_told_together() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings({"ACUMATICA_PAGE_SIZE": "1", "LOG_LEVEL": "chatty", "BIGQUERY_PROJECT": "p"})
    for part in (
        "ACUMATICA_URL is missing (instance URL",
        "ACUMATICA_CREDENTIALS is missing (secret reference",
        "ACUMATICA_PAGE_SIZE must be",
        "LOG_LEVEL must be",
    ):
        assert part in caught.value.message


def test_bigquery_needs_a_project_and_duckdb_does_not() -> None:
    without = {name: value for name, value in LEAST.items() if name != "BIGQUERY_PROJECT"}
    with pytest.raises(
        ConfigurationError, match="BIGQUERY_PROJECT is missing, which WAREHOUSE=bigquery needs"
    ):
        load_settings(without)
    load_settings({**without, "WAREHOUSE": "duckdb:erp.duckdb"})


def test_a_queue_needs_the_address_it_calls() -> None:
    queue = EVERYTHING["CONTINUATION_QUEUE"]
    assert "CONTINUATION_URL is missing" in find_mistakes(CONTINUATION_QUEUE=queue)
    load_settings({**LEAST, "CONTINUATION_QUEUE": queue, "CONTINUATION_URL": "https://f.example.com"})


def test_how_to_log_is_known_whatever_else_is_wrong() -> None:
    assert load_log_settings({"ACUMATICA_PAGE_SIZE": "x", "LOG_LEVEL": "ERROR"}).level == "ERROR"
    assert load_log_settings({"LOG_LEVEL": "chatty", "LOG_FORMAT": "text"}) == LogSettings(format="text")
