"""Schedules follow-up calls: to continue a run that ran out of time, or to read a reported change."""

import logging
from dataclasses import dataclass
from datetime import datetime

import msgspec

from connector.domain.entity import Entity
from connector.domain.run import RunRequest, RunResult, describe_request, got_further
from connector.errors import ConnectorError
from connector.ports import CallQueue

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """Enqueues calls of the function. If that fails, the failure is only logged, because the next scheduled run does the work."""

    queue: CallQueue | None

    def after(self, request: RunRequest, result: RunResult) -> None:
        """Enqueue the follow-up that a result calls for: one that continues the run, or one that reads what it may have missed."""
        if got_further(result):
            self._enqueue(f"continue-{result.run_id}", request)
        if result.follow_up_at is not None:
            self._enqueue_at("due", request.entity, result.follow_up_at)

    def start(self, entity: Entity, at: datetime) -> datetime | None:
        """Enqueue an incremental run of a reported change, one for all reports of one instant.

        Returns `at`, or None when there is no queue that takes it.
        """
        return at if self._enqueue_at("notify", entity.name, at) else None

    def _enqueue_at(self, cause: str, entity: str, at: datetime) -> bool:
        return self._enqueue(f"{cause}-{entity}-{int(at.timestamp())}", RunRequest(entity=entity), at)

    def _enqueue(self, name: str, request: RunRequest, at: datetime | None = None) -> bool:
        if self.queue is None:
            return False
        try:
            self.queue.enqueue(name, msgspec.json.encode(describe_request(request)), at)
        except ConnectorError as exc:
            logger.warning("the call %s could not be enqueued: %s %s", name, exc.message, exc.action)
            return False
        return True
