"""Nothing that leaves the process holds a secret: no answer, page, state, row, log line or exit message."""

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from connector.faces.cli import main
from tests.e2e.profiles import Function, set_environment
from tests.stand_ins.echo import (
    CLIENT_SECRET,
    FORMS,
    ID,
    REFUSALS,
    Echo,
    a_broken_vendor,
    leaked,
    running_echo,
    vendors,
)


@pytest.fixture
def echo() -> Iterator[Echo]:
    with running_echo() as server:
        yield server


@pytest.fixture
def outside(
    echo: Echo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[[str], str]:
    """Use every face once, with this form of secret; return all that left the process."""

    def use(form: str) -> str:
        secret = tmp_path / "secret.json"
        secret.write_text(json.dumps(FORMS[form]))
        values = {
            "ACUMATICA_URL": echo.url, "ACUMATICA_CREDENTIALS": f"file:{secret}", "LOG_LEVEL": "DEBUG", "LOG_FORMAT": "json",
            "WAREHOUSE": f"duckdb:{tmp_path / 'erp.duckdb'}", "STATE": f"sqlite:{tmp_path / 'state.db'}",
            "ACUMATICA_ENDPOINT_VERSION": "24.200.001", "SYNC_TIME_BUDGET_SECONDS": "1",
        }  # fmt: skip
        set_environment(monkeypatch, values)
        function = Function()
        said = [str(function.call(entity="vendors", mode=mode)) for mode in ("incremental", "reconcile")]
        said.append(str(function.call(mode="check", entity="vendors")))
        said += [function.get(path).text for path in ("/", "/status")]
        for command in (["sync", "vendors"], ["check", "vendors"], ["audit", "vendors", ID], ["status"]):
            said.append(str(main(command)))
        said += [*capfd.readouterr(), *stored(tmp_path / "state.db"), *shown(tmp_path / "erp.duckdb")]
        return "\n".join(said)

    return use


def stored(path: Path) -> list[str]:
    with sqlite3.connect(path) as state:
        tables = [name for (name,) in state.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [str(state.execute(f'SELECT * FROM "{name}"').fetchall()) for name in tables]


def shown(path: Path) -> list[str]:
    if not path.exists():
        return []
    with duckdb.connect(str(path), read_only=True) as warehouse:
        tables = [row[0] for row in warehouse.execute("SHOW TABLES").fetchall()]
        rows = [str(warehouse.sql(f'SELECT * FROM "{name}"').fetchall()) for name in tables]
        return [*rows, str(warehouse.sql("SELECT * FROM duckdb_columns()").fetchall())]


@pytest.mark.parametrize("kind", ["token error", "list error", "list redirect"])
def test_what_repeats_every_secret_leaves_none_anywhere(
    outside: Callable[[str], str], echo: Echo, kind: str
) -> None:
    echo.strike, echo.status, echo.body, echo.headers = REFUSALS[kind]
    assert leaked(outside("password")) == []


@pytest.mark.parametrize("body", [vendors, a_broken_vendor])
def test_records_that_repeat_every_secret_are_copied_without_them(
    outside: Callable[[str], str], echo: Echo, body: Callable[[str], bytes]
) -> None:
    echo.strike, echo.status, echo.body = "/Vendor", 200, body
    said = outside("password")
    assert leaked(said) == []
    assert "[hidden]" in said


@pytest.mark.parametrize("name", ["ACUMATICA_URL", "ACUMATICA_CREDENTIALS", "ACUMATICA_ENDPOINT", "BIGQUERY_PROJECT",
                                  "STATE", "WAREHOUSE", "SYNC_LOOKBACK_SECONDS", "ENTITIES_FILE", "FIRESTORE_PREFIX"])  # fmt: skip
@pytest.mark.parametrize("form", ["password", "cookie", "bare", "referred to"])
def test_a_secret_pasted_into_the_wrong_variable_is_not_printed_back(
    echo: Echo,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    name: str,
    form: str,
) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps(FORMS["password"]))
    values = {
        "ACUMATICA_URL": echo.url, "ACUMATICA_CREDENTIALS": f"file:{secret}", "LOG_LEVEL": "DEBUG",
        "WAREHOUSE": f"duckdb:{tmp_path / 'erp.duckdb'}", "STATE": f"sqlite:{tmp_path / 'state.db'}",
    }  # fmt: skip
    monkeypatch.chdir(tmp_path)
    pasted = {"bare": CLIENT_SECRET, "referred to": f"file:{json.dumps(FORMS['password'])}"}
    set_environment(monkeypatch, values | {name: pasted.get(form) or json.dumps(FORMS[form])})
    if form == "bare" and name in ("STATE", "WAREHOUSE", "FIRESTORE_PREFIX", "BIGQUERY_PROJECT"):
        set_environment(
            monkeypatch, {"BIGQUERY_EMULATOR_HOST": echo.url, "FIRESTORE_EMULATOR_HOST": "127.0.0.1:9"}
        )
    said = [str(Function().call(entity="vendors")), str(main(["check", "vendors"]))]
    assert leaked("\n".join([*said, *capfd.readouterr()])) == []
    logging.getLogger("connector").setLevel(logging.NOTSET)
