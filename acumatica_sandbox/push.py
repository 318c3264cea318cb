"""Push notifications: what a commit changed, posted to a webhook, up to five times until it is acknowledged."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from queue import Queue
from typing import Any
from urllib.parse import urlsplit

import msgspec

from .options import SandboxOptions, Webhook
from .rows import Record, Scalar, new_id, seeded
from .tenant import Tenant
from .transaction import Change

ATTEMPTS = 5
PAUSE_SECONDS = 0.05
"""Between attempts; real pauses are longer, but the sandbox is not there to make anyone wait."""

_JSON = msgspec.json.Encoder(decimal_format="number")
_TICKS_AT_EPOCH = 621_355_968_000_000_000


@dataclass(slots=True, kw_only=True)
class Notification:
    """One message and how its delivery went."""

    webhook: Webhook
    body: dict[str, Any]
    attempts: int = 0
    is_acknowledged: bool = False


class Notifier:
    """Listens to the tenant's commits and posts from a thread of its own, one message after the other."""

    def __init__(self, tenant: Tenant, options: Callable[[], SandboxOptions]) -> None:
        """Start listening; `options` is asked at each commit, so the webhook may change while running."""
        self._tenant = tenant
        self._options = options
        self._random = seeded(options().seed, "notifications")
        self._queue: Queue[Notification] = Queue()
        self._worker: threading.Thread | None = None
        self.sent: list[Notification] = []
        """Every message so far, in the order of the commits."""
        tenant.listeners.append(self._on_commit)

    def drain(self) -> None:
        """Wait until every message was delivered or given up."""
        self._queue.join()

    def resend(self, notification: Notification) -> None:
        """Deliver a message once more, as an administrator can for two days."""
        self._worker = self._worker or self._start()
        self._queue.put(notification)

    def _on_commit(self, changes: list[Change]) -> None:
        options = self._options()
        webhook = options.webhook
        if webhook is None:
            return
        for entity in sorted({change.entity for change in changes}):
            if webhook.entities and entity not in webhook.entities:
                continue
            concerned = [change for change in changes if change.entity == entity]
            notification = Notification(webhook=webhook, body=self._body(entity, concerned, options))
            self.sent.append(notification)
            for _ in range(2 if webhook.duplicate else 1):
                self.resend(notification)

    def _body(self, entity: str, changes: list[Change], options: SandboxOptions) -> dict[str, Any]:
        """An update has the same key in both arrays: new values in Inserted, old ones in Deleted."""
        seconds = self._tenant.clock.now().timestamp()
        return {
            "Inserted": [columns(change.after) for change in changes if change.after],
            "Deleted": [columns(change.before) for change in changes if change.before],
            "Query": f"BQ-{entity}",
            "CompanyId": options.tenant,
            "Id": new_id(self._random),
            "TimeStamp": _TICKS_AT_EPOCH + int(seconds * 10_000_000),
            "AdditionalInfo": {},
        }

    def _start(self) -> threading.Thread:
        worker = threading.Thread(target=self._work, daemon=True)
        worker.start()
        return worker

    def _work(self) -> None:
        while True:
            notification = self._queue.get()
            try:
                deliver(notification)
            finally:
                self._queue.task_done()


def deliver(notification: Notification) -> None:
    """Post until a success answer comes, at most five times."""
    for _ in range(ATTEMPTS):
        notification.attempts += 1
        if post(notification.webhook, notification.body):
            notification.is_acknowledged = True
            return
        threading.Event().wait(PAUSE_SECONDS)


def post(webhook: Webhook, body: dict[str, Any]) -> bool:
    """One attempt; False for any answer but a success, and for none."""
    url = urlsplit(webhook.url)
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = kind(url.hostname or "", url.port, timeout=10)
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        webhook.header: webhook.secret,
    }
    try:
        connection.request("POST", url.path or "/", _JSON.encode(body), headers)
        return 200 <= connection.getresponse().status < 300
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def columns(record: Record) -> dict[str, Any]:
    """The row of a generic inquiry: bare values, date-times without an offset."""
    return {"NoteID": record.id, **{name: _bare(value) for name, value in record.fields.items()}}


def _bare(value: Scalar) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(timespec="milliseconds")
    return f"{value.isoformat()}T00:00:00" if isinstance(value, date) else value
