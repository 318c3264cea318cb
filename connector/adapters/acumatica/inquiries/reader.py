"""Reads generic inquiries as the Source port reads entities: contracts, pages of lists, single rows."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial

from connector.adapters.acumatica.inquiries.contract import build_contract, not_exposed, request_text
from connector.adapters.acumatica.inquiries.feed import Feed, FeedPage
from connector.adapters.acumatica.inquiries.grammar import (
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
from connector.adapters.acumatica.inquiries.metadata import InquiryType
from connector.adapters.acumatica.inquiries.places import Places
from connector.adapters.acumatica.inquiries.rows import find_keys, find_repeated, wrap_row
from connector.domain.entity import Entity
from connector.domain.list_query import ListAnswer, ListQuery
from connector.domain.records.contract import Contract, Kind
from connector.domain.records.identity import split_id
from connector.errors import QueryImpossibleError, SourceSetupError

logger = logging.getLogger(__name__)


class InquiryReader:
    """Asks for each list sorted by its keys, and for each page but the first by the keys that the one before ended with.

    Where keys cannot be compared, or some rows lack one, rows are counted instead (`$skip`).
    """

    def __init__(self, feed: Feed, attempts: int) -> None:
        self._feed = feed
        self._attempts = attempts
        self._types: Mapping[str, InquiryType] | None = None
        self._places = Places()

    def describe(self, entity: Entity) -> Contract:
        """Return the contract, freshly read; raise SourceSetupError if the block does not fit the inquiry."""
        self._types = None
        return build_contract(entity, self._find_type(entity))

    def matches(self, entity: Entity, contract: Contract) -> bool:
        """Whether the inquiry still has the columns of the contract, and the block asks for the same."""
        kind = self._find_type(entity)
        if contract.request != request_text(entity):
            return False
        if contract.version == kind.digest:
            return True
        self._tell_edit(kind, contract)
        return False

    def read_list(self, query: ListQuery, contract: Contract) -> ListAnswer:
        """Return one page; raise SourceSetupError if two of its rows have the same keys."""
        page = self._read_page(query, contract)
        if repeated := find_repeated(page.rows, query.entity):
            raise SourceSetupError(
                f"The keys {', '.join(query.entity.keys)} do not tell the rows of the inquiry «{query.entity.inquiry}» apart:"
                f" several have {repeated}.",
                action=f"Add columns to `keys` of {query.entity.name} until each row has its own. What is written stays.",
            )
        self._places.note(query, [find_keys(row, query.entity) for row in page.rows])
        return ListAnswer(rows=[wrap_row(row, contract) for row in page.rows], server_time=page.server_time)

    def read_record(self, entity: Entity, record_id: str, contract: Contract) -> bytes | None:
        """Return the row with these keys, or None if there is none."""
        fields = contract.root.fields
        literals = [
            render_literal(value, fields.get(key, Kind.STRING))
            for key, value in zip(entity.keys, split_id(record_id), strict=True)
        ]
        page = self._ask(entity, contract, [is_equal(entity.keys, literals)], top=2)
        if len(page.rows) > 1 and (repeated := find_repeated(page.rows, entity)):
            raise SourceSetupError(
                f"Several rows of the inquiry «{entity.inquiry}» have the keys {repeated}.",
                action=f"Add columns to `keys` of {entity.name} until each row has its own.",
            )
        return wrap_row(page.rows[0], contract) if page.rows else None

    def probe(self, entity: Entity, contract: Contract) -> None:
        """Ask for the keys of any row: next to nothing for Acumatica."""
        self._ask(entity, contract, [], top=1, keys_only=True)

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
            except QueryImpossibleError:
                self._places.is_by_keys = False
                logger.info("«%s» cannot be read by its keys: its rows are counted", query.entity.inquiry)
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
        except QueryImpossibleError:
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
            select=_choose(entity, contract, keys_only=keys_only),
            order=list(dict.fromkeys([*entity.order_by, *entity.keys])) if is_sorted else (),
            top=top,
            skip=skip,
        )
        title = entity.inquiry or ""
        return self._feed.read_rows(title, self._locate(entity), query, top, attempts=self._attempts)

    def _locate(self, entity: Entity) -> str:
        kind = self._find_type(entity)
        if not kind.function:
            return kind.title
        values = {parameter.name: parameter.value for parameter in entity.parameters}
        literals = (f"{name}={_render_parameter(values[name], of)}" for name, of in kind.parameters.items())
        return f"{kind.function}({','.join(literals)})"

    def _find_type(self, entity: Entity) -> InquiryType:
        if self._types is None:
            self._types = self._feed.read_types()
        title = entity.inquiry or ""
        if title not in self._types:
            raise not_exposed(title, self._types)
        return self._types[title]

    def _tell_edit(self, kind: InquiryType, contract: Contract) -> None:
        """Say which columns came and went: an edited caption looks like one of each."""
        before = contract.root.fields.keys() | contract.root.unread
        gone, new = (
            sorted(before - kind.columns.keys() - {*kind.join_keys}),
            sorted(kind.columns.keys() - before),
        )
        if gone or new:
            logger.warning(
                "the inquiry «%s» was edited: without %s, with %s now. A column that got another caption goes on in a new column;"
                " the old one keeps what was read",
                kind.title,
                ", ".join(gone) or "nothing less",
                ", ".join(new) or "nothing more",
            )


def _choose(entity: Entity, contract: Contract, *, keys_only: bool) -> Sequence[str]:
    """Return the columns to name in `$select`; none asks for all, so that a new column is noticed in the rows."""
    if keys_only:
        return [*entity.keys, *([contract.modified_field] if contract.modified_field else [])]
    return list(contract.root.fields) if entity.select or entity.exclude else []


def _render(entity: Entity, contract: Contract, values: KeyValues) -> list[str]:
    fields = contract.root.fields
    return [render_sent(value, fields[key]) for key, value in zip(entity.keys, values, strict=True)]


def _render_parameter(value: str | int | bool, kind: Kind) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and kind is not Kind.STRING:
        return str(value)
    return render_literal(str(value), Kind.STRING if kind is Kind.STRING else kind)
