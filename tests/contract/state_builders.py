"""Values of the state, with defaults, so that a test shows only what matters."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from connector.domain.entity_state import (
    AuditEntry,
    Checkpoint,
    DeadLetter,
    EntityState,
    Lease,
    ListTrial,
    Outcome,
    PageLimit,
    WrittenSince,
)
from connector.domain.records.contract import Contract, Kind, Shape
from connector.ports import StateStore

TTL = timedelta(minutes=5)
MORNING = datetime(2026, 11, 22, 6, 0, 0, 837_000, tzinfo=UTC)


def taken(store: StateStore, entity: str = "vendors", *, owner: str = "run-1", ttl: timedelta = TTL) -> Lease:
    """Acquire a lease that must be free."""
    answer = store.entities.acquire_lease(entity, owner, ttl)
    assert isinstance(answer, tuple), f"held by {answer.owner}"
    return answer[0]


def a_contract(*, version: str = "24.200.001") -> Contract:
    details = {"Details": Shape(fields={"Amount": Kind.DECIMAL}, unread=frozenset({"Files"}))}
    root = Shape(fields={"VendorID": Kind.STRING}, details=details, custom={"Document.UsrX": Kind.INT})
    return Contract(
        endpoint="Default",
        version=version,
        request="Details",
        root=root,
        modified_field="LastModifiedDateTime",
    )


def a_checkpoint(*, offset: int = 1000, known: tuple[str, ...] = ("a", "b")) -> Checkpoint:
    return Checkpoint(
        changed_since=MORNING - timedelta(days=1),
        source_time_at_start=MORNING,
        offset=offset,
        known=known,
        highest_stamp=MORNING - timedelta(microseconds=1),
        recent_versions={"id-1": "version-1"},
        recent_versions_complete=False,
    )


def an_entity_state(
    *,
    entity: str = "vendors",
    watermark: datetime | None = MORNING,
    recent_versions: Mapping[str, str] | None = None,
    checkpoints: Mapping[str, Checkpoint] | None = None,
) -> EntityState:
    return EntityState(
        entity=entity,
        watermark=watermark,
        changed_since=MORNING - timedelta(minutes=15),
        recent_versions={"id-1": "version-1", "id-2": "version-2"}
        if recent_versions is None
        else recent_versions,
        recent_versions_complete=False,
        checkpoints={"backfill": a_checkpoint()} if checkpoints is None else checkpoints,
        contract=a_contract(),
        read_one_by_one=True,
        list_trial=ListTrial(
            again_at=MORNING + timedelta(days=2), left_out=("Details", "Document.UsrRegion")
        ),
        compared_for='{"entity":"Vendor"}',
        page_limit=PageLimit(rows=125, larger_again_at=MORNING + timedelta(days=7)),
        record_bytes=288_000,
        records_seen=812,
        last_success_at=MORNING + timedelta(seconds=3),
        deletions_since=MORNING - timedelta(minutes=16),
        written_since=WrittenSince(highest_stamp=MORNING + timedelta(minutes=1)),
        proven_identity="Default 24.200.001 id",
        source_clock_ahead=-timedelta(seconds=2, milliseconds=250),
    )


def an_audit_entry(
    *, record_id: str = "id-1", key: str = "V001", outcome: Outcome = Outcome.WRITTEN, reason: str = ""
) -> AuditEntry:
    return AuditEntry(
        record_id=record_id, key=key, version=f"version of {record_id}", outcome=outcome, reason=reason
    )


def a_dead_letter(
    *,
    entity: str = "vendors",
    record_id: str = "id-1",
    payload: bytes = b'{"id": 1}',
    run_id: str = "run-1",
    reason: str = "no readable amount",
    key: str = "V001",
) -> DeadLetter:
    return DeadLetter(
        entity=entity,
        record_id=record_id,
        key=key,
        reason=reason,
        payload=payload,
        run_id=run_id,
        rejected_at=MORNING,
    )
