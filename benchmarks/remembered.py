"""What a counting BigQuery remembers of the rows it takes: enough to answer the query for the current versions."""

from datetime import datetime
from typing import Any

import msgspec

COLUMNS = {
    "_id": "STRING",
    "_modified_at": "TIMESTAMP",
    "_version": "STRING",
    "_own_stamp": "TIMESTAMP",
    "_synced_at": "TIMESTAMP",
    "_deleted": "BOOLEAN",
    "_first_synced_at": "TIMESTAMP",
}
PAGE_ROWS = 10_000


class Version(msgspec.Struct, rename=lambda name: f"_{name}"):
    """Of a row only what the query returns."""

    id: str
    modified_at: str | None
    version: str
    synced_at: str
    deleted: bool


class Inserted(msgspec.Struct):
    """One row of a streaming insert."""

    json: Version


class Insert(msgspec.Struct):
    """The body of a streaming insert."""

    rows: list[Inserted]


class Remembered:
    """The newest version of every record, of one table."""

    def __init__(self) -> None:
        self._versions: dict[str, Version] = {}
        self._order: list[str] = []

    def note_lines(self, rows: bytes) -> None:
        """Take the rows of a load job; those of another table (sync_runs) have no id."""
        for row in msgspec.json.Decoder(Version).decode_lines(rows) if b'"_id"' in rows else ():
            self._versions[row.id] = row

    def note_insert(self, body: bytes) -> None:
        """Take the rows of a streaming insert."""
        for row in msgspec.json.decode(body, type=Insert).rows if b'"_id"' in body else ():
            self._versions[row.json.id] = row.json

    def is_asked_for(self, sql: str) -> bool:
        """Whether this is the query for the newest versions of all records."""
        return "_own_stamp" in sql and "WHERE TRUE" in sql

    def build_page(self, token: str | None, most: int) -> dict[str, Any]:
        """Return a page of the query's result, by ascending id."""
        if token is None:
            self._order = sorted(self._versions)
        start = int(token or 0)
        end = min(start + min(most or PAGE_ROWS, PAGE_ROWS), len(self._order))
        page: dict[str, Any] = {
            "jobComplete": True,
            "schema": {"fields": [{"name": name, "type": kind} for name, kind in COLUMNS.items()]},
            "totalRows": str(len(self._order)),
            "rows": [self._build_row(self._versions[i]) for i in self._order[start:end]],
        }
        return {**page, "pageToken": str(end)} if end < len(self._order) else page

    def _build_row(self, row: Version) -> dict[str, Any]:
        stamp = _to_micros(row.modified_at)
        synced_at = _to_micros(row.synced_at)
        values = [row.id, stamp, row.version, stamp, synced_at, str(row.deleted).lower(), synced_at]
        return {"f": [{"v": value} for value in values]}


def _to_micros(text: str | None) -> str | None:
    return str(round(datetime.fromisoformat(text).timestamp() * 1_000_000)) if text else None
