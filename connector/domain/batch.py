"""The records of one write: how they travel, and when so many are unusable that something else is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import msgspec

from connector.domain.run import WriteMethod, WritePolicy
from connector.domain.tables.schema import Table

REJECTS_TOLERATED = 10
REJECT_SHARE_TOLERATED = 0.1


def choose_write_method(policy: WritePolicy, *, is_whole_delta: bool, accepts_streaming: bool) -> WriteMethod:
    """Return how a batch travels.

    Streaming is for a delta that is one short page, into a table that was not created or changed lately: BigQuery may
    lose or refuse streamed rows for minutes after that. Everything else is a load job, which costs nothing.
    """
    if policy is WritePolicy.AUTO:
        return WriteMethod.STREAMING if is_whole_delta and accepts_streaming else WriteMethod.LOAD
    return WriteMethod(policy.value)


def build_insert_id(entity: str, record_id: str, version: str) -> str:
    """Return the id that every retry of this version of this record carries."""
    return blake2b(f"{entity}\0{record_id}\0{version}".encode(), digest_size=16).hexdigest()


def are_too_many_rejected(*, rejected: int, read: int) -> bool:
    """Whether the rejects of a run point at a cause beyond single records."""
    return rejected > max(REJECTS_TOLERATED, REJECT_SHARE_TOLERATED * read)


class Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One row to append: one JSON object (UTF-8, no line break) and an id that any retry of it repeats.

    `extra` is the JSON text of the table's `_extra` column, kept out of `data` because BigQuery wants it as an object
    in a load job but as text inside a string in `insertAll`; empty means NULL.
    """

    insert_id: str
    data: bytes
    extra: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """The rows of one write. `batch_id` is stable over retries of this write and used for no other."""

    table: Table
    rows: Sequence[Row]
    method: WriteMethod
    batch_id: str
