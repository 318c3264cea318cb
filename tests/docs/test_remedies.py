"""What the runbook says under an alert mends it: the alert is brought about, its section is followed, and it is raised no more."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from acumatica_sandbox.control import perform
from tests.docs import outcomes
from tests.docs.configuration import ROOT, Configuration
from tests.docs.log_filter import compile_filter
from tests.docs.outcomes import Deployment

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()


def store_the_right_password(deployment: Deployment) -> None:
    deployment.credentials.write_text(json.dumps(deployment.tenant.credentials()))
    deployment.sync()


def correct_the_record(deployment: Deployment) -> None:
    [letter] = deployment.state.dead_letters.read("items")
    change = {"entity": "StockItem", "id": letter.record_id, "fields": {"DefaultPrice": 10}}
    perform("change", change, deployment.tenant.site)
    deployment.sync("items")
    assert list(deployment.state.dead_letters.read("items")) == []


def let_it_run(deployment: Deployment) -> None:
    deployment.sync()


def reconcile_at_once(deployment: Deployment) -> None:
    for depth in ("keys", "content"):
        deployment.function.call({"entity": "vendors", "mode": "reconcile", "depth": depth})


@dataclass(frozen=True)
class Remedy:
    """How an alert comes about, what its section says, and doing that."""

    alert: str
    bring_about: Callable[[Deployment], None]
    sentence: str
    follow: Callable[[Deployment], None]


REMEDIES = [
    Remedy("run_failed", outcomes.be_refused, "[rotate the credentials]", store_the_right_password),
    Remedy(
        "entity_late",
        outcomes.be_late,
        "the next successful run reads everything since the watermark",
        let_it_run,
    ),
    Remedy(
        "reconcile_overdue",
        outcomes.never_reconcile,
        '"mode": "reconcile", "depth": "keys"}`',
        reconcile_at_once,
    ),
    Remedy(
        "records_rejected",
        outcomes.reject_a_record,
        "A record corrected in Acumatica is read by the next run, which forgets its dead letter",
        correct_the_record,
    ),
    Remedy("budget_reached", outcomes.never_finish, "enqueues the next one", let_it_run),
]


@pytest.mark.parametrize("remedy", REMEDIES, ids=lambda remedy: remedy.alert)
def test_following_the_section_of_an_alert_ends_it(
    configuration: Configuration,
    deployment: Deployment,
    capsys: pytest.CaptureFixture[str],
    remedy: Remedy,
) -> None:
    section = re.split(r"\n##+ ", RUNBOOK.split(f"\n### {remedy.alert}\n", 1)[1])[0]
    assert remedy.sentence in section
    remedy.bring_about(deployment)
    assert remedy.alert in find_raised(configuration, capsys)
    remedy.follow(deployment)
    deployment.look()
    assert find_raised(configuration, capsys) == set()


def find_raised(configuration: Configuration, capsys: pytest.CaptureFixture[str]) -> set[str]:
    """Return the alerts that the lines raise which were written since."""
    entries = outcomes.read_entries(configuration, capsys)
    filters = configuration.evaluate("local.alert_filters")
    return {name for name, text in filters.items() if any(map(compile_filter(text), entries))}


def test_every_alert_that_a_line_raises_has_a_remedy_here(configuration: Configuration) -> None:
    assert {remedy.alert for remedy in REMEDIES} == set(configuration.evaluate("local.alert_filters"))
