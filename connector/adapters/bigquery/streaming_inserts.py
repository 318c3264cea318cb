"""Streams rows by `insertAll`: they appear within seconds, but a request can succeed in part.

An answer of 200 is a success only for the rows it does not list. Of those it lists, the invalid ones are refused, and the
others (stopped because of an invalid one, or victims of the moment) are sent again under the same ids.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
from google.api_core.exceptions import BadRequest, GoogleAPICallError, NotFound

from connector.adapters.bigquery.connection import Connection
from connector.adapters.bigquery.errors import AGAIN, translated
from connector.adapters.bigquery.insert_answers import Answer, describe_passing, read_answer
from connector.domain.batch import Row
from connector.domain.tables.schema import Table
from connector.errors import WarehouseUnavailableError

MAX_ROWS = 500
MAX_BYTES = 5_000_000
"""Half of what BigQuery allows: an answer of 413 costs more than a second request."""
TOO_LARGE = 413
TOO_LARGE_TEXT = re.compile(r"(?:payload|request).{0,20}(?:size|large)", re.IGNORECASE)

HEAD, TAIL = b'{"kind":"bigquery#tableDataInsertAllRequest","rows":[', b"]}"


@dataclass(slots=True, kw_only=True)
class Streamed:
    """The outcome: `refused` rows with reasons, rows `left` for a load job; all others are stored."""

    refused: dict[int, str] = field(default_factory=dict)
    left: list[int] = field(default_factory=list)


class Streamer:
    """Streams rows into tables that were not changed recently."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def stream(self, table: Table, rows: Sequence[Row]) -> Streamed:
        """Send the rows. Left are those too large, and those BigQuery cannot take yet: its streaming side may not know
        of a new table or column for minutes, while a load job does at once.
        """
        streamed = Streamed()
        texts = [_render_row(row) for row in rows]
        streamed.left += [i for i, text in enumerate(texts) if len(text) > MAX_BYTES]
        for indexes in _cut(texts):
            self._stream_request(table, texts, indexes, streamed)
        return streamed

    def _stream_request(
        self, table: Table, texts: Sequence[bytes], indexes: Sequence[int], streamed: Streamed
    ) -> None:
        pending = list(indexes)
        while pending:
            try:
                answer = self._connection.retry.call(self._send, table, texts, pending)
            except _TooLargeError:
                self._split(table, texts, pending, streamed)
                return
            except _TableUnknownError:
                streamed.left += pending
                return
            streamed.refused.update(answer.invalid)
            if answer.lagging:
                streamed.left += answer.again
                return
            pending = list(answer.again)

    def _split(
        self, table: Table, texts: Sequence[bytes], indexes: Sequence[int], streamed: Streamed
    ) -> None:
        if len(indexes) == 1:
            streamed.left += indexes
            return
        middle = len(indexes) // 2
        self._stream_request(table, texts, indexes[:middle], streamed)
        self._stream_request(table, texts, indexes[middle:], streamed)

    def _send(self, table: Table, texts: Sequence[bytes], indexes: Sequence[int]) -> Answer:
        """Send one request. Raise WarehouseUnavailableError when rows failed and none of them is at fault."""
        body = HEAD + b",".join(texts[i] for i in indexes) + TAIL
        with translated():
            try:
                reply = self._connection.post_rows(table.name, body)
            except NotFound as exc:
                raise _TableUnknownError from exc
            except GoogleAPICallError as exc:
                if _is_too_large(exc):
                    raise _TooLargeError from exc
                raise
        answer = read_answer(reply, indexes, table)
        if answer.again and not answer.invalid and not answer.lagging:
            raise WarehouseUnavailableError(
                f"BigQuery did not store {len(answer.again)} rows of {table.name}: {describe_passing(reply)}",
                action=AGAIN,
            )
        return answer


class _TooLargeError(Exception):
    """The request has more bytes than BigQuery takes."""


class _TableUnknownError(Exception):
    """The streaming backend does not know the table (yet, or no longer)."""


def _render_row(row: Row) -> bytes:
    """Return the row as a member of the request. A JSON column wants text here, where a load job wants the value."""
    extra = msgspec.json.encode(row.extra.decode()) if row.extra else b""
    insert_id = msgspec.json.encode(row.insert_id)
    return b"".join((b'{"insertId":', insert_id, b',"json":', *row.list_parts(extra), b"}"))


def _cut(texts: Sequence[bytes]) -> Iterator[list[int]]:
    """Yield the indexes of each request, within the limits of rows and bytes."""
    indexes: list[int] = []
    size = 0
    for i, text in enumerate(texts):
        if len(text) > MAX_BYTES:
            continue
        if indexes and (len(indexes) == MAX_ROWS or size + len(text) > MAX_BYTES):
            yield indexes
            indexes, size = [], 0
        indexes.append(i)
        size += len(text) + 1
    if indexes:
        yield indexes


def _is_too_large(exc: GoogleAPICallError) -> bool:
    if exc.code == TOO_LARGE:
        return True
    return isinstance(exc, BadRequest) and TOO_LARGE_TEXT.search(exc.message or "") is not None
