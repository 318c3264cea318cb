"""`check`: every system tried one by one, with a remedy for each failure, nothing written to the warehouse."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from connector.domain.entity import Entity
from connector.domain.tables import build_table
from connector.errors import ConnectorError
from connector.ports import CheckLine
from connector.running import Ports
from connector.seats import give_seat_back, take_seat

SESSION_TTL = timedelta(minutes=5)


def check_everything(
    ports: Ports, entities: Sequence[Entity], *, owner: str, max_sessions: int, force: bool = False
) -> Iterator[CheckLine]:
    """Yield a line per thing tried. Never raises; signs out at the end, and gives back what it took.

    With `force` the tenant that is reached is from now on the one that is copied.
    """
    yield ports.state.check()
    yield from _check_source(ports, entities, owner, max_sessions, force)
    try:
        contracts = [(entity, ports.state.read_stream(entity.name).contract) for entity in entities]
        yield from ports.warehouse.check(
            [build_table(entity, contract) for entity, contract in contracts if contract]
        )
    except ConnectorError as exc:
        yield CheckLine(subject="warehouse", ok=False, finding=exc.message, remedy=exc.action)
    finally:
        ports.warehouse.close()
        ports.state.close()


def _check_source(
    ports: Ports, entities: Sequence[Entity], owner: str, max_sessions: int, force: bool
) -> Iterator[CheckLine]:
    try:
        slot = take_seat(ports.state, ports.source, owner, max_sessions, SESSION_TTL)
    except ConnectorError as exc:
        yield CheckLine(subject="acumatica seat", ok=False, finding=exc.message, remedy=exc.action)
        return
    if slot is None:
        yield CheckLine(
            subject="acumatica seat",
            ok=False,
            finding=f"all {max_sessions} sessions this connector may hold are in use by running syncs",
            remedy="Check again when they are done, or raise ACUMATICA_MAX_SESSIONS.",
        )
        return
    try:
        if force:
            ports.source.expect(None)
        yield from ports.source.check(entities)
        if force:
            yield from _take_over(ports)
    finally:
        ports.source.close()
        try:
            give_seat_back(ports.state, ports.source, slot)
        except ConnectorError as exc:
            yield CheckLine(subject="acumatica seat", ok=False, finding=exc.message, remedy=exc.action)


def _take_over(ports: Ports) -> Iterator[CheckLine]:
    origin = ports.source.origin()
    if origin is None:
        return
    try:
        ports.state.remember_origin(origin)
    except ConnectorError as exc:
        yield CheckLine(subject="copied tenant", ok=False, finding=exc.message, remedy=exc.action)
    else:
        yield CheckLine(subject="copied tenant", ok=True, finding=f"from now on {origin}")
