"""The turn to renew a rotating refresh token: a lease in the state that all runs share."""

from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock

from connector.domain.entity_state import Lease
from connector.ports import EntityStateStore

NAME = "refresh-token"
"""The lease's entity; none of the catalogue can have a name with a hyphen."""
TTL = timedelta(minutes=5)
"""How long the turn of a run that was killed keeps the others waiting."""
PATIENCE_SECONDS = 10.0
"""How long a run waits for another one of the same process to give its turn back."""


@dataclass(slots=True)
class RenewalTurn:
    """The turn of one run, the `owner`; the state's errors are raised as they are.

    Runs of one process share the `gate`: the next goes through it at once, where asking the state again takes seconds.
    """

    entities: EntityStateStore
    owner: str
    gate: Lock = field(default_factory=Lock)
    _is_inside: bool = field(default=False, init=False)
    _lease: Lease | None = field(default=None, init=False)

    def take(self) -> bool:
        """Take the turn, or take it for longer; return False while another run has it."""
        if not self._is_inside and not self.gate.acquire(timeout=PATIENCE_SECONDS):
            return False
        self._is_inside = True
        try:
            taken = self.entities.acquire_lease(NAME, self.owner, TTL)
            if isinstance(taken, Lease):
                return False
            self._lease, _ = taken
            return True
        finally:
            if self._lease is None:
                self._leave()

    def give_back(self) -> None:
        """Let the next run have it; do nothing if it is no longer ours."""
        lease, self._lease = self._lease, None
        try:
            if lease is not None:
                self.entities.release_lease(lease)
        finally:
            self._leave()

    def _leave(self) -> None:
        if self._is_inside:
            self._is_inside = False
            self.gate.release()
