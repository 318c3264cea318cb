"""The page for the ERP's administrator: its forms, secrets and definitions are those the code knows."""

import json
import re
from pathlib import Path

import pytest
import yaml

from acumatica_sandbox.contract import system_endpoint
from connector.adapters.acumatica.secret import parse_secret
from connector.app.catalogue import load_catalogue
from connector.app.settings import list_variables
from connector.domain.notification import find_entities, parse_notification, parse_queries
from tests.docs.configuration import ROOT
from tests.e2e.profiles import Function, set_environment

DOCS = ROOT / "docs"
PAGE = (DOCS / "acumatica-setup.md").read_text(encoding="utf-8")
GATEWAY = yaml.safe_load((ROOT / "terraform" / "gateway" / "notify.yaml").read_text(encoding="utf-8"))


def test_every_entity_is_there_with_its_form() -> None:
    documented = dict(re.findall(r"^\| `(\w+)` \| .*\((\w{2}\d{6})\) \|$", PAGE, re.MULTILINE))
    exposed = system_endpoint("25.200.001").entities
    forms = {
        name: exposed[entity.acumatica_entity].screen for name, entity in load_catalogue().entities.items()
    }
    assert documented == forms


def test_the_entities_said_to_be_off_are_off() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .*\(\w{2}\d{6}\) \|$", PAGE, re.MULTILINE)
    off = {name for name, entity in load_catalogue().entities.items() if not entity.enabled}
    assert "The last seven are disabled" in PAGE
    assert set(rows[-7:]) == off


@pytest.mark.parametrize("form", ["password", "refresh_token", "cookie"])
def test_the_secrets_shown_are_accepted(form: str) -> None:
    shown = re.findall(rf'^ +(\{{"auth": "{form}".*\}})$', PAGE, re.MULTILINE)
    assert shown
    for text in shown:
        parse_secret(text.encode())


def test_every_variable_named_exists() -> None:
    known = {variable.name for variable in list_variables()}
    named = set(re.findall(r"`((?:ACUMATICA|NOTIFY|SYNC)_[A-Z_]+)`", PAGE))
    assert named
    assert named <= known


def test_the_notification_of_the_example_is_taken() -> None:
    (body,) = re.findall(r"-d '(\{\"Query\".*\})'", PAGE)
    hint = parse_notification(body.encode())
    (queries,) = re.findall(r"for example `([^`]+=\w+)`", PAGE)
    named = parse_queries(queries)
    assert [found.name for found in find_entities(hint.query, load_catalogue().entities, {})] == ["vendors"]
    assert {
        found.name for query in named for found in find_entities(query, load_catalogue().entities, named)
    } == {"invoices"}


def test_the_gateway_lets_one_call_pass_and_the_function_takes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ((path, methods),) = GATEWAY["paths"].items()
    ((method, call),) = methods.items()
    (header,) = call["parameters"]
    environment = {
        "ACUMATICA_URL": "https://erp.example.com/Books",
        "ACUMATICA_CREDENTIALS": "env:UNUSED",
        "WAREHOUSE": f"duckdb:{tmp_path / 'erp.duckdb'}",
        "STATE": f"sqlite:{tmp_path / 'state.db'}",
        "NOTIFY_SECRET": "env:WEBHOOK",
        "WEBHOOK": "the secret",
        "LOG_LEVEL": "ERROR",
    }
    set_environment(monkeypatch, environment)
    client = Function().client

    def answer(secret: str, query: str = "vendors") -> str:
        body = json.dumps({"Query": query, "Id": "n-1"})
        headers = {header["name"]: secret}
        return str(client.open(path, method=method.upper(), data=body, headers=headers).status_code)

    assert header["in"] == "header"
    answers = [answer("the secret"), answer("the secret"), answer("wrong"), answer("the secret", "no entity")]
    assert answers == ["202", "200", "401", "400"]
    assert set(answers) <= set(call["responses"])


def test_the_gateway_calls_the_function_in_the_name_of_its_account() -> None:
    backend = GATEWAY["paths"]["/notify"]["post"]["x-google-backend"]
    assert (backend["address"], backend["jwt_audience"]) == ("FUNCTION_URL/notify", "FUNCTION_URL")
    outputs = (ROOT / "terraform" / "outputs.tf").read_text(encoding="utf-8")
    assert [
        name for name in re.findall(r"output -raw (\w+)", PAGE) if f'output "{name}"' not in outputs
    ] == []


def test_the_header_of_the_example_is_the_one_taken() -> None:
    (default,) = [variable.default for variable in list_variables() if variable.name == "NOTIFY_HEADER"]
    assert f'-H "{default}: SECRET"' in PAGE
    assert GATEWAY["paths"]["/notify"]["post"]["parameters"][0]["name"] == default
