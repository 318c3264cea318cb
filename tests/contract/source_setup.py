"""An AcumaticaSource on a sandbox tenant, with defaults, so that a test shows only what matters."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import msgspec

from acumatica_sandbox import Sandbox
from acumatica_sandbox.sandbox import CredentialKind
from connector.adapters.acumatica import AcumaticaSource
from connector.adapters.retrying import Retry
from connector.domain.entity import Entity
from connector.domain.list_query import ListAnswer, ListQuery
from connector.domain.records.contract import Contract
from connector.ports import Clock
from tests.stand_ins.clock import FakeClock

Record = dict[str, Any]
FORMS: tuple[CredentialKind, ...] = ("password", "refresh_token", "cookie")
KEYS = {
    "Bill": ("Type", "ReferenceNbr"),
    "Payment": ("Type", "ReferenceNbr"),
    "PurchaseOrder": ("Type", "OrderNbr"),
    "JournalTransaction": ("Module", "BatchNbr"),
    "Vendor": ("VendorID",),
    "StockItem": ("InventoryID",),
    "Subaccount": ("SubaccountCD",),
    "Account": ("AccountCD",),
    "Invoice": ("Type", "ReferenceNbr"),
}


class Vault:
    """A secret that can be read and replaced, and that counts both."""

    def __init__(self, members: dict[str, str]) -> None:
        self.value = msgspec.json.encode(members)
        self.reads = 0
        self.stored: list[bytes] = []

    @property
    def members(self) -> dict[str, str]:
        return msgspec.json.decode(self.value, type=dict[str, str])

    def change(self, **members: str) -> None:
        self.value = msgspec.json.encode(self.members | members)

    def read(self) -> bytes:
        self.reads += 1
        return self.value

    def store(self, value: bytes) -> None:
        self.stored.append(value)
        self.value = value

    def check_storable(self) -> None:
        return


def an_entity(acumatica_entity: str = "Bill", **choices: Any) -> Entity:
    defaults: dict[str, Any] = {
        "keys": KEYS.get(acumatica_entity, ("Type", "ReferenceNbr")),
        "current_view": "v",
        "schedule": "0 * * * *",
    }
    return Entity(name=acumatica_entity.lower(), acumatica_entity=acumatica_entity, **(defaults | choices))


BILLS = an_entity(expand=("Details",))


def a_source(
    sandbox: Sandbox, vault: Vault | None = None, clock: Clock | None = None, **parts: Any
) -> AcumaticaSource:
    """A source that waits on a clock of its own, so that no test does."""
    held, time = vault or Vault(sandbox.credentials()), clock or FakeClock()
    defaults: dict[str, Any] = {
        "url": sandbox.url,
        "endpoint": "Default",
        "version": "24.200.001",
        "credentials": held.read,
        "store_credentials": held.store,
        "check_storable": held.check_storable,
        "clock": time,
        "retry": Retry(clock=time, deadline=parts.get("deadline"), attempts=parts.pop("attempts", 4)),
        "storing_retry": Retry(clock=time, attempts=3),
    }
    return AcumaticaSource(**(defaults | parts))


@contextmanager
def open_source(
    sandbox: Sandbox, vault: Vault | None = None, clock: Clock | None = None, **parts: Any
) -> Iterator[AcumaticaSource]:
    """A source that is closed in the end; then no seat may be left taken."""
    source = a_source(sandbox, vault, clock, **parts)
    try:
        yield source
    finally:
        source.close()
    assert sandbox.seats == 0


def a_query(entity: Entity = BILLS, **parts: Any) -> ListQuery:
    defaults: dict[str, Any] = {"modified_field": None, "changed_since": None, "skip": 0, "top": 1000}
    return ListQuery(entity=entity, **(defaults | parts))


def since(changed_since: datetime, entity: Entity = BILLS, **parts: Any) -> ListQuery:
    return a_query(entity, modified_field="LastModifiedDateTime", changed_since=changed_since, **parts)


def decoded(answer: ListAnswer) -> list[Record]:
    return [msgspec.json.decode(row) for row in answer.rows]


def ids(answer: ListAnswer) -> list[str]:
    return [record["id"] for record in decoded(answer)]


def queries_of(sandbox: Sandbox, part: str) -> list[str]:
    """The queries of the requests whose path holds this part, in order."""
    return [request.query for request in sandbox.requests if part in request.path]


def reads_a_page(source: AcumaticaSource) -> None:
    assert len(source.read_list(a_query(top=3)).rows) == 3


def sign_ins(sandbox: Sandbox) -> int:
    return count(sandbox, "/identity/connect/token") + count(sandbox, "/auth/login")


def count(sandbox: Sandbox, part: str) -> int:
    return sum(part in request.path for request in sandbox.requests)


def outcome(action: Callable[[], object]) -> Exception | None:
    """The error an action ends with, or None."""
    try:
        action()
    except Exception as exc:  # noqa: BLE001 (whatever it is, the test looks at it)
        return exc
    return None


def everything_in(contract: Contract) -> set[str]:
    """All fields of all levels, as paths."""
    found: set[str] = set()
    pending = [("", contract.root)]
    while pending:
        path, shape = pending.pop()
        found |= {f"{path}{name}" for name in (*shape.fields, *shape.custom)}
        pending += [(f"{path}{name}/", below) for name, below in {**shape.details, **shape.linked}.items()]
    return found


MINUTE = timedelta(minutes=1)
