"""`check`: each thing a run needs of Acumatica, tried on its own, with the remedy when it fails."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from connector.adapters.acumatica.auth import SignIn
from connector.adapters.acumatica.contract import choice_of, missing_choices
from connector.adapters.acumatica.deleted import DeletedRecords
from connector.adapters.acumatica.endpoint import Endpoint
from connector.adapters.acumatica.queries import Window
from connector.adapters.acumatica.session import Session
from connector.adapters.acumatica.swagger import Swagger
from connector.domain.contract import Contract
from connector.domain.entity import Entity
from connector.errors import ConnectorError, NotOptimizableError, OtherTenantError
from connector.ports import CheckLine

LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)
"""A bound every stamp is after: the filter is tried and still finds a row."""
RECENTLY = timedelta(days=1)
NO_ORDER = "no modified field, so it is read whole in every run"
NOT_TRACKED = (
    "List its table on Tables to Track Deleted Records (SM207010); until then a reconcile finds deletions."
)
HIDDEN = "If its form shows records, check the user's restriction groups, branches and roles: they hide rows silently."


class Check:
    """Tries sign-in, tenant, version and each entity's list with one row. What depends on a failed step is not tried."""

    def __init__(
        self,
        session: Session,
        sign_in: SignIn,
        endpoint: Endpoint,
        describe: Callable[[Entity, Swagger], Contract],
        deleted: DeletedRecords,
    ) -> None:
        self._session = session
        self._sign_in = sign_in
        self._endpoint = endpoint
        self._describe = describe
        self._deleted = deleted

    def lines(self, entities: Sequence[Entity]) -> Iterator[CheckLine]:
        """Yield the findings in the order of trying."""
        self._session.be_quick()
        self._sign_in.insist()
        try:
            self._session.sign_in()
        except OtherTenantError as exc:
            yield _failed("acumatica tenant", exc)
            return
        except ConnectorError as exc:
            yield _failed("acumatica sign-in", exc)
            return
        yield CheckLine(subject="acumatica sign-in", ok=True, finding="signed in; one API session is held")
        yield self._tenant_line()
        try:
            swagger, found = self._swagger()
        except ConnectorError as exc:
            yield _failed("acumatica endpoint", exc)
            return
        yield CheckLine(subject="acumatica endpoint", ok=True, finding=found)
        for entity in entities:
            try:
                yield self._entity_line(entity, swagger)
            except ConnectorError as exc:
                yield _failed(f"acumatica {entity.name}", exc)

    def _tenant_line(self) -> CheckLine:
        tenant = self._sign_in.tenant
        if self._sign_in.is_tenant_told:
            known = ", as copied so far" if self._sign_in.expected else ""
            return CheckLine(subject="acumatica tenant", ok=True, finding=f"tenant {tenant}{known}")
        if tenant:
            return CheckLine(
                subject="acumatica tenant",
                ok=True,
                finding=f"asked for {tenant}; Acumatica did not say which one was reached",
                remedy="Compare some records of the warehouse with the forms of that tenant.",
            )
        return CheckLine(
            subject="acumatica tenant",
            ok=True,
            finding="the default tenant: the secret names none",
            remedy="If the instance has several tenants, set the secret's tenant.",
        )

    def _swagger(self) -> tuple[Swagger, str]:
        offers = self._endpoint.read_offers()
        address = self._endpoint.locate(offers)
        if not offers.offers(address):
            raise offers.refusal(address)
        build = f", Acumatica build {offers.build}" if offers.build else ""
        return self._endpoint.read_swagger(), f"{address.endpoint} {address.version}{build}"

    def _entity_line(self, entity: Entity, swagger: Swagger) -> CheckLine:
        contract = self._describe(entity, swagger)
        try:
            finding, remedy, ok = self._try_list(entity, contract)
        except NotOptimizableError as exc:
            finding, remedy, ok = f"readable record by record only: {exc.message}", exc.action, True
        notes = [finding, f"ordered by {contract.modified_field}" if contract.modified_field else NO_ORDER]
        if missing := missing_choices(entity, contract):
            notes.append(f"not on this endpoint version, so left out: {', '.join(missing)}")
        if entity.dac:
            is_told = self._deleted.read(entity.dac, datetime.now(UTC) - RECENTLY) is not None
            notes.append(f"deletions of {entity.dac} are {'tracked' if is_told else 'not told, see the log'}")
            remedy = remedy or ("" if is_told else NOT_TRACKED)
        return CheckLine(subject=f"acumatica {entity.name}", ok=ok, finding="; ".join(notes), remedy=remedy)

    def _try_list(self, entity: Entity, contract: Contract) -> tuple[str, str, bool]:
        """Ask for one row as a run does. A filter that hides every row is told from a list without rows."""
        name, choice = entity.acumatica_entity, choice_of(contract, selected=bool(entity.select))
        window = Window(modified_field=contract.modified_field, lower=LONG_AGO, top=1)
        if self._endpoint.read_page(name, choice, window).rows:
            return f"{name} is listable", "", True
        if contract.modified_field and self._endpoint.read_page(name, choice, Window(top=1)).rows:
            finding = f"{name} has rows, but none of them passes a filter on {contract.modified_field}"
            return finding, "Name another `modified_field` of this entity in the catalogue.", False
        return f"{name} is listable, without rows", HIDDEN, True


def _failed(subject: str, exc: ConnectorError) -> CheckLine:
    return CheckLine(subject=subject, ok=False, finding=exc.message, remedy=exc.action)
