"""Renames an entity: its log, views, state, audit and dead letters go along. A rename that was interrupted is run again."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from difflib import get_close_matches

from msgspec.structs import replace

from connector.app.catalogue import RULES, load_catalogue
from connector.app.service import Connector
from connector.domain.block_members import ENTITY_NAME
from connector.domain.entity import Entity, name_history, name_log
from connector.domain.entity_state import EntityState, Lease
from connector.domain.records.contract import Contract
from connector.domain.tables.log_table import build_table
from connector.errors import BadRequestError, EntityBusyError
from connector.ports import Ports

LEASE_TTL = timedelta(minutes=35)


def rename(connector: Connector, before: str, after: str) -> Sequence[str]:
    """Take everything that is known of an entity to another name; return what was done, in sentences."""
    for name in (before, after):
        if re.fullmatch(ENTITY_NAME, name) is None:
            raise BadRequestError(
                f"{name[:100]!r} is not an entity name.", action=f"Use {RULES[ENTITY_NAME]}."
            )
    ports = connector.wiring.open_ports(connector.clock.now() + connector.settings.sync.time_budget)
    try:
        return list(rename_entity(ports, connector.catalogue.entities, before, after))
    finally:
        ports.warehouse.close()
        ports.state.close()


def rename_entity(ports: Ports, entities: Mapping[str, Entity], before: str, after: str) -> Iterator[str]:
    """Move everything that is known of `before` to the name `after`, yielding what was done.

    Raises BadRequestError if both are blocks of the catalogue or `before` is nothing but misspelt, EntityBusyError while a
    run works on one of them, and ConfigurationError if both have a log. Every step may happen twice.
    """
    if before == after or (before in entities and after in entities):
        raise BadRequestError(
            f"{before} and {after} are both in the catalogue.",
            action="Rename the block there first, or choose a name that no block has.",
        )
    owner = f"rename-{before}-{after}"
    is_known = _is_known(ports, before)
    if not is_known:
        _require_moved(ports, entities, owner, before, after)
    old, new = _take_lease(ports, before, owner), _take_lease(ports, after, owner)
    try:
        if is_known:
            _audit(ports, owner, before, after)
        if ports.warehouse.rename_log(before, after):
            yield f"{name_log(before)} is {name_log(after)} now"
        ports.state.rename_entity(old, new)
        yield (
            f"state, audit and dead letters of {before} belong to {after} now"
            if is_known
            else f"nothing is stored of {before} any more, so it was moved before; {after} keeps what it has"
        )
        entity_state = _rename_history(ports, new, ports.state.entities.read(after), before)
        if after in entities and entity_state.contract is not None:
            table = build_table(entities[after], entity_state.contract)
            ports.warehouse.prepare(table)
            yield f"the views {', '.join(view.name for view in table.views)} show {table.name}"
        dropped = ports.warehouse.drop_derived(before)
        if dropped:
            yield f"{', '.join(dropped)}, made from {name_log(before)}, {'is' if len(dropped) == 1 else 'are'} dropped"
    finally:
        for lease in (old, new):
            ports.state.entities.release_lease(lease)


def _is_known(ports: Ports, entity: str) -> bool:
    """Whether anything is stored of an entity, in the state or in the warehouse."""
    return (
        ports.state.entities.read(entity) != EntityState(entity=entity)
        or bool(ports.warehouse.read_columns(name_log(entity)))
        or next(iter(ports.state.dead_letters.read(entity)), None) is not None
    )


def _audit(ports: Ports, owner: str, before: str, after: str) -> None:
    """Write down that the rename began: it tells a repeated one from one that is misspelt."""
    entry = {"entity": after, "mode": "rename", "renamed_from": before, "started_at": ports.clock.now()}
    ports.state.audit.open_run(owner, entry)


def _require_moved(ports: Ports, entities: Mapping[str, Entity], owner: str, before: str, after: str) -> None:
    """Raise BadRequestError unless the audit knows of an earlier rename, which took everything of `before` along."""
    if ports.state.audit.read_run(owner) is not None and _is_known(ports, after):
        return
    named = {*load_catalogue().entities, *entities} - {after}
    similar = get_close_matches(before, sorted(named), n=3, cutoff=0.8)
    meant = next((name for name in similar if _is_known(ports, name)), None)
    guess = f"Did you mean rename {meant} {after}? " if meant else ""
    raise BadRequestError(
        f"Nothing is stored of {before}, and no rename to {after} is on record: there is nothing to rename.",
        action=f"{guess}Name the entity as its block was called when it was synced; its log is NAME_log.",
    )


def _take_lease(ports: Ports, entity: str, owner: str) -> Lease:
    taken = ports.state.entities.acquire_lease(entity, owner, LEASE_TTL)
    if isinstance(taken, Lease):
        raise EntityBusyError(
            f"Run {taken.owner} is working on {entity}.",
            action="Pause the schedule, and run this again when it is done.",
        )
    return taken[0]


def _rename_history(ports: Ports, lease: Lease, entity_state: EntityState, before: str) -> EntityState:
    """Give the new history view the names that the columns of the old one had; it is the one view named after its entity."""
    contract = entity_state.contract
    if contract is None or name_history(before) not in contract.names.views:
        return entity_state
    contract = _move_names(contract, name_history(before), name_history(lease.entity))
    ports.state.entities.save_contract(lease, contract)
    return replace(entity_state, contract=contract)


def _move_names(contract: Contract, before: str, after: str) -> Contract:
    views = {after if view == before else view: names for view, names in contract.names.views.items()}
    return replace(contract, names=replace(contract.names, views=views))
