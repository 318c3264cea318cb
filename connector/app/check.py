"""`check`: tests every system in turn, with a remedy for each failure; writes nothing to the warehouse."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence

from connector.app.run_entity import build_limits
from connector.app.service import Connector, build_run_id
from connector.app.settings import Settings
from connector.domain.check_line import CheckLine
from connector.domain.entity import Entity
from connector.domain.records.contract import Contract
from connector.domain.tables.log_table import build_table
from connector.errors import ConnectorError
from connector.ports import Ports
from connector.runs.column_names import name_columns
from connector.runs.makeup import find_refusal, has_other_rows, has_other_stamp
from connector.runs.run import Limits
from connector.runs.seats import give_seat_back, take_seat

logger = logging.getLogger(__name__)

ACUMATICA, WAREHOUSE, NOTIFY = "acumatica", "warehouse", "notify"
"""The purposes of secrets."""


def check_connector(
    connector: Connector, entity_names: Sequence[str] = (), *, force: bool = False
) -> Iterator[CheckLine]:
    """Test every system for these entities (all enabled ones by default), writing nothing to the warehouse.

    With `force`, accept the tenant that is reached as the one copied so far, renamed or moved.
    """
    entities = [connector.catalogue.find(name) for name in entity_names] or connector.catalogue.enabled
    limits = build_limits(connector)
    queue = connector.wiring.open_queue()
    return check_everything(
        connector.wiring.open_ports(limits.deadline),
        entities,
        owner=build_run_id(connector.clock.now()),
        limits=limits,
        secrets=_list_secrets(connector.settings),
        read_secret=connector.wiring.open_secret_reader(),
        try_queue=queue.check if queue else None,
        force=force,
    )


def _list_secrets(settings: Settings) -> dict[str, str]:
    """Return the references of the secrets in use, by purpose."""
    is_cloud = settings.backend.warehouse == "bigquery"
    references = {
        ACUMATICA: settings.acumatica.credentials,
        WAREHOUSE: settings.bigquery.credentials if is_cloud else None,
        NOTIFY: settings.notify.secret,
    }
    return {purpose: reference for purpose, reference in references.items() if reference}


def check_everything(
    ports: Ports,
    entities: Sequence[Entity],
    *,
    owner: str,
    limits: Limits,
    secrets: Mapping[str, str],
    read_secret: Callable[[str], object],
    try_queue: Callable[[], CheckLine] | None,
    force: bool = False,
) -> Iterator[CheckLine]:
    """Yield a line per test. Never raises; signs out at the end, and releases what it took.

    `secrets` holds the references by purpose; tests that need an unreadable secret are skipped. With `force` the
    tenant that is reached is from now on the one that is copied.
    """
    contracts: dict[str, Contract] = {}
    unreadable = set()
    try:
        for purpose, reference in secrets.items():
            for line in _guard(f"{purpose} secret", _try_secret(purpose, reference, read_secret)):
                unreadable |= set() if line.ok else {purpose}
                yield line
        yield from _guard("state", _call(ports.state.check))
        if ACUMATICA not in unreadable:
            found = _check_source(ports, entities, owner, limits, contracts, force=force)
            yield from _guard(ACUMATICA, found)
        if WAREHOUSE not in unreadable:
            yield from _guard(WAREHOUSE, _check_warehouse(ports, entities, contracts))
        if try_queue is not None:
            yield from _guard("queue", _call(try_queue))
    finally:
        ports.warehouse.close()
        ports.state.close()


def _guard(subject: str, lines: Iterator[CheckLine]) -> Iterator[CheckLine]:
    """Yield the lines. An error nobody expected becomes the last one, so that the other systems are tested all the same."""
    try:
        yield from lines
    except Exception as exc:
        logger.exception("the check of %s ended with an error the connector does not know", subject)
        yield CheckLine(
            subject=subject,
            ok=False,
            finding=f"the check ended with an error the connector does not know ({type(exc).__name__})",
            remedy="Run it again with LOG_LEVEL=DEBUG, and report what it logs.",
        )


def _call(test: Callable[[], CheckLine]) -> Iterator[CheckLine]:
    yield test()


def _try_secret(purpose: str, reference: str, read_secret: Callable[[str], object]) -> Iterator[CheckLine]:
    subject = f"{purpose} secret"
    try:
        read_secret(reference)
    except ConnectorError as exc:
        yield _failed(subject, exc)
    else:
        yield CheckLine(subject=subject, ok=True, finding=f"{reference} can be read")


def _check_source(
    ports: Ports,
    entities: Sequence[Entity],
    owner: str,
    limits: Limits,
    contracts: dict[str, Contract],
    *,
    force: bool,
) -> Iterator[CheckLine]:
    """Yield Acumatica's lines, and collect the contracts read meanwhile in `contracts`."""
    try:
        seat = take_seat(ports.state.seats, ports.source, owner, limits.max_sessions, limits.lease_ttl)
    except ConnectorError as exc:
        yield _failed("acumatica seat", exc)
        return
    if seat is None:
        yield CheckLine(
            subject="acumatica seat",
            ok=False,
            finding=f"all {limits.max_sessions} sessions this connector may hold are in use by running syncs",
            remedy="Check again when they are done, or raise ACUMATICA_MAX_SESSIONS.",
        )
        return
    try:
        if force:
            ports.source.require_origin(None)
        yield from ports.source.check(
            entities, lambda entity, contract: contracts.update({entity.name: contract})
        )
        if force:
            yield from _take_over(ports)
    finally:
        ports.source.close()
        try:
            give_seat_back(ports.state.seats, ports.source, seat)
        except ConnectorError as exc:
            yield _failed("acumatica seat", exc)


def _take_over(ports: Ports) -> Iterator[CheckLine]:
    origin = ports.source.origin()
    if origin is None:
        return
    try:
        ports.state.seats.remember_origin(origin)
    except ConnectorError as exc:
        yield _failed("copied tenant", exc)
    else:
        yield CheckLine(subject="copied tenant", ok=True, finding=f"from now on {origin}")


def _check_warehouse(
    ports: Ports, entities: Sequence[Entity], contracts: Mapping[str, Contract]
) -> Iterator[CheckLine]:
    """Yield the warehouse's lines, including the views of every entity whose contract is known and edits of the catalogue."""
    tables = []
    for entity in entities:
        try:
            entity_state = ports.state.entities.read(entity.name)
            refusal = find_refusal(entity, entity_state, ports.warehouse)
            fresh, known = contracts.get(entity.name), entity_state.contract
            if fresh is not None and known is not None and refusal is None:
                fresh = name_columns(entity, fresh, known, ports.warehouse)
        except ConnectorError as exc:
            yield _failed(WAREHOUSE, exc)
            return
        if refusal is not None:
            yield _failed(f"catalogue {entity.name}", refusal)
        elif fresh is not None and known is not None and has_other_stamp(known, fresh):
            finding = f"changes are found by {fresh.modified_field} from now on; the next run reads everything once more"
            yield CheckLine(subject=f"catalogue {entity.name}", ok=True, finding=finding)
        elif fresh is not None and known is not None and has_other_rows(known, fresh):
            finding = (
                "the inquiry is asked for other rows from now on; the next run reads everything once more"
            )
            yield CheckLine(subject=f"catalogue {entity.name}", ok=True, finding=finding)
        if refusal is None and (contract := fresh or known):
            tables.append(build_table(entity, contract))
    yield from ports.warehouse.check(tables)


def _failed(subject: str, exc: ConnectorError) -> CheckLine:
    return CheckLine(subject=subject, ok=False, finding=exc.message, remedy=exc.action)
