"""A push notification of Acumatica, taken as a hint: which entity has changed, and which records may be deleted."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta

from connector.domain.entity import Entity
from connector.domain.repeated_members import find_repeated
from connector.errors import BadRequestError

MAX_PARSED_BYTES = 4 * 1024 * 1024
"""Bytes of a body whose rows are looked at; of a longer one, as a mass release makes it, `Query` and `Id` alone are."""
ID_COLUMN = "noteid"
"""Name of the column that holds a record's id, its case and other signs aside; in a join it is only the end of the name."""
PREFIX = "bq"
"""What the name of an inquiry made for this purpose may begin with: `BQ-Vendor`."""

Row = dict[str, msgspec.Raw]
ACTION = (
    "Configure a push notification (SM302000) with this address as its webhook; Acumatica makes the body."
)


class _Envelope(msgspec.Struct):
    query: Annotated[str, Meta(min_length=1, max_length=200)] = msgspec.field(name="Query")
    id: Annotated[str, Meta(min_length=1, max_length=100)] = msgspec.field(name="Id")


class _Payload(_Envelope):
    inserted: list[Row] = msgspec.field(name="Inserted", default_factory=list)
    deleted: list[Row] = msgspec.field(name="Deleted", default_factory=list)


P = TypeVar("P", bound=_Envelope)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What is believed of one: nothing of its values.

    `reported_deletions` are the ids of rows that left the inquiry and did not come back into it: deleted, or only outside its
    conditions now. `unidentified` counts those without a column for the id. `is_whole` is False when there were too many
    rows to look at.
    """

    id: str
    query: str
    reported_deletions: tuple[str, ...] = ()
    unidentified: int = 0
    is_whole: bool = True


def parse_notification(body: bytes) -> Notification:
    """Return the notification, or raise BadRequestError that says what is wrong with the body."""
    if len(body) > MAX_PARSED_BYTES:
        envelope = _decode(body, _Envelope)
        return Notification(id=envelope.id, query=envelope.query, is_whole=False)
    payload = _decode(body, _Payload)
    still_there = {_find_id(row) for row in payload.inserted}
    left = [_find_id(row) for row in payload.deleted]
    return Notification(
        id=payload.id,
        query=payload.query,
        reported_deletions=tuple(dict.fromkeys(i for i in left if i is not None and i not in still_there)),
        unidentified=left.count(None) if len(left) > len(payload.inserted) else 0,
    )


def _decode(body: bytes, kind: type[P]) -> P:
    """Return the members that `kind` names; the others are passed over, but none may be given twice."""
    try:
        found = msgspec.json.decode(body, type=kind)
        repeated = find_repeated(body)
    except msgspec.ValidationError as exc:
        raise BadRequestError(f"This is no push notification: {exc}.", action=ACTION) from exc
    except (ValueError, RecursionError) as exc:
        raise BadRequestError("The body of the push notification is not JSON.", action=ACTION) from exc
    if repeated is not None:
        raise BadRequestError(
            f"{repeated[:40]!r} is given twice in one object of the push notification.",
            action="Let the inquiry have each column once, or give one of the two another caption.",
        )
    return found


def find_entities(
    query: str, entities: Mapping[str, Entity], named: Mapping[str, Sequence[str]]
) -> tuple[Entity, ...]:
    """Return the entities a query stands for: as `named`, else the one of its name and all of that Acumatica entity.

    Disabled ones count only if no other is meant. Raises BadRequestError for a query that stands for none, so that Acumatica
    shows the notification as failed.
    """
    found = [entities[name] for name in named.get(query, ()) if name in entities] or _find_alike(
        query, entities
    )
    if not found:
        raise BadRequestError(
            f"No entity of the catalogue belongs to the push notification {query!r}.",
            action=f"Name it like one of {', '.join(sorted(entities))}, or add it to NOTIFY_QUERIES.",
        )
    return tuple(entity for entity in found if entity.enabled) or tuple(found)


def _find_alike(query: str, entities: Mapping[str, Entity]) -> list[Entity]:
    wanted = {_fold(query), _fold(query).removeprefix(PREFIX)}
    changed = {
        _fold(entity.acumatica_entity)
        for entity in entities.values()
        if wanted & {_fold(entity.name), _fold(entity.acumatica_entity)}
    }
    return [entity for entity in entities.values() if _fold(entity.acumatica_entity) in changed]


def parse_queries(text: str) -> dict[str, list[str]]:
    """Return `query=entity; query=entity` as a mapping; a query may be given several times."""
    named: dict[str, list[str]] = {}
    for part in text.split(";"):
        query, _, entity = part.rpartition("=")
        if part.strip():
            named.setdefault(query.strip(), []).append(entity.strip())
    return named


def _find_id(row: Row) -> str | None:
    """Return the id in the column NoteID, else in the only one whose name ends so: another one may be a reference."""
    named = [value for name, value in row.items() if _fold(name) == ID_COLUMN]
    named = named or [value for name, value in row.items() if _fold(name).endswith(ID_COLUMN)]
    if len(named) != 1:
        return None
    try:
        return str(UUID(msgspec.json.decode(named[0], type=str)))
    except (ValueError, RecursionError):  # no JSON, no UTF-8, no GUID, or levels without end
        return None


def _fold(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()
