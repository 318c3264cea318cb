"""The function's environment in the cloud: what Terraform sets is what the settings read, and is valid."""

from typing import Any

import pytest

from connector.app.settings import list_variables, load_settings
from connector.app.timetable import parse_schedules
from connector.app.wiring import CLOSING_TIME
from tests.docs.configuration import PROJECT_NUMBER, REQUIRED, ROOT, Configuration, find_resource

VARIABLES = {variable.name: variable for variable in list_variables()}

EVERYTHING: dict[str, Any] = {
    "acumatica": {**REQUIRED["acumatica"], "max_requests_per_minute": 60},
    "bigquery": {"key_secret": True, "project": "warehouse-elsewhere"},
    "notify": {"enabled": True, "queries": "Open Bills=invoices; My Vendors=vendors"},
    "entities_file": str(ROOT / "connector" / "entities.yaml"),
}


def environment(configuration: Configuration, **variables: Any) -> dict[str, str]:
    found: dict[str, str] = configuration.evaluate("local.environment", **variables)
    return found


@pytest.mark.parametrize("variables", [{}, EVERYTHING])
def test_every_variable_set_is_one_the_settings_read(
    configuration: Configuration, variables: dict[str, Any]
) -> None:
    assert set(environment(configuration, **variables)) <= set(VARIABLES)


def test_every_required_variable_is_set(configuration: Configuration) -> None:
    required = {variable.name for variable in VARIABLES.values() if variable.is_required}
    assert required <= set(environment(configuration))


def test_nothing_the_settings_read_is_out_of_an_operators_reach(configuration: Configuration) -> None:
    of_stand_ins = {name for name in VARIABLES if name.endswith("_EMULATOR_HOST")}
    assert set(environment(configuration, **EVERYTHING)) == set(VARIABLES) - of_stand_ins


@pytest.mark.parametrize("variables", [{}, EVERYTHING])
def test_the_settings_accept_it(configuration: Configuration, variables: dict[str, Any]) -> None:
    settings = load_settings(environment(configuration, **variables))
    assert settings.acumatica.url == "https://erp.example.com/Production"
    assert settings.backend.warehouse == "bigquery"
    assert settings.backend.state == "firestore"


def test_the_function_is_given_this_environment() -> None:
    config = find_resource("google_cloudfunctions2_function", "sync").body["service_config"][0]
    assert config["environment_variables"] == "${local.environment}"
    assert "secret_environment_variables" not in config


def test_the_secrets_named_are_the_ones_created(configuration: Configuration) -> None:
    named = environment(configuration, **EVERYTHING)
    for variable, resource in (
        ("ACUMATICA_CREDENTIALS", "credentials"),
        ("BIGQUERY_CREDENTIALS", "bigquery_key"),
        ("NOTIFY_SECRET", "notify"),
    ):
        secret = find_resource("google_secret_manager_secret", resource).text("secret_id")
        created = configuration.evaluate(f'"projects/${{var.project.id}}/secrets/{secret}"', **EVERYTHING)
        assert named[variable] == created


def test_the_queue_named_is_the_one_created(configuration: Configuration) -> None:
    queue = find_resource("google_cloud_tasks_queue", "continuations").text("name")
    path = f'"projects/${{var.project.id}}/locations/${{var.region}}/queues/{queue}"'
    assert environment(configuration)["CONTINUATION_QUEUE"] == configuration.evaluate(path)


def test_the_function_knows_its_own_address_and_its_callers_identity(configuration: Configuration) -> None:
    named = environment(configuration)
    function = configuration.evaluate("local.function_name")
    assert named["CONTINUATION_URL"] == f"https://{function}-{PROJECT_NUMBER}.europe-west1.run.app"
    account = find_resource("google_service_account", "invoker").text("account_id")
    email = configuration.evaluate(f'"{account}@${{var.project.id}}.iam.gserviceaccount.com"')
    assert named["CONTINUATION_SERVICE_ACCOUNT"] == email


def test_a_run_has_time_to_close_between_its_budget_and_the_timeout(configuration: Configuration) -> None:
    least = {"time_budget_seconds": 600, "timeout_seconds": 720}
    assert configuration.refuse(function=least) == ""
    assert least["timeout_seconds"] - least["time_budget_seconds"] >= CLOSING_TIME.total_seconds()
    assert "plus 120 seconds" in configuration.refuse(function={**least, "timeout_seconds": 719})


def test_the_default_timeout_leaves_more_than_the_least_margin(configuration: Configuration) -> None:
    chosen = configuration.evaluate("var.function")
    assert chosen["timeout_seconds"] - chosen["time_budget_seconds"] >= 2 * CLOSING_TIME.total_seconds()


def test_a_catalogue_of_ones_own_is_uploaded_and_read(configuration: Configuration) -> None:
    files = configuration.evaluate("local.source_files", **EVERYTHING)
    assert files["entities.yaml"] == EVERYTHING["entities_file"]
    assert environment(configuration, **EVERYTHING)["ENTITIES_FILE"] == "entities.yaml"


@pytest.mark.parametrize(
    "variables", [{}, {"cadence": "nightly", "entities": {"vendors": {"schedule": "off"}}}]
)
def test_the_page_knows_the_schedules_of_the_jobs(
    configuration: Configuration, variables: dict[str, Any]
) -> None:
    told = parse_schedules(environment(configuration, **variables)["STATUS_SCHEDULES"])
    jobs = configuration.evaluate("local.jobs", **variables)
    assert {(job["body"]["entity"], run_kind(job["body"])): job["schedule"] for job in jobs.values()} == {
        (entity, kind): schedule for entity, kinds in told.items() for kind, schedule in kinds.items()
    }


def run_kind(body: dict[str, str]) -> str:
    return " ".join(filter(None, (body["mode"], body.get("depth"))))


def test_the_page_knows_whether_the_schedule_stands_still_and_who_may_act(
    configuration: Configuration,
) -> None:
    members = ["user:ada@example.com", "group:team@example.com", "user:grace@example.com"]
    set_up = environment(configuration, paused=True, time_zone="Europe/Berlin", operators=members)
    status = load_settings(set_up).status
    assert (status.paused, status.time_zone) == (True, "Europe/Berlin")
    assert status.operators == "ada@example.com; grace@example.com"
    assert not load_settings(environment(configuration)).status.paused
