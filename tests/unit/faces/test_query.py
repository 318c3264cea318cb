"""The command query: SQL on the file of a laptop."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.unit.faces.shell import Shell


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

    def test_a_row_too_wide_for_a_line_shows_each_value_on_its_own(self, shell: Shell) -> None:
        columns = ", ".join(f"'value_{number:02}' AS column_{number:02}" for number in range(60))
        assert shell.run("query", f"SELECT {columns} FROM t") == 0
        lines = [line.split() for line in shell.out.splitlines()]
        assert lines.count(["column_59", "value_59"]) == 2
        assert ["row", "2"] in lines
        assert shell.out.endswith("2 rows\n")

    @pytest.mark.parametrize("form", [[], ["--csv"], ["--json"]])
    def test_a_zero_keeps_its_places_in_lines_too(self, shell: Shell, form: list[str]) -> None:
        sql = "SELECT 0::DECIMAL(38,9) AS amount, [{'x': 0::DECIMAL(38,9)}] AS lines"
        assert shell.run("query", *form, sql) == 0
        assert shell.out.count("0.000000000") == 2
        assert "E-9" not in shell.out

    def test_two_statements_or_two_forms_are_refused(self, shell: Shell) -> None:
        assert shell.run("query", "SELECT 1; SELECT 2") == 2
        assert "The query has 2 statements, of which only one can be shown." in shell.err
        assert shell.run("query", "SELECT 1;") == 0
        assert shell.run("query", "--csv", "--json", "SELECT 1") == 2
        (document,) = shell.documents()
        assert document["error"]["message"] == "Both --json and --csv are given."

    @pytest.mark.parametrize("sql", ["", " ;", "-- why"])
    def test_a_query_of_nothing_is_told(self, shell: Shell, sql: str) -> None:
        assert shell.run("query", sql) == 2
        assert "The query is empty." in shell.err

    @pytest.mark.parametrize("sql", ["DROP TABLE t", "SELECT name::INTEGER FROM t"])
    def test_what_cannot_be_answered_is_the_querys_fault_not_the_files(self, shell: Shell, sql: str) -> None:
        assert shell.run("query", sql) == 2
        assert "DuckDB does not take this query: " in shell.err

    @pytest.mark.parametrize("form", [[], ["--csv"], ["--json"]])
    def test_a_reader_that_leaves_is_no_error(self, shell: Shell, form: list[str]) -> None:
        command = [sys.executable, "-m", "connector", "query", *form, "SELECT * FROM range(20_000)"]
        path = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
        with subprocess.Popen(
            command, env=path, cwd=shell.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.read(1)
            process.stdout.close()
            assert process.stderr.read() == b""
        assert process.returncode == 1

    @pytest.mark.parametrize(
        "sql", ["SELECT * FROM read_text('credentials.json')", "COPY t TO 'credentials.json'"]
    )
    def test_no_other_file_is_read_or_written(self, shell: Shell, sql: str) -> None:
        secret = (shell.folder / "credentials.json").read_text()
        assert shell.run("query", sql) == 2
        assert secret not in shell.out + shell.err
        assert (shell.folder / "credentials.json").read_text() == secret

    def test_a_missing_file_and_bigquery_are_told(
        self, shell: Shell, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("WAREHOUSE", "duckdb:none.duckdb")
        assert shell.run("query", "SELECT 1") == 2
        assert "none.duckdb does not exist yet. Sync an entity first." in shell.err
        monkeypatch.setenv("WAREHOUSE", "bigquery")
        assert shell.run("query", "SELECT 1") == 2
        assert "The warehouse is BigQuery." in shell.err
