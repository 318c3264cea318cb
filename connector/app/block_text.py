"""A proposed block of the catalogue as YAML, with a comment for each member."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member of a block. Without a value it is a comment alone."""

    name: str
    value: Any = None
    comment: str = ""
    rest: Mapping[str, str] = field(default_factory=dict)
    """What a mapping could have too, each with its value and why it has not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A block: its name, its members in order, and what is to be known before it is used."""

    name: str
    members: tuple[Member, ...]
    notes: tuple[str, ...]

    @property
    def block(self) -> Mapping[str, Any]:
        """The members that have a value."""
        return {member.name: member.value for member in self.members if member.value is not None}

    def render(self) -> str:
        """Return the block as YAML, notes and comments included."""
        lines = [*(f"# {_one_line(note)}" for note in self.notes), f"{_scalar(self.name)}:"]
        for member in self.members:
            lines += _render_member(member)
        return "\n".join(lines) + "\n"


def _render_member(member: Member) -> Iterator[str]:
    told = _one_line(member.comment)
    comment = f"  # {told}" if told else ""
    if member.value is None:
        yield f"  # {member.name}: {told}"
    elif member.name == "columns":
        yield f"  {member.name}:{comment}"
        yield from (f"    {_scalar(name)}: {kind}" for name, kind in member.value.items())
        yield from (f"    # {_scalar(name)}: {kind}" for name, kind in member.rest.items())
    elif member.name == "line_views":
        yield f"  {member.name}:{comment}"
        yield from (f"    - {_flow(view)}" for view in member.value)
    else:
        yield f"  {member.name}: {_flow(member.value)}{comment}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _flow(value: Any) -> str:
    """Return a value in the flow style of YAML."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_flow(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_flow, value))}]"
    return _scalar(value) if isinstance(value, str) else msgspec.json.encode(value).decode()


def _scalar(text: str) -> str:
    """Return a text without quotes where YAML reads it back as it is."""
    quoted = msgspec.json.encode(text).decode()
    try:
        is_plain = re.fullmatch(r"\w[\w /.&-]*", text) and yaml.safe_load(f"[{text}]") == [text]
    except yaml.YAMLError:
        return quoted
    return text if is_plain else quoted
