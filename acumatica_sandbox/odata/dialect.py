"""The two generations of OData: how each spells types, values and envelopes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from .feed import FeedColumn, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """OData 4 at the current addresses, OData 3 at the classic one."""

    version: int

    @property
    def context(self) -> str:
        """The member that names the metadata of an answer."""
        return "@odata.context" if self.version == 4 else "odata.metadata"

    @property
    def next_link(self) -> str:
        """The member that leads to the next rows."""
        return "@odata.nextLink" if self.version == 4 else "odata.nextLink"

    def encode(self, column: FeedColumn, value: Value) -> str:
        """A value as JSON: OData 3 gives decimals as text, and times without an offset."""
        value = column.pad(value)
        if isinstance(value, Decimal):
            digits = format(value, "f")
            return digits if self.version == 4 else f'"{digits}"'
        if isinstance(value, datetime):
            instant = value.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
            return f'"{instant}Z"' if self.version == 4 else f'"{instant}"'
        if isinstance(value, date):
            return (
                f'"{value.isoformat()}T00:00:00Z"' if self.version == 4 else f'"{value.isoformat()}T00:00:00"'
            )
        return json.dumps(value, ensure_ascii=False)


OLD, NEW = Dialect(version=3), Dialect(version=4)
