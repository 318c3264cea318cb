"""The pins: made by a tool from pyproject.toml, with hashes, complete, and for the function no more than it needs."""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.docs.configuration import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
GROUPS = PROJECT["dependency-groups"]
DEPENDENCIES = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
FUNCTION = [Requirement(line) for line in GROUPS["function"]]
DEV = [Requirement(line) for line in GROUPS["dev"]]


def read_pins(file: str) -> dict[str, tuple[Requirement, str]]:
    """Return each package's pin and its hashes, by the canonical name."""
    text = (ROOT / file).read_text().replace("\\\n", " ")
    pins: dict[str, tuple[Requirement, str]] = {}
    for line in text.splitlines():
        pin, *hashes = line.split("--hash=")
        requirement = Requirement(pin.strip())
        pins[canonicalize_name(requirement.name)] = (requirement, " ".join(sorted(hashes)))
    return pins


FILES = ("requirements.txt", "requirements-dev.txt")


@pytest.mark.parametrize("file", FILES)
def test_every_line_pins_one_release_with_its_hashes(file: str) -> None:
    for requirement, hashes in read_pins(file).values():
        assert re.fullmatch(r"==[\w.]+", str(requirement.specifier)), requirement
        assert re.fullmatch(r"(sha256:[0-9a-f]{64}\s*)+", hashes), requirement


@pytest.mark.parametrize("file", FILES)
def test_no_place_that_packages_come_from_is_named(file: str) -> None:
    assert not re.findall(r"://|--index|--find-links|\.(?:com|org|net|io)\b", (ROOT / file).read_text())


def test_the_pins_of_the_function_are_those_of_the_lock() -> None:
    lock, function = read_pins("requirements-dev.txt"), read_pins("requirements.txt")
    assert not {name for name, pin in function.items() if lock.get(name) != pin}


def test_the_function_needs_nothing_that_the_project_does_not_name() -> None:
    assert {need.name for need in FUNCTION} <= {need.name for need in DEPENDENCIES}


@pytest.mark.parametrize(
    ("file", "wanted"), [("requirements.txt", FUNCTION), ("requirements-dev.txt", [*DEPENDENCIES, *DEV])]
)
def test_what_is_asked_for_and_what_that_needs_is_pinned_and_nothing_else(
    file: str, wanted: list[Requirement]
) -> None:
    """`make lock` mends this."""
    pins = read_pins(file)
    here = {name for name, (pin, _) in pins.items() if pin.marker is None or pin.marker.evaluate()}
    needed: set[str] = set()
    for need in closure(wanted):
        name = canonicalize_name(need.name)
        needed.add(name)
        assert name in pins, f"{need} is not pinned"
        assert str(pins[name][0].specifier).removeprefix("==") in need.specifier, (
            f"{need} is not what is pinned"
        )
    assert needed == here


def closure(wanted: list[Requirement]) -> Iterator[Requirement]:
    """Yield these requirements and all that they bring, as the packages installed here say."""
    seen = set()
    waiting = list(wanted)
    while waiting:
        need = waiting.pop()
        yield need
        for extra in ("", *need.extras):
            place = (canonicalize_name(need.name), extra)
            if place not in seen:
                seen.add(place)
                waiting += [other for other in list_needs(need.name) if holds(other, extra)]


def list_needs(name: str) -> list[Requirement]:
    return [Requirement(line) for line in distribution(name).requires or []]


def holds(need: Requirement, extra: str) -> bool:
    return need.marker is None or need.marker.evaluate({"extra": extra})


@pytest.mark.parametrize("file", FILES)
def test_what_is_installed_here_is_what_is_pinned(file: str) -> None:
    pins = [pin for pin, _ in read_pins(file).values() if pin.marker is None or pin.marker.evaluate()]
    assert not [str(pin) for pin in pins if distribution(pin.name).version not in pin.specifier]


def test_the_target_that_makes_them_is_documented() -> None:
    assert re.search(r"^lock:", Path(ROOT / "Makefile").read_text(), re.MULTILINE)
    assert "make lock" in (ROOT / "CONTRIBUTING.md").read_text()
