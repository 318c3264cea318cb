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
    ports: Ports, entities: Sequence[Entity], *, owner: str, max_sessions: int
) -> Iterator[CheckLine]:
    """Yield a line per thing tried. Never raises; signs out at the end, and gives back what it took."""
    yield ports.state.check()
    yield from _check_source(ports, entities, owner, max_sessions)
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
    ports: Ports, entities: Sequence[Entity], owner: str, max_sessions: int
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
        yield from ports.source.check(entities)
    finally:
        ports.source.close()
        try:
            give_seat_back(ports.state, ports.source, slot)
        except ConnectorError as exc:
            yield CheckLine(subject="acumatica seat", ok=False, finding=exc.message, remedy=exc.action)
