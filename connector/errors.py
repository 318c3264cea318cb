"""Every error the connector raises on purpose.

The class says what happens next (HTTP status, whether time helps); the text says what is wrong and where; `action` says
what to do. None of them may carry a secret, a URL's query or the body of an answer: a secret that got into one of its texts
(an answer that repeats the request) is hidden when the error is made.
"""

from datetime import timedelta
from typing import ClassVar

from connector.redaction import redact


class ConnectorError(Exception):
    """An error an operator may read: a sentence, and what to do about it."""

    http_status: ClassVar[int] = 500

    def __init__(self, message: str, *, action: str) -> None:
        sentence = message if message.endswith((".", "!", "?")) else f"{message}."
        self.message = redact(sentence)
        self.action = redact(action)
        super().__init__(self.message)


class ConfigurationError(ConnectorError):
    """The operator has to change a setting, a secret or a permission; trying again does not help."""


class BadRequestError(ConfigurationError):
    """The caller's request cannot be understood; nothing was done."""

    http_status = 400


class UnknownSenderError(BadRequestError):
    """The caller did not send the secret that the address requires."""

    http_status = 401


class ForbiddenError(BadRequestError):
    """The caller may not do this; nothing was done."""

    http_status = 403


class CatalogueError(ConfigurationError):
    """The entity catalogue is not valid; the message names its lines."""


class SecretUnavailableError(ConfigurationError):
    """A secret reference cannot be read or does not hold what it should."""


class CredentialsError(ConfigurationError):
    """A system refused the credentials. Never tried again by itself.

    `may_lock_account` says that the refused try counts: a few more of them lock the account.
    """

    def __init__(self, message: str, *, action: str, may_lock_account: bool = False) -> None:
        super().__init__(message, action=action)
        self.may_lock_account = may_lock_account


class AccessDeniedError(ConfigurationError):
    """Signed in, but without the right to what was asked for."""


class EndpointVersionError(ConfigurationError):
    """The configured endpoint or version is not offered by this Acumatica instance."""


class SourceSetupError(ConfigurationError):
    """Acumatica refuses because something is not set up there: a module, a feature, an entity of the endpoint."""


class QueryImpossibleError(SourceSetupError):
    """Acumatica answers a query of an inquiry with nothing at all: it sorts or filters by what cannot be. Never «no rows»."""


class OtherTenantError(ConfigurationError):
    """The sign-in leads to another tenant or instance than the one the warehouse is a copy of."""


class EntityBusyError(ConfigurationError):
    """A run works on the entity that is to be changed."""


class OtherEntityError(ConfigurationError):
    """The block names another Acumatica entity than the one its log holds."""


class UnstableIdsError(ConfigurationError):
    """Records have other ids than before; writing them would duplicate each one."""


class TransientError(ConnectorError):
    """A failure that may pass by itself: the same call can succeed later.

    `is_out_of_time` says that it was not tried again only because the run's time budget would have ended meanwhile,
    `is_request_specific` that it may be about what was asked for: with less, or with something else, the call may succeed.
    """

    http_status = 503

    def __init__(
        self,
        message: str,
        *,
        action: str,
        retry_after: timedelta | None = None,
        is_request_specific: bool = False,
    ) -> None:
        super().__init__(message, action=action)
        self.retry_after = retry_after
        self.is_request_specific = is_request_specific
        self.is_out_of_time = False

    @property
    def calls_for_less(self) -> bool:
        """Whether asking for less, or passing over what was asked for, is the better next try."""
        return self.is_request_specific and not self.is_out_of_time


class SourceUnavailableError(TransientError):
    """Acumatica could not be reached, broke off, or answered with a server error."""


class SourceInMaintenanceError(SourceUnavailableError):
    """Acumatica is temporarily closed: an upgrade, a publication, a snapshot being restored."""


class SourceAnswerError(TransientError):
    """Acumatica answered with something other than its API: an HTML page, a redirect, broken JSON."""


class SourceThrottledError(TransientError):
    """Acumatica declined the request because it exceeds the licensed rate."""


class SessionsBusyError(TransientError):
    """No API session (a licensed seat) is free."""


class ListShiftedError(TransientError):
    """The list kept shifting or has no stable order: no row of the previous page could be found again."""


class WarehouseUnavailableError(TransientError):
    """The warehouse could not be reached or asks to come back later."""


class StateStoreUnavailableError(TransientError):
    """The state store could not be reached or asks to come back later."""


class LeaseLostError(TransientError):
    """Another run has taken over this entity; this one may write no state."""


class TerminalError(ConnectorError):
    """A failure that a person must examine: neither waiting nor a setting is known to help."""


class NotOptimizableError(TerminalError):
    """Acumatica cannot export this list with one query (a field comes from a view with a BQL delegate)."""


class SourceRefusedError(TerminalError):
    """Acumatica answered a request with an error that is none of the known ones."""


class WarehouseRefusedError(TerminalError):
    """The warehouse rejects what was sent, and would reject it again."""


class TooManyRejectsError(TerminalError):
    """So many records of one run were unusable that the cause must lie elsewhere; the watermark was not moved."""


class TooManyDeletionsError(TerminalError):
    """So many records disappeared at once that missing rights are the likelier cause; nothing was tombstoned."""


class DataError(ConnectorError):
    """One record cannot be used; it becomes a dead letter and the run continues."""


class RecordRejectedError(DataError):
    """A record that cannot be normalised: no id, no readable JSON, a number no column can hold."""


class ListEmptyError(TerminalError):
    """Acumatica lists nothing at all where there used to be records."""
