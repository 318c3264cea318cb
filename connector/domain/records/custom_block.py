"""The `custom` block of a record: the selected fields of each view; decoding notices any others."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from connector.domain.records.columns import Leaf
from connector.domain.records.wire import choose_converter, choose_wire_type, name_slot


class NoCustom(Struct, forbid_unknown_fields=True, frozen=True, gc=False):
    """The block of a level without selected custom fields."""


class CustomBlock:
    """The selected custom fields of one level: a type to decode the block into, and code that reads their values."""

    def __init__(self, leaves: Sequence[Leaf], wide: frozenset[str], path: str) -> None:
        views: dict[str, list[Leaf]] = {}
        for leaf in leaves:
            views.setdefault(leaf.field.split(".", 1)[0], []).append(leaf)
        self.wire = _define("Custom", {view: _define_view(fields) for view, fields in views.items()})
        self.names: dict[str, Callable[[Any], Any]] = {}
        self.empty = f"({'None, ' * len(leaves)})"
        """Source code of the values if there is no block."""
        places = {
            leaf.field: f"v{i}.v{j}"
            for i, of_view in enumerate(views.values())
            for j, leaf in enumerate(of_view)
        }
        self.values = [self._render(i, leaf, places[leaf.field], wide, path) for i, leaf in enumerate(leaves)]
        """Source code that reads each field's value from `block`."""

    def _render(self, number: int, leaf: Leaf, place: str, wide: frozenset[str], path: str) -> str:
        convert = choose_converter(leaf, wide=path + leaf.field in wide)
        if convert is None:
            return f"block.{place}.value"
        self.names[f"custom{number}"] = convert
        return f"None if (value := block.{place}.value) is None else custom{number}(value)"


def _define_view(leaves: Sequence[Leaf]) -> type[Struct]:
    return _define(
        "View", {leaf.field.split(".", 1)[1]: _with_type(choose_wire_type(leaf)) for leaf in leaves}
    )


def _define(name: str, members: dict[str, type[Struct]]) -> type[Struct]:
    fields = [(f"v{i}", wire, wire()) for i, wire in enumerate(members.values())]
    names = {f"v{i}": name_slot(member) for i, member in enumerate(members)}
    return msgspec.defstruct(name, fields, rename=names, forbid_unknown_fields=True, frozen=True, gc=False)


def _with_type(wire: type[Struct]) -> type[Struct]:
    """Return the slot with the member that names a custom field's type beside its value."""
    return msgspec.defstruct(
        "CustomField", [("type", Any, None)], bases=(wire,), forbid_unknown_fields=True, frozen=True, gc=False
    )
