"""Marks records as deleted: the only place that does, so that one rule bounds it for every mode."""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from itertools import islice

import msgspec

from connector.domain.batch import Row
from connector.domain.entity_state import AuditEntry, Outcome
from connector.domain.instants import to_text
from connector.domain.run import Tally, WriteMethod
from connector.domain.versions import Place
from connector.errors import TooManyDeletionsError
from connector.runs.run import Run
from connector.runs.writing import BatchWriter

DELETIONS_TOLERATED = 20
DELETION_SHARE_TOLERATED = 0.1
SMALL_ENTITY_SHARE_TOLERATED = 0.5
"""Missing access rights look just like deletions, so more than these shares (and than 20 records) need `force`."""


def count_tolerated(known: int) -> int:
    """Return how many of this many known records one run may mark as deleted."""
    many = max(DELETIONS_TOLERATED, int(DELETION_SHARE_TOLERATED * known))
    return min(many, max(1, int(SMALL_ENTITY_SHARE_TOLERATED * known)))


class DeletionMarks:
    """The tombstones of one run.

    `known` is how many live records the warehouse showed when the run began; None: it is asked when that matters.
    """

    def __init__(self, run: Run, writer: BatchWriter, *, known: int | None = None) -> None:
        self._run = run
        self._writer = writer
        self._known = known
        self._marked = 0

    def check(self, count: int) -> None:
        """Raise TooManyDeletionsError if this run may not mark so many more live records."""
        total = self._marked + count
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

    def mark(self, gone: Mapping[str, Place], *, shown: int | None = None) -> None:
        """Append tombstones, each placed just above the version it ends, so that a record that reappears wins over it.

        `shown` says how many of these records the warehouse shows as live, if not all of them. Raises
        TooManyDeletionsError, and marks none, if that is more than this run may mark.
        """
        count = len(gone) if shown is None else shown
        self.check(count)
        now, placing = self._run.ports.clock.now(), self._writer.placing
        places = {
            record_id: replace(place, synced_at=placing.date(now, above=place.synced_at))
            for record_id, place in gone.items()
        }
        rows = [self._build_tombstone(record_id, place) for record_id, place in places.items()]
        self._writer.append_rows(rows, WriteMethod.LOAD, list(places.values()))
        self._marked += count
        if gone:
            self._writer.audit(
                [
                    AuditEntry(record_id=record_id, key="", version="", outcome=Outcome.TOMBSTONED)
                    for record_id in gone
                ]
            )
        self._run.outcome.count(Tally(records_written=len(gone)))

    def _count_known(self, total: int) -> int:
        """Return how many records were live when the run began, counting no further than it takes to allow `total`."""
        if self._known is not None:
            return self._known
        enough = total * int(1 / DELETION_SHARE_TOLERATED)
        versions = self._run.ports.warehouse.current_versions(self._writer.table)
        live = (current for current in versions if not current.is_deleted)
        return self._marked + sum(1 for _ in islice(live, enough - self._marked))

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
        return Row(insert_id=version, data=msgspec.json.encode(row))
