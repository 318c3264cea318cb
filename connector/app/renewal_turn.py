"""The turn to renew a rotating refresh token: a lease in the state that all runs share."""

from datetime import timedelta

from connector.domain.entity_state import Lease
from connector.ports import EntityStateStore

NAME = "refresh-token"
"""The lease's entity; none of the catalogue can have a name with a hyphen."""
TTL = timedelta(minutes=5)
"""How long the turn of a run that was killed keeps the others waiting."""


class RenewalTurn:
    """The turn of one run, the `owner`; the state's errors are raised as they are."""

    def __init__(self, entities: EntityStateStore, owner: str) -> None:
        self._entities = entities
        self._owner = owner
        self._lease: Lease | None = None

    def take(self) -> bool:
        """Take the turn, or take it for longer; return False while another run has it."""
        taken = self._entities.acquire_lease(NAME, self._owner, TTL)
        if isinstance(taken, Lease):
            return False
        self._lease, _ = taken
        return True

    def give_back(self) -> None:
        """Let the next run have it; do nothing if it is no longer ours."""
        if self._lease is not None:
            self._entities.release_lease(self._lease)
