"""The connection to one Firestore database: opened at the first use, every call bounded and tried again."""

from collections.abc import Callable, Sequence
from threading import RLock
from typing import Any, ParamSpec, TypedDict, TypeVar

from google.api_core import exceptions as api
from google.cloud import firestore

from connector.adapters.firestore.errors import translated
from connector.adapters.firestore.names import document_name
from connector.adapters.retrying import Retry
from connector.errors import StateStoreUnavailableError

P = ParamSpec("P")
R = TypeVar("R")


class CallOptions(TypedDict):
    """How the client library makes a call."""

    retry: None
    timeout: float


ONCE: CallOptions = {"retry": None, "timeout": 20.0}
"""The library's own retries know neither our clock nor our deadline, so it makes one call and waits 20 seconds."""


class FirestoreDatabase:
    """The collections of one prefix. `place` names the database in errors."""

    def __init__(
        self, *, connect: Callable[[], firestore.Client], prefix: str, retry: Retry, place: str
    ) -> None:
        self.prefix = prefix
        self.place = place
        self._connect = connect
        self._retry = retry
        self._lock = RLock()
        self._client: firestore.Client | None = None

    @property
    def client(self) -> firestore.Client:
        """The client library's own client, connected at the first use."""
        with self._lock:
            if self._client is None:
                self._client = self._connect()
            return self._client

    def collection(self, name: str) -> Any:
        """Return one of the prefix's collections."""
        return self.client.collection(f"{self.prefix}_{name}")

    def document(self, collection: str, name: str) -> Any:
        """Return the document that belongs to a text."""
        return self.collection(collection).document(document_name(name))

    def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what the function returns, tried again as the retry policy says: it must be idempotent."""
        return self._retry.call(lambda: self.call_once(function, *args, **kwargs))

    def call_once(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what the function returns, with Firestore's errors as ours."""
        with translated(self.place):
            return function(*args, **kwargs)

    def change(
        self,
        collection: str,
        name: str,
        decide: Callable[[Any, firestore.WriteBatch], R],
        *,
        fields: Sequence[str] | None = None,
    ) -> R:
        """Read a document (`fields` of it), let `decide` add writes to a batch, and commit it; return the answer.

        The writes are stored all or none, and only if the document is still as it was read: `decide` guards its write
        with `guarded`. Otherwise everything is done again, so `decide` must also recognise its own earlier success.
        """
        return self.call(self._change, collection, name, decide, fields)

    def guarded(self, batch: firestore.WriteBatch, snapshot: Any, values: dict[str, Any]) -> None:
        """Add to the batch: set these values, unless the document has changed since it was read."""
        if snapshot.exists:
            option = self.client.write_option(last_update_time=snapshot.update_time)
            batch.update(snapshot.reference, values, option=option)
        else:
            batch.create(snapshot.reference, values)

    def guarded_delete(self, batch: firestore.WriteBatch, snapshot: Any) -> None:
        """Add to the batch: delete the document, unless it has changed since it was read."""
        option = self.client.write_option(last_update_time=snapshot.update_time)
        batch.delete(snapshot.reference, option=option)

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def _change(
        self,
        collection: str,
        name: str,
        decide: Callable[[Any, firestore.WriteBatch], R],
        fields: Sequence[str] | None,
    ) -> R:
        snapshot = self.document(collection, name).get(fields, **ONCE)
        batch = self.client.batch()
        answer = decide(snapshot, batch)
        if len(batch):
            try:
                batch.commit(**ONCE)
            except (api.FailedPrecondition, api.Conflict, api.NotFound) as conflict:
                raise StateStoreUnavailableError(
                    f"{self.place}: another run changed {collection}/{name} at the same moment.",
                    action="Try again; the other run's change is kept.",
                ) from conflict
        return answer
