"""The same tenant through both profiles: every record once, every line once, the same values to the last digit."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from acumatica_sandbox.contract import system_endpoint
from connector.app.catalogue import load_catalogue
from connector.domain.entity import Entity
from connector.domain.records.columns import to_snake_case
from tests.e2e.profiles import (
    VERSION,
    Profile,
    embedded_environment,
    normalise,
    read_duckdb,
    set_environment,
)

ENABLED = load_catalogue().enabled


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A tenant in New York, so that a date shifted to UTC would be noticed; its clock stands still."""
    with Sandbox(SandboxOptions(size="tiny", server_zone="America/New_York")) as running:
        yield running


def _sync_everything(profile: Profile) -> dict[str, dict[str, Any]]:
    answers = {entity.name: profile.function.call(entity=entity.name) for entity in ENABLED}
    assert {name: (a.status, a.json["status"]) for name, a in answers.items()} == dict.fromkeys(
        answers, (200, "succeeded")
    )
    return {name: answer.json for name, answer in answers.items()}


def _promise(profile: Profile, sandbox: Sandbox) -> None:
    """Every record once with its own values, every line once; a second run writes nothing; a change appears once."""
    first = _sync_everything(profile)
    for entity in ENABLED:
        records = sandbox.tenant.records(entity.acumatica_entity)
        assert first[entity.name]["records_written"] == len(records) > 0
        _compare(profile, entity, records)
    assert sandbox.seats == 0

    second = _sync_everything(profile)
    assert {name: answer["records_written"] for name, answer in second.items()} == dict.fromkeys(second, 0)
    assert {n: a["watermark_after"] for n, a in first.items()} == {
        n: a["watermark_after"] for n, a in second.items()
    }

    bill = sandbox.tenant.records("Bill")[7]
    sandbox.tenant.clock.advance(seconds=3600)
    sandbox.tenant.change("Bill", bill.id, {"Description": "Ünïcode 'quoted' \"twice\"\nnext line"})
    answer = profile.function.call(entity="invoices").json
    assert answer["records_written"] == 1
    _compare(profile, load_catalogue().find("invoices"), sandbox.tenant.records("Bill"))
    assert sandbox.seats == 0


def _compare(profile: Profile, entity: Entity, records: list[Any]) -> None:
    shown = {row["_id"]: row for row in profile.rows(f"SELECT * FROM {entity.current_view}")}
    assert len(profile.rows(f"SELECT _id FROM {entity.current_view}")) == len(shown) == len(records)
    announced = system_endpoint(VERSION).types[entity.acumatica_entity].fields
    for record in records:
        row = shown[record.id]
        for field, value in record.fields.items():
            if field not in announced:
                continue  # an older version of the endpoint has it
            path_is_date = field in entity.date_fields
            assert normalise(row[to_snake_case(field)]) == normalise(
                _as_date(value) if path_is_date else value
            ), field
    for view in entity.line_views:
        expected = sum(len(record.details.get(detail, ())) for record in records for detail in view.details)
        assert len(profile.rows(f"SELECT _parent_id FROM {view.name}")) == expected


def _as_date(value: Any) -> date:
    return value.date() if isinstance(value, datetime) else value


def test_the_embedded_profile_keeps_the_promise(embedded: Profile, sandbox: Sandbox) -> None:
    _promise(embedded, sandbox)


@pytest.mark.emulator
def test_the_cloud_profile_keeps_the_promise_with_the_same_rows(
    sandbox: Sandbox, cloud: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _promise(cloud, sandbox)
    set_environment(monkeypatch, embedded_environment(sandbox, tmp_path))
    laptop = Profile(name="embedded", function=cloud.function, warehouse=read_duckdb(tmp_path))
    _sync_everything(laptop)

    for entity in ENABLED:
        for view in (entity.current_view, *(line.name for line in entity.line_views)):
            assert _contents(cloud, view) == _contents(laptop, view), view


def _contents(profile: Profile, view: str) -> list[str]:
    """Return every row as text, less what differs from run to run."""
    rows = [normalise(row) for row in profile.rows(f"SELECT * FROM {view}")]
    kept = [{k: v for k, v in row.items() if k not in ("_run_id", "_synced_at")} for row in rows]
    return sorted(json.dumps(row, sort_keys=True, default=str) for row in kept)
