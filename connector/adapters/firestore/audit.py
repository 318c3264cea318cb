"""The audit trail: `{prefix}_runs/{run_id}`, one entry a run, with a sub-collection of the records of its pages."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from google.api_core import exceptions as api
from google.cloud.firestore_v1.base_query import FieldFilter
from typing_extensions import override

from connector.adapters.firestore.database import ONCE, FirestoreDatabase
from connector.adapters.firestore.names import search_term
from connector.adapters.firestore.packed_values import entry_value, plain_instant
from connector.adapters.firestore.pages import PagePart, load_entries, load_matches, page_name, split_page
from connector.adapters.firestore.runs import (
    CLOSED,
    KIND_CLOSED,
    KIND_SUCCEEDED,
    RUNS,
    FirestoreRuns,
    closed_term,
    kind_term,
)
from connector.domain.entity_state import AuditedPage, AuditEntry, RunPage
from connector.domain.run import RunKind, Status
from connector.ports import AuditStore, Clock

PAGES = "pages"

PARTS_AT_ONCE = 10
"""Part documents of one request, which may have 10 MiB: a part has at most half a MiB."""

FOUND_RECORDS = 10
"""Most ids that a search by key returns: enough for a renamed or re-created record, little for a screen."""


class FirestoreAuditStore(AuditStore):
    """The part of the state store that answers what happened to a record."""

    def __init__(self, database: FirestoreDatabase, clock: Clock, audit_ttl: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._audit_ttl = audit_ttl
        self._runs = FirestoreRuns(database)

    @override
    def open_run(self, run_id: str, entry: Mapping[str, Any]) -> None:
        values = {**_entry_values(entry), "expires_at": self._clock.now() + self._audit_ttl}
        self._database.call(lambda: self._database.document(RUNS, run_id).set(values, **ONCE))

    @override
    def close_run(self, run_id: str, entry: Mapping[str, Any]) -> None:
        entity = entry["entity"] if "entity" in entry else self._entity_of(run_id)
        now = self._clock.now()
        values = {
            **_entry_values(entry),
            "expires_at": now + self._audit_ttl,
            CLOSED: closed_term(str(entity), now),
        }
        if "kind" in entry:
            values[KIND_CLOSED] = closed_term(kind_term(str(entity), entry["kind"]), now)
            if entry.get("status") == Status.SUCCEEDED:
                values[KIND_SUCCEEDED] = values[KIND_CLOSED]
        merge = [self._database.client.field_path(name) for name in values]
        self._database.call(lambda: self._database.document(RUNS, run_id).set(values, merge=merge, **ONCE))

    @override
    def record_page(
        self, run_id: str, entity: str, mode: str, number: int, entries: Sequence[AuditEntry]
    ) -> None:
        now = self._clock.now()
        page = {
            "run_id": run_id,
            "entity": entity,
            "mode": mode,
            "number": number,
            "recorded_at": now,
            "expires_at": now + self._audit_ttl,
        }
        parts = split_page(page, entries)
        if not self._database.call(self._create, run_id, parts[0]):
            self._database.call(self._replace, run_id, parts[0])
        for start in range(1, len(parts), PARTS_AT_ONCE):
            self._database.call(self._set, run_id, parts[start : start + PARTS_AT_ONCE])

    @override
    def read_trail(self, entity: str, record_id: str) -> Iterator[AuditedPage]:
        for page, entry in self._matches(entity, "record_ids", record_id):
            yield AuditedPage(
                run_id=page["run_id"],
                mode=page["mode"],
                recorded_at=plain_instant(page["recorded_at"]),
                entry=entry,
            )

    @override
    def read_run(self, run_id: str) -> Mapping[str, Any] | None:
        return self._runs.read(run_id)

    @override
    def read_run_page(self, run_id: str, after: int = -1) -> RunPage | None:
        found = self._pages_from(run_id, after + 1)
        if not found:
            return None
        first = found[0].to_dict() or {}
        further = self._read_further(run_id, first["number"], first["parts"])
        return RunPage(
            number=first["number"],
            entries=[entry for part in [first, *further] for entry in load_entries(part)],
            has_next=bool(self._pages_from(run_id, first["number"] + 1, fields=["number"])),
        )

    @override
    def read_successes(self, entity: str, kind: RunKind) -> Iterator[Mapping[str, Any]]:
        yield from self._runs.read_successes(entity, kind)

    @override
    def find_records(self, entity: str, key: str) -> Sequence[str]:
        newest_first = reversed(self._matches(entity, "keys", key))
        return list(dict.fromkeys(entry.record_id for _, entry in newest_first))[:FOUND_RECORDS]

    def _entity_of(self, run_id: str) -> str:
        snapshot = self._database.call(lambda: self._database.document(RUNS, run_id).get(["entity"], **ONCE))
        return str((snapshot.to_dict() or {}).get("entity"))

    def _create(self, run_id: str, part: PagePart) -> bool:
        """Store the first part if there is none: the usual case, in one write and no read."""
        try:
            self._page_document(run_id, part.name).create(part.values, **ONCE)
        except api.AlreadyExists:
            return False
        return True

    def _replace(self, run_id: str, first: PagePart) -> None:
        """Store the first part in place of the one there is, and drop that one's further parts."""
        stored = self._page_document(run_id, first.name).get(["parts"], **ONCE).to_dict() or {"parts": 1}
        batch = self._database.client.batch()
        batch.set(self._page_document(run_id, first.name), first.values)
        for position in range(1, stored["parts"]):
            batch.delete(self._page_document(run_id, first.further_name(position)))
        batch.commit(**ONCE)

    def _set(self, run_id: str, parts: Sequence[PagePart]) -> None:
        batch = self._database.client.batch()
        for part in parts:
            batch.set(self._page_document(run_id, part.name), part.values)
        batch.commit(**ONCE)

    def _page_document(self, run_id: str, name: str) -> Any:
        return self._database.document(RUNS, run_id).collection(PAGES).document(name)

    def _pages_from(self, run_id: str, number: int, fields: Sequence[str] | None = None) -> list[Any]:
        """Return the first document of the first page from this number on, if there is one."""
        pages = self._database.document(RUNS, run_id).collection(PAGES)
        query = pages.order_by("__name__").start_at({"__name__": pages.document(page_name(number))}).limit(1)
        if fields is not None:
            query = query.select(fields)
        return self._database.call(lambda: list(query.stream(**ONCE)))

    def _read_further(self, run_id: str, number: int, parts: int) -> list[Mapping[str, Any]]:
        names = [page_name(number, position) for position in range(1, parts)]
        if not names:
            return []
        references = [self._page_document(run_id, name) for name in names]
        found = self._database.call(
            lambda: {
                part.id: part.to_dict() or {} for part in self._database.client.get_all(references, **ONCE)
            }
        )
        return [found[name] for name in names if found.get(name)]

    def _matches(self, entity: str, field: str, text: str) -> list[tuple[Mapping[str, Any], AuditEntry]]:
        """Return every audited record with this text in this field, oldest first, each with its page."""
        term = search_term(text)
        runs = self._database.collection(RUNS).id
        group = self._database.client.collection_group(PAGES)
        query = group.where(filter=FieldFilter(field, "array_contains", term))

        def read() -> list[tuple[Mapping[str, Any], AuditEntry]]:
            matches = []
            for snapshot in query.stream(**ONCE):
                page = snapshot.to_dict() or {}
                # The group spans the database: another connector's pages may be in it, under another prefix.
                is_ours = snapshot.reference.parent.parent.parent.id == runs
                if is_ours and page["entity"] == entity:
                    matches += load_matches(page, field, term)
            return matches

        return sorted(self._database.call(read), key=lambda match: _age(match[0]))


def _entry_values(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: entry_value(value) for name, value in entry.items()}


def _age(page: Mapping[str, Any]) -> tuple[Any, ...]:
    return page["recorded_at"], page["run_id"], page["number"], page["part"]
