"""Very long lists for measurements: records computed when they are asked for, so a million cost no memory."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import overload

from ..contract import fields_ever, keys_of
from ..options import SandboxOptions
from ..rows import Record
from ..tables import Table
from ..tenant import Tenant
from ..transaction import CREATED_FIELDS, STAMP_FIELDS


class BulkRows(Sequence[Record]):
    """The chosen rows of a bulk table, made one by one as they are read."""

    def __init__(self, make: Callable[[int], Record], places: Sequence[int]) -> None:
        """`places` are the ordinals of the rows, ascending."""
        self._make = make
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Record]:
        return (self._make(place) for place in self._places)

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | list[Record]:
        """A row, or the rows of a page."""
        if isinstance(index, slice):
            return [self._make(place) for place in self._places[index]]
        return self._make(self._places[index])


class BulkTable(Table):
    """A table of `count` variations of a few real records; it cannot be written to."""

    def __init__(self, templates: Sequence[Record], count: int) -> None:
        """Every variation has a key and an id that follow from its ordinal."""
        super().__init__()
        self._templates = templates
        self._count = count
        entity = templates[0].entity
        self._key_names = keys_of(entity)
        self._stamps = [name for name in (*STAMP_FIELDS, *CREATED_FIELDS) if name in fields_ever(entity)]
        self._has_note_id = "NoteID" in fields_ever(entity)

    def put(self, record: Record) -> None:
        """Refuse: these rows are computed."""
        raise ValueError(f"{record.entity} is a bulk list, which cannot be changed")

    def drop(self, record_id: str) -> Record | None:
        """Refuse: these rows are computed."""
        raise ValueError(f"{record_id} is in a bulk list, which cannot be changed")

    def get(self, record_id: str) -> Record | None:
        """The row whose ordinal the id tells."""
        place = int(record_id[:8], 16)
        return self._make(place) if place < self._count and self._make(place).id == record_id else None

    def find(self, sort_key: tuple[str, ...]) -> Record | None:
        """The row whose ordinal the key tells."""
        digits = "".join(letter for letter in sort_key[-1] if letter.isdigit())
        place = int(digits or 0) - 1
        found = self._make(place) if 0 <= place < self._count else None
        return found if found and found.sort_key == sort_key else None

    @property
    def has_unlisted(self) -> bool:
        """Never: bulk rows are all in plain sight."""
        return False

    def ordered(self) -> Sequence[Record]:
        """All rows; the order of the ordinals is that of the keys."""
        return BulkRows(self._make, range(self._count))

    def select(self, condition: Callable[[Record], bool]) -> Sequence[Record]:
        """The rows that fulfil a condition; only their ordinals are kept."""
        places = array("L", (place for place in range(self._count) if condition(self._make(place))))
        return BulkRows(self._make, places)

    def _make(self, place: int) -> Record:
        template = self._templates[place % len(self._templates)]
        keys = (*self._templates[0].keys[:-1], f"B{place + 1:09}")
        record_id = f"{place:08x}-b01c-4000-a000-{place * 2654435761 % 2**48:012x}"
        stamp = template.stamp - timedelta(seconds=place * 7919 % 8_640_000)
        fields = (
            template.fields
            | dict.fromkeys(self._stamps, stamp)
            | dict(zip(self._key_names, keys, strict=True))
        )
        if self._has_note_id:
            fields["NoteID"] = record_id
        return Record(
            id=record_id,
            entity=template.entity,
            keys=keys,
            stamp=stamp,
            created=stamp,
            fields=fields,
            details=template.details,
            linked=template.linked,
            note=template.note,
        )


def add_bulk(tenant: Tenant, options: SandboxOptions, small: Tenant) -> None:
    """Put bulk tables in the place of the ordinary ones; `small` is a tenant to take the patterns from."""
    for entity, count in options.bulk.items():
        tenant.tables[entity] = BulkTable(small.records(entity)[:64], count)
