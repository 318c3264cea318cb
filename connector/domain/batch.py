"""The records of one write: which write method they take, and how many may be unusable before the run stops."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeVar

import msgspec

from connector.domain.run import WriteMethod, WritePolicy
from connector.domain.tables.schema import Table

T = TypeVar("T")

REJECTS_TOLERATED = 10
REJECT_SHARE_TOLERATED = 0.1


def choose_write_method(policy: WritePolicy, *, is_whole_delta: bool, accepts_streaming: bool) -> WriteMethod:
    """Return the write method of a batch.

    Streaming is for a delta of one short page into a table that was not created or changed recently: BigQuery may lose or
    refuse rows streamed within minutes of that. Everything else is a load job, which is free.
    """
    if policy is WritePolicy.AUTO:
        return WriteMethod.STREAMING if is_whole_delta and accepts_streaming else WriteMethod.LOAD
    return WriteMethod(policy.value)


def build_insert_id(entity: str, record_id: str, version: str) -> str:
    """Return the insert id that every retry of this version of this record uses."""
    return blake2b(f"{entity}\0{record_id}\0{version}".encode(), digest_size=16).hexdigest()


def are_too_many_rejected(*, rejected: int, read: int) -> bool:
    """Whether a run rejected so many records that the cause must lie elsewhere."""
    return rejected > max(REJECTS_TOLERATED, REJECT_SHARE_TOLERATED * read)


def split_by_bytes(
    items: Iterable[T], measure: Callable[[T], int], *, most_items: int, most_bytes: int
) -> Iterator[list[T]]:
    """Yield the items in lists of at most so many, each closed with the item that makes it as large as `most_bytes`.

    An item is taken only when its list is wanted.
    """
    some: list[T] = []
    size = 0
    for item in items:
        some.append(item)
        size += measure(item)
        if len(some) == most_items or size >= most_bytes:
            yield some
            some, size = [], 0
    if some:
        yield some


class Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One row to append, and an id that every retry repeats.

    `head` and `body` are JSON objects (UTF-8, no line break) whose members are the row's columns. They stay apart until all
    rows of a request are joined: copied into memory of its own, a row would cost more than all else that is done to write
    it. `extra` is the JSON text of the `_extra` column, which is text in some requests and a value in others; empty means
    NULL.
    """

    insert_id: str
    head: bytes
    body: bytes = b"{}"
    extra: bytes = b""

    @property
    def data(self) -> bytes:
        """The row as one JSON object, without `_extra`."""
        return b"".join(self.list_parts(b""))

    def list_parts(self, extra: bytes) -> tuple[bytes | memoryview, ...]:
        """Return the row as one JSON object in pieces, with this JSON value as `_extra` unless it is empty."""
        tail = (b',"_extra":', extra, b"}") if extra else (b"}",)
        if len(self.body) <= len(b"{}"):
            return (self.head[:-1], *tail)
        return (self.head[:-1], b",", memoryview(self.body)[1:-1], *tail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """The rows of one write. `batch_id` is the same for every retry of this write and never used for another."""

    table: Table
    rows: Sequence[Row]
    method: WriteMethod
    batch_id: str
