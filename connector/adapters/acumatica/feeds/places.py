"""Remembers which keys stood at which place of a list, so that the next page is asked for by keys and not by counting rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from connector.adapters.acumatica.feeds.grammar import KeyValues
from connector.domain.list_query import ListQuery

PAGES_KEPT = 3


@dataclass(slots=True, kw_only=True)
class Places:
    """The keys at the places of the last pages of one list; None at the place of a row that lacks a key.

    Rows that come or go while a list is read move the others when they are counted, but not by their keys.
    """

    is_by_keys: bool | None = None
    """Whether this list can be read by keys; None until it was tried."""
    _list: object = None
    _known: dict[int, KeyValues | None] = field(default_factory=dict)

    def find(self, query: ListQuery) -> KeyValues | None:
        """Return the keys at the place where the query begins; None where they are not known."""
        if self._name(query) != self._list or query.skip == 0:
            self._list, self.is_by_keys = self._name(query), None
            self._known.clear()
        return self._known.get(query.skip)

    def note(self, query: ListQuery, keys: Sequence[KeyValues | None]) -> None:
        """Note the rows that the query brought; forget what is more than a few pages back."""
        self._known.update(enumerate(keys, query.skip))
        first = query.skip - PAGES_KEPT * query.top
        for place in [place for place in self._known if place < first]:
            del self._known[place]

    @staticmethod
    def _name(query: ListQuery) -> object:
        return (query.entity, query.modified_field, query.changed_since, query.keys_only)
