"""The simulated tenant's `swagger.json`, held against the files of a real instance of build 25R2."""

import json
from typing import Any

import pytest

from acumatica_sandbox.contract import entity_names, system_endpoint
from acumatica_sandbox.openapi import build_swagger
from tests.real_instance import read_real_swagger

VERSIONS = ("24.200.001", "25.200.001")
WORDING = ("summary", "description")
"""Sentences for people; the simulated tenant has its own."""


def without_wording(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_wording(part) for name, part in value.items() if name not in WORDING}
    return [without_wording(part) for part in value] if isinstance(value, list) else value


@pytest.fixture(scope="module", params=VERSIONS)
def pair(request: pytest.FixtureRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    """Ours and the real one, of the same endpoint version."""
    real = json.loads(read_real_swagger(request.param))
    ours = build_swagger(system_endpoint(request.param), "http://localhost/AcmeERP")
    return without_wording(ours), without_wording(real)


@pytest.mark.parametrize("entity", entity_names())
def test_an_entity_and_all_below_it_are_announced_as_there(pair: tuple[Any, Any], entity: str) -> None:
    ours, real = (document["components"]["schemas"] for document in pair)
    wanted, seen = {entity}, set()
    while wanted:
        name = wanted.pop()
        seen.add(name)
        assert ours[name] == real[name], name
        wanted |= references_in(ours[name]) - seen


@pytest.mark.parametrize("entity", entity_names())
def test_an_entity_has_the_addresses_it_has_there_and_no_others(pair: tuple[Any, Any], entity: str) -> None:
    ours, real = (paths_of(document, entity) for document in pair)
    assert ours == {path: real[path] for path in ours}
    assert set(real) - set(ours) <= {path for path in real if path.count("/") == 2 and "{" not in path}


def test_everything_but_the_entities_is_the_same(pair: tuple[Any, Any]) -> None:
    ours, real = pair
    assert ours["info"] == real["info"]
    assert list(ours) == list(real)
    for part in ("responses", "parameters"):
        assert ours["components"][part] == real["components"][part]
    values = [name for name in real["components"]["schemas"] if name.endswith(("Value", "Field"))]
    named = [name for name in values if "allOf" not in real["components"]["schemas"][name]]
    assert {"ByteValue", "DateOnlyValue", "CustomField"} <= set(named)
    for name in named:
        assert ours["components"]["schemas"][name] == real["components"]["schemas"][name]


def paths_of(document: Any, entity: str) -> dict[str, Any]:
    found = {path: item for path, item in document["paths"].items() if path.split("/")[1] == entity}
    assert found
    return found


def references_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"].rpartition("/")[2]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references_in(part) for part in value.values()))
    return set().union(*(references_in(part) for part in value)) if isinstance(value, list) else set()
