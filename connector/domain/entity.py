"""One flow of the catalogue: which Acumatica entity goes to which warehouse objects, and how."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Depth(StrEnum):
    """How much a reconcile compares: ids and stamps, or every record's content."""

    KEYS = "keys"
    CONTENT = "content"


class CurrentForm(StrEnum):
    """Whether the current rows are a view over the log or a table kept by MERGE."""

    VIEW = "view"
    TABLE = "table"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """A view of details, unnested, beside the columns of the record they belong to.

    `details` names one collection or several; with several the view is their union and a column `_detail` tells
    them apart. A parent's column whose name a line also uses gets `prefix`. `parent` lists the parent's fields to
    repeat (Acumatica names); None repeats its keys, an empty tuple every column.
    """

    name: str
    details: tuple[str, ...]
    prefix: str
    parent: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileSchedule:
    """When both sides are compared, and how deeply (`schedule` in cron form)."""

    depth: Depth
    schedule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One block of the catalogue. Field paths are Acumatica's, levels joined with `/` (`Details/Promised`)."""

    name: str
    acumatica_entity: str
    keys: tuple[str, ...]
    current_view: str
    schedule: str
    enabled: bool = True
    expand: tuple[str, ...] = ()
    line_views: tuple[LineView, ...] = ()
    date_fields: frozenset[str] = frozenset()
    bignumeric_fields: frozenset[str] = frozenset()
    select: tuple[str, ...] = ()
    exclude: frozenset[str] = frozenset()
    custom: tuple[str, ...] = ()
    modified_field: str | None = None
    dac: str | None = None
    """The OData name of its main table, if the tenant tracks that table's deletions."""
    lookback: timedelta | None = None
    current: CurrentForm = CurrentForm.VIEW
    reconcile: tuple[ReconcileSchedule, ...] = ()

    @property
    def log_table(self) -> str:
        """Name of the append-only table, which everything else can be made from."""
        return f"{self.name}_log"

    @property
    def current_table(self) -> str:
        """Name of the table that keeps the current rows where `current` asks for one."""
        return f"{self.name}_current"

    @property
    def history_view(self) -> str:
        """Name of the view with one row per distinct version."""
        return f"{self.name}_history"
