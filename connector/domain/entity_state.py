"""The stored state of one entity: how far it was read, and which run may continue.

`name=` is a member's name in existing state files and documents; it never changes.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from msgspec import Struct, field

from connector.domain.records.contract import Contract
from connector.domain.run import RunKind
from connector.domain.seen_records import SeenRecords

MAX_REPORTED_DELETIONS = 500
"""How many ids reported as deleted are kept; beyond that the oldest are dropped, and a reconcile finds them."""


class Checkpoint(Struct, frozen=True, kw_only=True):
    """Durable progress inside a pass, from which another instance resumes.

    `changed_since` is where the pass starts (None: everything). `source_time_at_start` is Acumatica's clock when the pass
    began. `offset` rows of the list are written. `known` holds the fingerprints of the rows of the last two pages, oldest
    first. `highest_stamp` is the highest stamp seen. `recent_versions` maps ids to the versions already written that are
    stamped near `source_time_at_start`.
    """

    changed_since: datetime | None = field(name="lower")
    source_time_at_start: datetime = field(name="signpost")
    offset: int
    known: tuple[str, ...]
    highest_stamp: datetime | None = field(name="highest")
    recent_versions: Mapping[str, str] = field(name="edge", default_factory=dict)
    recent_versions_complete: bool = field(name="edge_complete", default=True)
    marked: int = 0
    """How many live records the runs of an unfinished replay marked as deleted so far."""
    seen: SeenRecords | None = None
    """What a reconcile has seen so far; None of other passes, of more records than the state keeps, and of earlier releases."""

    @property
    def has_rows(self) -> bool:
        """Whether any row of the list was read; if not, the pass begins when it is resumed."""
        return self.offset > 0


class PageLimit(Struct, frozen=True, kw_only=True):
    """The largest page of an entity's list that Acumatica can serve; larger ones are tried from `larger_again_at` on."""

    rows: int
    larger_again_at: datetime


class ListTrial(Struct, frozen=True, kw_only=True):
    """When an entity that is read one by one tries its list again, and what the list has to give by then.

    `left_out` holds paths that the list left empty although the single records had something there.
    """

    again_at: datetime
    left_out: tuple[str, ...] = ()


class WrittenSince(Struct, frozen=True, kw_only=True):
    """Rows that the last incremental pass does not know of; `highest_stamp` is the latest stamp that any of them ranks by."""

    highest_stamp: datetime | None = None


class EntityState(Struct, frozen=True, kw_only=True):
    """The stored state of one entity. A new one is empty, so its first pass reads everything.

    `recent_versions` maps the ids of records stamped at or after `changed_since` to the versions already written, so that
    reading them again writes nothing; `recent_versions_complete` is False if there were more than the state keeps.
    """

    entity: str
    watermark: datetime | None = None
    changed_since: datetime | None = field(name="lower", default=None)
    recent_versions: Mapping[str, str] = field(name="edge", default_factory=dict)
    recent_versions_complete: bool = field(name="edge_complete", default=True)
    checkpoints: Mapping[str, Checkpoint] = field(default_factory=dict)
    """Progress of the unfinished pass per mode (`incremental`, `backfill`, `reconcile`, `replay`).

    A `replay` reads no list: its `source_time_at_start` is when it began, its `offset` how many letters it tried in vain,
    its `highest_stamp` when its last run ended.
    """
    contract: Contract | None = None
    read_one_by_one: bool = False
    """The list cannot be used: read its keys, then each record by id."""
    list_trial: ListTrial | None = None
    """When the list is tried again; None in the state of an earlier release: at once."""
    compared_for: str | None = None
    """The `request` of the contract by which the list was compared with single records, or found to be unusable."""
    page_limit: PageLimit | None = None
    """Set while pages of the configured size are known to fail."""
    record_bytes: int | None = None
    """How large a record of a list was about, when it was noted last; None before a page was read."""
    records_seen: int = 0
    """How many records the last complete pass over everything found; 0 if there was none."""
    last_success_at: datetime | None = None
    proven_identity: str | None = None
    """The endpoint, version and identity for which ids are proven stable between sessions."""
    written_since: WrittenSince | None = None
    """What other runs wrote since the last incremental pass, which its watermark and recent versions do not tell; None: nothing."""
    source_clock_ahead: timedelta | None = None
    """How far Acumatica's clock was ahead of ours when the last pass began; None before there was one."""
    complete_until: datetime | None = None
    """Every change made in Acumatica before this instant is in the warehouse, if it moved the stamp; None before a first pass."""
    deletions_checked_at: datetime | None = None
    """Every record deleted in Acumatica before this instant is marked: when the last complete reconcile began; None before one."""
    deletions_since: datetime | None = None
    """Where the next request of Acumatica's list of deleted records starts, if the tenant tracks deletions."""
    reported_deletions: tuple[str, ...] = field(name="suspects", default=())
    """Ids of records that were reported as deleted and not checked yet; `commit` does not change them."""
    reported_at_fence: int | None = field(name="due", default=None)
    """Set while a reported change waits to be read: the fence of the newest lease at the time of the report.

    A pass that begins under a later lease reads the change.
    """


FINDINGS = (
    "read_one_by_one",
    "list_trial",
    "compared_for",
    "page_limit",
    "record_bytes",
    "proven_identity",
    "written_since",
)
"""The members that runs of every mode store: how this entity has to be read, and what they wrote."""

GIVEN_BACK = datetime(1970, 1, 1, tzinfo=UTC)
"""The expiry time of a released lease: in the past by any clock."""


CLOCKS_DIFFER = timedelta(minutes=1)
"""How much the clocks of two instances may differ."""


def is_held(expires_at: datetime, acquired_at: datetime | None, now: datetime) -> bool:
    """Whether a lease or seat still belongs to its owner. `acquired_at` is None if an earlier release stored it.

    One acquired in the future counts as free: the clock was set back since, which would prolong it by as much.
    """
    is_of_the_future = acquired_at is not None and acquired_at > now + CLOCKS_DIFFER
    return expires_at > now and not is_of_the_future


class Lease(Struct, frozen=True, kw_only=True):
    """A time-limited right to work on one entity. `fence` grows by one each time another owner takes over.

    If the state is deleted, fences start again, so a lease is identified by fence and owner together.
    """

    entity: str
    owner: str
    fence: int
    expires_at: datetime
    acquired_at: datetime | None = None
    took_over: bool = False
    """Whether the lease before it was never released: its run was killed, or lasted longer than it may."""

    def is_held(self, now: datetime) -> bool:
        """Whether it still belongs to its owner at this instant."""
        return is_held(self.expires_at, self.acquired_at, now)


class RefusedSignIn(Struct, frozen=True, kw_only=True):
    """Credentials that Acumatica refused. If every run sent them again, Acumatica would lock the account.

    `credential_fingerprint` identifies the credentials without revealing them.
    """

    credential_fingerprint: str = field(name="mark")
    refused_at: datetime


class Origin(Struct, frozen=True, kw_only=True):
    """One tenant of one instance (a URL), from which all data of a warehouse comes."""

    instance: str
    tenant: str

    def __str__(self) -> str:
        return f"the tenant {self.tenant} at {self.instance}"

    def is_same(self, other: "Origin") -> bool:
        """Whether both are the same tenant; Acumatica ignores case in names and paths."""
        ours, theirs = ((one.instance.casefold(), one.tenant.casefold()) for one in (self, other))
        return ours == theirs


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A time-limited right to hold one of the API sessions (licensed seats) the connector may use.

    `refused` is the sign-in refused last, in any run; None if none is. `origin` is the tenant read so far; None before
    anything was read.
    """

    number: int
    owner: str
    expires_at: datetime
    refused: RefusedSignIn | None = None
    origin: Origin | None = None


class Outcome(StrEnum):
    """The outcome of one record."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"
    TOMBSTONED = "tombstoned"
    DROPPED = "dropped"
    """Its dead letter was dropped by a person."""


class AuditEntry(Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """The outcome of one record in one run, stored as a list of its members in this order.

    `key` is the readable key (`Bill/000123`), `record_id` is Acumatica's id.
    """

    record_id: str
    key: str
    version: str
    outcome: Outcome
    reason: str = ""


class DeadLetter(Struct, frozen=True, kw_only=True):
    """A record that could not be used, kept in full with the reason."""

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
    """An audit entry of one record, with its run and the time its page was stored."""

    run_id: str
    mode: str
    recorded_at: datetime
    entry: AuditEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """One audited page of a run: its records in the order they were read."""

    number: int
    entries: Sequence[AuditEntry]
    has_next: bool
    """Whether a page of a higher number follows."""


RECENT_RUNS = 30
"""How many of the last runs a status has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityStatus:
    """What the status page shows about one entity. Runs are given as in their audit entries."""

    entity_state: EntityState
    lease: Lease | None
    dead_letters: int
    recent_runs: Sequence[Mapping[str, object]] = ()
    """The last runs that ended, newest first, at most RECENT_RUNS."""
    last_runs: Mapping[RunKind, Mapping[str, object]] = dataclasses.field(default_factory=dict)
    """The last run of each kind that there was."""
    last_successes: Mapping[RunKind, Mapping[str, object]] = dataclasses.field(default_factory=dict)
    """The last run of each kind that succeeded."""
    current_run: Mapping[str, object] | None = None
    """The run that holds the lease, as far as its audit entry was opened."""
    known_since: datetime | None = None
    """When the oldest incremental run still known began; None before one was written down with its kind."""

    @property
    def last_run(self) -> Mapping[str, object] | None:
        """The last run that ended, of whatever kind; None if there was none."""
        return next(iter(self.recent_runs), None)
