"""What a run holds for a limited time: the lease of its entity and one seat."""

import logging
from collections.abc import Callable
from datetime import timedelta

from connector.domain.entity_state import EntityState, Lease, Seat
from connector.domain.run import DEFAULT_RETRY_AFTER
from connector.errors import SessionsBusyError
from connector.ports import Ports
from connector.runs.run_records import attempt
from connector.runs.seats import give_seat_back, note_origin, take_seat

logger = logging.getLogger(__name__)

SEAT_POLL = timedelta(seconds=5)
"""How often a run that waits looks for a free seat."""


class Claims:
    """The lease and the seat of one run, each for `ttl`."""

    def __init__(self, ports: Ports, *, owner: str, max_sessions: int, ttl: timedelta) -> None:
        self._ports = ports
        self._owner = owner
        self._max_sessions = max_sessions
        self._ttl = ttl
        self._lease: Lease | None = None
        self._seat: Seat | None = None

    @property
    def lease(self) -> Lease:
        """The lease. Read it only while the run holds one."""
        if self._lease is None:
            raise RuntimeError("the run holds no lease")
        return self._lease

    @property
    def has_lease(self) -> bool:
        """Whether the run holds the lease: from `take_lease` to `commit`."""
        return self._lease is not None

    def take_lease(self, entity: str) -> EntityState | Lease:
        """Take the entity's lease and return the entity's state; if another run holds it, return that run's lease."""
        taken = self._ports.state.entities.acquire_lease(entity, self._owner, self._ttl)
        if isinstance(taken, Lease):
            return taken
        self._lease, entity_state = taken
        return entity_state

    def take_seat(self, may_wait: Callable[[], bool]) -> None:
        """Take one of the connector's seats, once one is free; raise SessionsBusyError if the run may no longer wait for it."""
        self._seat = self._find_seat()
        if self._seat is None and may_wait():
            logger.warning("all %s Acumatica sessions are in use; waiting for one", self._max_sessions)
        while self._seat is None and may_wait():
            self._ports.clock.sleep(SEAT_POLL)
            self._seat = self._find_seat()
        if self._seat is None:
            raise SessionsBusyError(
                f"All {self._max_sessions} Acumatica sessions this connector may hold are in use by other entities.",
                action="The run is retried automatically; raise ACUMATICA_MAX_SESSIONS if the licence has seats to spare.",
                retry_after=DEFAULT_RETRY_AFTER,
            )

    def _find_seat(self) -> Seat | None:
        return take_seat(
            self._ports.state.seats, self._ports.source, self._owner, self._max_sessions, self._ttl
        )

    def remember_origin(self) -> None:
        """Store which tenant is being read, once that is known, before its first rows are written."""
        if self._seat is not None:
            self._seat = note_origin(self._ports.state.seats, self._ports.source, self._seat)

    def commit(self, entity_state: EntityState, *, covers_reports: bool) -> bool:
        """Store the entity's state and release the lease; return whether reported changes still need another run."""
        is_due = self._ports.state.entities.commit(self.lease, entity_state, covers_reports=covers_reports)
        self._lease = None
        return is_due

    def release(self) -> None:
        """Release whatever is still held. If releasing fails, it expires by itself."""
        if self._seat is not None:
            seat = self._seat
            attempt("the seat", lambda: give_seat_back(self._ports.state.seats, self._ports.source, seat))
        if self._lease is not None:
            lease = self._lease
            attempt("the lease", lambda: self._ports.state.entities.release_lease(lease))
