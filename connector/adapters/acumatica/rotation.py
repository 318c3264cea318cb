"""Stores a rotated refresh token before anything else happens, because the old one is no longer valid."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from connector.adapters.acumatica.secret import RefreshSecret, parse_secret, with_refresh_token
from connector.adapters.retrying import Retry
from connector.errors import ConnectorError, SecretUnavailableError, TransientError

logger = logging.getLogger(__name__)

AUTHORISE = "authorise the connected application once more and store the new refresh token."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unsaved:
    spent: str = field(repr=False)
    newest: str = field(repr=False)


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
    ) -> None:
        self._read = read
        self._store = store
        self._retry = retry
        self._unsaved: _Unsaved | None = None
        self.check_storable = check_storable

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
        """Make the last attempt; a failure is logged, not raised."""
        try:
            self.finish()
        except ConnectorError as exc:
            logger.error("%s %s", exc.message, exc.action)  # noqa: TRY400 - the sentence says all

    def _put(self, unsaved: _Unsaved) -> None:
        """Store the token unless the secret holds it already, or one that came after it."""
        raw = self._read()
        held = parse_secret(raw)
        if isinstance(held, RefreshSecret) and held.refresh_token == unsaved.spent:
            self._store(with_refresh_token(raw, unsaved.newest))


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
