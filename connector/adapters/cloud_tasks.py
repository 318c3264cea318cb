"""Cloud Tasks: enqueues the next call of a run that ran out of time.

Two REST calls (`tasks.create` and `testIamPermissions` of
https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues), so no client library.
"""

import base64
import logging
from datetime import datetime
from http import HTTPStatus
from typing import Any

import google.auth
import requests
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from typing_extensions import override

from connector import USER_AGENT
from connector.adapters.retrying import Retry
from connector.domain.check_line import CheckLine
from connector.errors import ConfigurationError, ConnectorError, TransientError
from connector.ports import CallQueue

logger = logging.getLogger(__name__)

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
ENDPOINT = "https://cloudtasks.googleapis.com"
TIMEOUT_SECONDS = 20.0
ENQUEUE = "cloudtasks.tasks.create"
DISPATCH_DEADLINE = "1800s"
"""How long Cloud Tasks waits for the function's answer; its own maximum is 30 minutes."""


class CloudTasksQueue(CallQueue):
    """Enqueues calls of the function at `url`, made with the identity of `service_account`.

    `emulator` is `host:port` of a stand-in, spoken to without credentials; None means Google's.
    """

    def __init__(
        self, *, queue: str, url: str, service_account: str, retry: Retry, emulator: str | None = None
    ) -> None:
        self._queue = queue
        self._url = url
        self._service_account = service_account
        self._retry = retry
        self._emulator = emulator

    @override
    def enqueue(self, name: str, body: bytes, at: datetime | None = None) -> None:
        self._retry.call(self._post, "/tasks", self._build_task(name, body, at))

    @override
    def check(self) -> CheckLine:
        subject = "continuation queue"
        try:
            self._retry.call(self._ask)
        except ConnectorError as exc:
            return CheckLine(subject=subject, ok=False, finding=exc.message, remedy=exc.action)
        return CheckLine(subject=subject, ok=True, finding=f"calls can be enqueued in {self._queue}")

    def _ask(self) -> None:
        answer = self._post(":testIamPermissions", {"permissions": [ENQUEUE]})
        try:
            granted = answer.json().get("permissions", ())
        except (ValueError, AttributeError):
            granted = ()
        if ENQUEUE not in granted:
            raise _refusal(f"No call may be enqueued in {self._queue}, or there is no such queue.")

    def _build_task(self, name: str, body: bytes, at: datetime | None) -> dict[str, Any]:
        call: dict[str, Any] = {
            "url": self._url,
            "httpMethod": "POST",
            "headers": {"Content-Type": "application/json"},
            "body": base64.b64encode(body).decode(),
        }
        if self._service_account:
            call["oidcToken"] = {"serviceAccountEmail": self._service_account, "audience": self._url}
        task = {
            "name": f"{self._queue}/tasks/{name}",
            "httpRequest": call,
            "dispatchDeadline": DISPATCH_DEADLINE,
        }
        if at is not None:
            task["scheduleTime"] = at.isoformat()
        return {"task": task}

    def _post(self, what: str, body: dict[str, Any]) -> requests.Response:
        base = f"http://{self._emulator}" if self._emulator else ENDPOINT
        try:
            with self._open_session() as session:
                answer = session.post(
                    f"{base}/v2/{self._queue}{what}",
                    json=body,
                    headers={"User-Agent": USER_AGENT},
                    timeout=TIMEOUT_SECONDS,
                    allow_redirects=False,
                )
        except (requests.RequestException, GoogleAuthError) as exc:
            raise TransientError(
                f"Cloud Tasks cannot be reached ({type(exc).__name__}).",
                action="The next scheduled run goes on.",
            ) from exc
        if answer.ok or answer.status_code == HTTPStatus.CONFLICT:
            return answer
        if (
            answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
            or answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
        ):
            raise TransientError(
                f"Cloud Tasks answered {answer.status_code}.", action="The next scheduled run goes on."
            )
        raise _refusal(f"Cloud Tasks refuses the queue {self._queue} with {answer.status_code}.")

    def _open_session(self) -> requests.Session:
        if self._emulator:
            return requests.Session()
        credentials, _ = google.auth.default(scopes=[SCOPE])
        return AuthorizedSession(credentials)


def _refusal(message: str) -> ConfigurationError:
    return ConfigurationError(
        message,
        action=(
            "Check CONTINUATION_QUEUE, and that the runtime identity has roles/cloudtasks.enqueuer on it and may act as "
            "CONTINUATION_SERVICE_ACCOUNT."
        ),
    )
