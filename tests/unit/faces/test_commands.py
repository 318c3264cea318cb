"""Commands that show what there is: entities, dead letters, rows."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from connector.app.catalogue import load_catalogue
from connector.app.service import build
from connector.app.settings import load_settings
from tests.contract.state_builders import a_dead_letter
from tests.unit.faces.shell import Shell


class TestEntities:
    """What the catalogue has; nothing else need be configured."""

    def test_every_entity_is_listed_with_its_keys_schedule_and_views(
        self, shell: Shell, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("ACUMATICA_URL")
        assert shell.run("entities", "--json") == 0
        (listed,) = shell.documents()
        assert [entry["entity"] for entry in listed] == list(load_catalogue().entities)
        invoices = next(entry for entry in listed if entry["entity"] == "invoices")
        assert (invoices["acumatica_entity"], invoices["keys"]) == ("Bill", ["Type", "ReferenceNbr"])
        assert {"invoices", "invoice_lines", "invoices_history"} <= set(invoices["views"])

    def test_a_person_sees_which_are_off(self, shell: Shell) -> None:
        assert shell.run("entities") == 0
        entity = next(e for e in load_catalogue().entities.values() if not e.enabled)
        assert any(
            line.split()[0] == entity.name and " off" in line
            for line in shell.out.splitlines()
            if line.strip()
        )


class TestLetters:
    """The records that could not be used."""

    @pytest.fixture(autouse=True)
    def letters(self, shell: Shell) -> None:
        with closing(build(load_settings(os.environ)).wiring.open_state()) as state:
            state.dead_letters.add(a_dead_letter(record_id="id-1", key="V001"))
            state.dead_letters.add(a_dead_letter(entity="invoices", record_id="id-2", key="Bill/[red]1"))

    def test_those_of_every_entity_are_listed_with_their_reasons(self, shell: Shell) -> None:
        assert shell.run("letters") == 0
        for text in ("V001", "Bill/[red]1", "no readable amount"):
            assert text in shell.out

    def test_those_of_one_entity_are_json_lines(self, shell: Shell) -> None:
        assert shell.run("letters", "invoices", "--json") == 0
        (document,) = shell.documents()
        assert (document["entity"], document["key"], document["record_id"]) == (
            "invoices",
            "Bill/[red]1",
            "id-2",
        )

    def test_none_is_said_in_words(self, shell: Shell) -> None:
        assert shell.run("letters", "payments") == 0
        assert shell.out == "There are no dead letters.\n"


class TestQuery:
    """SQL on the file of a laptop."""

    @pytest.fixture(autouse=True)
    def file(self, shell: Shell) -> None:
        with duckdb.connect(str(shell.folder / "erp.duckdb")) as connection:
            connection.execute(
                "CREATE TABLE t AS SELECT 1.50::DECIMAL(9,2) AS amount, 'a,[b]' AS name, "
                "TIMESTAMPTZ '2026-01-31 01:00:00+01' AS seen_at UNION ALL SELECT NULL, 'b', NULL ORDER BY name"
            )

    def test_a_table_shows_values_as_they_are(self, shell: Shell) -> None:
        assert shell.run("query", "SELECT * FROM t ORDER BY name") == 0
        assert "1.50" in shell.out
        assert "a,[b]" in shell.out
        assert shell.out.endswith("2 rows\n")

    def test_csv_has_a_header_and_quotes_what_must_be(self, shell: Shell) -> None:
        assert shell.run("query", "--csv", "SELECT amount, name, seen_at FROM t ORDER BY name") == 0
        assert shell.out.splitlines() == [
            "amount,name,seen_at",
            '1.50,"a,[b]",2026-01-31 00:00:00+00:00',
            ",b,",
        ]

    def test_json_keeps_every_digit_and_utc(self, shell: Shell) -> None:
        assert shell.run("query", "--json", "SELECT amount, seen_at FROM t ORDER BY name LIMIT 1") == 0
        assert shell.documents() == [{"amount": "1.50", "seen_at": "2026-01-31T00:00:00Z"}]

    @pytest.mark.parametrize("sql", ["SELEC 1", "SELECT nothing FROM t", "SELECT * FROM nowhere"])
    def test_wrong_sql_is_told_in_duckdbs_words(self, shell: Shell, sql: str) -> None:
        assert shell.run("query", sql) == 2
        assert "DuckDB does not take this query: " in shell.err

    def test_nothing_can_be_changed(self, shell: Shell) -> None:
        assert shell.run("query", "DROP TABLE t") != 0
        assert shell.query("SELECT count(*) FROM t") == [(2,)]

    def test_a_missing_file_and_bigquery_are_told(
        self, shell: Shell, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("WAREHOUSE", "duckdb:none.duckdb")
        assert shell.run("query", "SELECT 1") == 2
        assert "none.duckdb does not exist yet. Sync an entity first." in shell.err
        monkeypatch.setenv("WAREHOUSE", "bigquery")
        assert shell.run("query", "SELECT 1") == 2
        assert "The warehouse is BigQuery." in shell.err


def test_several_entities_end_with_a_total_where_the_data_is_and_a_first_query(shell: Shell) -> None:
    assert shell.run("sync", "vendors", "gl_accounts") == 0
    total, place = shell.out.splitlines()[-2:]
    counted = [shell.query(f"SELECT count(*) FROM {name}")[0][0] for name in ("vendors", "gl_accounts")]
    assert total == f"2 entities: 2 succeeded. {sum(counted):,} records read, {sum(counted):,} written."
    assert place.startswith("The data is in erp.duckdb. Ask it: ")
    assert shell.run("query", place.split('query "')[1].rstrip('"')) == 0
    assert shell.out.endswith("10 rows\n")


@pytest.mark.usefixtures("shell")
@pytest.mark.parametrize(("own", "used"), [({}, "of the file"), ({"WAREHOUSE": "duckdb:own.duckdb"}, "own")])
def test_variables_of_a_file_in_the_folder_are_taken_and_the_environments_own_win(
    tmp_path: Path, own: dict[str, str], used: str
) -> None:
    (tmp_path / ".env").write_text("WAREHOUSE='duckdb:of the file.duckdb'\n")
    others = {name: value for name, value in os.environ.items() if name != "WAREHOUSE"}
    done = subprocess.run(
        [sys.executable, "-m", "connector", "query", "SELECT 1"],
        env={**others, **own, "PYTHONPATH": str(Path(__file__).parents[3])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"{used}.duckdb does not exist yet." in done.stderr


def test_a_misspelt_variable_is_told_and_its_value_is_not(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACUMATICA_CREDENTAILS", "hunter2-hunter2")
    assert shell.run("status") == 0
    assert (
        "ACUMATICA_CREDENTAILS is no variable of the connector and has no effect; did you mean ACUMATICA_CREDENTIALS?"
        in shell.err
    )
    assert "hunter2" not in shell.err + shell.out
