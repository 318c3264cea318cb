"""The path of a record: decode with the contract known, unwrap, version, encode; each once.

A record that is as its contract says is decoded straight into typed slots; decimals stay the digits of the wire. Any
other record is first put right (`sifting`): what does not fit the contract moves to `_extra`, and the rest takes the same
path, so there is one way from a field to its column. A member that did not fit once is expected from then on: it is decoded
as it comes and sifted alone.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Raw, Struct

from connector.domain.entity import Entity, Identity
from connector.domain.records.columns import build_layout, find_paths
from connector.domain.records.compiled_level import ENCODER, CompiledLevel
from connector.domain.records.contract import Contract, Kind, Shape
from connector.domain.records.exclusion import Exclusion
from connector.domain.records.identity import make_id, render_key
from connector.domain.records.names import find_spelled
from connector.domain.records.sifting import Sieve, keep_digits, sift
from connector.domain.records.wire import (
    CONVERTERS,
    NUMBER,
    WIRE_TYPES,
    to_bignumeric,
    to_integer,
    to_numeric,
    to_text,
)
from connector.errors import RecordRejectedError

MAX_ODD = 200
"""How many members that are not as announced are compiled into the reader: a tenant may send others without end."""
TEXT_KINDS = (Kind.STRING, Kind.GUID)


class Record(Struct, frozen=True, kw_only=True, gc=False):
    """One version of one record, encoded. `body` is the JSON object of its business columns, lines included."""

    id: str
    keys: tuple[str, ...]
    modified_at: datetime | None
    version: str
    body: bytes
    extra: bytes = b""

    @property
    def key(self) -> str:
        """The keys as people write them."""
        return "/".join(self.keys)

    @property
    def row_fingerprint(self) -> str:
        """What identifies this row in the list: its id and stamp (a row whose stamp changed may have moved).

        Without a stamp its key tells whether it moved.
        """
        return fingerprint_row(
            self.id, self.key if self.modified_at is None else self.modified_at.isoformat()
        )

    def encode_head(self, *, modified_at: datetime | None, synced_at: str, run_id: str) -> bytes:
        """Return the connector's own columns of the row of the log table. `modified_at` is the stamp by which it ranks."""
        return (
            b'{"_id":%b,"_modified_at":%b,"_version":"%b","_deleted":false,"_synced_at":"%b","_run_id":"%b"}'
            % (
                ENCODER.encode(self.id),
                ENCODER.encode(modified_at),
                self.version.encode(),
                synced_at.encode(),
                run_id.encode(),
            )
        )


def fingerprint_row(record_id: str, state: str) -> str:
    """Return the fingerprint of a row in a list: 16 hexadecimal digits from its id and from `state`, which changes when it moves."""
    return blake2b(f"{record_id} {state}".encode(), digest_size=8).hexdigest()


class Codec:
    """Turns the JSON text of records of one entity into rows, by its contract.

    `columns_set_aside` are dotted column paths whose existing column takes another type than the contract now announces, `numeric_not_widened`
    those whose column stays NUMERIC although the catalogue asks for BIGNUMERIC.
    `as_text` are those whose column is text, though the contract announces another kind.
    `unannounced` collects the paths of members the contract does not know; `mistyped_members` those whose value is of another type
    than announced, or than their column. All of these went to `_extra`. `is_contradicted`: a record had a member or a value
    that the contract would announce if it were read now.
    """

    def __init__(
        self,
        entity: Entity,
        contract: Contract,
        columns_set_aside: frozenset[str] = frozenset(),
        numeric_not_widened: frozenset[str] = frozenset(),
        as_text: frozenset[str] = frozenset(),
    ) -> None:
        self.contract = contract
        self._exclusion = Exclusion(entity.exclude)
        self.is_contradicted = False
        self.unannounced: set[str] = set()
        self.mistyped_members: set[str] = set()
        level = build_layout(contract.root, contract.names.log).level
        stamp = contract.modified_field
        self._set_aside = frozenset(find_paths(level, columns_set_aside)) - {stamp}
        self._as_text = frozenset(find_paths(level, as_text)) - {stamp}
        self._shape = contract.root.without(self._set_aside)
        self._numeric_not_widened = frozenset(find_paths(level, numeric_not_widened))
        self._wide = entity.bignumeric_fields - self._numeric_not_widened
        self._level = level.without(self._set_aside).render_as_text(self._as_text)
        self._odd: frozenset[str] = frozenset()
        self._compile()
        attributes = self._compiled.attributes
        self._key_count = len(entity.keys)
        self._is_identified_by_keys = entity.identity is Identity.KEYS
        keys = (find_spelled(key, attributes) for key in entity.keys)
        self._keys = [attrgetter(f"{attributes[key]}.value") for key in keys if key is not None]
        self._stamp = attrgetter(f"{attributes[stamp]}.value") if stamp else None
        self._probes = {kind: msgspec.json.Decoder(wire) for kind, wire in WIRE_TYPES.items()}

    def decode(self, raw: bytes) -> Record:
        """Return the record, or raise RecordRejectedError with the reason."""
        try:
            return self._decode_exactly(raw)
        except (msgspec.DecodeError, ValueError, RecursionError, RecordRejectedError):
            pass
        try:
            return self._decode_sifted(raw)
        except RecursionError as exc:
            raise RecordRejectedError(
                "nested deeper than can be read", action="Look at the record in Acumatica."
            ) from exc

    def _compile(self) -> None:
        self._compiled = CompiledLevel(self._shape, self._level, self._wide, odd=self._odd)
        self._decoder = msgspec.json.Decoder(self._compiled.wire, float_hook=keep_digits)

    def _decode_exactly(self, raw: bytes) -> Record:
        """Decode a record that is as announced, but for odd members that were seen before."""
        node = self._decoder.decode(raw)
        if not self._compiled.has_odd:
            return self._build(node, b"")
        sieve = Sieve(self._fit)
        self._compiled.settle(node, sieve, self._exclusion.cut_node)
        return self._build(node, self._take_aside(sieve))

    def _decode_sifted(self, raw: bytes) -> Record:
        kept, sieve = sift(raw, self._shape, self._fit, self._exclusion.cut_node)
        extra = self._take_aside(sieve)
        try:
            node = self._decoder.decode(kept)
            self._compiled.settle(node, Sieve(self._fit), self._exclusion.cut_node)
            record = self._build(node, extra)
        except (msgspec.DecodeError, ValueError) as exc:
            raise RecordRejectedError(
                f"cannot be normalised: {exc}", action="Look at the record in Acumatica."
            ) from exc
        self._expect_odd(sieve)
        return record

    def _take_aside(self, sieve: Sieve) -> bytes:
        """Note what did not fit a record; return it as the JSON text of `_extra`."""
        unknown = sieve.unannounced | sieve.unchosen
        self.unannounced |= unknown - self._set_aside
        self.mistyped_members |= sieve.mistyped | (unknown & self._set_aside)
        self.is_contradicted |= bool(sieve.mistyped or sieve.unannounced - self._set_aside)
        return msgspec.json.encode(sieve.extra, order="sorted") if sieve.extra else b""

    def _expect_odd(self, sieve: Sieve) -> None:
        """Compile members that are not as announced into the reader, so that no other record with them has to be sifted whole."""
        odd = sieve.unannounced | sieve.mistyped | sieve.adjusted
        new = {path for path in odd if not self._exclusion.resembles(path)}
        if not new <= self._odd and len(self._odd) < MAX_ODD:
            self._odd |= new
            self._compile()

    def _build(self, node: Any, extra: bytes) -> Record:
        keys = [render_key(value) for read in self._keys if (value := _strip_quotes(read(node))) is not None]
        content: list[bytes] = []
        body = self._compiled.encode(node, content)
        content.append(extra)
        stamp = self._stamp(node) if self._stamp else None
        return Record(
            id=self._find_id(node, keys),
            keys=tuple(keys),
            modified_at=None if stamp is None else stamp.astimezone(UTC),
            version=blake2b(b"".join(content), digest_size=16).hexdigest(),
            body=body,
            extra=extra,
        )

    def _find_id(self, node: Any, keys: Sequence[str]) -> str:
        if self._is_identified_by_keys:
            if len(keys) < self._key_count:
                raise ValueError("it lacks a key, and is identified by its keys")
            return make_id(keys)
        if not node.id:
            raise ValueError("it has no id")
        found: str = node.id
        return found

    def _fit(self, kind: Kind, path: str, value: Any) -> Any:
        """Return the exact value for a column of this kind; None if the column cannot hold it."""
        if path in self._as_text or kind in TEXT_KINDS:
            return self._fit_text(path, value)
        if kind is Kind.SELECT and isinstance(value, str):
            self.is_contradicted = True
            return {"description": value}
        try:
            if kind is Kind.INT and isinstance(value, Raw):
                value = to_integer(value)
            held: Any = self._probes[kind].decode(msgspec.json.encode({"value": value})).value  # type: ignore[attr-defined]
            if kind is Kind.DECIMAL and NUMBER.fullmatch(held):
                self._check_width(path, held)
            elif (convert := CONVERTERS.get(kind)) is not None and held is not None:
                convert(held)
        except (msgspec.DecodeError, ValueError):
            return None
        return value

    def _fit_text(self, path: str, value: Any) -> str | None:
        """Return any scalar as the text that was sent, for a text column."""
        try:
            text = to_text(Raw(msgspec.json.encode(value)))
        except ValueError:
            return None
        if path not in self._as_text and not isinstance(value, str):
            self.is_contradicted = True
        return text

    def _check_width(self, path: str, digits: Raw) -> None:
        """Reject the record if a number is too long for its column: without the amount, sums would be silently wrong."""
        try:
            (to_bignumeric if path in self._wide else to_numeric)(digits)
        except ValueError:
            raise RecordRejectedError(
                f"{path} has more digits than its column holds", action=self._describe_remedy(path)
            ) from None

    def _describe_remedy(self, path: str) -> str:
        if path in self._numeric_not_widened:
            return (
                "That column was made as NUMERIC and cannot be widened in place. Rename the log table: the next run makes a"
                f" new one with a wide column and reads everything. Or add {path} to exclude, then replay."
            )
        if path in self._wide:
            return f"No column holds it: add {path} to exclude in the catalogue, then replay."
        remedy = f"Add {path} to bignumeric_fields in the catalogue, then replay."
        if _is_of_line(self.contract.root, path):
            remedy += (
                " In BigQuery a column of lines becomes wide only in a new log: rename the log table first."
            )
        return remedy


def _strip_quotes(value: Any) -> Any:
    """Return a key's value; JSON text of a string loses its quotes."""
    return to_text(value) if isinstance(value, Raw) else value


def _is_of_line(shape: Shape, path: str) -> bool:
    for member in path.split("/")[:-1]:
        if member in shape.details:
            return True
        shape = shape.linked[member]
    return False
