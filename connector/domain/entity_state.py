"""What is remembered of one entity between runs: how far it was read, and who may go on.

`name=` is what a member is called in the state files and documents there are: it never changes.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from msgspec import Struct, field

from connector.domain.records.contract import Contract
from connector.domain.run import RunKind

MAX_REPORTED_DELETIONS = 500
"""Ids kept of records reported deleted; beyond that the oldest are dropped, and a reconcile finds them."""


class Checkpoint(Struct, frozen=True, kw_only=True):
    """Durable progress inside a pass; another instance goes on from it.

    `changed_since` is the pass's lower bound (None: everything). `source_time_at_start` is Acumatica's clock when the pass began. `offset`
    rows of the list are written. `known` holds the marks of the rows of the last two pages, oldest first. `highest_stamp` is
    the highest stamp seen. `recent_versions` maps ids to versions already written and stamped near the signpost.
    """

    changed_since: datetime | None = field(name="lower")
    source_time_at_start: datetime = field(name="signpost")
    offset: int
    known: tuple[str, ...]
    highest_stamp: datetime | None = field(name="highest")
    recent_versions: Mapping[str, str] = field(name="edge", default_factory=dict)
    recent_versions_complete: bool = field(name="edge_complete", default=True)


class PageLimit(Struct, frozen=True, kw_only=True):
    """How many rows of an entity's list Acumatica can give at once; more are tried from `larger_again_at` on."""

    rows: int
    larger_again_at: datetime


class EntityState(Struct, frozen=True, kw_only=True):
    """The memory of one entity. A new one knows nothing, so its first pass reads everything.

    `recent_versions` maps the ids of the records stamped at or after `changed_since` to the versions already written, so that reading
    them again writes nothing; `recent_versions_complete` is False when there were more than the state keeps.
    """

    entity: str
    watermark: datetime | None = None
    changed_since: datetime | None = field(name="lower", default=None)
    recent_versions: Mapping[str, str] = field(name="edge", default_factory=dict)
    recent_versions_complete: bool = field(name="edge_complete", default=True)
    checkpoints: Mapping[str, Checkpoint] = field(default_factory=dict)
    """Progress of the unfinished pass per mode (`incremental`, `backfill`, `reconcile`): each has its own cursor.

    That of a `replay` has no list: its signpost is when the replay began, its highest when its last run ended.
    """
    contract: Contract | None = None
    read_one_by_one: bool = False
    """Acumatica cannot optimise this entity's list: read its keys, then each record by id."""
    page_limit: PageLimit | None = None
    """Set while pages as large as configured are known to fail."""
    records_seen: int = 0
    """Records the last complete pass over everything found; 0 when there was none."""
    last_success_at: datetime | None = None
    proven_identity: str | None = None
    """The endpoint, version and identity for which ids were seen to last from one session to another."""
    source_clock_ahead: timedelta | None = None
    """How far Acumatica's clock was ahead of ours when the last pass began; None before there was one."""
    deletions_since: datetime | None = None
    """From when on Acumatica's own list of deleted records is to be asked, where the tenant tracks them."""
    reported_deletions: tuple[str, ...] = field(name="suspects", default=())
    """Ids of records that were reported deleted and not looked at since; no commit touches them."""
    reported_at_fence: int | None = field(name="due", default=None)
    """Set while a reported change waits to be read: the fence of the newest lease when it was reported.

    A pass that begins under a later lease reads the change.
    """


GIVEN_BACK = datetime(1970, 1, 1, tzinfo=UTC)
"""The end of a lease that was given back: long past by any instance's clock."""


CLOCKS_DIFFER = timedelta(minutes=1)
"""By how much the clocks of two instances may differ."""


def is_held(expires_at: datetime, acquired_at: datetime | None, now: datetime) -> bool:
    """Whether a lease or a seat is still its owner's. `acquired_at` is None where an earlier release stored it.

    One acquired in the future is nobody's: the clock was set back since, and would keep it for as much longer.
    """
    is_of_the_future = acquired_at is not None and acquired_at > now + CLOCKS_DIFFER
    return expires_at > now and not is_of_the_future


class Lease(Struct, frozen=True, kw_only=True):
    """A time-limited right to work on one entity. `fence` grows by one with every taking over.

    The fence begins anew where the state was deleted, so a lease is told by its fence and its owner together.
    """

    entity: str
    owner: str
    fence: int
    expires_at: datetime
    acquired_at: datetime | None = None

    def is_held(self, now: datetime) -> bool:
        """Whether it is still its owner's at this instant."""
        return is_held(self.expires_at, self.acquired_at, now)


class RefusedSignIn(Struct, frozen=True, kw_only=True):
    """A user name and password that Acumatica refused: sent again by every run, they would lock the account.

    `mark` recognises them and tells nothing of them.
    """

    credential_fingerprint: str = field(name="mark")
    refused_at: datetime


class Origin(Struct, frozen=True, kw_only=True):
    """One tenant of one instance (its URL): what all entities of a warehouse are a copy of."""

    instance: str
    tenant: str

    def __str__(self) -> str:
        return f"the tenant {self.tenant} at {self.instance}"

    def is_same(self, other: "Origin") -> bool:
        """Whether both are one; Acumatica takes names and paths in any case."""
        ours, theirs = ((one.instance.casefold(), one.tenant.casefold()) for one in (self, other))
        return ours == theirs


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A time-limited right to hold one of the API sessions (licensed seats) the connector may use.

    `refused` is the sign-in that was refused last, by whichever run; None when all is well. `origin` is what was read
    from so far; None before anything was.
    """

    number: int
    owner: str
    expires_at: datetime
    refused: RefusedSignIn | None = None
    origin: Origin | None = None


class Outcome(StrEnum):
    """What became of a record that was read."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"
    TOMBSTONED = "tombstoned"


class AuditEntry(Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """One record in one run, stored as a list of its members in this order.

    `key` is for people (`Bill/000123`), `record_id` is Acumatica's id.
    """

    record_id: str
    key: str
    version: str
    outcome: Outcome
    reason: str = ""


class DeadLetter(Struct, frozen=True, kw_only=True):
    """A record that could not be used, whole, with its reason."""

    entity: str
    record_id: str
    key: str
    reason: str
    payload: bytes
    run_id: str
    rejected_at: datetime
    attempts: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedPage:
    """An audit entry of one record as found again: in which run, and when that page was written."""

    run_id: str
    mode: str
    recorded_at: datetime
    entry: AuditEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityStatus:
    """What the status page shows of one entity."""

    entity_state: EntityState
    lease: Lease | None
    dead_letters: int
    last_run: Mapping[str, object] | None
    """The last run's result in the form of its audit entry; None when there was none."""
    last_runs: Mapping[RunKind, Mapping[str, object]] = dataclasses.field(default_factory=dict)
    """The same of each kind of run that there was."""
