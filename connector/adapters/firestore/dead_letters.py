"""Dead letters, `{prefix}_dead_letters/{entity}:{id}`: records that could not be used, until they can.

The payload is compressed. A large one is split into part documents below the dead letter. They are written first and
listed in it, so a dead letter is complete or absent.
"""

import hashlib
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter
from typing_extensions import override

from connector.adapters.firestore.database import ONCE, FirestoreDatabase
from connector.adapters.firestore.errors import readable
from connector.adapters.firestore.names import search_term, storable
from connector.adapters.firestore.packed_values import plain_value
from connector.domain.entity_state import DeadLetter
from connector.domain.records.rejected import build_digest
from connector.errors import StateStoreUnavailableError
from connector.ports import DeadLetterStore

DEAD_LETTERS = "dead_letters"
PARTS = "parts"

MAX_PIECE_BYTES = 700 * 1024
"""Bytes of a payload in one document, which may have 1 MiB."""

MAX_REASON_LENGTH = 10_000
"""Characters of a reason; more is no reason but data."""

LETTERS_AT_ONCE = 20
"""Letters of one query: between two queries any time may pass, while a query left open would break."""


class FirestoreDeadLetterStore(DeadLetterStore):
    """The part of the state store that keeps rejected records."""

    def __init__(self, database: FirestoreDatabase) -> None:
        self._database = database

    @override
    def add(self, dead_letter: DeadLetter) -> None:
        payload = zlib.compress(dead_letter.payload)
        pieces = [payload[at : at + MAX_PIECE_BYTES] for at in range(0, len(payload), MAX_PIECE_BYTES)]
        head = _head(dead_letter)
        if len(pieces) == 1:
            head |= {"payload": payload, "parts": []}
        else:
            # Named by their content: a repeated attempt writes the same parts, another payload never mixes with them.
            digest = hashlib.sha256(payload).hexdigest()[:16]
            head |= {"payload": None, "parts": [f"{digest}-{at:04d}" for at in range(len(pieces))]}
        name = _name(dead_letter.entity, dead_letter.record_id)
        for part, piece in zip(head["parts"], pieces, strict=False):
            self._set_part(name, part, piece)

        def add(snapshot: Any, batch: firestore.WriteBatch) -> None:
            stored = snapshot.to_dict()
            self._database.guarded(batch, snapshot, {**head, "attempts": _attempts(dead_letter, stored)})
            self._delete_parts(batch, snapshot, keep=head["parts"])

        self._database.change(DEAD_LETTERS, name, add, fields=["run_id", "attempts", "parts"])

    @override
    def read(self, entity: str, record_id: str | None = None) -> Iterator[DeadLetter]:
        if record_id is not None:
            dead_letter = self._read(_name(entity, record_id))
            if dead_letter is not None:
                yield dead_letter
            return
        last: Any = None
        while snapshots := self._after(entity, last):
            for snapshot in snapshots:
                dead_letter = self._load_whole(snapshot)
                if dead_letter is not None:
                    yield dead_letter
            last = snapshots[-1]

    @override
    def read_digests(self, entity: str) -> Mapping[str, str]:
        query = self._of(entity).select(["record_id", "digest"])
        found = self._database.call(lambda: [snapshot.to_dict() for snapshot in query.stream(**ONCE)])
        return {dead_letter["record_id"]: dead_letter.get("digest", "") for dead_letter in found}

    @override
    def remove(self, entity: str, record_id: str, until: datetime) -> None:
        def remove(snapshot: Any, batch: firestore.WriteBatch) -> None:
            if snapshot.exists and snapshot.get("rejected_at") <= until:
                self._database.guarded_delete(batch, snapshot)
                self._delete_parts(batch, snapshot, keep=[])

        self._database.change(DEAD_LETTERS, _name(entity, record_id), remove, fields=["parts", "rejected_at"])

    def _set_part(self, name: str, part: str, piece: bytes) -> None:
        document = self._database.document(DEAD_LETTERS, name).collection(PARTS).document(part)
        self._database.call(lambda: document.set({"piece": piece}, **ONCE))

    def _delete_parts(self, batch: firestore.WriteBatch, snapshot: Any, *, keep: list[str]) -> None:
        for part in (snapshot.to_dict() or {}).get("parts", []):
            if part not in keep:
                batch.delete(snapshot.reference.collection(PARTS).document(part))

    def _of(self, entity: str) -> Any:
        return self._database.collection(DEAD_LETTERS).where(filter=FieldFilter("entity", "==", entity))

    def _after(self, entity: str, last: Any) -> list[Any]:
        query = self._of(entity).order_by("__name__").limit(LETTERS_AT_ONCE)
        if last is not None:
            query = query.start_after(last)
        return self._database.call(lambda: list(query.stream(**ONCE)))

    def _read(self, name: str) -> DeadLetter | None:
        snapshot = self._database.call(lambda: self._database.document(DEAD_LETTERS, name).get(**ONCE))
        return self._load_whole(snapshot)

    def _load_whole(self, snapshot: Any) -> DeadLetter | None:
        return self._database.call(_whole, self._database.client, snapshot)


def _whole(client: firestore.Client, snapshot: Any) -> DeadLetter | None:
    """Return the dead letter with its parts, or None when it is no longer there."""
    head = snapshot.to_dict()
    if head is None or not head["parts"]:
        return _load(head, head["payload"]) if head else None
    reference = snapshot.reference
    references = [reference.collection(PARTS).document(part) for part in head["parts"]]
    found = {part.id: part.to_dict() or {} for part in client.get_all(references, **ONCE)}
    if all(found.values()):
        return _load(head, b"".join(found[part]["piece"] for part in head["parts"]))
    newest = reference.get(**ONCE)
    if newest.exists and newest.get("parts") == head["parts"]:
        raise StateStoreUnavailableError(
            f"Parts of the dead letter {head['entity']} {head['key']} are missing in Firestore.",
            action="Try again; if it stays so, remove the dead letter and let a back-fill read the record again.",
        )
    return _whole(client, newest)


def _load(head: Mapping[str, Any], payload: bytes) -> DeadLetter:
    with readable(f"{DEAD_LETTERS}/{head.get('entity')}:{head.get('record_id')}"):
        return msgspec.convert(plain_value(head) | {"payload": zlib.decompress(payload)}, DeadLetter)


def _head(dead_letter: DeadLetter) -> dict[str, Any]:
    head: dict[str, Any] = msgspec.to_builtins(dead_letter, builtin_types=(bytes, datetime))
    return head | {
        "record_id": search_term(dead_letter.record_id),
        "key": search_term(dead_letter.key),
        "reason": storable(dead_letter.reason[:MAX_REASON_LENGTH]),
        "digest": build_digest(dead_letter.payload),
    }


def _attempts(dead_letter: DeadLetter, stored: Mapping[str, Any] | None) -> int:
    if stored is None:
        return dead_letter.attempts
    is_repeated = stored["run_id"] == dead_letter.run_id
    before: int = stored["attempts"]
    return before if is_repeated else before + dead_letter.attempts


def _name(entity: str, record_id: str) -> str:
    return f"{entity}:{search_term(record_id)}"
