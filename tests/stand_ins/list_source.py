"""A list held in memory as a Source: it rests until a test changes it, and fails where a test says."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

import msgspec
from typing_extensions import override

from connector.adapters.acumatica.one_by_one import read_one_by_one
from connector.domain.check_line import CheckLine
from connector.domain.entity import Entity
from connector.domain.entity_state import Origin, RefusedSignIn
from connector.domain.list_query import DeletedIds, ListAnswer, ListQuery
from connector.domain.records.contract import Contract
from connector.domain.records.rejected import find_id
from connector.errors import (
    ConnectorError,
    NotOptimizableError,
    SourceRefusedError,
    SourceUnavailableError,
)
from connector.ports import Clock, Source


def cut_rows(rows: Sequence[bytes], most_bytes: int) -> list[bytes]:
    """Return what is read of an answer that becomes too large; fail if that is no page."""
    sizes = accumulate(len(row) for row in rows)
    kept = [row for row, size in zip(rows, sizes, strict=True) if size <= most_bytes]
    if len(kept) < min(2, len(rows)):
        raise failure("a page")
    return kept


class ListSource(Source):
    """Lists the `rows` of one entity in the order they were put there; everything it was asked is in `queries`, `asked` and `deleted_since`."""

    def __init__(self, *, entity: Entity, clock: Clock, contract: Contract) -> None:
        self._entity = entity
        self._clock = clock
        self.contract = contract
        self.rows: dict[str, bytes] = {}
        self.hidden: set[str] = set()
        """Records that no list shows, though they are there when asked for by their id."""
        self.is_blind = False
        """Whether any filter silently finds nothing."""
        self.filters_by: set[str] = set()
        """Fields that filters work by although the contract does not tell them."""
        self.largest_page: int | None = None
        """How many rows a list gives at once; a request for more fails."""
        self.broken: set[str] = set()
        """Records that Acumatica fails on, in a list and by their id."""
        self.broken_in_lists: set[str] = set()
        """Records that fail a list of more than keys, and can be read by their id."""
        self.broken_keys: set[str] = set()
        """Records that fail any list."""
        self.gives_keys_alone = False
        """Whether lists are empty as soon as more than keys is asked for."""
        self.empty_in_lists: tuple[str, ...] = ()
        """Members that lists leave empty."""
        self.is_optimizable = True
        self.clock_ahead = timedelta(0)
        """How far the clock of the source is ahead of ours."""
        self.knows_contract = True
        self.asked_by: Contract | None = None
        """The contract that lists turned out to be asked for by."""
        self.before: Callable[[int], None] = lambda _: None
        """Called with the number of each request of a list before it is answered."""
        self.unreadable: dict[str, ConnectorError] = {}
        self.deleted: DeletedIds | ConnectorError | None = None
        self.here: Origin | None = None
        self.refused: RefusedSignIn | None = None
        self.avoided: list[RefusedSignIn | None] = []
        self.expected: list[Origin | None] = []
        self.queries: list[ListQuery] = []
        self.asked: list[str] = []
        self.deleted_since: list[datetime] = []
        self.described: list[Entity] = []
        self.compared: list[tuple[Entity, Contract]] = []
        self.closed = 0

    def serve(self, entity: Entity, contract: Contract) -> None:
        """Be asked by another block of the catalogue from now on, whose contract is not known yet."""
        self._entity, self.contract, self.knows_contract = entity, contract, False

    def put(self, *rows: bytes) -> None:
        """Add the rows at the end, or where older versions of them stand."""
        for row in rows:
            self.rows[msgspec.json.decode(row)["id"]] = row

    # the Source port

    @override
    def describe(self, entity: Entity) -> Contract:
        assert entity == self._entity
        self.described.append(entity)
        return self.contract

    @override
    def contract_matches(self, entity: Entity, contract: Contract) -> bool:
        assert entity == self._entity
        self.compared.append((entity, contract))
        return self.knows_contract

    @override
    def read_list(self, query: ListQuery) -> ListAnswer:
        assert query.entity == self._entity
        began = self._clock.now()
        self.queries.append(query)
        self.before(len(self.queries))
        if not (self.is_optimizable or query.one_by_one or query.keys_only):
            raise NotOptimizableError("It cannot be listed at once.", action="Ask one by one.")
        listed = [raw for record_id, raw in self.rows.items() if record_id not in self.hidden]
        if query.modified_field is not None and query.changed_since is not None:
            if query.modified_field not in self.contract.root.fields.keys() | self.filters_by:
                raise SourceRefusedError("No such field.", action="Ask otherwise.")
            listed = [] if self.is_blind else [raw for raw in listed if self._is_after(raw, query)]
        if self.gives_keys_alone and not (query.keys_only or query.one_by_one):
            listed = []
        page = listed[query.skip : query.skip + query.top]
        if self.empty_in_lists and not (query.keys_only or query.one_by_one):
            page = [_leave_empty(raw, self.empty_in_lists) for raw in page]
        if query.one_by_one and not query.keys_only and (self.broken or self.broken_in_lists):
            keys = replace(query, keys_only=True)
            return read_one_by_one(
                lambda: self.read_list(keys),
                lambda record_id: self.read_record(query.entity, record_id),
                lambda row: find_id(row, query.entity),
                most_bytes=query.most_bytes,
            )
        if query.most_bytes is not None:
            page = cut_rows(page, query.most_bytes)
        self._fail_on(query, {record_id for record_id, raw in self.rows.items() if raw in page})
        return ListAnswer(
            rows=[_cut(raw, query) for raw in page] if query.keys_only else page,
            server_time=began + self.clock_ahead,
            contract=self.asked_by,
        )

    def _fail_on(self, query: ListQuery, listed: set[str]) -> None:
        """Fail as Acumatica does, where other requests are answered."""
        if query.keys_only:
            is_failing = bool(listed & self.broken_keys)
        else:
            is_too_large = self.largest_page is not None and query.top > self.largest_page
            is_failing = is_too_large or bool(
                listed & (self.broken | self.broken_in_lists | self.broken_keys)
            )
        if is_failing:
            raise failure("a page")

    def _is_after(self, raw: bytes, query: ListQuery) -> bool:
        """A filter never lists a record without a stamp."""
        stamp = msgspec.json.decode(raw).get(query.modified_field, {}).get("value")
        return stamp is not None and (
            query.changed_since is None or datetime.fromisoformat(stamp) >= query.changed_since
        )

    @override
    def read_record(self, entity: Entity, record_id: str) -> bytes | None:
        assert entity == self._entity
        self.asked.append(record_id)
        if record_id in self.unreadable:
            raise self.unreadable[record_id]
        if record_id in self.broken:
            raise failure("a record")
        return self.rows.get(record_id)

    @override
    def read_deleted(self, entity: Entity, since: datetime) -> DeletedIds | None:
        assert entity == self._entity
        self.deleted_since.append(since)
        if isinstance(self.deleted, ConnectorError):
            raise self.deleted
        return self.deleted

    @override
    def forbid_credentials(self, refused: RefusedSignIn | None) -> None:
        self.avoided.append(refused)

    @override
    def refused_sign_in(self) -> RefusedSignIn | None:
        return self.refused

    @override
    def require_origin(self, origin: Origin | None) -> None:
        self.expected.append(origin)

    @override
    def origin(self) -> Origin | None:
        return self.here

    @override
    def check(
        self, entities: Sequence[Entity], on_contract: Callable[[Entity, Contract], None]
    ) -> Iterator[CheckLine]:
        yield CheckLine(subject="list", ok=True, finding="held in memory")

    @override
    def close(self) -> None:
        self.closed += 1


def failure(what: str) -> SourceUnavailableError:
    """Return what a source raises of a request that Acumatica keeps failing on while it answers others."""
    return SourceUnavailableError(
        f"Acumatica failed with status 500 on {what}: Execution Timeout Expired.",
        action="Wait and call again.",
        is_request_specific=True,
    )


def _leave_empty(raw: bytes, members: tuple[str, ...]) -> bytes:
    node: dict[str, Any] = msgspec.json.decode(raw)
    empty = {name: type(node[name])() for name in members if name in node}
    return msgspec.json.encode(node | empty)


def _cut(raw: bytes, query: ListQuery) -> bytes:
    """Return what a request for keys alone brings of a record."""
    node: dict[str, Any] = msgspec.json.decode(raw)
    members = {"id", *query.entity.keys, query.modified_field}
    return msgspec.json.encode({name: value for name, value in node.items() if name in members})
