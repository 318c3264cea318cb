"""Leases and what is remembered of each entity: one document an entity, `{prefix}_streams/{entity}`."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from google.cloud import firestore
from typing_extensions import override

from connector.adapters.firestore import documents
from connector.adapters.firestore.database import ONCE, FirestoreDatabase
from connector.adapters.firestore.documents import STREAMS
from connector.domain.entity_state import GIVEN_BACK, Checkpoint, EntityState, Lease
from connector.domain.records.contract import Contract
from connector.errors import LeaseLostError
from connector.ports import Clock, EntityStateStore


class FirestoreEntityStateStore(EntityStateStore):
    """The part of the state store with entity states and leases."""

    def __init__(self, database: FirestoreDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @override
    def read(self, entity: str) -> EntityState:
        snapshot = self._database.call(lambda: self._database.document(STREAMS, entity).get(**ONCE))
        return documents.load_stream(entity, snapshot.to_dict())

    @override
    def acquire_lease(self, entity: str, owner: str, ttl: timedelta) -> tuple[Lease, EntityState] | Lease:
        def acquire(snapshot: Any, batch: firestore.WriteBatch) -> tuple[Lease, EntityState] | Lease:
            now = self._clock.now()
            fields = snapshot.to_dict()
            held = documents.load_lease(entity, fields, now)
            if held is not None and held.owner != owner:
                return held
            fence = held.fence if held is not None else documents.last_fence(fields) + 1
            lease = Lease(
                entity=entity,
                owner=owner,
                fence=fence,
                expires_at=now + ttl,
                acquired_at=now,
                took_over=held.took_over if held is not None else documents.is_unreleased(fields),
            )
            values = {"entity": entity, "lease": documents.lease_fields(lease)}
            self._database.guarded(batch, snapshot, values)
            return lease, documents.load_stream(entity, fields)

        return self._database.change(STREAMS, entity, acquire)

    @override
    def save_checkpoint(self, lease: Lease, mode: str, checkpoint: Checkpoint | None) -> None:
        progress = documents.checkpoint_fields(checkpoint) if checkpoint else firestore.DELETE_FIELD
        self._write(lease, {self._database.client.field_path("checkpoints", mode): progress})

    @override
    def save_contract(self, lease: Lease, contract: Contract) -> None:
        self._write(lease, {"contract": documents.contract_fields(contract)})

    @override
    def save_findings(self, lease: Lease, entity_state: EntityState) -> None:
        self._write(lease, documents.finding_fields(entity_state))

    @override
    def save_bounds(
        self, lease: Lease, *, complete_until: datetime | None, deletions_checked_at: datetime | None
    ) -> None:
        self._write(lease, {"complete_until": complete_until, "deletions_checked_at": deletions_checked_at})

    @override
    def commit(self, lease: Lease, entity_state: EntityState, *, covers_reports: bool = False) -> bool:
        def commit(snapshot: Any, batch: firestore.WriteBatch) -> bool:
            fields = _require(snapshot, lease)
            watermark = documents.later_watermark(fields, entity_state.watermark)
            due = fields.get("due")
            if due is not None and covers_reports and due < lease.fence:
                due = None
            values = {
                **documents.stream_fields(entity_state, watermark),
                "due": due,
                "lease.expires_at": GIVEN_BACK,
            }
            self._database.guarded(batch, snapshot, values)
            return due is not None

        return self._database.change(STREAMS, lease.entity, commit, fields=["lease", "watermark", "due"])

    @override
    def release_lease(self, lease: Lease) -> None:
        def release(snapshot: Any, batch: firestore.WriteBatch) -> None:
            if documents.is_of(lease, snapshot.to_dict()):
                self._database.guarded(batch, snapshot, {"lease.expires_at": GIVEN_BACK})

        self._database.change(STREAMS, lease.entity, release, fields=["lease"])

    @override
    def settle_reported_deletions(
        self, lease: Lease, dealt_with: Sequence[str], postponed: Sequence[str]
    ) -> None:
        def settle(snapshot: Any, batch: firestore.WriteBatch) -> None:
            fields = _require(snapshot, lease)
            done = {*dealt_with, *postponed}
            values = documents.suspect_fields(fields, done=done, new=postponed, fence=lease.fence - 1)
            self._database.guarded(batch, snapshot, values)

        self._database.change(STREAMS, lease.entity, settle, fields=["lease", "suspects", "suspects_at"])

    def require(self, lease: Lease) -> None:
        """Raise LeaseLostError if the lease is no longer ours."""
        _require(
            self._database.call(
                lambda: self._database.document(STREAMS, lease.entity).get(["lease"], **ONCE)
            ),
            lease,
        )

    def _write(self, lease: Lease, values: dict[str, Any]) -> None:
        """Change these fields alone, if the lease is still good."""

        def write(snapshot: Any, batch: firestore.WriteBatch) -> None:
            _require(snapshot, lease)
            self._database.guarded(batch, snapshot, values)

        self._database.change(STREAMS, lease.entity, write, fields=["lease"])


def _require(snapshot: Any, lease: Lease) -> dict[str, Any]:
    # Its end does not matter: a lease that ended, or was given back, is still good until somebody takes it over, so
    # repeating a commit whose answer was lost is no error.
    fields: dict[str, Any] | None = snapshot.to_dict()
    if fields is None or not documents.is_of(lease, fields):
        raise LeaseLostError(
            f"Another run has taken over {lease.entity}; run {lease.owner} may not write its state any more.",
            action="Nothing to do: the other run goes on from the last checkpoint.",
        )
    return fields
