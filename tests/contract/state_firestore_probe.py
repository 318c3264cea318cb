"""Looks at Firestore from below: what was sent, how often, and how large the stored documents are."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import grpc
from google.cloud import firestore

MOST_BYTES = 1024 * 1024
MOST_INDEX_ENTRIES = 40_000


class OperationCounter(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """Counts what Firestore bills: every document read (also a missing one), written or deleted.

    Of a query as many are counted as it may find.
    """

    def __init__(self) -> None:
        self.operations: Counter[str] = Counter()
        self.written_fields: list[set[str]] = []

    def intercept_unary_unary(self, proceed: Callable[..., Any], details: Any, request: Any) -> Any:
        for write in getattr(request, "writes", []):
            self.operations["deleted" if write.delete else "written"] += 1
            self.written_fields.append(set(write.update_mask.field_paths))
        return proceed(details, request)

    def intercept_unary_stream(self, proceed: Callable[..., Any], details: Any, request: Any) -> Any:
        limit = getattr(getattr(request, "structured_query", None), "limit", None) or 0
        self.operations["read"] += max(1, len(getattr(request, "documents", [])), limit)
        return proceed(details, request)


class ProbedClient(firestore.Client):
    """The client library's own client, with a counter on its channel."""

    def __init__(self, project: str, counter: OperationCounter) -> None:
        super().__init__(project=project)
        self._counter = counter

    def _emulator_channel(self, transport: Any) -> grpc.Channel:
        plain = super()._emulator_channel(transport)  # type: ignore[no-untyped-call]
        return grpc.intercept_channel(plain, self._counter)


def documents(client: firestore.Client) -> Iterator[Any]:
    """Yield every document of the database as it is stored, those of sub-collections too."""
    for collection in client.collections():
        yield from _below(client, collection)


def index_entries(document: Any) -> int:
    """Return how many index entries the document has when nothing is exempt: each value twice, each element once."""
    return sum(_entries(value) for value in document.fields.values())


def _below(client: firestore.Client, collection: Any) -> Iterator[Any]:
    for reference in collection.list_documents():
        if reference.get().exists:
            yield client._firestore_api.get_document(request={"name": reference._document_path})._pb
        for inner in reference.collections():
            yield from _below(client, inner)


def _entries(value: Any) -> int:
    if value.HasField("map_value"):
        return 2 + sum(_entries(inner) for inner in value.map_value.fields.values())
    if value.HasField("array_value"):
        return 2 + len(value.array_value.values)
    return 2
