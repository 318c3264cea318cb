"""The leases and states of the entities."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from typing_extensions import override

from connector.adapters.sqlite import rows
from connector.adapters.sqlite.database import SqliteDatabase
from connector.domain.entity_state import (
    FINDINGS,
    GIVEN_BACK,
    MAX_REPORTED_DELETIONS,
    Checkpoint,
    EntityState,
    Lease,
    ListTrial,
    PageLimit,
    WrittenSince,
)
from connector.domain.records.contract import Contract
from connector.errors import LeaseLostError
from connector.ports import Clock, EntityStateStore

JSON_COLUMNS: dict[str, Any] = {
    "edge": dict[str, str],
    "contract": Contract,
    "list_trial": ListTrial,
    "page_limit": PageLimit,
    "written_since": WrittenSince,
}
"""Columns of `streams` that hold JSON. A member that is added to EntityState gets a column of its name by UPGRADES."""


class SqliteEntityStateStore(EntityStateStore):
    """The part of the state store with entity states and leases."""

    def __init__(self, database: SqliteDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @override
    def read(self, entity: str) -> EntityState:
        with self._database.reading() as connection:
            return select_entity_state(connection, entity)

    @override
    def acquire_lease(self, entity: str, owner: str, ttl: timedelta) -> tuple[Lease, EntityState] | Lease:
        now = self._clock.now()
        with self._database.writing() as connection:
            held = select_lease(connection, entity, now)
            if held is not None and held.owner != owner:
                return held
            fence = held.fence if held is not None else last_fence(connection, entity) + 1
            took_over = held.took_over if held is not None else _is_unreleased(connection, entity)
            lease = Lease(
                entity=entity,
                owner=owner,
                fence=fence,
                expires_at=now + ttl,
                acquired_at=now,
                took_over=took_over,
            )
            connection.execute(
                "INSERT OR REPLACE INTO leases (entity, owner, fence, expires_at, acquired_at, took_over)"
                " VALUES (:entity, :owner, :fence, :expires_at, :acquired_at, :took_over)",
                rows.to_columns(lease),
            )
            return lease, select_entity_state(connection, entity)

    @override
    def save_checkpoint(self, lease: Lease, mode: str, checkpoint: Checkpoint | None) -> None:
        with self._database.writing() as connection:
            require_lease(connection, lease)
            _store_checkpoint(connection, lease.entity, mode, checkpoint)

    @override
    def save_contract(self, lease: Lease, contract: Contract) -> None:
        with self._database.writing() as connection:
            require_lease(connection, lease)
            connection.execute(
                "INSERT INTO streams (entity, contract) VALUES (?, ?)"
                " ON CONFLICT (entity) DO UPDATE SET contract = excluded.contract",
                (lease.entity, rows.dump(contract)),
            )

    @override
    def save_findings(self, lease: Lease, entity_state: EntityState) -> None:
        columns = rows.to_columns(entity_state) | {"entity": lease.entity}
        names, values = ", ".join(FINDINGS), ", ".join(f":{name}" for name in FINDINGS)
        changes = ", ".join(f"{name} = excluded.{name}" for name in FINDINGS)
        with self._database.writing() as connection:
            require_lease(connection, lease)
            connection.execute(
                f"INSERT INTO streams (entity, {names}) VALUES (:entity, {values})"  # noqa: S608 - our own names
                f" ON CONFLICT (entity) DO UPDATE SET {changes}",
                columns,
            )

    @override
    def save_bounds(
        self, lease: Lease, *, complete_until: datetime | None, deletions_checked_at: datetime | None
    ) -> None:
        bounds = [
            instant and rows.instant_text(instant) for instant in (complete_until, deletions_checked_at)
        ]
        with self._database.writing() as connection:
            require_lease(connection, lease)
            connection.execute(
                "INSERT INTO streams (entity, complete_until, deletions_checked_at) VALUES (?, ?, ?)"
                " ON CONFLICT (entity) DO UPDATE SET complete_until = excluded.complete_until,"
                " deletions_checked_at = excluded.deletions_checked_at",
                (lease.entity, *bounds),
            )

    @override
    def settle_reported_deletions(
        self, lease: Lease, dealt_with: Sequence[str], postponed: Sequence[str]
    ) -> None:
        with self._database.writing() as connection:
            require_lease(connection, lease)
            connection.executemany(
                "DELETE FROM suspects WHERE entity = ? AND record_id = ? AND fence < ?",
                [(lease.entity, record_id, lease.fence) for record_id in (*dealt_with, *postponed)],
            )
            add_suspects(connection, lease.entity, postponed, fence=lease.fence - 1)

    @override
    def commit(self, lease: Lease, entity_state: EntityState, *, covers_reports: bool = False) -> bool:
        with self._database.writing() as connection:
            require_lease(connection, lease)
            due = _select_due(connection, lease, covers_reports=covers_reports)
            _store_stream(connection, lease.entity, entity_state, due)
            connection.execute("DELETE FROM checkpoints WHERE entity = ?", (lease.entity,))
            for mode, checkpoint in entity_state.checkpoints.items():
                _store_checkpoint(connection, lease.entity, mode, checkpoint)
            _give_back(connection, lease)
        return due is not None

    @override
    def release_lease(self, lease: Lease) -> None:
        with self._database.writing() as connection:
            _give_back(connection, lease)


def select_lease(connection: sqlite3.Connection, entity: str, now: datetime) -> Lease | None:
    """Return the lease that somebody holds at this instant."""
    row = connection.execute(
        "SELECT * FROM leases WHERE entity = ? AND owner IS NOT NULL", (entity,)
    ).fetchone()
    if row is None:
        return None
    lease = rows.from_columns(dict(row), Lease, f"leases of {entity}")
    return lease if lease.is_held(now) else None


def select_entity_state(connection: sqlite3.Connection, entity: str) -> EntityState:
    """Return the entity's state, empty if none is stored."""
    stored = connection.execute("SELECT mode, progress FROM checkpoints WHERE entity = ?", (entity,))
    checkpoints = {
        row["mode"]: rows.load(row["progress"], Checkpoint, f"checkpoints of {entity}, {row['mode']}")
        for row in stored
    }
    found = connection.execute("SELECT record_id FROM suspects WHERE entity = ? ORDER BY number", (entity,))
    suspects = [row["record_id"] for row in found]
    row = connection.execute("SELECT * FROM streams WHERE entity = ?", (entity,)).fetchone()
    members = {"entity": entity} if row is None else dict(row)
    for name, wanted in JSON_COLUMNS.items():
        if members.get(name) is not None:
            members[name] = rows.load(members[name], wanted, f"streams of {entity}, {name}")
    members |= {"checkpoints": checkpoints, "suspects": suspects}
    return rows.from_columns(members, EntityState, f"streams of {entity}")


def add_suspects(
    connection: sqlite3.Connection, entity: str, record_ids: Sequence[str], *, fence: int
) -> None:
    """Add reported deletions, or put them behind all others; keep the newest. `fence` is that of the newest lease."""
    connection.executemany(
        "INSERT INTO suspects (entity, record_id, fence) VALUES (?, ?, ?)"
        " ON CONFLICT (entity, record_id) DO UPDATE SET fence = max(fence, excluded.fence),"
        " number = (SELECT max(number) + 1 FROM suspects)",
        [(entity, rows.storable(record_id), fence) for record_id in record_ids],
    )
    connection.execute(
        "DELETE FROM suspects WHERE entity = ? AND number NOT IN"
        " (SELECT number FROM suspects WHERE entity = ? ORDER BY number DESC LIMIT ?)",
        (entity, entity, MAX_REPORTED_DELETIONS),
    )


def last_fence(connection: sqlite3.Connection, entity: str) -> int:
    """Return the fence of the entity's newest lease, 0 when there was none."""
    row = connection.execute("SELECT fence FROM leases WHERE entity = ?", (entity,)).fetchone()
    return 0 if row is None else int(row["fence"])


def require_lease(connection: sqlite3.Connection, lease: Lease) -> None:
    """Raise LeaseLostError when another run has taken over."""
    # Its end does not matter: a lease that ended, or was given back, is still good until somebody takes it over, so
    # repeating a commit whose answer was lost is no error.
    row = connection.execute("SELECT fence, owner FROM leases WHERE entity = ?", (lease.entity,)).fetchone()
    if row is None or (row["fence"], row["owner"]) != (lease.fence, lease.owner):
        raise LeaseLostError(
            f"Another run has taken over {lease.entity}; run {lease.owner} may not write its state any more.",
            action="Nothing to do: the other run goes on from the last checkpoint.",
        )


def _is_unreleased(connection: sqlite3.Connection, entity: str) -> bool:
    """Whether the last lease of the entity, expired by now, was never released."""
    row = connection.execute("SELECT owner, expires_at FROM leases WHERE entity = ?", (entity,)).fetchone()
    return row is not None and row["owner"] is not None and row["expires_at"] != rows.instant_text(GIVEN_BACK)


def _give_back(connection: sqlite3.Connection, lease: Lease) -> None:
    connection.execute(
        "UPDATE leases SET expires_at = ? WHERE entity = ? AND fence = ? AND owner = ?",
        (rows.instant_text(GIVEN_BACK), lease.entity, lease.fence, lease.owner),
    )


def _store_checkpoint(
    connection: sqlite3.Connection, entity: str, mode: str, checkpoint: Checkpoint | None
) -> None:
    if checkpoint is None:
        connection.execute("DELETE FROM checkpoints WHERE entity = ? AND mode = ?", (entity, mode))
    else:
        connection.execute(
            "INSERT OR REPLACE INTO checkpoints (entity, mode, progress) VALUES (?, ?, ?)",
            (entity, mode, rows.dump(checkpoint)),
        )


def _select_due(connection: sqlite3.Connection, lease: Lease, *, covers_reports: bool) -> int | None:
    """Return the fence of a reported change that remains after a commit under this lease."""
    row = connection.execute("SELECT due FROM streams WHERE entity = ?", (lease.entity,)).fetchone()
    due: int | None = None if row is None else row["due"]
    return None if due is not None and covers_reports and due < lease.fence else due


def _store_stream(
    connection: sqlite3.Connection, entity: str, entity_state: EntityState, due: int | None
) -> None:
    row = connection.execute("SELECT watermark FROM streams WHERE entity = ?", (entity,)).fetchone()
    columns = rows.to_columns(entity_state) | {"entity": entity, "due": due}
    if row is not None:  # texts of instants sort as the instants do
        columns["watermark"] = max((row["watermark"], columns["watermark"]), key=lambda mark: mark or "")
    for elsewhere in ("checkpoints", "suspects"):
        del columns[elsewhere]
    names, values = ", ".join(columns), ", ".join(f":{name}" for name in columns)
    connection.execute(f"INSERT OR REPLACE INTO streams ({names}) VALUES ({values})", columns)  # noqa: S608 - our own names
