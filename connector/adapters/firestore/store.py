"""The state store of the cloud profile: one Firestore database, collections under one prefix."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter
from typing_extensions import override

from connector.adapters.firestore import documents
from connector.adapters.firestore.audit import FirestoreAuditStore
from connector.adapters.firestore.client import IdentifiedClient
from connector.adapters.firestore.database import ONCE, FirestoreDatabase
from connector.adapters.firestore.dead_letters import DEAD_LETTERS, FirestoreDeadLetterStore
from connector.adapters.firestore.documents import STREAMS
from connector.adapters.firestore.entity_states import FirestoreEntityStateStore
from connector.adapters.firestore.names import document_name
from connector.adapters.firestore.notifications import FirestoreNotificationStore
from connector.adapters.firestore.rename import Renaming
from connector.adapters.firestore.runs import FirestoreRuns
from connector.adapters.firestore.seats import FirestoreSeatStore
from connector.adapters.retrying import Retry
from connector.domain.check_line import CheckLine
from connector.domain.entity_state import EntityStatus, Lease
from connector.errors import ConfigurationError, ConnectorError
from connector.ports import Clock, StateStore

AUDIT_TTL = timedelta(days=400)


class FirestoreStateStore(StateStore):
    """All state in the collections `{prefix}_streams`, `_sessions`, `_runs`, `_dead_letters`, `_notifications`.

    A change that depends on what is stored reads one document and writes it on condition that it is still the same:
    a transaction over one document, without its locks. Audit entries expire `audit_ttl` after they were written.
    """

    def __init__(
        self,
        *,
        connect: Callable[[], firestore.Client],
        prefix: str,
        clock: Clock,
        retry: Retry,
        audit_ttl: timedelta = AUDIT_TTL,
        place: str = "Firestore",
    ) -> None:
        self._database = FirestoreDatabase(connect=connect, prefix=prefix, retry=retry, place=place)
        self._clock = clock
        self._runs = FirestoreRuns(self._database)
        self.entities = FirestoreEntityStateStore(self._database, clock)
        self.notifications = FirestoreNotificationStore(self._database, clock)
        self.seats = FirestoreSeatStore(self._database, clock)
        self.audit = FirestoreAuditStore(self._database, clock, audit_ttl)
        self.dead_letters = FirestoreDeadLetterStore(self._database)

    @override
    def statuses(self, entities: Sequence[str]) -> Sequence[EntityStatus]:
        found = self._database.call(self._stream_fields, entities)
        return [self._describe(entity, found.get(document_name(entity))) for entity in entities]

    @override
    def rename_entity(self, before: Lease, after: Lease) -> None:
        for lease in (before, after):
            self.entities.require(lease)
        renaming = Renaming(self._database, before.entity, after.entity)
        renaming.move_audit()
        renaming.move_dead_letters(self.dead_letters)
        renaming.move_state()

    @override
    def check(self) -> CheckLine:
        try:
            self._database.call_once(self._try_document)
        except ConnectorError as error:
            return CheckLine(subject="Firestore", ok=False, finding=error.message, remedy=error.action)
        finding = f"a document was written, read and removed; {self._database.place}"
        return CheckLine(subject="Firestore", ok=True, finding=finding)

    @override
    def close(self) -> None:
        self._database.close()

    def _describe(self, entity: str, fields: Mapping[str, Any] | None) -> EntityStatus:
        """Read at most 42 documents: the recent runs, for each kind its last run and its last success, and two more."""
        lease = documents.load_lease(entity, fields, self._clock.now())
        recent_runs = self._runs.read_recent(entity)
        last_runs = self._runs.read_last(entity, recent_runs)
        return EntityStatus(
            entity_state=documents.load_stream(entity, fields),
            lease=lease,
            dead_letters=self._database.call(self._dead_letter_count, entity),
            recent_runs=recent_runs,
            last_runs=last_runs,
            last_successes=self._runs.read_last_successes(entity, last_runs),
            current_run=self._runs.read(lease.owner) if lease else None,
            known_since=self._runs.find_known_since(entity),
        )

    def _stream_fields(self, entities: Sequence[str]) -> dict[str, Any]:
        references = [self._database.document(STREAMS, entity) for entity in dict.fromkeys(entities)]
        snapshots = self._database.client.get_all(references, **ONCE)
        return {snapshot.id: snapshot.to_dict() for snapshot in snapshots}

    def _dead_letter_count(self, entity: str) -> int:
        dead_letters = self._database.collection(DEAD_LETTERS)
        query = dead_letters.where(filter=FieldFilter("entity", "==", entity))
        return int(query.count().get(**ONCE)[0][0].value)

    def _try_document(self) -> None:
        document = self._database.document("checks", uuid.uuid4().hex)
        document.set({"checked_at": self._clock.now()}, **ONCE)
        document.get(**ONCE)
        document.delete(**ONCE)


def open_firestore(
    *,
    project: str | None,
    database: str,
    prefix: str,
    clock: Clock,
    retry: Retry,
    audit_ttl: timedelta = AUDIT_TTL,
) -> FirestoreStateStore:
    """Return a store that connects at its first call, to the emulator if FIRESTORE_EMULATOR_HOST names one.

    Without a project, that of the attached identity is used.
    """

    def connect() -> firestore.Client:
        try:
            return IdentifiedClient(project=project or None, database=database)
        except OSError as error:  # the client library's way to say that it found no project
            raise ConfigurationError(
                "No Google Cloud project is known for Firestore.", action="Set GOOGLE_CLOUD_PROJECT."
            ) from error

    place = (
        f"Firestore database {database} of project {project}" if project else f"Firestore database {database}"
    )
    return FirestoreStateStore(
        connect=connect, prefix=prefix, clock=clock, retry=retry, audit_ttl=audit_ttl, place=place
    )
