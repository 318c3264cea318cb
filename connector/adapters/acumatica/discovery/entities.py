"""The entities of the endpoint: what its contract says of each, and what some rows of its list tell."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from connector.adapters.acumatica.contract import join
from connector.adapters.acumatica.discovery.key_search import find_entity_keys
from connector.adapters.acumatica.discovery.sampling import Row, look_at, read_value
from connector.adapters.acumatica.endpoint import Endpoint
from connector.adapters.acumatica.json_body import decode_body
from connector.adapters.acumatica.odata import FieldSelection, RowWindow
from connector.adapters.acumatica.session import Session
from connector.adapters.acumatica.swagger import Swagger
from connector.domain.block_members import SourceKind
from connector.domain.offer import Look, Offer
from connector.domain.records.contract import MODIFIED_FIELDS, Kind
from connector.domain.records.names import find_spelled
from connector.errors import ConnectorError, CredentialsError, NotOptimizableError, OtherTenantError

ROWS_LISTED, ROWS_EXAMINED = 20, 100
LINES = "Details"
"""What the main lines of nearly every document are called."""
DEPTH = 2
ATTEMPTS = 1


class EntityDiscovery:
    """Reads the contract once, and a few rows of each list in two sessions: a record without a NoteID has another id in each."""

    def __init__(self, session: Session, endpoint: Endpoint) -> None:
        self._session = session
        self._endpoint = endpoint
        self._swagger: Swagger | None = None

    def list_offers(self) -> Iterator[Offer]:
        """Yield every entity; a list that cannot be read is told in its look."""
        listed = [
            (offer, *self._look(offer, ROWS_LISTED)) for offer in map(self._describe, self._read().entities())
        ]
        self._session.close()
        for offer, look, rows in listed:
            yield replace(offer, look=self._compare_ids(offer, look, rows))

    def find(self, name: str) -> str | None:
        """Return the endpoint's own spelling of an entity; None if it has none of that name."""
        return self._read().entity(name)

    def names(self) -> Sequence[str]:
        """Return the names of all entities."""
        return self._read().entities()

    def examine(self, name: str, expand: Sequence[str]) -> Offer:
        """Return the entity with these levels looked at, or else its main lines, and its keys searched for."""
        offer = self._describe(name)
        levels = {**offer.details, **offer.linked}
        expand = tuple(level for level in expand or (LINES,) if level in levels)
        look, rows = self._look(offer, ROWS_EXAMINED, expand)
        if not rows and expand:
            plain, rows = self._look(offer, ROWS_EXAMINED)
            look = replace(plain, refusal=look.refusal)
        keys = find_entity_keys(self._endpoint, offer, rows, self._read().grammar)
        self._session.close()
        return replace(offer, look=self._compare_ids(offer, look, rows), keys=keys)

    def _read(self) -> Swagger:
        self._swagger = self._swagger or self._endpoint.read_swagger()
        return self._swagger

    def _describe(self, name: str) -> Offer:
        swagger, address = self._read(), self._endpoint.locate()
        members = swagger.members(name)
        stamps = (find_spelled(wanted, members.fields) for wanted in MODIFIED_FIELDS)
        return Offer(
            kind=SourceKind.ENTITY,
            name=name,
            fields=members.fields,
            details={detail: swagger.members(schema).fields for detail, schema in members.details.items()},
            linked=dict(_find_linked(swagger, members.linked, "")),
            modified_field=next(
                (name for name in stamps if name and members.fields[name] is Kind.DATETIME), None
            ),
            id_field="id",
            source=f"the endpoint {address.endpoint} {address.version}",
        )

    def _look(self, offer: Offer, top: int, expand: tuple[str, ...] = ()) -> tuple[Look, Sequence[Row]]:
        try:
            rows = self._read_rows(offer, top, expand)
        except (CredentialsError, OtherTenantError):
            raise
        except ConnectorError as exc:
            return Look(refusal=_tell(exc), expanded=expand), ()
        stamp = offer.modified_field  # one that is midnight in each of a few rows is no day all the same
        paths = [name for name, kind in offer.fields.items() if kind is Kind.DATETIME and name != stamp]
        for level in expand:
            kinds = {**offer.details, **offer.linked}[level]
            paths += [join(level, name) for name, kind in kinds.items() if kind is Kind.DATETIME]
        return look_at(rows, paths, expand), rows

    def _read_rows(self, offer: Offer, top: int, expand: tuple[str, ...]) -> Sequence[Row]:
        choice = FieldSelection(expand=expand, grammar=self._read().grammar)
        answer = self._endpoint.read_page(offer.name, choice, RowWindow(top=top), attempts=ATTEMPTS)
        return list(_decode(answer.rows))

    def _compare_ids(self, offer: Offer, look: Look, rows: Sequence[Row]) -> Look:
        """Return the look with whether a record that is the same in another session has the same id there."""
        if not rows:
            return look
        _, again = self._look(offer, ROWS_LISTED)
        before = {_fingerprint(row): row.get("id") for row in rows}
        pairs = [(before[text], row.get("id")) for row in again if (text := _fingerprint(row)) in before]
        return replace(look, has_lasting_id=all(one == other for one, other in pairs) if pairs else None)


def _tell(exc: ConnectorError) -> str:
    if isinstance(exc, NotOptimizableError):
        return f"record by record only: {exc.message}"
    return exc.message


def _find_linked(
    swagger: Swagger, linked: Mapping[str, Any], path: str
) -> Iterator[tuple[str, Mapping[str, Kind]]]:
    for name, schema in linked.items():
        members, below = swagger.members(schema), join(path, name)
        yield below, members.fields
        if below.count("/") + 1 < DEPTH:
            yield from _find_linked(swagger, members.linked, below)


def _decode(rows: Sequence[bytes]) -> Iterator[Row]:
    """Yield the rows that can be read."""
    for raw in rows:
        try:
            row: Any = decode_body(raw)
        except msgspec.DecodeError:
            continue
        if isinstance(row, dict):
            yield row


def _fingerprint(row: Row) -> bytes:
    """Return the scalars of a row, without its id."""
    plain = {name: read_value(member) for name, member in row.items() if _is_scalar(name, member)}
    return msgspec.json.encode(plain)


def _is_scalar(name: str, member: Any) -> bool:
    return name not in ("id", "rowNumber") and isinstance(member, dict) and "value" in member
