"""The committed records of one entity."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .rows import Record


class Table:
    """Records by id and by key; a change replaces a record as a whole."""

    def __init__(self) -> None:
        """Begin empty."""
        self.generation = 0
        """Counts the changes, so that what was computed from the table can tell when it is out of date."""
        self._by_id: dict[str, Record] = {}
        self._by_key: dict[tuple[str, ...], Record] = {}
        self._ordered: list[Record] | None = None

    def __len__(self) -> int:
        return len(self.ordered())

    def get(self, record_id: str) -> Record | None:
        """The record with this id, or None."""
        return self._by_id.get(record_id)

    def find(self, sort_key: tuple[str, ...]) -> Record | None:
        """The record with these key values in lower case, or None."""
        return self._by_key.get(sort_key)

    def put(self, record: Record) -> None:
        """Store this version of a record in place of the one before, or ValueError if its key is taken."""
        holder = self._by_key.get(record.sort_key)
        if holder is not None and holder.id != record.id:
            raise ValueError(f"{record.entity} {'/'.join(record.keys)} exists already")
        self.drop(record.id)
        self._by_id[record.id] = record
        self._by_key[record.sort_key] = record

    def drop(self, record_id: str) -> Record | None:
        """Forget a record for good and answer it, if there was one."""
        self.generation += 1
        self._ordered = None
        before = self._by_id.pop(record_id, None)
        if before is not None:
            del self._by_key[before.sort_key]
        return before

    @property
    def has_unlisted(self) -> bool:
        """Whether some records are archived or hidden, so that an ordinary list is not the whole table."""
        return any(record.archived or record.hidden for record in self.ordered())

    def ordered(self) -> Sequence[Record]:
        """All records in ascending order of their keys."""
        if self._ordered is None:
            self._ordered = [self._by_key[key] for key in sorted(self._by_key)]
        return self._ordered

    def select(self, condition: Callable[[Record], bool]) -> Sequence[Record]:
        """The records that fulfil a condition, in ascending order of their keys."""
        return [record for record in self.ordered() if condition(record)]
