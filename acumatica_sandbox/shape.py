"""The members an answer will have, level by level, from the contract and the request's selection."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from .contract import Endpoint, TypeContract
from .problems import unknown_field
from .selection import Selection

ALWAYS = frozenset({"id", "rowNumber", "note", "custom", "files", "_links"})

CustomFields = Mapping[str, Mapping[str, str]]
"""Per entity, `View.Field` or `Details/View.Field` and its type such as `CustomStringField`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One level of an answer; equal shapes give equal JSON for the same record."""

    endpoint: str
    type: str
    fields: tuple[tuple[str, str], ...]
    details: tuple[tuple[str, Shape], ...] = ()
    linked: tuple[tuple[str, Shape | None], ...] = ()
    """None where the linked entity is named but not opened: it appears as null."""
    custom: tuple[tuple[str, str], ...] = ()
    files: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeBuilder:
    """Builds the shape of one entity's answers."""

    endpoint: Endpoint
    entity: TypeContract
    custom_fields: Mapping[str, str]
    also: Collection[str] = ()
    """Fields that are answered though not selected, because the filter uses them."""

    def build(self, selection: Selection) -> Shape:
        """The shape, or a 500 for a name the contract does not have."""
        return self._level(self.entity, selection, "")

    def _level(self, contract: TypeContract, selection: Selection, path: str) -> Shape:
        self._check(contract, selection)
        chosen = selection.fields
        also = () if path else self.also
        fields = tuple(
            (name, kind)
            for name, kind in sorted(contract.fields.items(), key=lambda item: item[0].casefold())
            if chosen is None or name in chosen or name in also
        )
        return Shape(
            endpoint=f"{self.endpoint.name}/{self.endpoint.version}",
            type=contract.type,
            fields=fields,
            details=tuple(
                (name, self._level(self.endpoint.types[kind], selection.opened[name], f"{path}{name}/"))
                for name, kind in contract.details.items()
                if name in selection.opened
            ),
            linked=tuple(self._linked(contract, selection, path)),
            custom=self._custom(selection, path),
            files="files" in selection.opened,
        )

    def _linked(
        self, contract: TypeContract, selection: Selection, path: str
    ) -> list[tuple[str, Shape | None]]:
        found: list[tuple[str, Shape | None]] = []
        for name, kind in contract.linked.items():
            if name in selection.opened:
                below = self._level(self.endpoint.types[kind], selection.opened[name], f"{path}{name}/")
                found.append((name, below))
            elif path:
                found.append((name, None))
        return found

    def _check(self, contract: TypeContract, selection: Selection) -> None:
        members = {*contract.fields, *contract.details, *contract.linked, *ALWAYS}
        if not members.issuperset(selection.fields or ()):
            raise unknown_field()
        if not {*contract.details, *contract.linked, "files"}.issuperset(selection.opened):
            raise unknown_field()

    def _custom(self, selection: Selection, path: str) -> tuple[tuple[str, str], ...]:
        if not set(self.custom_fields).issuperset(path + name for name in selection.custom):
            raise unknown_field()
        return tuple((name, self.custom_fields[path + name]) for name in selection.custom)
