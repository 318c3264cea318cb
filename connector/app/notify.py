"""`POST /notify`: takes a hint that something changed. The data is read from Acumatica itself, never from the hint."""

import hmac
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from connector.domain.entity import Entity
from connector.domain.notification import MAX_PARSED_BYTES, find_entity, parse_notification
from connector.errors import UnknownSenderError
from connector.ports import NotificationStore

logger = logging.getLogger(__name__)

REMEMBERED = timedelta(days=3)
"""Acumatica sends one up to five times by itself, and for two days again when asked to."""


class Acknowledgement(StrEnum):
    """What became of a notification."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What Acumatica is answered. `starts_at` is when the run begins; None when the next scheduled one reads it."""

    status: Acknowledgement
    entity: str
    suspects: int = 0
    starts_at: datetime | None = None


def check_sender(given: str, expected: bytes) -> None:
    """Raise UnknownSenderError unless the header holds the secret; how long that takes tells nothing of it."""
    if not hmac.compare_digest(given.encode(), expected.strip()) or not expected.strip():
        raise UnknownSenderError(
            "The push notification does not carry the secret it should.",
            action="Set the same header name and value in the push destination (SM302000) and in NOTIFY_HEADER, NOTIFY_SECRET.",
        )


def take_notification(
    body: bytes,
    notifications: NotificationStore,
    entities: Mapping[str, Entity],
    named: Mapping[str, str],
    start_run: Callable[[Entity], datetime | None],
) -> Receipt:
    """Note the notification, once, and have its entity read. `start_run` returns when, or None if nothing can start it."""
    hint = parse_notification(body)
    entity = find_entity(hint.query, entities, named)
    if not notifications.note(entity.name, hint.id, hint.reported_deletions, REMEMBERED):
        return Receipt(status=Acknowledgement.DUPLICATE, entity=entity.name)
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
    return Receipt(
        status=Acknowledgement.ACCEPTED,
        entity=entity.name,
        suspects=len(hint.reported_deletions),
        starts_at=start_run(entity),
    )


def plan_start(now: datetime, collect: timedelta) -> datetime:
    """Return the end of the time bucket now lies in: all notifications of one bucket make one run, which begins after it."""
    seconds = int(collect.total_seconds())
    return datetime.fromtimestamp((int(now.timestamp()) // seconds + 1) * seconds, tz=now.tzinfo)
