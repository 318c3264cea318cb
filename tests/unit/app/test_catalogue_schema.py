"""The catalogue's schema for editors, and the head of the bundled catalogue: both tell of every member."""

import re
from pathlib import Path
from typing import Any

import pytest

from connector.app.catalogue import BUNDLED
from connector.app.catalogue_schema import build_schema, render_schema


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mine.yaml"


def test_the_schema_for_editors_is_the_one_of_these_types() -> None:
    path = BUNDLED.with_name("entities.schema.json")
    text = path.read_text(encoding="utf-8")
    assert text == render_schema(), f"run `python -m connector.app.catalogue_schema > {path.name}`"
    first, *_ = BUNDLED.read_text(encoding="utf-8").splitlines()
    assert first == f"# yaml-language-server: $schema={path.name}"


def test_the_schema_says_what_each_member_is_for_and_takes_no_other() -> None:
    schema = build_schema()
    for part in ("Entity", "LineView", "ReconcileSchedule"):
        members: dict[str, Any] = schema["$defs"][part]["properties"]
        assert schema["$defs"][part]["additionalProperties"] is False
        assert all(member.get("description") for member in members.values())
    assert "name" not in schema["$defs"]["Entity"]["properties"]


def test_the_head_of_the_bundled_catalogue_explains_every_member() -> None:
    text = BUNDLED.read_text(encoding="utf-8")
    head = text[: text.index("\nvendors:")]
    assert all(
        re.search(rf"\b{member}\b", head) for member in build_schema()["$defs"]["Entity"]["properties"]
    )
