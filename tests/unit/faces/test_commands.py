"""Commands that show what there is: entities, dead letters, rows."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import ModuleType

import duckdb
import pytest

import connector.__main__
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


def test_several_entities_end_with_a_total_where_the_data_is_and_a_first_query(shell: Shell) -> None:
    assert shell.run("sync", "vendors", "gl_accounts") == 0
    total, place = shell.out.splitlines()[-2:]
    counted = [shell.query(f"SELECT count(*) FROM {name}")[0][0] for name in ("vendors", "gl_accounts")]
    assert total == f"2 entities: 2 succeeded. {sum(counted):,} records read, {sum(counted):,} written."
    assert place.startswith("The data is in erp.duckdb. Ask it: ")
    assert shell.run("query", place.split('query "')[1].rstrip('"')) == 0
    assert shell.out.endswith("10 rows\n")
    known = {key for (key,) in shell.query("SELECT vendor_id FROM vendors")}
    assert len(known & set(shell.out.split())) == 10


def test_where_nothing_was_copied_no_data_is_promised(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACUMATICA_URL", f"{os.environ['ACUMATICA_URL']}Nowhere")
    assert shell.run("sync", "vendors", "gl_accounts") == 1
    assert shell.out.splitlines()[-1] == "2 entities: 2 failed. 0 records read, 0 written."


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


@pytest.mark.parametrize("content", [b"# caf\xe9\n", b"WAREHOUSE=\x00\n"])
def test_a_file_of_variables_that_is_no_text_is_told(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.chdir(shell.folder)
    monkeypatch.delenv("WAREHOUSE")
    (shell.folder / ".env").write_bytes(content)
    assert shell.run("status") == 1
    assert "The file .env in this folder cannot be read" in shell.err


def test_a_misspelt_variable_is_told_and_its_value_is_not(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACUMATICA_CREDENTAILS", "hunter2-hunter2")
    monkeypatch.setenv("SYNC_LOOKBACK", "900")
    assert shell.run("status") == 0
    assert "SYNC_LOOKBACK is no variable" in shell.err
    assert "did you mean SYNC_LOOKBACK_SECONDS?" in shell.err
    assert (
        "ACUMATICA_CREDENTAILS is no variable of the connector and has no effect; did you mean ACUMATICA_CREDENTIALS?"
        in shell.err
    )
    assert "hunter2" not in shell.err + shell.out


def test_what_is_narrow_shows_every_name_whole(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shell.run("status") == 0
    assert "purchase_orders" in shell.out
    wide = shell.out
    for width in (50, 70, 80, 100):
        monkeypatch.setenv("COLUMNS", str(width))
        assert shell.run("status") == 0
        assert shell.out != wide or width == 100, "the width that the environment tells is kept"
        assert max(map(len, shell.out.splitlines())) <= width
        assert "…" not in shell.out
        for name in load_catalogue().enabled:
            assert name.name in shell.out.split()


@pytest.mark.parametrize("command", ["sync", "status", "check"])
def test_an_empty_folder_is_told_of_init(shell: Shell, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.delenv("ACUMATICA_URL")
    assert shell.run(command) == 1
    assert "Or call init" in shell.err


def test_a_replay_of_a_letter_that_is_none_is_told(shell: Shell) -> None:
    assert shell.run("replay", "invoices", "nope") == 2
    assert "invoices has no dead letter 'nope'." in shell.err


def test_a_letter_is_replayed_by_its_key(shell: Shell) -> None:
    with closing(build(load_settings(os.environ)).wiring.open_state()) as state:
        state.dead_letters.add(a_dead_letter(record_id="id-1", key="V001"))
        state.dead_letters.add(a_dead_letter(record_id="id-2", key="V002"))
    shell.run("replay", "vendors", "V001", "--json")
    (result,) = shell.documents()
    assert (result["mode"], result["records_rejected"]) == ("replay", 1), "the other one is not tried"


def test_a_time_zone_that_is_none_is_told(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATUS_TIME_ZONE", "Europe/Berlni")
    assert shell.run("status") == 0
    assert "STATUS_TIME_ZONE is no time zone" in shell.err


def run_process(shell: Shell, *arguments: str, stdout: int) -> subprocess.Popen[bytes]:
    """Start a command of its own, as a shell does."""
    return subprocess.Popen(
        [sys.executable, "-m", "connector", *arguments],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        cwd=shell.folder,
        stdout=stdout,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_runs_go_on_when_the_reader_of_their_output_leaves(shell: Shell, form: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with run_process(shell, "sync", "vendors", "gl_accounts", *form, stdout=writer) as process:
        os.close(writer)
        _, told = process.communicate()
    assert told.decode() == "Nobody reads the output any more. The runs go on; status shows how they end.\n"
    assert process.returncode == 0
    assert shell.query("SELECT count(DISTINCT entity) FROM sync_runs") == [(2,)]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("arguments", [["query", "SELECT 1"], ["query", "--csv", "SELECT 1"], ["entities"]])
def test_a_full_disk_is_told(shell: Shell, arguments: list[str]) -> None:
    with duckdb.connect(str(shell.folder / "erp.duckdb")):
        pass
    with (
        Path("/dev/full").open("wb") as full,
        run_process(shell, *arguments, stdout=full.fileno()) as process,
    ):
        _, told = process.communicate()
    assert told.decode() == (
        "The output could not be written: No space left on device. "
        "Make room there, or send it elsewhere, and call the command again.\n"
    )
    assert process.returncode == 1


def test_a_stop_while_the_modules_are_loaded_is_a_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Loading(ModuleType):
        def __getattr__(self, name: str) -> object:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "connector.faces.cli", Loading("connector.faces.cli"))
    assert connector.__main__.main() == 130
    assert capsys.readouterr().err == "Stopped.\n"
