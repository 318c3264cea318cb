"""Dead letters: records that could not be used, kept in full until they can; the same content is kept once."""

import logging
from datetime import datetime

from connector.domain.entity_state import DeadLetter
from connector.domain.records.codec import Record
from connector.domain.records.exclusion import Exclusion
from connector.domain.records.rejected import Rejected, build_digest
from connector.runs.run import Run

logger = logging.getLogger(__name__)


class DeadLetters:
    """The dead letters of one entity during a run; read from the state at the first use."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._found: dict[str, str] | None = None
        self._own: set[str] = set()
        self._exclusion = Exclusion(run.entity.exclude)

    def count(self) -> int:
        """Return how many there are."""
        return len(self._digests())

    def has(self, record_id: str, payload: bytes) -> bool:
        """Whether the same content of this record is already a dead letter."""
        return self._digests().get(record_id) == build_digest(self._exclusion.cut(payload))

    def keep(self, found: Record | Rejected, payload: bytes, reason: str) -> None:
        """Store the record as a dead letter, replacing an older one of the same record: in full but for what is excluded."""
        payload = self._exclusion.cut(payload)
        entity, now = self._run.entity.name, self._run.ports.clock.now()
        named = f"{found.key} ({found.id})" if found.key else found.id
        logger.warning("record %s of %s is kept as a dead letter: %s", named, entity, reason)
        self._run.ports.state.dead_letters.add(
            DeadLetter(
                entity=entity,
                record_id=found.id,
                key=found.key,
                reason=reason,
                payload=payload,
                run_id=self._run.run_id,
                rejected_at=now,
            )
        )
        self._digests()[found.id] = build_digest(payload)
        self._own.add(found.id)

    def forget(self, record_id: str, read_at: datetime) -> None:
        """Delete the dead letter of a record that is now in the warehouse, unless it was rejected after `read_at`."""
        if record_id not in self._digests():
            return
        entity, until = self._run.entity.name, read_at
        if (
            record_id in self._own
        ):  # rejected earlier in this run, when this page was perhaps read ahead already
            until = self._run.ports.clock.now()
        logger.info("record %s of %s can be used: its dead letter is forgotten", record_id, entity)
        self._run.ports.state.dead_letters.remove(entity, record_id, until)
        del self._digests()[record_id]

    def _digests(self) -> dict[str, str]:
        if self._found is None:
            self._found = dict(self._run.ports.state.dead_letters.read_digests(self._run.entity.name))
        return self._found
