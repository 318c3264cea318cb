"""Reads feeds as the Source port reads entities: contracts, pages of lists, single rows."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial

from connector.adapters.acumatica.endpoint import LONG_QUERY
from connector.adapters.acumatica.error_mapping import NotThereError
from connector.adapters.acumatica.feeds.contract import find_needed
from connector.adapters.acumatica.feeds.dialect import Dialect
from connector.adapters.acumatica.feeds.feed import FeedPage
from connector.adapters.acumatica.feeds.grammar import (
    ORDERED,
    KeyValues,
    build_query,
    is_at_or_after,
    is_changed_since,
    is_equal,
    lacks_a_key,
    render_literal,
    render_sent,
)
from connector.adapters.acumatica.feeds.places import Places
from connector.adapters.acumatica.feeds.rows import find_keys, find_repeated, wrap_row
from connector.domain.block_members import NOTE_ID, SourceKind
from connector.domain.entity import Entity, Identity
from connector.domain.list_query import ListAnswer, ListQuery
from connector.domain.records.contract import Contract, Kind
from connector.domain.records.identity import split_id
from connector.errors import (
    AccessDeniedError,
    ConnectorError,
    CredentialsError,
    QueryImpossibleError,
    SourceRefusedError,
    SourceSetupError,
    TransientError,
)

logger = logging.getLogger(__name__)

CANNOT_COMPARE = (QueryImpossibleError, SourceRefusedError)
"""A query by keys fails so where they are calculated or of another type than the block says, or where it gets too long."""


class FeedReader:
    """Asks for each list sorted by its keys, and for each page but the first by the keys that the one before ended with.

    Where keys cannot be compared, or some rows lack one, rows are counted instead (`$skip`).
    """

    def __init__(self, dialects: Mapping[SourceKind, Dialect], attempts: int) -> None:
        self._dialects = dialects
        self._attempts = attempts
        self._places = Places()

    def describe(self, entity: Entity) -> Contract:
        """Return the contract, freshly made; raise SourceSetupError if the block does not fit what it reads."""
        return self._dialects[entity.source].describe(entity)

    def matches(self, entity: Entity, contract: Contract) -> bool:
        """Whether the contract still holds, and the block asks for the same."""
        return self._dialects[entity.source].matches(entity, contract)

    def read_list(self, query: ListQuery, contract: Contract) -> ListAnswer:
        """Return one page; raise SourceSetupError if two of its rows have the same keys."""
        page, entity = self._read_page(query, contract), query.entity
        if repeated := find_repeated(page.rows, entity):
            raise SourceSetupError(
                f"The keys {', '.join(entity.keys)} do not tell the rows of {self._name(entity)} apart: several have {repeated}.",
                action=f"Add columns to `keys` of {entity.name} until each row has its own. What is written stays.",
            )
        self._places.note(query, [find_keys(row, entity) for row in page.rows])
        rows = [wrap_row(row, entity, contract) for row in page.rows]
        return ListAnswer(rows=rows, server_time=page.server_time)

    def read_record(self, entity: Entity, record_id: str, contract: Contract) -> bytes | None:
        """Return the row with this id, or None if there is none."""
        is_noted = entity.identity is Identity.ID
        names = [NOTE_ID] if is_noted else entity.keys
        values = [record_id] if is_noted else split_id(record_id)
        fields = contract.root.fields
        literals = [
            render_literal(value, fields.get(name, Kind.STRING))
            for name, value in zip(names, values, strict=True)
        ]
        page = self._ask(entity, contract, [is_equal(names, literals)], top=2)
        if len(page.rows) > 1 and (repeated := find_repeated(page.rows, entity)):
            raise SourceSetupError(
                f"Several rows of {self._name(entity)} have the keys {repeated}.",
                action=f"Add columns to `keys` of {entity.name} until each row has its own.",
            )
        return wrap_row(page.rows[0], entity, contract) if page.rows else None

    def probe(self, entity: Entity, contract: Contract) -> None:
        """Ask for the keys of any row: next to nothing for Acumatica."""
        self._ask(entity, contract, [], top=1, keys_only=True)

    def explain(self, entity: Entity, exc: ConnectorError) -> ConnectorError:
        """Return the error with the columns of a class that Acumatica refuses when asked for them one by one, where some are told so."""
        if isinstance(exc, CredentialsError | AccessDeniedError):
            return exc
        found = [column for column in entity.columns if self._refuses(entity, column)]
        if len(found) in (0, len(entity.columns)):
            return exc  # it is not about columns
        refused = ", ".join(found)
        return SourceSetupError(
            f"{exc.message} Of its columns asked for one by one, Acumatica refuses {refused}.",
            action=f"Take {refused} out of `columns` of {entity.name}, or spell it as `discover` does.",
        )

    def _refuses(self, entity: Entity, column: str) -> bool:
        order = [column] if column in find_needed(entity) else []
        try:
            self._send(entity, build_query(conditions=[], select=[column], order=order, top=1), 1)
        except TransientError as exc:
            return exc.is_request_specific
        except ConnectorError:
            return True
        return False

    def _read_page(self, query: ListQuery, contract: Contract) -> FeedPage:
        conditions = []
        if query.modified_field is not None and query.changed_since is not None:
            conditions.append(is_changed_since(query.modified_field, query.changed_since))
        ask = partial(
            self._ask, query.entity, contract, top=query.top, keys_only=query.keys_only, is_sorted=True
        )
        at = self._places.find(query)
        if at is not None and self._can_go_by_keys(query.entity, contract, conditions):
            after = is_at_or_after(query.entity.keys, _render(query.entity, contract, at))
            try:
                return ask([*conditions, after])
            except CANNOT_COMPARE:
                self._places.is_by_keys = False
                logger.info("%s cannot be read by its keys: its rows are counted", self._name(query.entity))
        return ask(conditions, skip=query.skip)

    def _can_go_by_keys(self, entity: Entity, contract: Contract, conditions: Sequence[str]) -> bool:
        """Whether pages can be asked for by keys: a row without a key would be left out by any comparison, so it is looked for."""
        if self._places.is_by_keys is None:
            kinds = (contract.root.fields.get(key) for key in entity.keys)
            is_possible = not entity.order_by and all(kind in ORDERED for kind in kinds)
            self._places.is_by_keys = is_possible and not self._lacks_keys(entity, contract, conditions)
        return self._places.is_by_keys

    def _lacks_keys(self, entity: Entity, contract: Contract, conditions: Sequence[str]) -> bool:
        try:
            found = self._ask(
                entity, contract, [*conditions, lacks_a_key(entity.keys)], top=1, keys_only=True
            )
        except CANNOT_COMPARE:
            return True
        return bool(found.rows)

    def _ask(
        self,
        entity: Entity,
        contract: Contract,
        conditions: Sequence[str],
        *,
        top: int,
        skip: int = 0,
        keys_only: bool = False,
        is_sorted: bool = False,
    ) -> FeedPage:
        query = build_query(
            conditions=[*([entity.filter] if entity.filter else []), *conditions],
            select=self._dialects[entity.source].choose(entity, contract, keys_only=keys_only),
            order=list(dict.fromkeys([*entity.order_by, *entity.keys])) if is_sorted else (),
            top=top,
            skip=skip,
        )
        return self._send(entity, query, top)

    def _send(self, entity: Entity, query: str, top: int) -> FeedPage:
        dialect = self._dialects[entity.source]
        try:
            return dialect.feed.read_rows(
                dialect.name(entity), dialect.locate(entity), query, top, attempts=self._attempts
            )
        except NotThereError:
            if len(query) > LONG_QUERY and not self._refuses(entity, entity.keys[0]):
                raise SourceRefusedError(
                    f"The web server does not take the long request for {dialect.name(entity)} ({len(query)} characters).",
                    action=f"Name fewer columns in `columns` or `select` of {entity.name}, or allow longer queries.",
                ) from None
            raise dialect.explain_absence(entity) from None

    def _name(self, entity: Entity) -> str:
        return self._dialects[entity.source].name(entity)


def _render(entity: Entity, contract: Contract, values: KeyValues) -> list[str]:
    fields = contract.root.fields
    return [render_sent(value, fields[key]) for key, value in zip(entity.keys, values, strict=True)]
