"""The tenant's own contract of one Acumatica entity: every field with its type, details and linked entities."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

from connector.domain.records.names import NO_NAMES, ColumnNames

MODIFIED_FIELDS = ("LastModifiedDateTime", "LastModified")
"""Names of the cursor field, best first: it depends on the entity and on the endpoint version."""


class Kind(StrEnum):
    """Type of a scalar as declared by the contract."""

    STRING = "string"
    DECIMAL = "decimal"
    DOUBLE = "double"
    INT = "int"
    BOOL = "bool"
    GUID = "guid"
    DATETIME = "datetime"
    DATE = "date"
    SELECT = "select"
    MULTISELECT = "multiselect"


class Shape(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One level of a record: its scalars, detail collections, linked entities and selected custom fields.

    `custom` is keyed by `View.Field`. Only the collections and links that the connector requests are present.
    """

    fields: Mapping[str, Kind]
    details: Mapping[str, "Shape"] = field(default_factory=dict)
    linked: Mapping[str, "Shape"] = field(default_factory=dict)
    custom: Mapping[str, Kind] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()
    """Members the contract declares but the connector does not request (not expanded, or excluded)."""

    def without(self, paths: frozenset[str], path: str = "") -> "Shape":
        """Return the same shape without the scalars and collections at these paths (`Amount`, `Details/Qty`)."""
        return Shape(
            fields={name: kind for name, kind in self.fields.items() if path + name not in paths},
            details={
                name: shape.without(paths, f"{path}{name}/")
                for name, shape in self.details.items()
                if path + name not in paths
            },
            linked={name: shape.without(paths, f"{path}{name}/") for name, shape in self.linked.items()},
            custom={name: kind for name, kind in self.custom.items() if path + name not in paths},
            unread=self.unread,
        )


class Contract(Struct, frozen=True, kw_only=True):
    """What one endpoint version says of one entity, cut to what the catalogue asks for.

    `request` names the catalogue choices the cut was made with (expand, exclude, custom): a snapshot made with other
    choices is read again. `grammar` is the contract version the endpoint speaks: 4 or 5. `names` are the columns its
    fields have, and those of fields it once had; the endpoint does not tell them.
    """

    endpoint: str
    version: str
    request: str
    root: Shape
    modified_field: str | None
    grammar: int = 4
    names: ColumnNames = NO_NAMES
    acumatica_entity: str = ""
    """Which Acumatica entity the catalogue named; empty if an earlier release stored it."""
    identified_by: str = ""
    """What the catalogue told records apart by (`Entity.identified_by`); empty if an earlier release stored it."""
    rows: str = ""
    """Which rows of an inquiry are read (`Entity.row_choice`); empty for all."""

    def asks_as(self, other: "Contract") -> bool:
        """Whether both contracts request and read a list in the same way."""
        return (self.root, self.grammar) == (other.root, other.grammar)
