"""The page for the ERP's administrator: its forms, secrets and definitions are those the code knows."""

import re
from pathlib import Path

import pytest
import yaml

from connector.adapters.acumatica.secret import parse_secret
from connector.catalogue import load_catalogue
from connector.config import list_variables
from connector.domain.notification import find_entity, parse_notification, parse_queries
from connector.sandbox.contract import system_endpoint

PAGE = (Path(__file__).parents[2] / "docs" / "acumatica-setup.md").read_text(encoding="utf-8")


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
    assert "The last seven are off" in PAGE
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
    assert find_entity(hint.query, load_catalogue().entities, {}).name == "vendors"
    assert {find_entity(query, load_catalogue().entities, named).name for query in named} == {"invoices"}


def test_the_gateway_lets_one_address_pass() -> None:
    indented = PAGE[PAGE.index('    swagger: "2.0"') :].split("\n\n")[0]
    definition = yaml.safe_load(indented)
    assert list(definition["paths"]) == ["/notify"]
    assert list(definition["paths"]["/notify"]) == ["post"]
