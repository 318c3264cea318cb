"""A sandbox tenant as a Source without sockets, so that a list can be moved before and after any page is taken."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

import msgspec
from typing_extensions import override

from acumatica_sandbox import Request, Sandbox
from acumatica_sandbox.messages import Response
from connector.adapters.acumatica.odata import FieldSelection, RowWindow, build_query
from connector.adapters.acumatica.one_by_one import read_one_by_one
from connector.domain.check_line import CheckLine
from connector.domain.entity import Entity
from connector.domain.entity_state import Origin, RefusedSignIn
from connector.domain.list_query import DeletedIds, ListAnswer, ListQuery
from connector.domain.records.contract import Contract
from connector.domain.records.rejected import find_id
from connector.ports import Source
from tests.stand_ins.list_source import cut_rows

ROOT = "/AcmeERP/entity/Default/24.200.001"
ROWS = msgspec.json.Decoder(list[msgspec.Raw])


class SandboxSource(Source):
    """Reads lists and records of the contract's fields.

    `around` is called right before and right after each page is taken, `before` before that, and may fail.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        contract: Contract,
        around: Callable[[], None] = lambda: None,
        before: Callable[[ListQuery], None] = lambda _: None,
    ) -> None:
        self._sandbox = sandbox
        self._contract = contract
        self._around = around
        self._before = before
        self._choice = FieldSelection(select=tuple(contract.root.fields))
        self._token = _sign_in(sandbox)

    @override
    def describe(self, entity: Entity) -> Contract:
        return self._contract

    @override
    def contract_matches(self, entity: Entity, contract: Contract) -> bool:
        return True

    @override
    def read_list(self, query: ListQuery) -> ListAnswer:
        if query.one_by_one and not query.keys_only:
            return read_one_by_one(
                lambda: self.read_list(replace(query, keys_only=True)),
                lambda record_id: self.read_record(query.entity, record_id),
                lambda row: find_id(row, query.entity),
                most_bytes=query.most_bytes,
            )
        self._before(query)
        window = RowWindow(
            modified_field=query.modified_field,
            changed_since=query.changed_since,
            skip=query.skip,
            top=query.top,
        )
        self._around()
        began = self._sandbox.tenant.clock.now()
        answer = self._get(query.entity.acumatica_entity, build_query(self._choice, window))
        assert answer.status == 200, answer.body
        duration = self._sandbox.tenant.clock.now() - began
        self._around()
        rows = [bytes(row) for row in ROWS.decode(answer.body)]
        if query.most_bytes is not None:
            rows = cut_rows(rows, query.most_bytes)
        return ListAnswer(rows=rows, server_time=parsedate_to_datetime(answer.header("Date")) - duration)

    @override
    def read_record(self, entity: Entity, record_id: str) -> bytes | None:
        answer = self._get(
            f"{entity.acumatica_entity}/{record_id}", build_query(self._choice, RowWindow(top=1))
        )
        assert answer.status in (200, 404), answer.body
        return answer.body if answer.status == 200 else None

    def _get(self, path: str, query: str) -> Response:
        headers = {"Authorization": f"Bearer {self._token}"}
        return self._sandbox.handle(
            Request(method="GET", path=f"{ROOT}/{path}", query=query, headers=headers)
        )

    @override
    def read_deleted(self, entity: Entity, since: datetime) -> DeletedIds | None:
        return None

    @override
    def forbid_credentials(self, refused: RefusedSignIn | None) -> None:
        return

    @override
    def refused_sign_in(self) -> RefusedSignIn | None:
        return None

    @override
    def require_origin(self, origin: Origin | None) -> None:
        return

    @override
    def origin(self) -> Origin | None:
        return None

    @override
    def check(
        self, entities: Sequence[Entity], on_contract: Callable[[Entity, Contract], None]
    ) -> Iterator[CheckLine]:
        yield CheckLine(subject="sandbox", ok=True, finding="in this process")

    @override
    def close(self) -> None:
        return


class TenantTime:
    """The connector's clock: the tenant's without its skew."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._clock = sandbox.tenant.clock

    def now(self) -> datetime:
        return self._clock.now() - self._clock.skew

    def sleep(self, duration: timedelta) -> None:
        self._clock.advance(max(0.0, duration.total_seconds()))


def _sign_in(sandbox: Sandbox) -> str:
    secret = sandbox.credentials("password")
    form = {name: value for name, value in secret.items() if name != "auth"}
    body = urlencode({**form, "grant_type": "password", "scope": "api"}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    path = "/AcmeERP/identity/connect/token"
    answer = sandbox.handle(Request(method="POST", path=path, headers=headers, body=body))
    return str(answer.json()["access_token"])
