"""A tenant as one request over OData sees it: with archived records, or in place of live ones those that were deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..clock import TenantClock
from ..rows import Record
from ..tenant import Tenant


class Books(Protocol):
    """What the rows of feeds are worked out from."""

    @property
    def clock(self) -> TenantClock:
        """The tenant's clock."""

    def shown(self, entity: str) -> Sequence[Record]:
        """The records that are shown, never those hidden from the reader."""

    def all(self, entity: str) -> Sequence[Record]:
        """The records that others refer to, whether they are shown or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The books of a tenant; of the entities in `deleted` the records that are no more."""

    tenant: Tenant
    archived: bool = False
    deleted: tuple[str, ...] = ()

    @property
    def clock(self) -> TenantClock:
        """The tenant's clock."""
        return self.tenant.clock

    def shown(self, entity: str) -> Sequence[Record]:
        """The records that are shown, never those hidden from the reader."""
        if entity in self.deleted:
            return [
                item.record
                for item in self.tenant.deletions
                if item.entity == entity and item.record is not None
            ]
        return self.tenant.records(entity, archived=self.archived, hidden=False)

    def all(self, entity: str) -> Sequence[Record]:
        """The records that others refer to, whether they are shown or not."""
        return self.tenant.records(entity)
