"""The state store of the embedded profile: one SQLite file."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from typing_extensions import override

from connector.adapters.sqlite.audit import SqliteAuditStore
from connector.adapters.sqlite.database import SqliteDatabase
from connector.adapters.sqlite.dead_letters import SqliteDeadLetterStore
from connector.adapters.sqlite.entity_states import (
    SqliteEntityStateStore,
    require_lease,
    select_entity_state,
    select_lease,
)
from connector.adapters.sqlite.notifications import SqliteNotificationStore
from connector.adapters.sqlite.rename import move_entity
from connector.adapters.sqlite.runs import (
    select_known_since,
    select_last_runs,
    select_recent_runs,
    select_run,
)
from connector.adapters.sqlite.seats import SqliteSeatStore
from connector.domain.check_line import CheckLine
from connector.domain.entity_state import EntityStatus, Lease
from connector.errors import ConnectorError
from connector.ports import Clock, StateStore


class SqliteStateStore(StateStore):
    """All state in one file that other processes may read, and run against, at any time.

    Audit entries are dropped `audit_ttl` after they were written. `busy_timeout` bounds the wait for another
    process's transaction; transactions take milliseconds.
    """

    def __init__(
        self,
        *,
        path: Path,
        clock: Clock,
        audit_ttl: timedelta = timedelta(days=400),
        busy_timeout: timedelta = timedelta(seconds=10),
    ) -> None:
        self._database = SqliteDatabase(path, busy_timeout=busy_timeout)
        self._clock = clock
        self.entities = SqliteEntityStateStore(self._database, clock)
        self.notifications = SqliteNotificationStore(self._database, clock)
        self.seats = SqliteSeatStore(self._database, clock)
        self.audit = SqliteAuditStore(self._database, clock, audit_ttl)
        self.dead_letters = SqliteDeadLetterStore(self._database)

    @override
    def statuses(self, entities: Sequence[str]) -> Sequence[EntityStatus]:
        now = self._clock.now()
        with self._database.reading() as connection:
            return [_select_status(connection, entity, now) for entity in entities]

    @override
    def rename_entity(self, before: Lease, after: Lease) -> None:
        with self._database.writing() as connection:
            require_lease(connection, before)
            require_lease(connection, after)
            move_entity(connection, before.entity, after.entity)

    @override
    def check(self) -> CheckLine:
        subject = "SQLite file"
        try:
            with self._database.writing() as connection:
                connection.execute(
                    "INSERT INTO sessions (number, owner, expires_at) VALUES (-1, 'check', '')"
                )
                connection.execute("SELECT owner FROM sessions WHERE number = -1").fetchone()
                connection.execute("DELETE FROM sessions WHERE number = -1")
        except ConnectorError as error:
            return CheckLine(subject=subject, ok=False, finding=error.message, remedy=error.action)
        finding = f"a row of {self._database.path} was written, read and removed"
        return CheckLine(subject=subject, ok=True, finding=finding)

    @override
    def close(self) -> None:
        self._database.close()


def _select_status(connection: sqlite3.Connection, entity: str, now: datetime) -> EntityStatus:
    (dead_letters,) = connection.execute(
        "SELECT count(*) FROM dead_letters WHERE entity = ?", (entity,)
    ).fetchone()
    lease = select_lease(connection, entity, now)
    last_runs, last_successes = select_last_runs(connection, entity)
    return EntityStatus(
        entity_state=select_entity_state(connection, entity),
        lease=lease,
        dead_letters=dead_letters,
        recent_runs=select_recent_runs(connection, entity),
        last_runs=last_runs,
        last_successes=last_successes,
        current_run=select_run(connection, lease.owner) if lease else None,
        known_since=select_known_since(connection, entity),
    )
