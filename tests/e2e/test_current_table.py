"""`current: table` in a block of the catalogue: the same rows for analysts, before and after, there and back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.app.catalogue import BUNDLED
from tests.e2e.profiles import Profile

ENTITY = "invoices"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny")) as running:
        yield running


class Choice:
    """The catalogue's line, and runs with it."""

    def __init__(self, profile: Profile, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._profile = profile
        self._path = folder / "entities.yaml"
        self.choose("view")
        monkeypatch.setenv("ENTITIES_FILE", str(self._path))

    def choose(self, form: str) -> None:
        text = BUNDLED.read_text(encoding="utf-8")
        self._path.write_text(text.replace(f"\n{ENTITY}:\n", f"\n{ENTITY}:\n  current: {form}\n"), "utf-8")

    def sync(self, **members: Any) -> dict[str, Any]:
        answer = self._profile.function.call(entity=ENTITY, **members)
        assert (answer.status, answer.json["status"]) == (200, "succeeded"), answer.json
        return answer.json

    def assert_shows(self, sandbox: Sandbox) -> None:
        bills = sandbox.tenant.records("Bill")
        rows = self._profile.rows("SELECT _id, description FROM invoices")
        assert len(rows) == len(bills)
        assert {row["_id"]: row["description"] for row in rows} == {
            bill.id: bill.fields.get("Description") for bill in bills
        }
        lines = self._profile.rows("SELECT _parent_id FROM invoice_lines")
        assert sorted(row["_parent_id"] for row in lines) == sorted(
            bill.id for bill in bills for _ in bill.details["Details"]
        )
        current = self._profile.rows("SELECT _id FROM invoices_history WHERE is_current")
        assert {row["_id"] for row in current} == {bill.id for bill in bills}


@pytest.fixture
def choice(embedded: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Choice:
    return Choice(embedded, tmp_path, monkeypatch)


def test_an_entity_changes_from_view_to_table_and_back_without_a_manual_step(
    sandbox: Sandbox, choice: Choice
) -> None:
    changed, gone, *_ = sandbox.tenant.records("Bill")
    choice.sync()
    choice.choose("table")
    choice.sync()
    choice.assert_shows(sandbox)

    sandbox.tenant.clock.advance(3600)
    sandbox.tenant.change("Bill", changed.id, {"Description": "as a table"})
    sandbox.tenant.delete("Bill", gone.id)
    choice.sync()
    assert choice.sync(mode="reconcile")["deleted"] == 1
    choice.assert_shows(sandbox)

    choice.choose("view")
    sandbox.tenant.clock.advance(3600)
    sandbox.tenant.change("Bill", changed.id, {"Description": "as a view"})
    choice.sync()
    choice.assert_shows(sandbox)

    choice.choose("table")
    choice.sync()
    choice.assert_shows(sandbox)


def test_a_log_that_somebody_dropped_leaves_no_ghosts_among_the_current_rows(
    sandbox: Sandbox, embedded: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was deleted meanwhile in Acumatica stands in no log any more, so nothing would ever mark it."""
    choice = Choice(embedded, tmp_path, monkeypatch)
    choice.choose("table")
    choice.sync()
    with duckdb.connect(str(tmp_path / "erp.duckdb")) as connection:
        connection.execute("DROP TABLE invoices_log")
    sandbox.tenant.delete("Bill", sandbox.tenant.records("Bill")[0].id)
    choice.sync()
    choice.assert_shows(sandbox)
