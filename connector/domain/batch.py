"""The records of one write: how they travel, and when so many are unusable that something else is wrong."""

from hashlib import blake2b

from connector.domain.run import WriteMethod, WritePolicy

REJECTS_TOLERATED = 10
REJECT_SHARE_TOLERATED = 0.1


def choose_write_method(policy: WritePolicy, *, is_whole_delta: bool, is_settled: bool) -> WriteMethod:
    """Return how a batch travels.

    Streaming is for a delta that is one short page, into a table that was not created or changed lately: BigQuery may
    lose or refuse streamed rows for minutes after that. Everything else is a load job, which costs nothing.
    """
    if policy is WritePolicy.AUTO:
        return WriteMethod.STREAMING if is_whole_delta and is_settled else WriteMethod.LOAD
    return WriteMethod(policy.value)


def build_insert_id(entity: str, record_id: str, version: str) -> str:
    """Return the id that every retry of this version of this record carries."""
    return blake2b(f"{entity}\0{record_id}\0{version}".encode(), digest_size=16).hexdigest()


def are_too_many_rejected(*, rejected: int, read: int) -> bool:
    """Whether the rejects of a run point at a cause beyond single records."""
    return rejected > max(REJECTS_TOLERATED, REJECT_SHARE_TOLERATED * read)
