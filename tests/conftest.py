"""What every test may ask for: a clock, and the stand-ins of the cloud services.

A stand-in that this machine cannot run skips its tests, and says so at the end; with CI=true it fails them.
"""

import atexit
import logging
import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser

from connector.redaction import SECRETS
from tests.seed import SEED
from tests.stand_ins.bigquery import drop_dataset, running_bigquery
from tests.stand_ins.browser import running_browser
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.firestore import running_firestore
from tests.stand_ins.secret_manager import FakeSecretManager, running_secret_manager
from tests.stand_ins.servers import StandInUnavailableError

UNTESTED = "NOT TESTED"
Running = TypeVar("Running")

AT_FIRST = ("property", "fault")
"""The folders with the longest tests: begun last, one of them would run alone at the end."""

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")  # how fast examples are made says nothing of what is tested


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Return half as many processes again as there are cores: a quarter of the time one waits for a program beside it."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return -(-3 * (os.cpu_count() or 1) // 2)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: [item.path.parent.name != folder for folder in AT_FIRST])


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Undo what a test's function or command line made of the loggers, so that the order of tests does not matter."""
    root, ours = logging.getLogger(), logging.getLogger("connector")
    before = (list(root.handlers), root.level, ours.level)
    yield
    root.handlers[:], root.level, ours.level = before


@contextmanager
def secrets_forgotten() -> Iterator[None]:
    """Forget the secrets that were made known meanwhile: the texts of other tests may hold the same words."""
    before = (dict(SECRETS._spellings), SECRETS._pattern)
    yield
    SECRETS._spellings, SECRETS._pattern = before


@pytest.fixture(autouse=True, scope="module")
def secrets_as_before_the_module() -> Iterator[None]:
    """Forget the secrets of what a module's tests share."""
    with secrets_forgotten():
        yield


@pytest.fixture(autouse=True)
def secrets_as_before() -> Iterator[None]:
    """Forget the secrets that a test made known."""
    with secrets_forgotten():
        yield


@pytest.fixture
def clock() -> FakeClock:
    """Time that stands still until the test moves it."""
    return FakeClock()


@pytest.fixture(scope="session")
def bigquery_url() -> Iterator[str]:
    """Base URL of the BigQuery stand-in, for `api_endpoint` or BIGQUERY_EMULATOR_HOST."""
    yield from _stand_in("BigQuery stand-in", running_bigquery())


@pytest.fixture
def bigquery_dataset(bigquery_url: str) -> Iterator[str]:
    """A dataset name no other test uses; nothing of it exists yet, and it is gone afterwards."""
    name = f"test_{uuid.uuid4().hex}"
    yield name
    drop_dataset(bigquery_url, name)


@pytest.fixture(scope="session")
def firestore_host() -> Iterator[str]:
    """`host:port` of the Firestore emulator."""
    yield from _stand_in("Firestore emulator", running_firestore())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    yield from _stand_in("Chromium", running_browser())


@pytest.fixture
def firestore_project(firestore_host: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A project no other test uses, empty; FIRESTORE_EMULATOR_HOST leads Google's client library to the emulator."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_host)
    return f"test-{uuid.uuid4().hex[:24]}"


@pytest.fixture
def secret_manager() -> Iterator[FakeSecretManager]:
    """A Secret Manager of the test's own, empty; `secret_manager.host` is for SECRET_MANAGER_EMULATOR_HOST."""
    with running_secret_manager() as fake:
        yield fake


@atexit.register
def _end_with_the_summary() -> None:
    """Let DuckDB's extension say nothing after everything else has ended.

    It lists its own types as leaked when another library's module still holds them at exit, on pages below the summary, and
    has no switch for that. What Python says of a fault, it has said by now; the exit code is kept.
    """
    if "_duckdb" in sys.modules:
        sys.stderr.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = {str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", [])}
    for reason in sorted(reason for reason in reasons if UNTESTED in reason):
        terminalreporter.section(UNTESTED, yellow=True)
        terminalreporter.line(reason.removeprefix(f"Skipped: {UNTESTED}"))
    terminalreporter.line("")
    terminalreporter.line(f"CONNECTOR_SEED={SEED} repeats the random tests of this run.")


def _stand_in(name: str, server: AbstractContextManager[Running]) -> Iterator[Running]:
    with ExitStack() as running:
        try:
            address = running.enter_context(server)
        except StandInUnavailableError as missing:
            leave_out = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
            leave_out(f"{UNTESTED} with the {name}: {missing}")
        yield address
