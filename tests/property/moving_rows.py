"""The same tenant that never stands still, read as an inquiry or class: the real reader over rows in memory, without a server."""

import random
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

import msgspec
from msgspec import Raw
from typing_extensions import override

from acumatica_sandbox.odata.conditions import Conditions, comparable
from acumatica_sandbox.odata.dialect import NEW
from acumatica_sandbox.odata.feed import Feed as SandboxFeed
from acumatica_sandbox.odata.feed import FeedColumn as SandboxColumn
from acumatica_sandbox.odata.feed import moment, text, whole
from connector.adapters.acumatica.feeds import ClassDialect, Feed, FeedReader, InquiryDialect
from connector.adapters.acumatica.feeds.feed import FeedPage
from connector.adapters.acumatica.feeds.metadata import FeedType
from connector.domain.block_members import SourceKind
from connector.domain.entity import Entity
from connector.domain.list_query import ListAnswer, ListQuery
from connector.domain.records.contract import Contract, Kind
from connector.domain.records.identity import make_id
from tests.property.moving_tenant import START, TICK, Item, MovingTenant, name

TITLE = "Moving"
COLUMNS = (
    whole("Group"),
    text("Nbr", 24),
    whole("Number"),
    moment("Stamp"),
    SandboxColumn(name="NoteID", kind="Guid"),
)
SHAPE = SandboxFeed(title=TITLE, columns=COLUMNS, keys=("Group", "Nbr"), rows=lambda _: (), tables=())
KIND = FeedType(
    title=TITLE,
    columns={
        "Group": Kind.INT,
        "Nbr": Kind.STRING,
        "Number": Kind.INT,
        "Stamp": Kind.DATETIME,
        "NoteID": Kind.GUID,
    },
)


def a_block(**parts: Any) -> Entity:
    return Entity(
        name="moving",
        inquiry=TITLE,
        keys=("Group", "Nbr"),
        modified_field="Stamp",
        current_view="moving",
        schedule="0 * * * *",
        **parts,
    )


class RowsInMemory(Feed):
    """Answers queries as the OData interface does: rows that match, sorted where asked, in any order where not."""

    def __init__(self, tenant: "MovingInquiry", seed: int) -> None:
        self._tenant = tenant
        self._random = random.Random(f"rows {seed}")  # noqa: S311 - made-up histories, not secrets

    @override
    def read_types(self) -> Mapping[str, FeedType]:
        return {TITLE: KIND}

    @override
    def read_rows(self, name: str, path: str, query: str, top: int, *, attempts: int) -> FeedPage:
        options = {name: values[0] for name, values in parse_qs(query).items()}
        began = START + self._tenant.now * TICK
        self._tenant.pass_time(self._random.randrange(3))
        rows = self._list(options)
        self._tenant.pass_time(self._random.randrange(3))
        skip = int(options.get("$skip", 0))
        names = options["$select"].split(",") if "$select" in options else [item.name for item in COLUMNS]
        page = rows[skip : skip + int(options["$top"])]
        return FeedPage(rows=[_encode(row, names) for row in page], server_time=began)

    def _list(self, options: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
        rows = [_as_row(record, item) for record, item in self._tenant.items.items()]
        if "$filter" in options:
            matches = Conditions(feed=SHAPE, dialect=NEW).read(options["$filter"])
            rows = [row for row in rows if matches(row)]
        self._random.shuffle(rows)
        if "$orderby" in options:
            names = options["$orderby"].split(",")
            rows.sort(key=lambda row: [comparable(row[name]) for name in names])
        return rows


class MovingInquiry(MovingTenant):
    """Pages are asked for by two keys; a row whose key changes is another row."""

    entity = a_block()

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._rows = RowsInMemory(self, seed)
        self.sign_in()

    @override
    def sign_in(self) -> None:
        self._reader = FeedReader({SourceKind.INQUIRY: InquiryDialect(self._rows)}, attempts=1)

    @override
    def name(self, record: int, item: Item) -> str:
        row = _as_row(record, item)
        return make_id([str(row["Group"]), row["Nbr"]])

    @override
    def describe(self, entity: Entity) -> Contract:
        return self._reader.describe(entity)

    @override
    def contract_matches(self, entity: Entity, contract: Contract) -> bool:
        return self._reader.matches(entity, contract)

    @override
    def list_rows(self, query: ListQuery) -> ListAnswer:
        return self._reader.read_list(query, self.describe(query.entity))

    @override
    def read_record(self, entity: Entity, record_id: str) -> bytes | None:
        return self._reader.read_record(entity, record_id, self.describe(entity))


class CountedInquiry(MovingInquiry):
    """Sorted by another column first, pages are asked for by counting rows, and a changed row moves."""

    entity = a_block(order_by=("Number",))


class MovingClass(MovingInquiry):
    """A data access class whose rows keep their id when a key of theirs changes."""

    entity = Entity(
        name="moving",
        dac=TITLE,
        columns={
            "Group": "int",
            "Nbr": "string",
            "Number": "int",
            "Stamp": "datetime",
            "NoteID": "guid",
        },
        keys=("Group", "Nbr"),
        modified_field="Stamp",
        current_view="moving",
        schedule="0 * * * *",
    )

    @override
    def sign_in(self) -> None:
        self._reader = FeedReader({SourceKind.DAC: ClassDialect(self._rows)}, attempts=1)

    @override
    def name(self, record: int, item: Item) -> str:
        return name(record)


def _as_row(record: int, item: Item) -> dict[str, Any]:
    """Return the row of a record: five groups, numbers in upper and lower case that the server holds to be the same letters."""
    digits = f"{item.key:.17f}"[2:]
    letter = "abAB"[int(digits[0]) % 4]
    return {
        "Group": int(item.key * 5),
        "Nbr": letter + digits,
        "Number": item.number,
        "Stamp": START + item.stamp * TICK,
        "NoteID": name(record),
    }


def _encode(row: Mapping[str, Any], names: Sequence[str]) -> Mapping[str, Raw]:
    return {name: Raw(msgspec.json.encode(_spell(name, row[name]))) for name in names}


def _spell(name: str, value: Any) -> Any:
    if name == "Nbr":
        return value.ljust(24)
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
