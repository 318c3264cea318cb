"""Turns rows as read into records, by a contract that may change during the run."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from msgspec import Struct

from connector.domain.entity import Entity
from connector.domain.records.codec import Codec, Record
from connector.domain.records.contract import Contract
from connector.domain.records.exclusion import NOT_KEPT, Exclusion
from connector.domain.records.rejected import Rejected, describe_unreadable, identify, wrap_keys
from connector.domain.tables.log_table import compare_columns, remember_names
from connector.errors import RecordRejectedError
from connector.ports import Source


class Reading(Struct, frozen=True, kw_only=True, gc=False):
    """One row as read: its JSON text, and the record decoded from it or the reason it cannot be used."""

    record: Record | Rejected
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingBatch:
    """Rows that were read together; the input of the writer.

    `read_at` is our clock when they were requested, `source_time` Acumatica's clock if the response gave it. `contract` is set
    if these rows were read by a new contract: the table must be prepared for it before they are written.
    """

    readings: tuple[Reading, ...]
    read_at: datetime
    source_time: datetime | None = None
    is_kept: bool = False
    """Whether these are stored copies rather than current records: they rank as of `read_at`, below anything read since."""
    contract: Contract | None = None


NOTHING: Mapping[int, str] = {}


class Interpreter:
    """Turns rows into records; reads the contract afresh, at most once per run, when a row contradicts it.

    A row contradicts the contract with an unknown member or a value of another type. `columns_set_aside`, `numeric_not_widened`
    and `as_text` describe existing columns, as in `TableStatus`. A fresh contract keeps the columns of the one before.
    """

    def __init__(
        self,
        source: Source,
        entity: Entity,
        contract: Contract,
        columns_set_aside: frozenset[str] = frozenset(),
        numeric_not_widened: frozenset[str] = frozenset(),
        as_text: frozenset[str] = frozenset(),
    ) -> None:
        self._source = source
        self.entity = entity
        self.codec = Codec(entity, contract, columns_set_aside, numeric_not_widened, as_text)
        self._exclusion = Exclusion(entity.exclude)
        self._columns_set_aside = columns_set_aside
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
        """Return the readings, and the contract if these rows were read by a new one.

        `asked_by` is the contract used for the request, if known; `unreadable` is as in `ListAnswer`.
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
        """Use this contract from now on; return whether it differs from the one before."""
        before = self.codec
        if contract.asks_as(before.contract):
            return False
        contract = remember_names(self.entity, contract, before.contract.names)
        compared = compare_columns(self.entity, before.contract, contract)
        self._columns_set_aside |= compared.incompatible_columns
        self._as_text |= compared.as_text
        self.codec = Codec(
            self.entity, contract, self._columns_set_aside, self._numeric_not_widened, self._as_text
        )
        self.codec.mistyped_members |= before.mistyped_members
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
        """Return a rejected record of which only the keys could be read; the keys identify it in the list."""
        found, payload = self._read(row).record, wrap_keys(row)
        rejected = Rejected(
            id=found.id,
            key=found.key,
            reason=describe_unreadable(why),
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
            return self._reject_row(row, field, reason)

    def _reject_row(self, row: bytes, modified_field: str | None, reason: str) -> Reading:
        """Return the rejected record without what is excluded; of a text that cannot be read, its id alone is known."""
        payload = self._exclusion.cut(row)
        found = identify(row if payload == NOT_KEPT else payload, self.entity, modified_field, reason)
        return Reading(record=replace(found, payload=payload), raw=payload)


def _reject_repeated_ids(readings: Iterable[Reading]) -> Iterator[Reading]:
    """Yield the readings, but reject all but the first of several different records that one response lists under one id.

    Otherwise one would silently replace the other. The same record listed twice is fine, and so are rows of different
    responses, because the list shifts between them.
    """
    first: dict[str, Record] = {}
    for reading in readings:
        found = reading.record
        if isinstance(found, Record):
            other = first.setdefault(found.id, found)
            if other.version != found.version:
                rejected = _reject_as_repeated(found, other, reading.raw)
                yield Reading(record=rejected, raw=reading.raw)
                continue
        yield reading


def _reject_as_repeated(found: Record, other: Record, raw: bytes) -> Rejected:
    if found.keys == other.keys:
        reason = (
            "is listed twice in the same answer, with different content, and only one of them can be shown. Look at it in"
            " Acumatica; this content is left out."
        )
    else:
        reason = (
            f"has the id of another record in the same answer, {other.key}, and only one of them can be shown. Look at both in"
            " Acumatica; this one is left out until they have ids of their own."
        )
    return Rejected(id=found.id, key=found.key, reason=reason, payload=raw, modified_at=found.modified_at)
