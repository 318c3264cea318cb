"""What the members of a block of the catalogue may hold, and which of them go with which kind of source."""

import re
from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta

ENTITY_NAME = "^[a-z][a-z0-9_]{0,62}$"
"""A name is a label of the entity's jobs in BigQuery too, which has at most 63 characters."""
NAME = "^[a-z][a-z0-9_]{0,99}$"
FIELD = "^[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z][A-Za-z0-9_]*)*$"
COLLECTION = "^[A-Za-z][A-Za-z0-9_]*$"
CUSTOM_FIELD = r"^([A-Za-z][A-Za-z0-9_]*/)?[A-Za-z]\w*\.\w+$"
CRON_PART = r"[0-9*,/\-]+"
CRON = rf"^{CRON_PART}( {CRON_PART}){{4}}$"
DAC = r"^[A-Za-z]\w{0,199}$"
INQUIRY = r"^[^/\\?#%&]{1,200}$"
COLUMN = "^[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z_][A-Za-z0-9_]*)?$"

EntityName = Annotated[str, Meta(pattern=ENTITY_NAME)]
Name = Annotated[str, Meta(pattern=NAME)]
Field = Annotated[str, Meta(pattern=FIELD)]
Collection = Annotated[str, Meta(pattern=COLLECTION)]
CustomField = Annotated[str, Meta(pattern=CUSTOM_FIELD)]
Cron = Annotated[str, Meta(pattern=CRON)]
Dac = Annotated[str, Meta(pattern=DAC)]
Inquiry = Annotated[str, Meta(pattern=INQUIRY)]
Column = Annotated[str, Meta(pattern=COLUMN)]
ColumnType = Literal["bool", "date", "datetime", "decimal", "double", "guid", "int", "string"]

CLASS_PREFIX = "DAC_"
"""Begins what a class that is read itself is called where it stands beside entities."""
NOTE_ID = "NoteID"
"""The column of a class that outlives renamed keys, and by which Acumatica tells deletions."""


class SourceKind(StrEnum):
    """Where the rows come from: an entity of the endpoint, a generic inquiry, or a data access class."""

    ENTITY = "entity"
    INQUIRY = "inquiry"
    DAC = "dac"


MEMBERS = {
    SourceKind.ENTITY: "acumatica_entity",
    SourceKind.INQUIRY: "inquiry",
    SourceKind.DAC: "dac without acumatica_entity",
}
"""What a block of each kind names its source by."""
MISPLACED = {
    SourceKind.ENTITY: ("parameters", "filter", "order_by", "columns"),
    SourceKind.INQUIRY: ("acumatica_entity", "expand", "line_views", "custom", "dac", "columns"),
    SourceKind.DAC: ("expand", "line_views", "custom", "parameters", "select", "exclude", "date_fields"),
}
"""Members that mean nothing in a block of each kind."""


def name_inquiry(title: str) -> str:
    """Return the name of an inquiry where a name has letters, digits and `_` alone, apart from those of entities."""
    return f"GI_{re.sub(r'[^A-Za-z0-9_]', '', title)}"


def name_class(dac: str) -> str:
    """Return the name of a class that is read itself, apart from those of entities."""
    return f"{CLASS_PREFIX}{dac}"
