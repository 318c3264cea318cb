"""Takes what the catalogue excludes out of a record before any of it is kept outside its columns."""

from collections.abc import Collection, Iterable
from typing import Any

import msgspec

from connector.domain.records.lenient_json import decode_broken
from connector.domain.records.sifting import EXACT

NOT_KEPT = b'"not kept"'
"""What is kept of a record whose text cannot be read, so that nothing can be taken out of it."""


class Exclusion:
    """The excluded paths of one entity (`TaxRegistrationID`, `Details/UnitCost`).

    A name is taken as it is spelled. Only where no member is spelled so, one that differs in case is meant: a value that was
    to be left out must not be stored because of a typing error.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._names: dict[str, list[str]] = {}
        for path in paths:
            level, _, name = path.rpartition("/")
            self._names.setdefault(level.casefold(), []).append(name)

    def __bool__(self) -> bool:
        return bool(self._names)

    def has(self, level: str, name: str, siblings: Collection[str]) -> bool:
        """Whether this member of a level (its path, empty for the root) is excluded; `siblings` are all members there."""
        return name != "id" and any(
            excluded == name or (excluded.casefold() == name.casefold() and excluded not in siblings)
            for excluded in self._names.get(level.casefold(), ())
        )

    def resembles(self, path: str) -> bool:
        """Whether the member at this path could be excluded beside other siblings than it has."""
        level, _, name = path.rpartition("/")
        return any(
            excluded.casefold() == name.casefold() for excluded in self._names.get(level.casefold(), ())
        )

    def cut(self, raw: bytes) -> bytes:
        """Return a record's JSON text without what is excluded; the same text if there is nothing of that in it.

        Of a text that cannot be read at all, `NOT_KEPT` is left.
        """
        if not self._names:
            return raw
        try:
            node = EXACT.decode(raw)
        except (ValueError, RecursionError):
            return self._cut_broken(raw)
        left = self.cut_node(node)
        return raw if left == node else msgspec.json.encode(left)

    def cut_node(self, node: Any, level: str = "") -> Any:
        """Return the same for decoded JSON: a record, its lines, or anything else as it is."""
        if not self._names:
            return node
        if isinstance(node, list):
            return [self.cut_node(item, level) for item in node]
        if not isinstance(node, dict):
            return node
        prefix = f"{level}/" if level else ""
        return {
            name: self.cut_node(value, prefix + name)
            for name, value in node.items()
            if not self.has(level, name, node)
        }

    def _cut_broken(self, raw: bytes) -> bytes:
        try:
            return msgspec.json.encode(self.cut_node(decode_broken(raw)))
        except (ValueError, RecursionError):
            return NOT_KEPT
