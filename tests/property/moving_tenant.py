"""A tenant that never stands still, as a Source: changes, late commits, inserts, deletes and renamed keys.

A change gets its stamp when its transaction begins and shows up to LONGEST_TRANSACTION later. The list is ordered by
key, not by stamp. While a page is read, before and after its rows are taken, time passes and the list moves. In a storm
it also fails on a share of its pages and records, while it answers other requests.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from connector.adapters.acumatica.one_by_one import read_one_by_one
from connector.domain.check_line import CheckLine
from connector.domain.entity import Entity
from connector.domain.entity_state import Origin, RefusedSignIn
from connector.domain.list_query import DeletedIds, ListAnswer, ListQuery
from connector.domain.records.contract import Contract, Kind, Shape
from connector.domain.records.rejected import find_id
from tests.stand_ins.list_source import failure

START = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
TICK = timedelta(seconds=1)
LOOKBACK_TICKS, LONGEST_TRANSACTION = 30, 25
KINDS = ("change", "change", "change", "change", "insert", "insert", "delete", "delete", "rename")

ENTITY = Entity(
    name="moving", acumatica_entity="Moving", keys=("Key",), current_view="moving", schedule="0 * * * *"
)
CONTRACT = Contract(
    endpoint="Default",
    version="24.200.001",
    request="",
    root=Shape(fields={"Key": Kind.DOUBLE, "Number": Kind.INT, "LastModifiedDateTime": Kind.DATETIME}),
    modified_field="LastModifiedDateTime",
)


@dataclass(frozen=True, slots=True)
class Item:
    """A record: where it stands in the list, when it was stamped, which of its versions it is."""

    key: float
    stamp: int
    number: int


@dataclass(frozen=True, slots=True)
class Pending:
    """A change that is stamped but not yet committed."""

    visible_at: int
    kind: str
    id: int
    key: float
    stamp: int


class MovingTenant:
    """The tenant. `storm` is how likely a transaction begins in a tick; without one it rests."""

    entity = ENTITY

    def __init__(self, seed: int, *, contract: Contract = CONTRACT) -> None:
        self._random = random.Random(f"tenant {seed}")  # noqa: S311 - made-up histories, not secrets
        self._contract = contract
        self._pending: list[Pending] = []
        self._next_id = 0
        self.now = 0
        self.storm = 0.35
        self._weather = random.Random(f"weather {seed}")  # noqa: S311 - made-up histories, not secrets
        self._failing_pages = self._weather.choice([0.0, 0.05, 0.3])
        self._failing_records = self._weather.choice([0.0, 0.05])
        self.items: dict[int, Item] = {}
        for _ in range(self._random.randrange(25)):
            self.items[self._new_id()] = Item(key=self._random.random(), stamp=0, number=0)

    def sign_in(self) -> None:
        """Begin a session of its own, which knows nothing of the ones before."""

    def name(self, record: int, item: Item) -> str:
        """Return the id under which a record is copied."""
        return name(record)

    def pass_time(self, ticks: int) -> None:
        for _ in range(ticks):
            self.now += 1
            for change in [change for change in self._pending if change.visible_at <= self.now]:
                self._pending.remove(change)
                self._show(change)
            if self._random.random() < self.storm:
                self._begin()

    def _new_id(self) -> int:
        self._next_id += 1
        return self._next_id

    def _begin(self) -> None:
        kind = self._random.choice(KINDS)
        if kind != "insert" and not self.items:
            return
        record = self._new_id() if kind == "insert" else self._random.choice(list(self.items))
        if record in {change.id for change in self._pending}:
            return  # another transaction has locked it
        delay = self._random.choice([0, 0, 0, self._random.randrange(LONGEST_TRANSACTION)])
        self._pending.append(Pending(self.now + delay, kind, record, self._random.random(), self.now))

    def _show(self, change: Pending) -> None:
        before = self.items.get(change.id)
        if change.kind == "delete":
            if len(self.items) > 1:  # a list that is suddenly empty is refused, which is another story
                self.items.pop(change.id, None)
        elif change.kind == "insert":
            self.items[change.id] = Item(change.key, change.stamp, 0)
        elif before is not None:
            key = change.key if change.kind == "rename" else before.key
            self.items[change.id] = replace(before, key=key, stamp=change.stamp, number=before.number + 1)

    def list_items(self, changed_since: int | None, skip: int, top: int) -> list[tuple[int, Item]]:
        self.pass_time(self._random.randrange(3))
        listed = sorted(
            (
                (i, item)
                for i, item in self.items.items()
                if changed_since is None or item.stamp >= changed_since
            ),
            key=lambda entry: (entry[1].key, entry[0]),
        )
        self.pass_time(self._random.randrange(3))
        return listed[skip : skip + top]

    # the Source port

    def describe(self, entity: Entity) -> Contract:
        return self._contract

    def contract_matches(self, entity: Entity, contract: Contract) -> bool:
        return True

    def read_list(self, query: ListQuery) -> ListAnswer:
        if query.one_by_one and not query.keys_only:
            keys = replace(query, keys_only=True)
            return read_one_by_one(
                lambda: self.read_list(keys),
                lambda record_id: self._read_or_fail(query.entity, record_id),
                lambda row: find_id(row, query.entity),
            )
        if not query.keys_only:
            self._fail_now_and_then(self._failing_pages, "a page")
        return self.list_rows(query)

    def list_rows(self, query: ListQuery) -> ListAnswer:
        """Return a page of the list as it is now."""
        began = START + self.now * TICK
        changed_since = None if query.changed_since is None else _ceil((query.changed_since - START) / TICK)
        rows = [
            encode(record, item) for record, item in self.list_items(changed_since, query.skip, query.top)
        ]
        return ListAnswer(rows=rows, server_time=began)

    def _read_or_fail(self, entity: Entity, record_id: str) -> bytes | None:
        self._fail_now_and_then(self._failing_records, "a record")
        return self.read_record(entity, record_id)

    def _fail_now_and_then(self, likelihood: float, what: str) -> None:
        if self.storm and self._weather.random() < likelihood:
            self.pass_time(1)
            raise failure(what)

    def read_record(self, entity: Entity, record_id: str) -> bytes | None:
        number = int(record_id[-12:])
        return encode(number, self.items[number]) if number in self.items else None

    def read_deleted(self, entity: Entity, since: datetime) -> DeletedIds | None:
        return None

    def forbid_credentials(self, refused: RefusedSignIn | None) -> None:
        return

    def refused_sign_in(self) -> RefusedSignIn | None:
        return None

    def require_origin(self, origin: Origin | None) -> None:
        return

    def origin(self) -> Origin | None:
        return None

    def check(
        self, entities: Sequence[Entity], on_contract: Callable[[Entity, Contract], None]
    ) -> Iterator[CheckLine]:
        yield CheckLine(subject="tenant", ok=True, finding="moving")

    def close(self) -> None:
        return


class TenantTime:
    """The connector's clock, right to the tick."""

    def __init__(self, tenant: MovingTenant) -> None:
        self._tenant = tenant

    def now(self) -> datetime:
        return START + self._tenant.now * TICK

    def sleep(self, duration: timedelta) -> None:
        self._tenant.pass_time(_ceil(duration / TICK))


def name(record: int) -> str:
    """Return the record's id as Acumatica would spell it."""
    return f"00000000-0000-4000-a000-{record:012}"


def encode(record: int, item: Item) -> bytes:
    stamp = (START + item.stamp * TICK).isoformat()
    return (
        b'{"id":"%b","rowNumber":1,"Key":{"value":%.17f},"Number":{"value":%d},"LastModifiedDateTime":{"value":"%b"}}'
        % (name(record).encode(), item.key, item.number, stamp.encode())
    )


def _ceil(ticks: float) -> int:
    return -int(-ticks // 1)
