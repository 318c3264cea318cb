"""What each endpoint version exposes: entities, their fields, details and linked entities, as data."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec


class TypeContract(msgspec.Struct, frozen=True, kw_only=True):
    """One entity, detail or linked type of one endpoint version."""

    type: str
    fields: dict[str, str]
    details: dict[str, str] = {}
    linked: dict[str, str] = {}
    screen: str = ""
    keys: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint as `/entity` lists it, with all types it knows by name."""

    name: str
    version: str
    contract_version: int
    types: dict[str, TypeContract]

    @property
    def entities(self) -> dict[str, TypeContract]:
        """The types that have a URL of their own, by name."""
        return {name: contract for name, contract in self.types.items() if contract.screen}

    def entity(self, name: str) -> TypeContract | None:
        """The entity of that name in any case, or None if the endpoint does not expose it."""
        return {key.casefold(): value for key, value in self.entities.items()}.get(name.casefold())


@cache
def all_types() -> tuple[TypeContract, ...]:
    """Every type of every endpoint version that is shipped with the sandbox."""
    lines = files(__package__).joinpath("contract.jsonl").read_bytes().splitlines()
    decoder = msgspec.json.Decoder(TypeContract)
    return tuple(decoder.decode(line) for line in lines)


@cache
def system_endpoint(version: str) -> Endpoint:
    """The `Default` endpoint of that version, or ValueError when it is not among the shipped ones."""
    types = {contract.type: contract for contract in all_types() if version in contract.versions}
    if not types:
        raise ValueError(f"there is no Default endpoint {version!r}; known are {', '.join(known_versions())}")
    return Endpoint(name="Default", version=version, contract_version=contract_of(version), types=types)


def known_versions() -> list[str]:
    """The versions of the `Default` endpoint, oldest first."""
    return sorted({version for contract in all_types() for version in contract.versions})


def contract_of(version: str) -> int:
    """The contract version a system endpoint speaks: 5 from 2026 R2 on, 4 before."""
    return 5 if version >= "26.200.001" else 4


def custom_endpoint(name: str, definition: Mapping[str, Any]) -> Endpoint:
    """An endpoint that extends a system one.

    `{"version", "base", "extra_fields": {type: {field: contract type}}, "without": {type: [member]}, "entities": [the only
    ones it has]}`; the last three may be missing. It speaks the contract of its base.
    """
    base = system_endpoint(str(definition["base"]))
    types = dict(base.types)
    for type_name, extra in definition.get("extra_fields", {}).items():
        contract = types[type_name]
        types[type_name] = msgspec.structs.replace(contract, fields={**contract.fields, **extra})
    for type_name, lost in definition.get("without", {}).items():
        types[type_name] = _without(types[type_name], lost)
    only = definition.get("entities")
    if only is not None:
        types = {key: contract for key, contract in types.items() if not contract.screen or key in only}
    version = str(definition["version"])
    return Endpoint(name=name, version=version, contract_version=base.contract_version, types=types)


def _without(contract: TypeContract, lost: Collection[str]) -> TypeContract:
    kept = {
        part: {name: kind for name, kind in getattr(contract, part).items() if name not in lost}
        for part in ("fields", "details", "linked")
    }
    return msgspec.structs.replace(contract, **kept)


@cache
def keys_of(entity: str) -> tuple[str, ...]:
    """The key fields of an entity in the order of its form."""
    return next(contract.keys for contract in all_types() if contract.type == entity and contract.screen)


@cache
def fields_ever(entity: str) -> frozenset[str]:
    """Every field any endpoint version has for this entity."""
    named: Iterable[TypeContract] = (c for c in all_types() if c.type == entity and c.screen)
    return frozenset(field for contract in named for field in contract.fields)


@cache
def entity_names() -> tuple[str, ...]:
    """The entities a tenant can hold."""
    return tuple(sorted({contract.type for contract in all_types() if contract.screen}))
