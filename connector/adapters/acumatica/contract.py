"""Cuts the endpoint's whole contract down to what the catalogue requests of one entity."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from connector.adapters.acumatica.custom_fields import CustomFields
from connector.adapters.acumatica.odata import FieldSelection, with_parents
from connector.adapters.acumatica.swagger import Members, Swagger
from connector.domain.entity import Entity
from connector.domain.records.contract import MODIFIED_FIELDS, Contract, Kind, Shape
from connector.domain.records.exclusion import Exclusion
from connector.domain.records.names import find_spelled
from connector.errors import SourceSetupError

FORM = 3
"""Version of the contract format; increment it when a contract holds more, so that stored contracts are read again."""


def request_text(entity: Entity) -> str:
    """Return the catalogue settings that shape a contract, as text; a contract made with other settings is read again."""
    choices = {
        "form": FORM,
        "entity": entity.acumatica_entity,
        "keys": list(entity.keys),
        "expand": list(entity.expand),
        "select": list(entity.select),
        "exclude": sorted(entity.exclude),
        "custom": list(entity.custom),
        "date_fields": sorted(entity.date_fields),
        "modified_field": entity.modified_field,
    }
    return msgspec.json.encode(choices).decode()


def build_contract(
    entity: Entity, endpoint: str, version: str, swagger: Swagger, custom: CustomFields | None
) -> Contract:
    """Return the contract of the entity; raise SourceSetupError if the endpoint does not expose it, or its cursor field is no instant."""
    name = swagger.entity(entity.acumatica_entity)
    if name is None:
        raise not_exposed(entity.acumatica_entity, endpoint, version)
    members = swagger.members(name)
    modified_field = find_modified_field(entity, members.fields)
    wanted = set(entity.keys) | ({modified_field} if modified_field else set())
    cut = _Cut(entity, swagger, custom, always={name.casefold() for name in wanted})
    return Contract(
        endpoint=endpoint,
        version=version,
        request=request_text(entity),
        root=cut.shape(members, ""),
        modified_field=modified_field,
        grammar=swagger.grammar,
    )


def find_modified_field(entity: Entity, fields: Mapping[str, Kind]) -> str | None:
    """Return the field with the time of change, as the contract spells it: the catalogue's choice, or else the best available.

    Raises SourceSetupError if the catalogue chose a field that holds no instant.
    """
    chosen = find_spelled(entity.modified_field, fields) if entity.modified_field else None
    if chosen is not None:
        if fields[chosen] is not Kind.DATETIME or chosen.casefold() in _folded(entity.date_fields):
            raise SourceSetupError(
                f"{chosen} of {entity.acumatica_entity} is no point in time, so it cannot tell what changed.",
                action=f"Name another `modified_field` of {entity.name}, or none: then it is found in the contract.",
            )
        return chosen
    for wanted in MODIFIED_FIELDS:
        name = find_spelled(wanted, fields)
        if name is not None and fields[name] is Kind.DATETIME:
            return name
    return None


def choice_of(contract: Contract, *, selected: bool) -> FieldSelection:
    """Return the selection of exactly the fields in the contract.

    With `selected` every field is named, those of expanded levels too: an expanded level without a selected field is
    dropped silently.
    """
    expand, select, custom = [], [], []
    for path, shape in _levels(contract.root, ""):
        expand += [path] if path else []
        select += [join(path, name) for name in shape.fields]
        custom += [join(path, name) for name in shape.custom]
    return FieldSelection(
        expand=tuple(expand),
        select=tuple(select) if selected else (),
        custom=tuple(custom),
        grammar=contract.grammar,
    )


def keys_choice(entity: Entity, contract: Contract) -> FieldSelection:
    """Return the selection of keys and stamps only (ids always come)."""
    names = [
        find_spelled(name, contract.root.fields) for name in (*entity.keys, contract.modified_field or "")
    ]
    return FieldSelection(select=tuple(dict.fromkeys(filter(None, names))), grammar=contract.grammar)


def missing_choices(entity: Entity, contract: Contract) -> tuple[str, ...]:
    """Return the fields the catalogue names but this endpoint version lacks; requests leave them out."""
    offered = {path.casefold() for path in _offered(contract.root, "")}
    wanted = [*entity.keys, *with_parents(entity.expand), *entity.select]
    missing = [path for path in wanted if path.casefold() not in offered]
    stamp = entity.modified_field
    if stamp and stamp.casefold() != (contract.modified_field or "").casefold():
        missing.append(stamp)
    return tuple(dict.fromkeys(missing))


def not_exposed(name: str, endpoint: str, version: str) -> SourceSetupError:
    """Return the error for an entity that the endpoint version does not have."""
    return SourceSetupError(
        f"The endpoint {endpoint} {version} does not expose the entity {name}.",
        action="Disable the entity in the catalogue, name another endpoint or version, or extend the endpoint with it "
        "(Web Service Endpoints, SM207060).",
    )


def join(path: str, name: str) -> str:
    """Return the path of a member of a level; the root's path is empty."""
    return f"{path}/{name}" if path else name


class _Cut:
    """Cuts each level to the catalogue's choices. Names are compared without case, and kept as the contract has them.

    Excluded names are compared as `Exclusion` says.
    """

    def __init__(
        self, entity: Entity, swagger: Swagger, custom: CustomFields | None, always: set[str]
    ) -> None:
        self._swagger = swagger
        self._custom = custom
        self._always = always
        self._expand = _folded(with_parents(entity.expand))
        self._exclusion = Exclusion(entity.exclude)
        self._select = _folded(entity.select)
        self._dates = _folded(entity.date_fields)

    def shape(self, members: Members, path: str) -> Shape:
        announced = {*members.fields, *members.details, *members.linked}
        fields = {name: self._typed(path, name, kind) for name, kind in members.fields.items()}
        kept = {name: kind for name, kind in fields.items() if self._keeps(path, name, announced)}
        details = self._expanded(members.details, path, announced)
        linked = self._expanded(members.linked, path, announced)
        custom = self._custom.kinds(path) if self._custom else {}
        return Shape(
            fields=kept,
            details=details,
            linked=linked,
            custom={name: self._typed(path, name, kind) for name, kind in custom.items()},
            unread=frozenset(announced - {*kept, *details, *linked}),
        )

    def _expanded(self, levels: Mapping[str, Any], path: str, announced: set[str]) -> dict[str, Shape]:
        return {
            name: self.shape(self._swagger.members(schema), join(path, name))
            for name, schema in levels.items()
            if join(path, name).casefold() in self._expand and not self._exclusion.has(path, name, announced)
        }

    def _typed(self, path: str, name: str, kind: Kind) -> Kind:
        is_date = kind is Kind.DATETIME and join(path, name).casefold() in self._dates
        return Kind.DATE if is_date else kind

    def _keeps(self, path: str, name: str, announced: set[str]) -> bool:
        """A level of which nothing is selected by name is read whole."""
        full = join(path, name).casefold()
        if full in self._always:
            return True
        chosen = {item for item in self._select if item.rpartition("/")[0] == path.casefold()}
        return not self._exclusion.has(path, name, announced) and (not chosen or full in chosen)


def _folded(paths: Iterable[str]) -> frozenset[str]:
    return frozenset(path.casefold() for path in paths)


def _levels(shape: Shape, path: str) -> Iterable[tuple[str, Shape]]:
    yield path, shape
    for name, below in {**shape.details, **shape.linked}.items():
        yield from _levels(below, join(path, name))


def _offered(shape: Shape, path: str) -> Iterable[str]:
    for name in (*shape.fields, *shape.unread):
        yield join(path, name)
    for name, below in {**shape.details, **shape.linked}.items():
        yield join(path, name)
        yield from _offered(below, join(path, name))
