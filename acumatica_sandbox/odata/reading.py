"""One request for the rows of a feed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from urllib.parse import quote, urlencode

from ..filter_lexer import Lexer
from ..messages import Request
from ..problems import bad_filter
from ..site import Site
from .conditions import Conditions, comparable, unknown_property
from .dialect import Dialect
from .feed import Feed, FeedColumn, FeedRow

REFUSED = ("$count", "$expand", "$apply", "$inlinecount", "$search")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedReading:
    """The rows of one answer. Without `$orderby` their order is another one each time; so are ties within it."""

    site: Site
    feed: Feed
    dialect: Dialect
    request: Request
    context: str
    sees_data: bool

    def answer(self, arguments: str | None) -> bytes:
        """The body: empty where the query cannot be carried out."""
        options = self.request.parameters
        for name in REFUSED:
            if name in options:
                raise bad_filter(f"The query option '{name}' is not supported.")
        columns = self._columns(options.get("$select", ""))
        conditions = Conditions(feed=self.feed, dialect=self.dialect)
        condition = conditions.read(options["$filter"]) if options.get("$filter") else None
        order = self._order(options.get("$orderby", ""))
        if conditions.has_two_starts or self._is_formula({*conditions.used, *(name for name, _ in order)}):
            return b""
        rows = self._rows(arguments)
        if self._is_join_key(conditions.used):
            rows = rows[::2]  # another join: rows are lost
        if condition is not None:
            rows = [row for row in rows if condition(row)]
        return self._page(self._sorted(rows, order), columns)

    def _rows(self, arguments: str | None) -> Sequence[FeedRow]:
        if not self.sees_data or (self.feed.parameters and arguments is None):
            return []
        rows = self._known_rows()
        for name, value in self._arguments(arguments or "").items():
            rows = [row for row in rows if comparable(row.get(name)) == comparable(value)]
        limit = self.site.options.select_top.get(self.feed.title, 0)
        return rows[:limit] if limit else rows

    def _known_rows(self) -> Sequence[FeedRow]:
        """All rows, kept while the tables behind them stand still."""
        tenant = self.site.tenant
        key = ("feed", self.feed.title, self.feed.columns)
        generation = (
            *(tenant.table(name).generation for name in self.feed.tables),
            tenant.clock.now().date(),
        )
        known = self.site.caches.get(key)
        if known is None or known[0] != generation:
            known = (generation, self.feed.rows(tenant))
            self.site.remember(key, known)
        rows: Sequence[FeedRow] = known[1]
        return rows

    def _arguments(self, text: str) -> dict[str, object]:
        found: dict[str, object] = {}
        tokens = Lexer(5, self.site.zone).tokens(text)
        for name, mark, value in zip(tokens[::4], tokens[1::4], tokens[2::4], strict=False):
            if name.text not in self.feed.parameters or mark.text != "=":
                raise bad_filter(f"The parameter '{name.text}' is not one of this inquiry.")
            found[name.text] = value.value
        return found

    def _columns(self, select: str) -> Sequence[FeedColumn]:
        if not select or select == "*":
            return self.feed.ordered_columns
        return [self._column(name.strip()) for name in select.split(",")]

    def _column(self, name: str) -> FeedColumn:
        column = self.feed.column(name)
        if column is None:
            raise unknown_property(name, self.feed)
        return column

    def _order(self, text: str) -> list[tuple[str, bool]]:
        order = []
        for part in filter(None, (item.strip() for item in text.split(","))):
            name, _, direction = part.partition(" ")
            order.append((self._column(name).name, direction.strip() == "desc"))
        return order

    def _is_formula(self, names: set[str]) -> bool:
        return any(item.is_formula for item in self.feed.columns if item.name in names)

    def _is_join_key(self, names: set[str]) -> bool:
        return any(item.is_join_key for item in self.feed.columns if item.name in names)

    def _sorted(self, rows: Sequence[FeedRow], order: list[tuple[str, bool]]) -> list[FeedRow]:
        shuffled = list(rows)
        Random(len(self.site.requests)).shuffle(shuffled)  # noqa: S311 - any order will do
        for name, is_descending in reversed(order):
            shuffled.sort(key=partial(_place, name), reverse=is_descending)
        return shuffled

    def _page(self, rows: Sequence[FeedRow], columns: Sequence[FeedColumn]) -> bytes:
        options, limits = self.request.parameters, self.site.options
        skip = _count(options, "$skip") or 0
        rows = rows[skip:]
        top = _count(options, "$top")
        if top is not None:
            rows = rows[: min(top, limits.odata_top_limit or top)]
        size = limits.odata_page_size
        page = rows if size is None else rows[:size]
        body = ",".join(self._encode(row, columns) for row in page)
        link = self._link(skip + len(page), top, len(page)) if len(page) < len(rows) else ""
        return f'{{"{self.dialect.context}":{json.dumps(self.context)},"value":[{body}]{link}}}'.encode()

    def _link(self, skip: int, top: int | None, given: int) -> str:
        parameters = {**self.request.parameters, "$skip": str(skip)}
        if top is not None:
            parameters["$top"] = str(top - given)
        host = self.request.header("Host") or "127.0.0.1"
        url = f"http://{host}{self.request.path}?{urlencode(parameters, quote_via=quote, safe='$')}"
        return f',"{self.dialect.next_link}":{json.dumps(url)}'

    def _encode(self, row: FeedRow, columns: Sequence[FeedColumn]) -> str:
        members = (f'"{item.name}":{self.dialect.encode(item, row.get(item.name))}' for item in columns)
        return "{" + ",".join(members) + "}"


def _place(name: str, row: FeedRow) -> tuple[bool, object]:
    """Where a row stands by a column: nothing comes first, as on SQL Server."""
    value = row.get(name)
    return (value is not None, comparable(value) if value is not None else 0)


def _count(options: dict[str, str], name: str) -> int | None:
    text = options.get(name, "")
    if text and not text.isdigit():
        raise bad_filter(f"Invalid value '{text}' for {name} query option found.")
    return int(text) if text else None
