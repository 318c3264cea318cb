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
"""How long notifications are remembered: Acumatica sends one up to five times, and on request again for two days."""


class Acknowledgement(StrEnum):
    """The outcome of a notification."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The response to Acumatica. `starts_at` is when the run begins; None if the next scheduled run reads the change."""

    status: Acknowledgement
    entity: str
    suspects: int = 0
    starts_at: datetime | None = None


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
    named: Mapping[str, str],
    start_run: Callable[[Entity], datetime | None],
) -> Receipt:
    """Store the notification once and start a run of its entity. `start_run` returns its start, or None without a queue."""
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
