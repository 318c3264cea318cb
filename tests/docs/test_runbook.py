"""The runbook: a section for every alert, names that exist, and its promises about lost state tried out."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from connector import errors
from connector.faces.run_body import parse_run_body
from tests.docs.configuration import FOLDER, ROOT, Configuration
from tests.e2e.profiles import Function

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
DEPLOY = (ROOT / "docs" / "deploy.md").read_text()
DOCS = [ROOT / "docs" / name for name in ("runbook.md", "deploy.md", "cost.md", "security.md")]


def test_every_alert_has_its_section(configuration: Configuration) -> None:
    alerts = {*configuration.evaluate("local.line_alerts"), "silent"}
    sections = RUNBOOK.split("## Alerts", 1)[1].split("\n## ", 1)[0]
    assert set(re.findall(r"^### (\w+)$", sections, re.MULTILINE)) == alerts
    named = set(
        re.findall(r"docs/runbook\.md, section `([^`]+)`", (FOLDER / "tenant" / "monitoring.tf").read_text())
    )
    assert named == {"${each.key}", "silent"}


def test_every_error_named_is_one() -> None:
    named = set(re.findall(r"`(\w+Error)`", RUNBOOK))
    assert named
    assert not [name for name in named if not hasattr(errors, name)]


def test_every_error_a_person_must_mend_is_in_the_table() -> None:
    table = RUNBOOK.split("| error | most often | do |", 1)[1].split("\n\n")[0]
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type)
        and issubclass(kind, errors.ConfigurationError | errors.TerminalError)
        and kind.http_status == 500
    ]
    handled_within_a_run = {"NotOptimizableError"}
    abstract = {"TerminalError"}
    missing = (
        {kind.__name__ for kind in kinds}
        - handled_within_a_run
        - abstract
        - set(re.findall(r"`(\w+)`", table))
    )
    assert not missing


def test_every_output_named_exists() -> None:
    named = set(re.findall(r"output -raw (\w+)", RUNBOOK + DEPLOY))
    declared = set(re.findall(r'^output "(\w+)"', (FOLDER / "outputs.tf").read_text(), re.MULTILINE))
    assert named
    assert named <= declared


def test_every_variable_named_exists(configuration: Configuration) -> None:
    for path in re.findall(r"`((?:acumatica|alerts|bigquery|firestore|function)\.\w+)", RUNBOOK):
        of_database = path.startswith("firestore.") and configuration.evaluate(
            f"can(var.{path})", "database", prefixes=[]
        )
        assert of_database or configuration.evaluate(f"can(var.{path})"), path


@pytest.mark.parametrize("body", re.findall(r'\{"entity": "[^}]+\}', RUNBOOK))
def test_every_call_shown_is_one_the_function_understands(body: str) -> None:
    call = json.loads(body.replace("ENTITY", "vendors"))
    assert parse_run_body(json.dumps(call).encode()).mode.value == call["mode"]


def test_the_job_and_the_secret_named_are_the_ones_made(configuration: Configuration) -> None:
    jobs = configuration.evaluate("local.jobs")
    for job in re.findall(r"jobs pause acumatica-([\w-]+)", RUNBOOK):
        assert job in jobs
    assert configuration.evaluate("local.environment")["ACUMATICA_CREDENTIALS"].endswith(
        "/acumatica-credentials"
    )
    assert configuration.evaluate("local.environment")["CONTINUATION_QUEUE"].endswith(
        "/acumatica-continuations"
    )


def list_anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        name, _, anchor = target.partition("#")
        leads_to = page.parent / name if name else page
        assert leads_to.exists(), target
        assert not anchor or anchor in list_anchors(leads_to), target


@pytest.fixture
def function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Function]:
    with Sandbox(SandboxOptions(size="tiny")) as tenant:
        monkeypatch.setenv("ACUMATICA_URL", tenant.url)
        monkeypatch.setenv("ACUMATICA_CREDENTIALS", "env:TENANT_SECRET")
        monkeypatch.setenv("TENANT_SECRET", json.dumps(tenant.credentials()))
        monkeypatch.setenv("WAREHOUSE", f"duckdb:{tmp_path / 'warehouse.duckdb'}")
        monkeypatch.setenv("STATE", f"sqlite:{tmp_path / 'state.db'}")
        yield Function()


def test_after_losing_the_state_everything_is_compared_and_nothing_doubled(
    function: Function, tmp_path: Path
) -> None:
    first = function.call(entity="invoices").json
    assert first["records_written"] == 40
    for file in tmp_path.glob("state.db*"):
        file.unlink()
    again = function.call(entity="invoices").json
    assert (again["records_read"], again["records_written"], again["records_unchanged"]) == (40, 0, 40)
    assert again["watermark_after"] == first["watermark_after"]


def test_a_new_dataset_is_filled_whatever_the_watermark_says(
    function: Function, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    function.call(entity="invoices")
    monkeypatch.setenv("WAREHOUSE", f"duckdb:{tmp_path / 'another.duckdb'}")
    again = function.call(entity="invoices").json
    assert (again["records_written"], again["records_unchanged"]) == (40, 0)


def test_a_back_fill_can_be_repeated_and_leaves_the_watermark(function: Function) -> None:
    first = function.call(entity="invoices").json
    for _ in range(2):
        filled = function.call(entity="invoices", mode="backfill").json
        assert (filled["records_read"], filled["records_written"]) == (40, 0)
        assert filled["watermark_after"] == first["watermark_after"]
