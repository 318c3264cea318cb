"""The pages as people see them: headless Chromium on the function after the demo, in every state, on desktop and phone."""

import io
import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from functions_framework import create_app
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, ViewportSize
from rich.console import Console
from werkzeug.serving import make_server

from acumatica_sandbox import Sandbox
from connector.app.catalogue import load_catalogue
from connector.app.run_entity import run_entity
from connector.app.service import build
from connector.app.settings import list_variables, load_settings
from connector.domain.entity_state import DeadLetter, EntityStatus, Lease
from connector.domain.instants import to_text
from connector.domain.run import Mode, RunRequest
from connector.faces.demo import run_demo
from connector.faces.demo.function import build_environment
from connector.faces.exit_codes import OK
from connector.ports import StateStore
from tests.e2e.profiles import MAIN
from tests.e2e.test_behind_a_proxy import Passed, proxy
from tests.e2e.test_demo import small_company

DESKTOP, PHONE = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
LOOKS: Sequence[tuple[ViewportSize, Literal["light", "dark"]]] = (
    (DESKTOP, "light"),
    (DESKTOP, "dark"),
    (PHONE, "light"),
    (PHONE, "dark"),
)
JUDGED = (LOOKS[0], LOOKS[3])
"""Both layouts and both sets of colours, once each: axe-core takes most of the time."""
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>&amp;"
TTL = timedelta(minutes=10)


@dataclass
class Deployment:
    """The function, served, over what the demo left; a test gets a copy of its files to spoil."""

    url: str
    synced: Path
    sandbox: Sandbox


@dataclass
class Visit:
    """A page of the browser, and what it did beside showing itself."""

    page: Page
    url: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.url + path)

    def hold(self) -> None:
        """Hold what is true of every page in every state, wherever it is looked at."""
        assert [url for url in self.requests if not url.startswith((self.url, "data:"))] == []
        assert self.complaints == []
        for look in LOOKS:
            viewport, scheme = look
            self.page.set_viewport_size(viewport)
            self.page.emulate_media(color_scheme=scheme)
            assert self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), look
            if look in JUDGED:
                assert self._find_barriers() == [], look

    def _find_barriers(self) -> list[tuple[str, list[str]]]:
        """Return what axe-core calls serious or critical."""
        found = Axe().run(self.page).response["violations"]
        serious = [each for each in found if each["impact"] in ("serious", "critical")]
        return [(each["id"], [node["html"] for node in each["nodes"]]) for each in serious]


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch, small_company() as sandbox:
        for variable in list_variables():
            patch.delenv(variable.name, raising=False)
        assert run_demo(str(folder), Console(file=io.StringIO()), sandbox) == OK
        for name, value in build_environment(sandbox.url, folder).items():
            patch.setenv(name, value)
        patch.setenv("LOG_LEVEL", "ERROR")
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        app = create_app("sync", str(MAIN))  # type: ignore[no-untyped-call]
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Deployment(f"http://127.0.0.1:{server.server_port}", folder, sandbox)
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def state(deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StateStore]:
    """A copy of the state after the demo, which the function reads."""
    for file in deployment.synced.glob("*.d*b*"):
        shutil.copy(file, tmp_path / file.name)
    monkeypatch.setenv("WAREHOUSE", f"duckdb:{tmp_path / 'acumatica.duckdb'}")
    monkeypatch.setenv("STATE", f"sqlite:{tmp_path / 'state.db'}")
    store = build(load_settings(os.environ)).wiring.open_state()
    yield store
    store.close()


@pytest.fixture
def visit(browser: Browser, deployment: Deployment) -> Iterator[Visit]:
    page = browser.new_page()
    visit = Visit(page, deployment.url)
    page.on("request", lambda request: visit.requests.append(request.url))
    page.on("console", lambda message: visit.complaints.append(message.text))
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    yield visit
    page.close()


def stay_fresh(_: StateStore, __: Sandbox) -> None:
    """Leave everything as the sync left it."""


def grow_late(state: StateStore, _: Sandbox) -> None:
    lease, entity_state = _lease(state)
    long_ago = datetime.now(UTC) - timedelta(hours=30)
    state.entities.commit(lease, replace(entity_state, last_success_at=long_ago))
    state.entities.release_lease(lease)


def fail(_: StateStore, __: Sandbox) -> None:
    environment = {**os.environ, "ACUMATICA_CREDENTIALS": "env:NOT_THERE"}
    run_entity(build(load_settings(environment)), RunRequest(entity="vendors", mode=Mode.INCREMENTAL))


def begin(state: StateStore, _: Sandbox) -> None:
    _lease(state)


def reject(state: StateStore, sandbox: Sandbox) -> None:
    record = sandbox.tenant.records("Vendor")[0]
    letter = DeadLetter(
        entity="vendors",
        record_id=record.id,
        key=HOSTILE,
        reason=HOSTILE,
        payload=b"{}",
        run_id="run-1",
        rejected_at=datetime.now(UTC),
    )
    state.dead_letters.add(letter)


def _lease(state: StateStore) -> tuple[Lease, Any]:
    taken = state.entities.acquire_lease("vendors", "run-1", TTL)
    assert not isinstance(taken, Lease)
    return taken


@pytest.mark.parametrize(
    ("bring_about", "word", "verdict"),
    [
        (stay_fresh, "fresh", "All entities are up to date."),
        (grow_late, "late", "1 entity needs a look: vendors."),
        (fail, "failed", "1 entity needs a look: vendors."),
        (begin, "running", "All entities are up to date."),
        (reject, "fresh", "1 dead letter waits for a replay."),
    ],
)
def test_every_state_is_shown_with_its_figures_and_can_be_read_by_all(
    bring_about: Callable[[StateStore, Sandbox], None],
    word: str,
    verdict: str,
    visit: Visit,
    state: StateStore,
    deployment: Deployment,
) -> None:
    bring_about(state, deployment.sandbox)
    visit.open("/")
    assert verdict in visit.page.locator(".verdict").inner_text()
    assert word in visit.page.locator("#vendors .chip").first.inner_text()
    synced = [status for status in state.statuses(list(load_catalogue().entities)) if status.last_run]
    assert visit.page.locator("tbody tr").count() == len(synced) == 10
    for status in synced:
        _compare(visit.page, status)
    visit.hold()
    visit.open("/entities/vendors")
    assert word in visit.page.locator(".chip").first.inner_text()
    assert visit.page.title().startswith("vendors")
    visit.hold()


def _compare(page: Page, status: EntityStatus) -> None:
    """Compare a row of the page with what is stored."""
    stored, last = status.entity_state, status.last_run
    row = page.locator(f"#{stored.entity}")
    text, times, dead_letters, bars = row.evaluate(
        """row => [row.innerText, [...row.querySelectorAll("time")].map(time => time.dateTime),
        row.querySelector("[data-label='Dead letters'] > span").innerText, row.querySelectorAll("rect").length]"""
    )
    assert last is not None
    assert f"{last['kind']} {last['status']}" in text
    assert f"{last['records_read']:,} read, {last['records_written']:,} written" in text
    assert int(dead_letters) == status.dead_letters
    assert bars == 2 * len(status.recent_runs) >= 4, "two syncs at least, each with two bars"
    for instant in (stored.watermark, stored.deletions_checked_at):
        assert instant is None or to_text(instant) in times


@pytest.mark.usefixtures("state")
@pytest.mark.parametrize(
    "path",
    ["/runs/{run}", "/records", "/records?entity=vendors&key={key}", "/entities/vendros"],
)
def test_every_other_page_can_be_read_by_all(path: str, visit: Visit, deployment: Deployment) -> None:
    entries = requests.get(f"{deployment.url}/status", timeout=30).json()["entities"]
    run = next(e["last_run"]["run_id"] for e in entries if e["entity"] == "vendors")
    key = deployment.sandbox.tenant.records("Vendor")[0].id
    visit.open(path.format(run=run, key=key))
    visit.complaints = [text for text in visit.complaints if "status of 400" not in text]
    assert visit.page.locator("h1").count() == 1
    visit.hold()


@pytest.mark.usefixtures("state")
def test_every_link_stays_below_the_path_of_a_proxy(visit: Visit, deployment: Deployment) -> None:
    with proxy(Passed(int(deployment.url.rpartition(":")[2]), "/tools/acumatica")) as url:
        visit.url = f"{url}/"
        visit.open("")
        for way in ("entities/vendors", "runs/", "records?entity=vendors&key="):
            links: list[str] = visit.page.eval_on_selector_all(
                "a[href], form", "all => all.map(one => one.href || one.action)"
            )
            assert [link for link in links if not link.startswith(visit.url)] == []
            [figures] = [link for link in links if link.startswith(f"{visit.url}status")]
            assert requests.get(figures, timeout=30).ok, "the same as JSON"
            visit.page.goto(next(link for link in links if link.startswith(visit.url + way)))
        trail = visit.page.locator("tbody").inner_text()
        assert "version stored" in trail
        visit.page.get_by_role("button", name="Find").click()
        assert visit.page.locator("tbody").inner_text() == trail
    assert [asked for asked in visit.requests if not asked.startswith((visit.url, "data:"))] == []


def test_a_dead_letter_is_replayed_by_its_button_and_its_hostile_text_stays_text(
    visit: Visit, deployment: Deployment, state: StateStore
) -> None:
    reject(state, deployment.sandbox)
    visit.open("/entities/vendors")
    assert visit.page.get_by_role("rowheader", name=HOSTILE, exact=True).count() == 1
    assert visit.page.get_by_text(HOSTILE, exact=True).count() == 2
    assert visit.page.locator("img, script").count() == 0
    visit.page.keyboard.press("Tab")
    assert visit.page.locator(":focus").inner_text() == "Skip to content"
    visit.page.get_by_role("button", name=f"Replay {HOSTILE}", exact=True).press("Enter")
    visit.page.wait_for_url("**/runs/*")
    assert visit.page.locator("h1").inner_text() == "Replay of vendors"
    assert "succeeded" in visit.page.locator(".chip").first.inner_text()
    assert visit.complaints == []
    assert list(state.dead_letters.read("vendors")) == []
