"""What happens to a deployment: outcomes of real runs, and the lines they write."""

import json
import logging
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from acumatica_sandbox import Sandbox
from acumatica_sandbox.control import perform
from connector.adapters.sqlite import SqliteStateStore
from connector.app.run_entity import run_entity
from connector.app.service import build
from connector.app.settings import load_settings
from connector.domain.run import RunRequest
from connector.logs import configure_logging
from tests.docs.configuration import Configuration
from tests.docs.log_filter import Entry, build_entry
from tests.e2e.profiles import Function
from tests.stand_ins.clock import FakeClock

TEN_HOURS = timedelta(hours=10)


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A function on a sandbox tenant and a state file of its own."""

    function: Function
    tenant: Sandbox
    state: SqliteStateStore
    credentials: Path

    def sync(self, entity: str = "vendors") -> None:
        self.function.call(entity=entity)

    def look(self) -> None:
        self.function.get("/status")

    def sync_earlier(self, ago: timedelta, entity: str = "vendors", *, is_stopping: bool = False) -> None:
        configure_logging()
        clock = FakeClock(datetime.now(UTC) - ago)
        connector = build(load_settings(os.environ), clock=clock, is_stopping=lambda: is_stopping)
        run_entity(connector, RunRequest(entity=entity))

    def forget_the_password(self) -> None:
        secret = {**self.tenant.credentials(), "password": "not the password"}
        self.credentials.write_text(json.dumps(secret))


def succeed(deployment: Deployment) -> None:
    deployment.sync()


def skip(deployment: Deployment) -> None:
    deployment.state.entities.acquire_lease("vendors", "another run", timedelta(minutes=5))
    deployment.sync()


def stop_early(deployment: Deployment) -> None:
    deployment.sync_earlier(TEN_HOURS, is_stopping=True)


def find_no_seat(deployment: Deployment) -> None:
    deployment.state.seats.acquire("another run", 1, timedelta(minutes=5))
    deployment.sync()


def be_refused(deployment: Deployment) -> None:
    deployment.forget_the_password()
    deployment.sync()


def reject_a_record(deployment: Deployment) -> None:
    item = next(iter(deployment.tenant.tenant.records("StockItem")))
    change = {"entity": "StockItem", "id": item.id, "fields": {"DefaultPrice": int("9" * 40)}}
    perform("change", change, deployment.tenant.site)
    deployment.sync("items")


def lack_a_setting(deployment: Deployment) -> None:
    del os.environ["ACUMATICA_URL"]
    deployment.sync()


def be_asked_for_nonsense(deployment: Deployment) -> None:
    deployment.sync("nonsense")


def crash(deployment: Deployment) -> None:
    deployment.sync()
    try:
        int("what nobody thought of")
    except ValueError:
        logging.getLogger("sync").exception("Exception on / [POST]")  # as Flask writes it


def be_fresh(deployment: Deployment) -> None:
    deployment.sync()
    deployment.look()


def be_late(deployment: Deployment) -> None:
    deployment.sync_earlier(TEN_HOURS)
    deployment.look()


def be_late_without_a_schedule(deployment: Deployment) -> None:
    deployment.sync_earlier(TEN_HOURS, "customers")
    deployment.look()


def never_succeed(deployment: Deployment) -> None:
    deployment.forget_the_password()
    deployment.sync("items")
    deployment.look()


def fail_a_reconcile(deployment: Deployment) -> None:
    deployment.sync()
    deployment.forget_the_password()
    deployment.function.call(entity="vendors", mode="reconcile")
    deployment.sync("items")
    deployment.look()


def never_reconcile(deployment: Deployment) -> None:
    deployment.sync_earlier(timedelta(days=3))
    deployment.sync()
    deployment.look()


def never_finish(deployment: Deployment) -> None:
    deployment.sync_earlier(TEN_HOURS, is_stopping=True)
    deployment.look()


def read_entries(configuration: Configuration, capsys: pytest.CaptureFixture[str]) -> list[Entry]:
    service = configuration.evaluate("local.function_name")
    lines = capsys.readouterr().out.splitlines()
    assert lines
    return [build_entry(line, service=service) for line in lines]
