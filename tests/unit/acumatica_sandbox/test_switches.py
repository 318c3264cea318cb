"""Each switch of the sandbox is set once, and makes the difference its description promises."""

from dataclasses import fields

import pytest

from acumatica_sandbox import SandboxOptions
from tests.unit.acumatica_sandbox.calls import a_sandbox
from tests.unit.acumatica_sandbox.switches import MOVED, SWITCHES

OPTIONS = [option.name for option in fields(SandboxOptions)]


@pytest.mark.parametrize("option", OPTIONS)
def test_each_switch_makes_its_difference(option: str) -> None:
    """A switch that is not in the table fails here."""
    switch = SWITCHES[option]
    before = switch.look(a_sandbox(**switch.beside))
    after = switch.look(a_sandbox(**{**switch.beside, option: switch.value}))
    assert before != after
    assert switch.shows is MOVED or after == switch.shows


def test_no_switch_is_in_the_table_that_is_none() -> None:
    assert set(SWITCHES) == set(OPTIONS)
