"""`check`: tests each thing a run needs from Acumatica by itself, with a remedy if it fails."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from connector.adapters.acumatica.auth import SignIn
from connector.adapters.acumatica.check_ids import IdComparison
from connector.adapters.acumatica.contract import missing_choices
from connector.adapters.acumatica.deleted import DeletedRecords
from connector.adapters.acumatica.endpoint import Endpoint
from connector.adapters.acumatica.session import Session
from connector.adapters.acumatica.swagger import Swagger
from connector.domain.block_members import SourceKind
from connector.domain.check_line import CheckLine
from connector.domain.entity import Entity
from connector.domain.instants import LONG_AGO
from connector.domain.list_query import ListAnswer, ListQuery
from connector.domain.records.contract import Contract
from connector.domain.records.left_out import compare_listed
from connector.domain.records.rejected import find_id
from connector.errors import ConnectorError, NotOptimizableError, OtherTenantError, SessionsBusyError

SIGN_IN, TENANT, SEAT, ENDPOINT = (
    "acumatica sign-in",
    "acumatica tenant",
    "acumatica seat",
    "acumatica endpoint",
)
RECENTLY = timedelta(days=1)
NO_ORDER = "no modified field, so it is read whole in every run"
NOT_TRACKED = (
    "List its table on Tables to Track Deleted Records (SM207010); until then a reconcile finds deletions."
)
SLOWER = (
    "Runs do so by themselves; it is faster without what causes it in the catalogue's `expand` or `select`."
)
HIDDEN = "If its form shows records, check the user's restriction groups, branches and roles: they hide rows silently."


COMPARE = (
    "Compare such a record with its form; what its form does not show is better excluded in the catalogue."
)
NAMES_SHOWN = 20


class Check:
    """Tests sign-in, tenant, seat, version and each entity's list with one row. Skips what depends on a failed step.

    Lists are read with `read_list`, just as a run reads them.
    """

    def __init__(
        self,
        session: Session,
        sign_in: SignIn,
        endpoint: Endpoint,
        describe: Callable[[Entity, Swagger], Contract],
        read_list: Callable[[ListQuery], ListAnswer],
        read_record: Callable[[Entity, str], bytes | None],
        deleted: DeletedRecords,
    ) -> None:
        self._session = session
        self._sign_in = sign_in
        self._endpoint = endpoint
        self._describe = describe
        self._read_list = read_list
        self._read_record = read_record
        self._deleted = deleted
        self._ids = IdComparison(session.close, read_list)

    def lines(
        self, entities: Sequence[Entity], on_contract: Callable[[Entity, Contract], None]
    ) -> Iterator[CheckLine]:
        """Yield the findings in the order of the tests."""
        self._session.limit_retries()
        self._sign_in.retry_refused_credentials()
        try:
            self._session.sign_in()
        except OtherTenantError as exc:
            yield _failed(TENANT, exc)
            return
        except ConnectorError as exc:
            yield _failed(_seat_or(SIGN_IN, exc), exc)
            return
        yield CheckLine(subject=SIGN_IN, ok=True, finding="signed in")
        yield self._tenant_line()
        try:
            swagger, found = self._swagger()
        except ConnectorError as exc:
            yield _failed(_seat_or(ENDPOINT, exc), exc)
            return
        yield CheckLine(subject=SEAT, ok=True, finding="one API session is held")
        yield CheckLine(subject=ENDPOINT, ok=True, finding=found)
        for entity in entities:
            try:
                contract = self._describe(entity, swagger)
                on_contract(entity, contract)
                yield self._entity_line(entity, contract)
            except ConnectorError as exc:
                yield _failed(f"acumatica {entity.name}", exc)
        yield from self._ids.compare()

    def _tenant_line(self) -> CheckLine:
        tenant = self._sign_in.tenant
        if self._sign_in.is_tenant_known:
            known = ", as copied so far" if self._sign_in.expected else ""
            return CheckLine(subject=TENANT, ok=True, finding=f"tenant {tenant}{known}")
        if tenant:
            return CheckLine(
                subject=TENANT,
                ok=True,
                finding=f"asked for {tenant}; Acumatica did not say which one was reached",
                remedy="Compare some records of the warehouse with the forms of that tenant.",
            )
        return CheckLine(
            subject=TENANT,
            ok=True,
            finding="the default tenant: the secret names none",
            remedy="If the instance has several tenants, set the secret's tenant.",
        )

    def _swagger(self) -> tuple[Swagger, str]:
        """Return the endpoint's types. With an access token, this is the first request that takes a seat."""
        offers = self._endpoint.read_offers()
        address = self._endpoint.locate(offers)
        if not offers.offers(address):
            raise offers.refusal(address)
        build = f", Acumatica build {offers.build}" if offers.build else ""
        return self._endpoint.read_swagger(), f"{address.endpoint} {address.version}{build}"

    def _entity_line(self, entity: Entity, contract: Contract) -> CheckLine:
        finding, remedy, ok = self._try_list(entity, contract)
        notes = [finding, f"ordered by {contract.modified_field}" if contract.modified_field else NO_ORDER]
        if missing := missing_choices(entity, contract):
            notes.append(f"not on this endpoint version, so left out: {', '.join(missing)}")
        if (dac := entity.tracked_class) is not None:
            is_expected = entity.source is SourceKind.ENTITY
            since = datetime.now(UTC) - RECENTLY
            is_tracked = self._deleted.read(dac, since, is_expected=is_expected) is not None
            untold = "not told, see the log" if is_expected else "not told"
            notes.append(f"deletions of {dac} are {'tracked' if is_tracked else untold}")
            remedy = remedy or ("" if is_tracked else NOT_TRACKED)
        return CheckLine(subject=f"acumatica {entity.name}", ok=ok, finding="; ".join(notes), remedy=remedy)

    def _try_list(self, entity: Entity, contract: Contract) -> tuple[str, str, bool]:
        """Request one row; distinguish a filter that hides every row from an empty list."""
        name, field = entity.acumatica_entity, contract.modified_field
        query = ListQuery(entity=entity, modified_field=field, changed_since=LONG_AGO, skip=0, top=1)
        finding, remedy = f"{name} is listable", ""
        try:
            rows = self._read_list(query).rows
        except NotOptimizableError as exc:
            query = replace(query, one_by_one=True)
            rows = self._read_list(query).rows
            finding = f"{name} is readable record by record only: {exc.message.rstrip('.')}"
            remedy = SLOWER
        if rows:
            self._ids.note(entity, rows[0])
            return self._compare(query, rows[0], finding, remedy)
        every = replace(query, modified_field=None, changed_since=None)
        if field and self._read_list(every).rows:
            finding = f"{name} has rows, but none of them passes a filter on {field}"
            return finding, "Name another `modified_field` of this entity in the catalogue.", False
        if not query.one_by_one and self._read_list(replace(every, keys_only=True)).rows:
            return f"{name} has rows, but a list of all that the catalogue asks for shows none", SLOWER, True
        return f"{finding}, without rows", HIDDEN, True

    def _compare(self, query: ListQuery, row: bytes, finding: str, remedy: str) -> tuple[str, str, bool]:
        """Report what differs between the listed record and the same record read by its id."""
        record_id = None if query.one_by_one else find_id(row, query.entity)
        single = None if record_id is None else self._read_record(query.entity, record_id)
        if single is None:
            return finding, remedy, True
        found = compare_listed(row, single, query.modified_field)
        if found.left_out:
            return f"{finding}, but its list leaves {_join(found.left_out)} empty", SLOWER, True
        if found.differ:
            return f"{finding}, with other values in {_join(found.differ)} than by its id", COMPARE, True
        return finding, remedy, True


def _join(paths: Sequence[str]) -> str:
    return ", ".join(paths[:NAMES_SHOWN])


def _failed(subject: str, exc: ConnectorError) -> CheckLine:
    return CheckLine(subject=subject, ok=False, finding=exc.message, remedy=exc.action)


def _seat_or(subject: str, exc: ConnectorError) -> str:
    """Return which step failed: a cookie session takes its seat by signing in, a token session by its first request."""
    return SEAT if isinstance(exc, SessionsBusyError) else subject
