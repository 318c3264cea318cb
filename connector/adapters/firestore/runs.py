"""The audit entries of runs, as a status needs them: the last ones, and the last of each kind.

Runs sort by terms (`kind_term`, `closed_term`), each of which needs only the index that Firestore makes of every field.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from connector.adapters.firestore.database import ONCE, FirestoreDatabase
from connector.adapters.firestore.packed_values import plain_instant, plain_value
from connector.domain.entity_state import RECENT_RUNS
from connector.domain.run import RunKind

RUNS = "runs"
CLOSED, KIND_CLOSED, KIND_SUCCEEDED = "entity_closed_at", "kind_closed_at", "kind_succeeded_at"
OWN_FIELDS = ("expires_at", CLOSED, KIND_CLOSED, KIND_SUCCEEDED)
"""Fields of a run's document that are the store's, not the entry's."""

Entry = Mapping[str, Any]


class FirestoreRuns:
    """Reads the entries of runs; each is one document."""

    def __init__(self, database: FirestoreDatabase) -> None:
        self._database = database

    def read(self, run_id: str) -> Entry | None:
        """Return the entry of a run, closed or not; None if it is unknown."""
        fields = self._database.call(lambda: self._database.document(RUNS, run_id).get(**ONCE).to_dict())
        return None if fields is None else _load(fields)

    def read_recent(self, entity: str) -> Sequence[Entry]:
        """Return the last runs that ended, newest first, at most RECENT_RUNS."""
        return self._find(CLOSED, entity, RECENT_RUNS)

    def read_last(self, entity: str, recent: Sequence[Entry]) -> dict[RunKind, Entry]:
        """Return the last run of each kind; only for kinds that are not among the `recent` ones another document is read."""
        newest = {entry["kind"]: entry for entry in reversed(recent) if "kind" in entry}
        found = {kind: newest.get(kind) or self._first(KIND_CLOSED, entity, kind) for kind in RunKind}
        return {kind: entry for kind, entry in found.items() if entry is not None}

    def read_last_successes(self, entity: str, last: Mapping[RunKind, Entry]) -> dict[RunKind, Entry]:
        """Return the last success of each kind that has a `last` run; releases before did not mark successes."""
        found = {
            kind: entry if entry.get("status") == "succeeded" else self._first(KIND_SUCCEEDED, entity, kind)
            for kind, entry in last.items()
        }
        return {kind: entry for kind, entry in found.items() if entry is not None}

    def read_successes(self, entity: str, kind: RunKind) -> Sequence[Entry]:
        """Return the runs of this kind that succeeded, newest first."""
        return self._find(KIND_SUCCEEDED, kind_term(entity, kind))

    def find_known_since(self, entity: str) -> datetime | None:
        """Return when the oldest incremental run that was written down with its kind began."""
        terms = kind_term(entity, RunKind.INCREMENTAL)
        oldest = self._find(KIND_CLOSED, terms, 1, direction=firestore.Query.ASCENDING)
        began = oldest[0].get("started_at") if oldest else None
        return plain_instant(began) if isinstance(began, datetime) else None

    def _first(self, field: str, entity: str, kind: RunKind) -> Entry | None:
        return next(iter(self._find(field, kind_term(entity, kind), 1)), None)

    def _find(
        self,
        field: str,
        term: str,
        limit: int | None = None,
        *,
        direction: str = firestore.Query.DESCENDING,
    ) -> Sequence[Entry]:
        # An exclamation mark is the character after a space: these are all runs of the term, and no others.
        query = self._database.collection(RUNS).where(filter=FieldFilter(field, ">=", f"{term} "))
        query = query.where(filter=FieldFilter(field, "<", f"{term}!"))
        query = query.order_by(field, direction=direction)
        if limit is not None:
            query = query.limit(limit)
        return self._database.call(
            lambda: [_load(snapshot.to_dict() or {}) for snapshot in query.stream(**ONCE)]
        )


def kind_term(entity: str, kind: str) -> str:
    """Return the text that stands for the runs of one kind of an entity; no entity's name has a slash."""
    return f"{entity}/{kind.replace(' ', '/')}"


def closed_term(entity: str, closed_at: datetime) -> str:
    """Return a text by which runs sort: by entity, then by when they were closed.

    One field in place of two needs no index of its own making.
    """
    return f"{entity} {plain_instant(closed_at).isoformat(timespec='microseconds')}"


def _load(fields: Mapping[str, Any]) -> Entry:
    return {name: plain_value(fields[name]) for name in fields if name not in OWN_FIELDS}
