"""Notices records that share one id but are listed in different answers, where each would overwrite the other for ever.

A reconcile sees that an id comes a second time in its pass. That alone proves nothing: the list shifts while it is read, and
a renamed record moves in it. Two records that share an id have other keys, and neither was changed since the pass began.
"""

import logging
from datetime import datetime

from connector.domain.instants import move
from connector.domain.records.codec import Record
from connector.domain.tables.log_table import build_trail_table, find_key_columns
from connector.runs.preparing import OpenedEntity
from connector.runs.run import Run

logger = logging.getLogger(__name__)

MAX_LOOKED_AT = 20
"""How many ids that come a second time are looked at, with one query each."""


class Twins:
    """The records of one pass whose ids belong to other records too."""

    def __init__(self, run: Run, opened: OpenedEntity) -> None:
        self._run = run
        self._opened = opened
        self._looked_at = 0
        self._found: list[str] = []

    def look_at(self, record: Record, began_at: datetime) -> None:
        """Report the record if the row of its id in the log has other keys. `began_at` is the source's time at the start."""
        stamp = record.modified_at
        may_be_renamed = stamp is not None and stamp > move(began_at, -self._run.lookback)
        if may_be_renamed or self._looked_at >= MAX_LOOKED_AT:
            return
        self._looked_at += 1
        names = self._opened.contract.names
        table = build_trail_table(self._run.entity, names)
        rows = list(self._run.ports.warehouse.record_versions(table, {"_id": record.id}))
        columns = find_key_columns(self._run.entity, names)
        other = [rows[-1].get(column) for column in columns] if rows else []
        if all(isinstance(value, str) for value in other) and other not in ([], list(record.keys)):
            self._report(record, "/".join(map(str, other)))

    def _report(self, record: Record, other: str) -> None:
        self._found.append(f"{other} and {record.key}")
        self._run.outcome.add_details({"share_an_id": self._found})
        logger.warning(
            "%s and %s share the id %s in Acumatica, so only one of them is shown, by turns. Give one of them an id of its own,"
            " or set `identity: keys` for %s in the catalogue",
            other,
            record.key,
            record.id,
            self._run.entity.name,
        )
