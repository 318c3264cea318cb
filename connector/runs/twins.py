"""Notices records that share one id but are listed in different answers, where each would overwrite the other for ever.

An id that comes a second time proves nothing: the list shifts while it is read, and a renamed record moves in it. Two
records that share an id have other keys, and were not changed since the pass began, or carry one stamp. Records without a
stamp are looked at by a reconcile alone.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from connector.domain.instants import move
from connector.domain.records.codec import Record
from connector.domain.tables.log_table import build_trail_table, find_key_columns
from connector.errors import ConnectorError
from connector.runs.preparing import OpenedEntity
from connector.runs.run import Run

logger = logging.getLogger(__name__)

MAX_LOOKED_AT = 20
"""How many ids that come a second time in a reconcile are looked at, with one query each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    keys: tuple[Any, ...]
    modified_at: datetime | None

    def is_of_other(self, earlier: "_Version", settled_until: datetime) -> bool:
        """Whether another record than that of the earlier version has this one, and none was just renamed."""
        stamps = [stamp for stamp in (self.modified_at, earlier.modified_at) if stamp is not None]
        if self.keys == earlier.keys or not stamps:
            return False
        return self.modified_at == earlier.modified_at or max(stamps) <= settled_until


class Twins:
    """The records of one pass whose ids belong to other records too."""

    def __init__(self, run: Run, opened: OpenedEntity) -> None:
        self._run = run
        self._opened = opened
        self._looked_at = 0
        self._found: list[str] = []

    def look_at(self, record: Record, began_at: datetime) -> None:
        """Report the record if the row of its id in the log has other keys. `began_at` is the source's time at the start."""
        if self._looked_at >= MAX_LOOKED_AT:
            return
        self._looked_at += 1
        logged = [self._read(row) for row in self._read_rows(record.id)][-1:]
        for earlier in logged:
            is_comparable = all(isinstance(key, str) for key in earlier.keys)
            listed = _Version(keys=record.keys, modified_at=record.modified_at)
            is_other = listed.is_of_other(earlier, self._find_settled(began_at))
            is_unstamped = listed.modified_at is earlier.modified_at is None and listed.keys != earlier.keys
            if is_comparable and (is_other or is_unstamped):
                self._report(record.id, earlier, listed)

    def look_through(self, began_at: datetime) -> None:
        """Report what this pass, begun at `began_at`, wrote under one id: one query, and one more for each such id.

        A failure is logged: the rows are written, and the next reconcile looks again.
        """
        columns = {column.name for column in self._opened.table.columns}
        keys = [name for name in self._key_columns if name in columns]
        if not keys:
            return
        try:
            for record_id in self._run.ports.warehouse.find_shared_ids(self._opened.table, keys, began_at):
                self._judge(record_id, began_at)
        except ConnectorError as exc:
            logger.warning(
                "whether records of %s share an id is left to a reconcile: %s",
                self._run.entity.name,
                exc.message,
            )

    def _judge(self, record_id: str, began_at: datetime) -> None:
        rows = sorted(self._read_rows(record_id), key=lambda row: row["_synced_at"])
        versions = [self._read(row) for row in rows if row["_synced_at"] >= began_at]
        settled_until = self._find_settled(began_at)
        for earlier, later in pairwise(versions):
            if later.is_of_other(earlier, settled_until):
                self._report(record_id, earlier, later)
                return

    def _read_rows(self, record_id: str) -> Iterator[Mapping[str, Any]]:
        table = build_trail_table(self._run.entity, self._opened.contract.names)
        rows = self._run.ports.warehouse.record_versions(table, record_id)
        return (row for row in rows if not row["_deleted"])

    def _read(self, row: Mapping[str, Any]) -> _Version:
        keys = tuple(row.get(column) for column in self._key_columns)
        return _Version(keys=keys, modified_at=row["_modified_at"])

    @property
    def _key_columns(self) -> Sequence[str]:
        return find_key_columns(self._run.entity, self._opened.contract.names)

    def _find_settled(self, began_at: datetime) -> datetime:
        """Return until when all changes were visible when the pass began."""
        return move(began_at, -self._run.lookback)

    def _report(self, record_id: str, *versions: _Version) -> None:
        one, other = ("/".join(map(str, version.keys)) for version in versions)
        self._found.append(f"{one} and {other}")
        self._run.outcome.add_details({"share_an_id": self._found})
        logger.warning(
            "%s and %s share the id %s in Acumatica, so only one of them is shown, by turns. Give one of them an id of its own,"
            " or set `identity: keys` for %s in the catalogue",
            one,
            other,
            record_id,
            self._run.entity.name,
        )
