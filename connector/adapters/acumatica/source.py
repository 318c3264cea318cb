"""Acumatica behind the Source port: contracts, lists and single records of one endpoint version."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from typing_extensions import override

from connector.adapters.acumatica.address import Address
from connector.adapters.acumatica.auth import SignIn
from connector.adapters.acumatica.check import Check
from connector.adapters.acumatica.contract import (
    build_contract,
    choice_of,
    keys_choice,
    missing_choices,
    request_text,
)
from connector.adapters.acumatica.deleted import DeletedRecords
from connector.adapters.acumatica.endpoint import Endpoint
from connector.adapters.acumatica.error_mapping import NotThereError, QueryMisreadError
from connector.adapters.acumatica.feeds import open_feeds
from connector.adapters.acumatica.odata import RowWindow
from connector.adapters.acumatica.one_by_one import ROWS_AT_ONCE, read_one_by_one
from connector.adapters.acumatica.pace import Pace
from connector.adapters.acumatica.probed_read import SPECIFIC_ATTEMPTS, insist
from connector.adapters.acumatica.rotation import Rotation, Turn
from connector.adapters.acumatica.session import Session
from connector.adapters.acumatica.swagger import Swagger
from connector.adapters.acumatica.transport import Transport
from connector.adapters.retrying import Retry
from connector.domain.block_members import SourceKind
from connector.domain.check_line import CheckLine
from connector.domain.entity import Entity, Identity
from connector.domain.entity_state import Origin, RefusedSignIn
from connector.domain.list_query import DeletedIds, ListAnswer, ListQuery
from connector.domain.records.contract import Contract, Kind
from connector.domain.records.identity import is_addressable, is_guid, split_id
from connector.domain.records.rejected import find_id, find_session_id
from connector.errors import ConnectorError, SourceSetupError
from connector.ports import Clock, Source

logger = logging.getLogger(__name__)

T = TypeVar("T")


class AcumaticaSource(Source):
    """One instance, endpoint and version, read with one session that is opened at the first call.

    An empty version means the newest one the connector is proven with, asked for once, when it is first needed.

    Requests are built from the entity's contract: the one `describe` returned or `contract_matches` agreed to last;
    when there was none, reading begins with `describe`. It is described afresh when the endpoint turns out to have changed.
    """

    def __init__(
        self,
        *,
        url: str,
        endpoint: str,
        version: str,
        credentials: Callable[[], bytes],
        store_credentials: Callable[[bytes], None],
        check_storable: Callable[[], None],
        clock: Clock,
        retry: Retry,
        storing_retry: Retry,
        turn: Turn | None = None,
        pace: Pace | None = None,
        deadline: datetime | None = None,
    ) -> None:
        address = Address.parse(url, endpoint, version)
        self._address = address
        self._transport = Transport(address, clock, pace or Pace(clock, None), deadline)
        rotation = Rotation(credentials, store_credentials, check_storable, storing_retry, turn)
        self._sign_in = SignIn(address, self._transport, credentials, rotation, clock)
        self._clock = clock
        self._session = Session(self._transport, self._sign_in, address, clock, retry)
        self._endpoint = Endpoint(address, self._session)
        self._deleted = DeletedRecords(address, self._session, self._sign_in)
        self._feeds = open_feeds(address, self._session, self._sign_in, SPECIFIC_ATTEMPTS)
        self._contracts: dict[Entity, Contract] = {}

    @property
    def requests_made(self) -> int:
        """Count of all HTTP requests, sign-in and sign-out included."""
        return self._transport.requests_made

    @property
    def data_requests(self) -> int:
        """Count of the requests after sign-in, without the sign-out."""
        return self._session.data_requests

    @override
    def describe(self, entity: Entity) -> Contract:
        return self._describe(entity, None)

    @override
    def contract_matches(self, entity: Entity, contract: Contract) -> bool:
        """Whether the contract is of this endpoint version and these choices; if so, requests are built from it.

        Without a configured version the instance is asked for its newest one first, so an upgrade is noticed. A contract that
        lacks something the catalogue asks for never matches: the endpoint may have it by now.
        """
        is_ours = self._is_ours if entity.source is SourceKind.ENTITY else self._feeds.matches
        matches = is_ours(entity, contract)
        if matches:
            self._contracts[entity] = contract
        return matches

    def _is_ours(self, entity: Entity, contract: Contract) -> bool:
        address = self._endpoint.locate()
        ours = (address.endpoint, address.version, request_text(entity))
        is_ours = (contract.endpoint, contract.version, contract.request) == ours
        return is_ours and not missing_choices(entity, contract)

    @override
    def read_list(self, query: ListQuery) -> ListAnswer:
        answer = self._read_by_contract(query.entity, lambda contract: self._read_list(query, contract))
        return replace(answer, contract=self._contracts[query.entity])

    @override
    def read_record(self, entity: Entity, record_id: str) -> bytes | None:
        """Return one record by id, archived or not, or None when Acumatica says that it has none of that id.

        A 404 says so only if the entity's list is there at the same time.
        """
        return self._read_by_contract(entity, lambda contract: self._read_record(entity, record_id, contract))

    @override
    def read_deleted(self, entity: Entity, since: datetime) -> DeletedIds | None:
        if entity.tracked_class is None:
            return None
        is_expected = entity.source is SourceKind.ENTITY
        return self._deleted.read(entity.tracked_class, since, is_expected=is_expected)

    @override
    def forbid_credentials(self, refused: RefusedSignIn | None) -> None:
        self._sign_in.refused_before = refused

    @override
    def refused_sign_in(self) -> RefusedSignIn | None:
        return self._sign_in.refused_before

    @override
    def require_origin(self, origin: Origin | None) -> None:
        self._sign_in.expected = origin

    @override
    def origin(self) -> Origin | None:
        return self._sign_in.reached

    @override
    def check(
        self,
        entities: Sequence[Entity],
        on_contract: Callable[[Entity, Contract], None] = lambda _entity, _contract: None,
    ) -> Iterator[CheckLine]:
        check = Check(
            self._session,
            self._sign_in,
            self._endpoint,
            self._describe,
            self._read_to_prove,
            self.read_record,
            self._deleted,
        )
        return check.lines(entities, on_contract)

    @override
    def close(self) -> None:
        self._session.close()

    def _read_to_prove(self, query: ListQuery) -> ListAnswer:
        """Return the rows; of a class that refuses the query, name the columns it refuses if Acumatica does not."""
        try:
            return self.read_list(query)
        except ConnectorError as exc:
            if query.entity.source is not SourceKind.DAC:
                raise
            raise self._feeds.explain(query.entity, exc) from None

    def _read_by_contract(self, entity: Entity, read: Callable[[Contract], T]) -> T:
        """Read by the known contract; read once more by a fresh one if that names something the endpoint has lost, or asks
        in a grammar it does not speak."""
        known = self._contract(entity)
        try:
            return read(known)
        except (SourceSetupError, QueryMisreadError):
            fresh = self.describe(entity)
            if fresh.asks_as(known):
                raise
        return read(fresh)

    def _read_list(self, query: ListQuery, contract: Contract) -> ListAnswer:
        if query.one_by_one and not query.keys_only:
            keys = replace(query, top=min(query.top, ROWS_AT_ONCE), keys_only=True, most_bytes=None)
            return read_one_by_one(
                lambda: self._read_list(keys, contract),
                lambda record_id: self.read_record(query.entity, record_id),
                lambda row: find_id(row, query.entity),
                most_bytes=query.most_bytes,
            )
        return self._insist(query.entity, contract, lambda: self._read_page(query, contract))

    def _read_record(self, entity: Entity, record_id: str, contract: Contract) -> bytes | None:
        if entity.source is not SourceKind.ENTITY:
            return self._insist(
                entity, contract, lambda: self._feeds.read_record(entity, record_id, contract)
            )
        name, choice = entity.acumatica_entity, choice_of(contract, selected=bool(entity.select))
        address: Sequence[str] | None = (record_id,)
        if entity.identity is Identity.KEYS:
            address = self._find_address(entity, split_id(record_id), contract)
        if address is None:
            return None
        found = address

        def read() -> bytes | None:
            return self._endpoint.read_record(name, found, choice, attempts=SPECIFIC_ATTEMPTS)

        try:
            return self._insist(entity, contract, read)
        except NotThereError:
            self._list_one(entity, contract)
            return None

    def _find_address(self, entity: Entity, keys: Sequence[str], contract: Contract) -> Sequence[str] | None:
        """Return the record's keys for use in a URL, or its id in this session if a key cannot appear in a URL."""
        if all(map(is_addressable, keys)) and not (len(keys) == 1 and is_guid(keys[0])):
            return keys
        fields = contract.root.fields
        equal = tuple(
            (key, value, fields.get(key, Kind.STRING)) for key, value in zip(entity.keys, keys, strict=True)
        )
        page = self._endpoint.read_page(
            entity.acumatica_entity, keys_choice(entity, contract), RowWindow(equal=equal, top=1)
        )
        ids = [find_session_id(row) for row in page.rows]
        return (ids[0],) if ids and ids[0] else None

    def _insist(self, entity: Entity, contract: Contract, read: Callable[[], T]) -> T:
        return insist(read, lambda: self._list_one(entity, contract), self._clock)

    def _list_one(self, entity: Entity, contract: Contract) -> None:
        """Request the keys of one record, the cheapest list request for Acumatica."""
        if entity.source is not SourceKind.ENTITY:
            self._feeds.probe(entity, contract)
            return
        self._endpoint.read_page(entity.acumatica_entity, keys_choice(entity, contract), RowWindow(top=1))

    def _read_page(self, query: ListQuery, contract: Contract) -> ListAnswer:
        if query.entity.source is not SourceKind.ENTITY:
            return self._feeds.read_list(query, contract)
        is_selected = bool(query.entity.select)
        choice = (
            keys_choice(query.entity, contract)
            if query.keys_only
            else choice_of(contract, selected=is_selected)
        )
        window = RowWindow(
            modified_field=query.modified_field,
            changed_since=query.changed_since,
            skip=query.skip,
            top=query.top,
        )
        name = query.entity.acumatica_entity
        return self._endpoint.read_page(
            name, choice, window, attempts=SPECIFIC_ATTEMPTS, most_bytes=query.most_bytes
        )

    def _contract(self, entity: Entity) -> Contract:
        known = self._contracts.get(entity)
        return known if known is not None else self.describe(entity)

    def _describe(self, entity: Entity, swagger: Swagger | None) -> Contract:
        """Read the contract afresh; `swagger` spares a request."""
        if entity.source is not SourceKind.ENTITY:
            contract = self._contracts[entity] = self._feeds.describe(entity)
            return contract
        swagger = swagger or self._endpoint.read_swagger()
        custom = self._endpoint.read_custom_fields(entity) if entity.custom else None
        address = self._endpoint.locate()
        contract = build_contract(entity, address.endpoint, address.version, swagger, custom)
        if missing := missing_choices(entity, contract):
            logger.warning(
                "%s is read without %s: the catalogue asks for it, the endpoint %s %s does not have it",
                entity.acumatica_entity,
                ", ".join(missing),
                address.endpoint,
                address.version,
            )
        self._contracts[entity] = contract
        return contract
