"""One flow of the catalogue: which Acumatica entity goes to which warehouse objects, and how.

These types are the form of `entities.yaml`: it is decoded into them, and the schema for editors is made from them.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct, field, json
from msgspec.structs import force_setattr

from connector.domain.block_members import (
    MEMBERS,
    MISPLACED,
    NOTE_ID,
    Collection,
    Column,
    ColumnType,
    Cron,
    CustomField,
    Dac,
    EntityName,
    Field,
    Inquiry,
    Name,
    SourceKind,
    name_class,
    name_inquiry,
)


def name_log(entity: str) -> str:
    """Return the name of an entity's log table."""
    return f"{entity}_log"


def name_history(entity: str) -> str:
    """Return the name of an entity's history view."""
    return f"{entity}_history"


def name_current(entity: str) -> str:
    """Return the name of an entity's current-rows table."""
    return f"{entity}_current"


class Depth(StrEnum):
    """How much a reconcile compares: ids and stamps, or every record's content."""

    KEYS = "keys"
    CONTENT = "content"


class CurrentForm(StrEnum):
    """How the current rows are kept: a view over the log, a table kept by MERGE, or (auto) what the warehouse reads for the least."""

    AUTO = "auto"
    VIEW = "view"
    TABLE = "table"


class Identity(StrEnum):
    """What tells records apart: Acumatica's id (the NoteID), or the keys of a record that has none."""

    ID = "id"
    KEYS = "keys"


class LineView(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A view of details, unnested, beside the columns of the record they belong to.

    With several `details` the view is their union, and a column `_detail` tells them apart.
    """

    name: Annotated[Name, Meta(description="name of the view")]
    details: Annotated[
        tuple[Collection, ...],
        Meta(
            min_length=1,
            description="one collection of details, or several; they are read whether expand names them or not",
        ),
    ]
    prefix: Annotated[Name, Meta(description="goes before columns of the record whose names a line uses too")]
    parent: Annotated[
        Literal["keys", "all"] | tuple[Field, ...],
        Meta(description="columns of the record to repeat: its keys, all, or these fields"),
    ] = "keys"
    enabled: Annotated[
        bool, Meta(description="false: the view is not made, and its details are not read for it")
    ] = True


class ReconcileSchedule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When both sides are compared, for each depth; None: never by itself."""

    keys: Annotated[Cron | None, Meta(description="cron, UTC: compare ids and stamps")] = None
    content: Annotated[Cron | None, Meta(description="cron, UTC: compare every record's content")] = None

    @property
    def plans(self) -> dict[Depth, str]:
        """The depths that are scheduled, each with its cron."""
        schedules = {Depth.KEYS: self.keys, Depth.CONTENT: self.content}
        return {depth: schedule for depth, schedule in schedules.items() if schedule is not None}


class Parameter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value for a parameter of an inquiry."""

    name: Annotated[Field, Meta(description="name of the parameter")]
    value: Annotated[str | int | bool, Meta(description="its value, as the inquiry's form shows it")]


class Entity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One block of the catalogue. Field paths are Acumatica's, levels joined with `/` (`Details/Promised`)."""

    name: EntityName
    """What the block is called; no member of it."""
    keys: Annotated[
        tuple[Field, ...],
        Meta(min_length=1, description="key fields in the order of the Acumatica form"),
    ]
    current_view: Annotated[Name, Meta(description="view with one row per live record")]
    schedule: Annotated[Cron, Meta(description="cron, UTC: when what changed is read")]
    acumatica_entity: Annotated[Field, Meta(description="name on the contract-based endpoint")] = ""
    inquiry: Annotated[
        Inquiry | None,
        Meta(
            description="title of a generic inquiry to read over OData, in place of acumatica_entity; its rows are told"
            " apart by their keys"
        ),
    ] = None
    parameters: Annotated[
        tuple[Parameter, ...], Meta(description="values for the parameters of the inquiry")
    ] = ()
    filter: Annotated[
        Annotated[str, Meta(min_length=1, max_length=1000)] | None,
        Meta(
            description="read these rows of the inquiry or class alone: a condition in OData 4 (`Status eq 'Open'`)"
        ),
    ] = None
    order_by: Annotated[
        tuple[Field, ...],
        Meta(description="columns to sort the inquiry or class by before its keys (default: none)"),
    ] = ()
    columns: Annotated[
        Mapping[Column, ColumnType],
        Meta(
            description="what to read of a data access class, and its types; a column of a class it refers to as"
            " Reference/Column"
        ),
    ] = field(default_factory=dict)
    identity: Annotated[
        Identity,
        Meta(
            description="what tells records apart: their id, or their keys where they have no NoteID and Acumatica gives them"
            " another id in each session"
        ),
    ] = Identity.ID
    enabled: Annotated[bool, Meta(description="false: not scheduled, but can be called")] = True
    expand: Annotated[
        tuple[Field, ...], Meta(description="details and linked entities to read with each record")
    ] = ()
    line_views: Annotated[tuple[LineView, ...], Meta(description="views of details, one row per line")] = ()
    date_fields: Annotated[
        frozenset[Field],
        Meta(
            description="fields that hold a date without a time (contracts up to 4 announce them as date-times)"
        ),
    ] = frozenset()
    bignumeric_fields: Annotated[
        frozenset[Field],
        Meta(description="decimals with more than 29 digits before or 9 after the point"),
    ] = frozenset()
    select: Annotated[tuple[Field, ...], Meta(description="read these fields alone (default: all)")] = ()
    exclude: Annotated[
        frozenset[Field],
        Meta(
            description="never stored, in dead letters neither: fields, details or linked entities, as they are spelled"
        ),
    ] = frozenset()
    custom: Annotated[
        tuple[CustomField, ...],
        Meta(description="custom fields, as View.Field or Details/View.Field"),
    ] = ()
    modified_field: Annotated[
        Field | None, Meta(description="cursor field (default: found in the contract)")
    ] = None
    dac: Annotated[
        Dac | None,
        Meta(
            description="without acumatica_entity: a data access class to read over OData. Beside it: the main table as"
            " OData names it, where the tenant tracks its deletions (SM207010), asked for them in every incremental run"
            " (default: deletions are found by reconcile)"
        ),
    ] = None
    lookback_seconds: Annotated[
        Annotated[int, Meta(ge=0, le=86_400)] | None,
        Meta(description="margin for late commits (default: SYNC_LOOKBACK_SECONDS)"),
    ] = None
    late_after_hours: Annotated[
        Annotated[int, Meta(ge=1, le=8_784)] | None,
        Meta(
            description="age at which its data is late (default: twice the longest pause of its schedule, and an hour)"
        ),
    ] = None
    current: Annotated[
        CurrentForm,
        Meta(
            description="how the current rows are kept: a view over the log, a table merged after every run, or what is read for the least"
        ),
    ] = CurrentForm.AUTO
    reconcile: Annotated[
        ReconcileSchedule, Meta(description="when both sides are compared, and how deeply")
    ] = field(default_factory=ReconcileSchedule)

    def __post_init__(self) -> None:
        """Take an inquiry or a class for what it is; raise ValueError if the block names two sources, or none."""
        source = self.source
        name = {
            SourceKind.INQUIRY: name_inquiry(self.inquiry or ""),
            SourceKind.DAC: name_class(self.dac or ""),
        }
        if source is SourceKind.ENTITY and not self.acumatica_entity:
            raise ValueError("one of acumatica_entity, inquiry and dac is needed")
        for member in MISPLACED[source]:
            if getattr(self, member) and getattr(self, member) != name.get(source):
                raise ValueError(f"{member} does not go with {MEMBERS[source]}")
        if source is SourceKind.ENTITY:
            return
        if source is SourceKind.DAC:
            self._check_columns()
        force_setattr(self, "acumatica_entity", name[source])
        if self.columns.get(NOTE_ID) != "guid":
            force_setattr(self, "identity", Identity.KEYS)

    def _check_columns(self) -> None:
        """Raise ValueError if the block uses columns of the class that it does not read, or not itself."""
        if not self.columns:
            raise ValueError("dac without acumatica_entity needs columns, as discover prints them")
        if self.columns.get(NOTE_ID, "guid") != "guid":
            raise ValueError("NoteID is a guid: with another type rows are not told apart by it")
        used = [*self.keys, *self.order_by, *([self.modified_field] if self.modified_field else [])]
        if missing := [name for name in used if name not in self.columns]:
            raise ValueError(f"columns lacks {missing[0]}, which the block names elsewhere")
        if referred := [name for name in used if "/" in name]:
            raise ValueError(
                f"{referred[0]} belongs to another class, so nothing can be told apart or sorted by it"
            )

    def __hash__(self) -> int:
        """Hash by the name, because columns are a mapping."""
        return hash(self.name)

    @property
    def source(self) -> SourceKind:
        """Where its rows come from."""
        if self.inquiry is not None:
            return SourceKind.INQUIRY
        if self.dac is not None and self.acumatica_entity in ("", name_class(self.dac)):
            return SourceKind.DAC
        return SourceKind.ENTITY

    @property
    def tracked_class(self) -> str | None:
        """The class whose deletions are asked for, where records are identified as Acumatica tells them: by the NoteID."""
        return self.dac if self.identity is Identity.ID else None

    @property
    def row_choice(self) -> str:
        """Which rows of an inquiry or class are read, as text; empty for all."""
        if not (self.filter or self.parameters):
            return ""
        return json.encode([self.filter, self.parameters]).decode()

    @property
    def lookback(self) -> timedelta | None:
        """The margin for late commits; None for that of all entities."""
        return None if self.lookback_seconds is None else timedelta(seconds=self.lookback_seconds)

    @property
    def identified_by(self) -> str:
        """What tells records apart, as it is remembered with what was read: `id`, or `keys` with their names."""
        return "id" if self.identity is Identity.ID else f"keys {', '.join(self.keys)}"

    @property
    def log_table(self) -> str:
        """Name of the append-only table, which everything else can be made from."""
        return name_log(self.name)

    @property
    def current_table(self) -> str:
        """Name of the table that keeps the current rows where there is one."""
        return name_current(self.name)

    @property
    def history_view(self) -> str:
        """Name of the view with one row per distinct version."""
        return name_history(self.name)
