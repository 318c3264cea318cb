"""The page about the sandbox names everything that can be switched, called and broken."""

from dataclasses import fields
from pathlib import Path

import pytest

from acumatica_sandbox import Fault, SandboxOptions
from acumatica_sandbox.control import CALLS

PAGE = (Path(__file__).parents[3] / "docs" / "sandbox.md").read_text("utf-8")


@pytest.mark.parametrize("option", [item.name for item in fields(SandboxOptions)])
def test_every_option_is_on_the_page(option: str) -> None:
    assert f"`{option}`" in PAGE


@pytest.mark.parametrize("call", sorted(CALLS))
def test_every_control_call_is_on_the_page(call: str) -> None:
    assert f"`{call}`" in PAGE or f"`POST {call}`" in PAGE


@pytest.mark.parametrize(
    "part",
    sorted(
        {item.name for item in fields(Fault)} - {"seen", "struck", "skip", "breakage"}
        | {"ordinal", "html", "reset_before", "reset_after", "cut_body", "control"}
    ),
)
def test_every_part_of_a_fault_is_on_the_page(part: str) -> None:
    assert f"`{part}`" in PAGE
