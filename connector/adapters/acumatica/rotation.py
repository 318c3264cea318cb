"""Stores a rotated refresh token before anything else happens, because the old one is no longer valid.

Between the grant and the storing, the stored token is refused. So runs that share the secret take turns: none sends a token
whose successor another one is about to store, or takes its refusal for the end of the chain.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from connector.adapters.acumatica.secret import RefreshSecret, parse_secret, with_refresh_token
from connector.adapters.retrying import Retry
from connector.errors import (
    ConnectorError,
    SecretUnavailableError,
    SourceUnavailableError,
    TransientError,
)

logger = logging.getLogger(__name__)

AUTHORISE = "authorise the connected application once more and store the new refresh token."


TURN_WAIT = timedelta(seconds=10)
"""When to ask for the turn again while another run has it."""


class Turn(Protocol):
    """The right to renew the token, which one run has at a time; both methods may raise TransientError."""

    def take(self) -> bool:
        """Take the turn, or take it for longer; return False while another run has it. It ends by itself in time."""

    def give_back(self) -> None:
        """Let the next run have it."""


@dataclass(slots=True, kw_only=True)
class _Unsaved:
    spent: str = field(repr=False)
    newest: str = field(repr=False)
    tries: int = 0


class Rotation:
    """Holds a new refresh token until it is stored, however often storing fails.

    `read` reads the secret afresh. `store` stores it, with one try: whether one that failed was carried out is not known,
    so the secret is read again before each. `check_storable` raises when the secret can never be stored.
    """

    def __init__(
        self,
        read: Callable[[], bytes],
        store: Callable[[bytes], None],
        check_storable: Callable[[], None],
        retry: Retry,
        turn: Turn | None = None,
    ) -> None:
        self._turn = turn
        self._has_turn = False
        self._read = read
        self._store = store
        self._retry = retry
        self._unsaved: _Unsaved | None = None
        self.check_storable = check_storable

    def take_turn(self) -> bool:
        """Wait for no other run to be renewing the token; return whether the secret must be read again.

        Raises SourceUnavailableError while another run has the turn.
        """
        if self._turn is None:
            return False
        if not self._turn.take():
            raise SourceUnavailableError(
                "Another run is renewing the Acumatica refresh token and has not stored the new one yet.",
                action="Call again in a minute.",
                retry_after=TURN_WAIT,
            )
        self._has_turn = True
        return True

    def give_turn_back(self) -> None:
        """Let the next run renew the token, unless the new one is still to be stored; never raises."""
        if self._turn is None or not self._has_turn or self._unsaved is not None:
            return
        self._has_turn = False
        self._quietly(self._turn.give_back)

    def keep(self, spent: str, newest: str) -> None:
        """Store the token that replaces the spent one; after a failure, `finish` tries again."""
        self._unsaved = _Unsaved(spent=spent, newest=newest)
        self.finish()

    def finish(self) -> None:
        """Store the token that could not be stored before, if there is one; raise if it still cannot."""
        if self._unsaved is None:
            return
        try:
            self._retry.call(self._put, self._unsaved)
        except ConnectorError as exc:
            raise _not_stored(exc) from exc
        self._unsaved = None

    def finish_quietly(self) -> None:
        """Make the last attempt, and give the turn back; a failure is logged, not raised."""
        try:
            self.finish()
        except ConnectorError as exc:
            logger.error("%s %s", exc.message, exc.action)  # noqa: TRY400 - the sentence says all
            self._unsaved = None
        self.give_turn_back()

    def _put(self, unsaved: _Unsaved) -> None:
        """Store the token unless the secret holds it already, or one that came after it."""
        if unsaved.tries and self._turn is not None:
            self._quietly(self._turn.take)
        unsaved.tries += 1
        raw = self._read()
        held = parse_secret(raw)
        if isinstance(held, RefreshSecret) and held.refresh_token == unsaved.spent:
            self._store(with_refresh_token(raw, unsaved.newest))

    def _quietly(self, call: Callable[[], object]) -> None:
        try:
            call()
        except ConnectorError as exc:
            logger.warning("the turn to renew the Acumatica refresh token: %s", exc.message)


def _not_stored(failure: ConnectorError) -> ConnectorError:
    message = (
        f"The new Acumatica refresh token could not be stored, and the old one is void: {failure.message}"
    )
    if isinstance(failure, TransientError):
        return TransientError(
            message, action=f"Call again. If the token is then said to be no longer valid, {AUTHORISE}"
        )
    return SecretUnavailableError(
        message, action=f"Allow the connector to add versions to its secret, then {AUTHORISE}"
    )
