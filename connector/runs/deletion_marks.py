"""Marks records as deleted: the only place that does, so that one rule bounds it for every mode."""

import logging
from collections.abc import Mapping
from hashlib import blake2b
from itertools import islice

import msgspec
from msgspec.structs import replace

from connector.domain.batch import Row, are_too_many_rejected
from connector.domain.entity_state import AuditEntry, Outcome
from connector.domain.instants import to_text
from connector.domain.run import Tally, WriteMethod
from connector.domain.versions import Place
from connector.errors import TooManyDeletionsError, TooManyRejectsError
from connector.runs.run import Run
from connector.runs.writing import BatchWriter

logger = logging.getLogger(__name__)

DELETIONS_TOLERATED = 20
DELETION_SHARE_TOLERATED = 0.1
SMALL_ENTITY_SHARE_TOLERATED = 0.5
"""Missing access rights look just like deletions, so more than these shares (and than 20 records) need `force`."""


def count_tolerated(known: int) -> int:
    """Return how many of this many known records one run may mark as deleted."""
    many = max(DELETIONS_TOLERATED, int(DELETION_SHARE_TOLERATED * known))
    return min(many, max(1, int(SMALL_ENTITY_SHARE_TOLERATED * known)))


def _build_entry(record_id: str, reason: str | None) -> AuditEntry:
    if reason is None:
        return AuditEntry(record_id=record_id, key="", version="", outcome=Outcome.TOMBSTONED)
    why = f"It is gone, but the warehouse refused to mark it as deleted: {reason}"
    return AuditEntry(record_id=record_id, key="", version="", outcome=Outcome.REJECTED, reason=why)


class DeletionMarks:
    """The tombstones of one run.

    `known` is how many live records the warehouse showed when the run began; None: it is asked when that matters. `earlier`
    is how many the runs before, which this one goes on from, have marked: together they may mark as many as one run.
    """

    def __init__(self, run: Run, writer: BatchWriter, *, known: int | None = None) -> None:
        self._run = run
        self._writer = writer
        self._known = known
        self.earlier = 0
        self._marked = self._refused = 0
        self._reason = ""

    def check(self, count: int) -> None:
        """Raise TooManyDeletionsError if this run may not mark so many more live records."""
        total = self.marked + count
        if count == 0 or total <= count_tolerated(0) or self._run.request.force:
            return
        known = self._count_known(total)
        tolerated = count_tolerated(known)
        if total > tolerated:
            raise TooManyDeletionsError(
                f"Acumatica no longer has {total} of {known} records of {self._run.entity.name}; "
                f"at most {tolerated} may be taken as deleted without force.",
                action="Check the API user's roles, branches and restriction groups. If they were really deleted, run a "
                "reconcile with force.",
            )

    @property
    def marked(self) -> int:
        """How many live records are marked so far, in this run and those before."""
        return self.earlier + self._marked

    def allows(self, count: int) -> bool:
        """Whether this run may mark so many more live records."""
        try:
            self.check(count)
        except TooManyDeletionsError:
            return False
        return True

    def mark(self, gone: Mapping[str, Place], *, shown: int | None = None) -> frozenset[str]:
        """Append tombstones, each placed just above the version it ends, so that a record that reappears wins over it.

        Returns the records whose tombstone the warehouse refused; they stay as they were. `shown` says how many of these
        records the warehouse shows as live, if not all of them. Raises TooManyDeletionsError, and marks none, if that is
        more than this run may mark.
        """
        count = len(gone) if shown is None else shown
        self.check(count)
        now, placing = self._run.ports.clock.now(), self._writer.placing
        places = {
            record_id: replace(place, synced_at=placing.date(now, above=place.synced_at))
            for record_id, place in gone.items()
        }
        rows = [self._build_tombstone(record_id, place) for record_id, place in places.items()]
        refused = self._writer.append_rows(rows, WriteMethod.LOAD, list(places.values()))
        self._marked += count
        if gone:
            self._writer.audit(
                [_build_entry(record_id, refused.get(at)) for at, record_id in enumerate(places)]
            )
        self._run.outcome.count(
            Tally(records_written=len(gone) - len(refused), records_rejected=len(refused))
        )
        self._note_refused(refused)
        return frozenset(record_id for at, record_id in enumerate(places) if at in refused)

    def _note_refused(self, refused: Mapping[int, str]) -> None:
        if refused:
            self._refused += len(refused)
            self._reason = next(iter(refused.values()))
            self._run.outcome.add_details({"deletions_refused": self._refused})
            name = self._run.entity.name
            logger.warning(
                "the warehouse refused to mark %s records of %s as deleted, so they stay: %s",
                len(refused),
                name,
                self._reason,
            )

    def find_refusal(self) -> TooManyRejectsError | None:
        """Return the error to raise if the warehouse refused so many marks that the cause must lie elsewhere."""
        tally = self._run.outcome.tally
        read = tally.records_read + self._marked
        if not self._refused or not are_too_many_rejected(rejected=tally.records_rejected, read=read):
            return None
        return TooManyRejectsError(
            f"The warehouse refused to mark {self._refused} records of {self._run.entity.name} as deleted: {self._reason}",
            action="They are still shown. Correct the cause, then run again.",
        )

    def _count_known(self, total: int) -> int:
        """Return how many records were live when the run began, counting no further than it takes to allow `total`."""
        if self._known is not None:
            return self._known
        enough = total * int(1 / DELETION_SHARE_TOLERATED)
        versions = self._run.ports.warehouse.current_versions(self._writer.table)
        live = (current for current in versions if not current.is_deleted)
        return self.marked + sum(1 for _ in islice(live, enough - self.marked))

    def _build_tombstone(self, record_id: str, place: Place) -> Row:
        last = None if place.modified_at is None else to_text(place.modified_at)
        version = blake2b(f"deleted {record_id} {last}".encode(), digest_size=16).hexdigest()
        row = {
            "_id": record_id,
            "_modified_at": last,
            "_version": version,
            "_deleted": True,
            "_synced_at": to_text(place.synced_at),
            "_run_id": self._run.run_id,
        }
        return Row(insert_id=version, head=msgspec.json.encode(row))
