"""`POST /notify`: takes a hint that something changed. The data is read from Acumatica itself, never from the hint."""

import hmac
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from connector.app.follow_up import FollowUp
from connector.app.service import Connector
from connector.domain.entity import Entity
from connector.domain.notification import (
    MAX_PARSED_BYTES,
    Notification,
    find_entities,
    parse_notification,
    parse_queries,
)
from connector.errors import BadRequestError, UnknownSenderError
from connector.ports import NotificationStore

logger = logging.getLogger(__name__)

REMEMBERED = timedelta(days=3)
"""How long notifications are remembered: Acumatica sends one up to five times, and on request again for two days."""


class Acknowledgement(StrEnum):
    """The outcome of a notification."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The response to Acumatica. `starts_at` is when the first run begins; None if the next scheduled run reads the change."""

    status: Acknowledgement
    entities: tuple[str, ...]
    suspects: int = 0
    starts_at: datetime | None = None


def notify(
    connector: Connector, read_body: Callable[[], bytes], read_header: Callable[[str], str]
) -> Receipt:
    """Take a push notification quickly, without calling Acumatica. `read_header` returns "" for a missing header.

    Before the header is verified, nothing else of the request is read.
    Raises BadRequestError if push notifications are off, lack the secret or cannot be parsed.
    """
    settings = connector.settings.notify
    if settings.secret is None:
        raise BadRequestError(
            "There is nothing at POST /notify.", action="Set NOTIFY_SECRET to take push notifications."
        )
    read_secret = connector.wiring.open_secret_reader()
    check_sender(read_header(settings.header), read_secret(settings.secret))
    follow_up = FollowUp(queue=connector.wiring.open_queue())
    starts_at = plan_start(connector.clock.now(), timedelta(seconds=settings.collect_seconds))
    with connector.open_state() as state:
        return take_notification(
            read_body(),
            state.notifications,
            connector.catalogue.entities,
            parse_queries(settings.queries),
            lambda entity: follow_up.start(entity, starts_at),
        )


def check_sender(given: str, expected: bytes) -> None:
    """Raise UnknownSenderError unless the header holds the secret; compares in constant time."""
    if not hmac.compare_digest(given.encode(), expected.strip()) or not expected.strip():
        raise UnknownSenderError(
            "The push notification does not carry the secret it should.",
            action="Set the same header name and value in the push destination (SM302000) and in NOTIFY_HEADER, NOTIFY_SECRET.",
        )


def take_notification(
    body: bytes,
    notifications: NotificationStore,
    entities: Mapping[str, Entity],
    named: Mapping[str, Sequence[str]],
    start_run: Callable[[Entity], datetime | None],
) -> Receipt:
    """Store the notification once for each of its entities and start their runs.

    `start_run` returns when the run starts, or None without a queue. Acumatica gives the notifications of one transaction to
    several inquiries the same `Id`, so each counts by its `Id`, its inquiry and the entity.
    """
    hint = parse_notification(body)
    found = find_entities(hint.query, entities, named)
    new = [entity for entity in found if _note(hint, entity, notifications)]
    receipt = Receipt(status=Acknowledgement.DUPLICATE, entities=tuple(entity.name for entity in found))
    if not new:
        return receipt
    _warn_of_unidentified(hint)
    starts = [start for entity in new if (start := start_run(entity)) is not None]
    return replace(
        receipt,
        status=Acknowledgement.ACCEPTED,
        suspects=len(hint.reported_deletions),
        starts_at=min(starts, default=None),
    )


def _note(hint: Notification, entity: Entity, notifications: NotificationStore) -> bool:
    name = f"{hint.id} {hint.query} {entity.name}"
    return notifications.note(entity.name, name, hint.reported_deletions, REMEMBERED)


def _warn_of_unidentified(hint: Notification) -> None:
    if hint.unidentified:
        logger.warning(
            "%s: a deleted row has no NoteID, or several columns called so, and only a reconcile will find it; let the inquiry"
            " have the column NoteID of its main table",
            hint.query,
        )
    if not hint.is_whole:
        logger.warning(
            "%s: a notification of more than %s bytes; its entity is read, and a reconcile will find what was deleted",
            hint.query,
            MAX_PARSED_BYTES,
        )


def plan_start(now: datetime, collect: timedelta) -> datetime:
    """Return the end of the time bucket now lies in: all notifications of one bucket make one run, which begins after it."""
    seconds = int(collect.total_seconds())
    return datetime.fromtimestamp((int(now.timestamp()) // seconds + 1) * seconds, tz=now.tzinfo)
