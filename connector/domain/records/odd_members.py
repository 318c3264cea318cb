"""The members of one level that were seen not to be as announced: decoded as whatever they are, and sifted alone."""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw, Struct

from connector.domain.records.contract import Shape
from connector.domain.records.sifting import ENVELOPE, Sieve
from connector.domain.records.wire import ODD_NAME

NOTHING = Raw(b"")
"""What a member that is not there is decoded into."""

Cut = Callable[[Any, str], Any]
"""Takes out of decoded JSON at a level (its path) what is excluded."""


class OddMembers:
    """What has to be known of the odd members of one level; `odd` holds the paths of those of all levels.

    Collections and linked records are never among them: decoding them as whatever they are would cost more than it saves.
    """

    def __init__(self, shape: Shape, path: str, odd: frozenset[str]) -> None:
        self._shape = shape
        self._path = path
        known = {*shape.fields, *shape.linked, *shape.details, *shape.unread, *ENVELOPE}
        mine = {each.removeprefix(path) for each in odd if each.rpartition("/")[0] == path[:-1]}
        fitting = sorted(member for member in mine if not ODD_NAME.search(member))
        self.unannounced = {f"o{i}": member for i, member in enumerate(fitting) if member not in known}
        """Members without a column, by attribute."""
        self._announced = {member for member in fitting if member in shape.fields}
        self._fields: dict[str, tuple[str, type[Struct]]] = {}

    def __bool__(self) -> bool:
        return bool(self.unannounced or self._announced)

    def choose_type(self, attribute: str, member: str, wire: type[Struct]) -> tuple[Any, Any]:
        """Return the type that a field is decoded into, and what stands there if the field does not."""
        if member not in self._announced:
            return wire, wire()
        self._fields[attribute] = member, wire
        return Any, NOTHING

    def settle(self, node: Any, sieve: Sieve, cut: Cut, place: str) -> None:
        """Sift these members of a decoded node, and give its fields the slots that are left of them."""
        given = {
            member: value
            for attribute, member in self.unannounced.items()
            if (value := getattr(node, attribute)) is not NOTHING
        }
        for attribute, (member, _) in self._fields.items():
            if (value := getattr(node, attribute)) is not NOTHING:
                given[member] = value
        kept = sieve.sift(cut(given, self._path[:-1]), self._shape, self._path, place) if given else {}
        for attribute, (member, wire) in self._fields.items():
            slot = kept.get(member)
            setattr(node, attribute, wire() if slot is None else _convert(slot, wire))


def _convert(slot: Any, wire: type[Struct]) -> Any:
    return msgspec.json.decode(msgspec.json.encode(slot), type=wire)
