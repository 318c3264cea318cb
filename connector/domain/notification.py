"""A push notification of Acumatica, taken as a hint: which entity has changed, and which records may be deleted."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from connector.domain.entity import Entity
from connector.errors import BadRequestError

MOST_ROWS = 10_000
ID_COLUMN = "noteid"
"""How the name of the column ends that holds a record's id, its case and other signs aside."""
PREFIX = "bq"
"""What the name of an inquiry made for this purpose may begin with: `BQ-Vendor`."""

Row = dict[str, msgspec.Raw]
Rows = Annotated[list[Row], Meta(max_length=MOST_ROWS)]
ACTION = (
    "Configure a push notification (SM302000) with this address as its webhook; Acumatica makes the body."
)


class _Payload(msgspec.Struct):
    query: Annotated[str, Meta(min_length=1, max_length=200)] = msgspec.field(name="Query")
    id: Annotated[str, Meta(min_length=1, max_length=100)] = msgspec.field(name="Id")
    inserted: Rows = msgspec.field(name="Inserted", default_factory=list)
    deleted: Rows = msgspec.field(name="Deleted", default_factory=list)
    timestamp: Annotated[int, Meta(ge=0, le=2**63 - 1)] = msgspec.field(name="TimeStamp", default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What is believed of one: nothing of its values. `ticks` (100 ns, a 64-bit number) tells which of two is newer.

    `suspects` are the ids of rows that left the inquiry and did not come back into it: deleted, or only outside its
    conditions now. `unidentified` counts those without a column for the id.
    """

    id: str
    query: str
    ticks: int
    suspects: tuple[str, ...]
    unidentified: int


def parse_notification(body: bytes) -> Notification:
    """Return the notification, or raise BadRequestError that says what is wrong with the body."""
    try:
        payload = msgspec.json.decode(body, type=_Payload)
    except msgspec.ValidationError as exc:
        raise BadRequestError(f"This is no push notification: {exc}.", action=ACTION) from exc
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise BadRequestError("The body of the push notification is not JSON.", action=ACTION) from exc
    still_there = {_find_id(row) for row in payload.inserted}
    left = [_find_id(row) for row in payload.deleted]
    return Notification(
        id=payload.id,
        query=payload.query,
        ticks=payload.timestamp,
        suspects=tuple(dict.fromkeys(i for i in left if i is not None and i not in still_there)),
        unidentified=left.count(None) if len(left) > len(payload.inserted) else 0,
    )


def find_entity(query: str, entities: Mapping[str, Entity], named: Mapping[str, str]) -> Entity:
    """Return the entity a query stands for: as `named`, else the one whose name or Acumatica name it has.

    Raises BadRequestError for a query that stands for none, so that Acumatica shows the notification as failed.
    """
    if query in named and named[query] in entities:
        return entities[named[query]]
    wanted = {_fold(query), _fold(query).removeprefix(PREFIX)}
    for entity in _enabled_first(entities.values()):
        if wanted & {_fold(entity.name), _fold(entity.acumatica_entity)}:
            return entity
    raise BadRequestError(
        f"No entity of the catalogue belongs to the push notification {query!r}.",
        action=f"Name it like one of {', '.join(sorted(entities))}, or add it to NOTIFY_QUERIES.",
    )


def parse_queries(text: str) -> dict[str, str]:
    """Return `query=entity; query=entity` as a mapping."""
    pairs = (part.rpartition("=") for part in text.split(";") if part.strip())
    return {query.strip(): entity.strip() for query, _, entity in pairs}


def _enabled_first(entities: Iterable[Entity]) -> Sequence[Entity]:
    return sorted(entities, key=lambda entity: not entity.enabled)


def _find_id(row: Row) -> str | None:
    for name, value in row.items():
        if _fold(name).endswith(ID_COLUMN):
            try:
                return str(UUID(msgspec.json.decode(value, type=str)))
            except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
                continue
    return None


def _fold(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()
