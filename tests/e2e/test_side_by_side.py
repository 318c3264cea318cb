"""Several entities with three seats in both profiles: entities that run at once keep out of each other's way."""

import json
from collections.abc import Iterator

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.app.catalogue import load_catalogue
from connector.faces.cli import main
from tests.e2e.profiles import Profile, shown_ids, stored_ids
from tests.stand_ins.secret_manager import FakeSecretManager

SEATS = 3
ENTITIES = ("vendors", "gl_accounts", "items", "payments", "purchase_orders")
SECRET = "projects/p1/secrets/rotating"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A tenant that refuses one session more than there are seats."""
    options = SandboxOptions(
        size="tiny", real_time=True, seat_limit=SEATS, real_delays=True, latency_seconds=0.01
    )
    with Sandbox(options) as running:
        yield running


def test_entities_that_run_at_once_with_a_rotating_token_are_whole(
    profile: Profile,
    sandbox: Sandbox,
    secret_manager: FakeSecretManager,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each record once, one session given back for each taken, and the token that is kept is the newest granted."""
    secret_manager.create(SECRET, json.dumps(sandbox.credentials("refresh_token")).encode())
    monkeypatch.setenv("ACUMATICA_CREDENTIALS", SECRET)
    monkeypatch.setenv("SECRET_MANAGER_EMULATOR_HOST", secret_manager.host)
    monkeypatch.setenv("ACUMATICA_MAX_SESSIONS", str(SEATS))

    code = main(["sync", *ENTITIES, "--json"])
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (code, {answer["status"] for answer in answers}) == (0, {"succeeded"}), answers
    assert sorted(answer["entity"] for answer in answers) == sorted(ENTITIES)
    assert sandbox.seats == 0
    for name in ENTITIES:
        entity = load_catalogue().find(name)
        assert shown_ids(profile, entity.current_view) == stored_ids(sandbox, entity.acumatica_entity)
    runs = profile.rows("SELECT run_id FROM sync_runs")
    assert len({run["run_id"] for run in runs}) == len(runs) == len(ENTITIES)
    assert main(["sync", "vendors"]) == 0, "the token that was kept is the newest one granted"
