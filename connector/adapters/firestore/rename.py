"""Moves everything stored of an entity to another name: the audit first, the state last, so that an interrupted move goes on."""

from collections.abc import Iterator
from typing import Any

from google.cloud.firestore_v1.base_query import FieldFilter
from msgspec.structs import replace

from connector.adapters.firestore.audit import PAGES
from connector.adapters.firestore.database import ONCE, FirestoreDatabase
from connector.adapters.firestore.documents import STREAMS
from connector.adapters.firestore.runs import CLOSED, KIND_CLOSED, KIND_SUCCEEDED, RUNS
from connector.ports import DeadLetterStore

WRITES_AT_ONCE = 400
TERMS = (CLOSED, KIND_CLOSED, KIND_SUCCEEDED)


class Renaming:
    """One move. Each step may happen twice."""

    def __init__(self, database: FirestoreDatabase, before: str, after: str) -> None:
        self._database = database
        self._before = before
        self._after = after

    def move_audit(self) -> None:
        """Move the runs with their pages."""
        runs = self._database.collection(RUNS).where(filter=FieldFilter("entity", "==", self._before))
        for run in self._database.call(lambda: list(runs.stream(**ONCE))):
            self._database.call(self._move_run, run)

    def move_dead_letters(self, letters: DeadLetterStore) -> None:
        """Move the dead letters, each stored under the new name before it is removed under the old one."""
        for letter in letters.read(self._before):
            letters.add(replace(letter, entity=self._after))
            letters.remove(self._before, letter.record_id, until=letter.rejected_at)

    def move_state(self) -> None:
        """Move the state, but not the lease, if there is one; what `after` has gives way."""
        self._database.call(self._move_state)

    def _move_run(self, run: Any) -> None:
        """Move a run after its pages: as long as it has the old name, it is found again."""
        pages = [page.reference for page in run.reference.collection(PAGES).select([]).stream(**ONCE)]
        for start in range(0, len(pages), WRITES_AT_ONCE):
            batch = self._database.client.batch()
            for page in pages[start : start + WRITES_AT_ONCE]:
                batch.update(page, {"entity": self._after})
            batch.commit(**ONCE)
        run.reference.update({"entity": self._after, **dict(self._rename_terms(run.to_dict()))}, **ONCE)

    def _rename_terms(self, fields: dict[str, Any]) -> Iterator[tuple[str, str]]:
        for term in TERMS:
            if term in fields:
                yield term, self._after + fields[term].removeprefix(self._before)

    def _move_state(self) -> None:
        document = self._database.document(STREAMS, self._before)
        fields = document.get(**ONCE).to_dict()
        if not fields or fields.keys() <= {"entity", "lease"}:
            return
        target = self._database.document(STREAMS, self._after)
        kept = {"lease": (target.get(["lease"], **ONCE).to_dict() or {}).get("lease")}
        batch = self._database.client.batch()
        batch.set(target, {**fields, **kept, "entity": self._after})
        batch.set(document, {"entity": self._before, "lease": fields["lease"]})
        batch.commit(**ONCE)
