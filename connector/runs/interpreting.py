"""Turns rows as they were read into records, by a contract that may change on the way."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from connector.domain.entity import Entity
from connector.domain.records.codec import Codec, Record
from connector.domain.records.contract import Contract
from connector.domain.records.rejected import Rejected, identify, tell_unreadable, wrap_keys
from connector.domain.tables.log_table import compare_columns, remember_names
from connector.errors import RecordRejectedError
from connector.ports import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One row as read: the record and the JSON text it came from, or why it cannot be used."""

    record: Record | Rejected
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingBatch:
    """Rows that were read together: what the writer takes.

    `read_at` is our clock when they were asked for, `source_time` Acumatica's where its answer told that. `contract` is set
    when another one is followed from these rows on: the table has to follow before they are written.
    """

    readings: tuple[Reading, ...]
    read_at: datetime
    source_time: datetime | None = None
    is_kept: bool = False
    """Whether they are not as they are now: they stand where they stood at `read_at`, below all that was read since."""
    contract: Contract | None = None


NOTHING: Mapping[int, str] = {}


class Interpreter:
    """Turns rows into records; reads the contract afresh, once a run, when a row contradicts it.

    A row does so with a member that is not announced, or with a value of another type. `refused`, `numeric_not_widened`
    and `as_text` are what `TableStatus` tells of existing columns. A fresh contract keeps the columns of the one before.
    """

    def __init__(
        self,
        source: Source,
        entity: Entity,
        contract: Contract,
        refused: frozenset[str] = frozenset(),
        numeric_not_widened: frozenset[str] = frozenset(),
        as_text: frozenset[str] = frozenset(),
    ) -> None:
        self._source = source
        self.entity = entity
        self.codec = Codec(entity, contract, refused, numeric_not_widened, as_text)
        self._refused = refused
        self._numeric_not_widened = numeric_not_widened
        self._as_text = as_text
        self._refreshed = False

    def interpret(
        self,
        rows: Sequence[bytes],
        *,
        read_at: datetime,
        asked_by: Contract | None = None,
        unreadable: Mapping[int, str] = NOTHING,
    ) -> ReadingBatch:
        """Return the readings, with the contract if another one is followed from these rows on.

        `asked_by` is the contract they were asked for by, where that is known; `unreadable` as of `ListAnswer`.
        """
        is_changed = asked_by is not None and self.switch(asked_by)
        readings = self._read_all(rows, unreadable)
        if self.codec.is_contradicted and not self._refreshed:
            self._refreshed = True
            if self.switch(self._source.describe(self.entity)):
                readings, is_changed = self._read_all(rows, unreadable), True
        contract = self.codec.contract if is_changed else None
        return ReadingBatch(readings=readings, read_at=read_at, contract=contract)

    def switch(self, contract: Contract) -> bool:
        """Read by this contract from now on; return whether it differs from the one before."""
        before = self.codec
        if contract.asks_as(before.contract):
            return False
        contract = remember_names(self.entity, contract, before.contract.names)
        compared = compare_columns(self.entity, before.contract, contract)
        self._refused |= compared.retyped
        self._as_text |= compared.as_text
        self.codec = Codec(self.entity, contract, self._refused, self._numeric_not_widened, self._as_text)
        self.codec.retyped |= before.retyped
        return True

    def _read_all(self, rows: Sequence[bytes], unreadable: Mapping[int, str]) -> tuple[Reading, ...]:
        if not unreadable:
            return tuple(_reject_repeated_ids(self._read(row) for row in rows))
        readings = (
            self._reject(row, unreadable[index]) if index in unreadable else self._read(row)
            for index, row in enumerate(rows)
        )
        return tuple(_reject_repeated_ids(readings))

    def _reject(self, row: bytes, why: str) -> Reading:
        """Return a record of which the keys alone could be read. In the list it is found again by them."""
        found, payload = self._read(row).record, wrap_keys(row)
        rejected = Rejected(
            id=found.id,
            key=found.key,
            reason=tell_unreadable(why),
            payload=payload,
            modified_at=found.modified_at,
            listed_as=found.row_fingerprint,
        )
        return Reading(record=rejected, raw=payload)

    def _read(self, row: bytes) -> Reading:
        try:
            return Reading(record=self.codec.decode(row), raw=row)
        except RecordRejectedError as exc:
            field, reason = self.codec.contract.modified_field, f"{exc.message} {exc.action}"
            return Reading(record=identify(row, self.entity, field, reason), raw=row)


def _reject_repeated_ids(readings: Iterable[Reading]) -> Iterator[Reading]:
    """Yield the readings; of several records that one answer lists under one id, the first one alone can be used.

    Written like that, one would take the other's place without a word. One record listed twice is no such case, nor are
    rows of two answers: the list moves between them.
    """
    first: dict[str, Record] = {}
    for reading in readings:
        found = reading.record
        if isinstance(found, Record):
            other = first.setdefault(found.id, found)
            if other.version != found.version:
                found = _reject_as_repeated(found, other, reading.raw)
        yield replace(reading, record=found)


def _reject_as_repeated(found: Record, other: Record, raw: bytes) -> Rejected:
    reason = (
        f"has the id of another record in the same answer, {other.key}, and only one of them can be shown. Look at both in"
        " Acumatica; this one is left out until they have ids of their own."
    )
    return Rejected(id=found.id, key=found.key, reason=reason, payload=raw, modified_at=found.modified_at)
