"""One request for the rows of a feed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
from .references import Expansion, parse_expand
from .seen import Seen

REFUSED = ("$count", "$apply", "$inlinecount", "$search")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedReading:
    """The rows of one answer. Without `$orderby` their order is another one each time; so are ties within it."""

    site: Site
    feed: Feed
    dialect: Dialect
    request: Request
    context: str
    sees_data: bool
    classes: Mapping[str, Feed] = field(default_factory=dict)
    """What references lead to, by title."""

    def answer(self, arguments: str | None) -> bytes:
        """The body: empty where the query cannot be carried out."""
        options = self.request.parameters
        for name in REFUSED:
            if name in options:
                raise bad_filter(f"The query option '{name}' is not supported.")
        if "$expand" in options and not self.feed.references:
            raise bad_filter("The query option '$expand' is not supported.")
        columns = self._columns(options.get("$select", ""))
        expand = parse_expand(options.get("$expand", ""), self.feed, self.classes)
        conditions = Conditions(
            feed=self.feed,
            dialect=self.dialect,
            classes=self.classes,
            lookup=partial(self._look_up, self.feed),
        )
        condition = conditions.read(options["$filter"]) if options.get("$filter") else None
        order = self._order(options.get("$orderby", ""))
        if conditions.has_two_starts or self._is_formula({*conditions.used, *(name for name, _ in order)}):
            return b""
        rows = self._rows(arguments)
        if self._is_join_key(conditions.used):
            rows = rows[::2]  # another join: rows are lost
        if condition is not None:
            rows = [row for row in rows if condition(row)]
        return self._page(self._sorted(rows, order), Expansion(feed=self.feed, expand=expand), columns)

    def _rows(self, arguments: str | None) -> Sequence[FeedRow]:
        if not self.sees_data or (self.feed.parameters and arguments is None):
            return []
        rows = self._known_rows(self.feed)
        for name, value in self._arguments(arguments or "").items():
            rows = [row for row in rows if comparable(row.get(name)) == comparable(value)]
        limit = self.site.options.select_top.get(self.feed.title, 0)
        return rows[:limit] if limit else rows

    def _known_rows(self, feed: Feed) -> Sequence[FeedRow]:
        """All rows that the request's headers show, kept while the tables behind them stand still."""
        tenant = self.site.tenant
        archived, deleted = (self._shows(name) for name in ("PX-ApiArchive", "PX-ApiDeleted"))
        key = ("feed", feed.title, feed.columns, archived, deleted)
        generation = (
            *(tenant.table(name).generation for name in feed.tables),
            tenant.clock.now().date(),
        )
        known = self.site.caches.get(key)
        if known is None or known[0] != generation:
            rows = list(feed.rows(Seen(tenant=tenant, archived=archived)))
            if deleted and feed.keeps_deleted:
                gone = feed.rows(Seen(tenant=tenant, deleted=feed.keeps_deleted))
                rows += [{**row, "DeletedDatabaseRecord": True} for row in gone]
            known = (generation, rows)
            self.site.remember(key, known)
        found: Sequence[FeedRow] = known[1]
        return found

    def _shows(self, header: str) -> bool:
        """Whether a header asks for more; it works on classes alone."""
        return bool(self.classes) and self.request.header(header).upper() == "SHOW"

    def _look_up(self, feed: Feed, name: str, row: FeedRow) -> FeedRow | None:
        """The row that a row leads to."""
        reference = feed.references[name]
        target = self.classes[reference.target]
        rows = self._known_rows(target)
        key = ("index", reference.target, reference.key, id(rows))
        index = self.site.caches.get(key)
        if index is None:
            index = {item.get(reference.key): item for item in rows}
            self.site.remember(key, index)
        found: FeedRow | None = index.get(row.get(reference.by))
        return found

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
            return [item for item in self.feed.ordered_columns if item.name not in self.feed.unselectable]
        return [self._column(name.strip()) for name in select.split(",")]

    def _column(self, name: str) -> FeedColumn:
        column = self.feed.column(name)
        if column is None:
            raise unknown_property(name, self.feed)
        if name in self.feed.unselectable:
            raise bad_filter("An error has occurred.")
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

    def _page(self, rows: Sequence[FeedRow], top_level: Expansion, columns: Sequence[FeedColumn]) -> bytes:
        options, limits = self.request.parameters, self.site.options
        skip = _count(options, "$skip") or 0
        rows = rows[skip:]
        top = _count(options, "$top")
        if top is not None:
            rows = rows[: min(top, limits.odata_top_limit or top)]
        size = limits.odata_page_size
        page = rows if size is None else rows[:size]
        body = ",".join(self._encode(row, top_level, columns) for row in page)
        link = self._link(skip + len(page), top, len(page)) if len(page) < len(rows) else ""
        return f'{{"{self.dialect.context}":{json.dumps(self.context)},"value":[{body}]{link}}}'.encode()

    def _link(self, skip: int, top: int | None, given: int) -> str:
        parameters = {**self.request.parameters, "$skip": str(skip)}
        if top is not None:
            parameters["$top"] = str(top - given)
        host = self.request.header("Host") or "127.0.0.1"
        url = f"http://{host}{self.request.path}?{urlencode(parameters, quote_via=quote, safe='$')}"
        return f',"{self.dialect.next_link}":{json.dumps(url)}'

    def _encode(self, row: FeedRow | None, level: Expansion, columns: Sequence[FeedColumn] = ()) -> str:
        """A row with what it leads to, as far as that is asked for."""
        if row is None:
            return "null"
        if not columns:
            chosen = (level.feed.column(name) for name in level.select)
            columns = [item for item in chosen if item is not None] or level.feed.ordered_columns
        members = [f'"{item.name}":{self.dialect.encode(item, row.get(item.name))}' for item in columns]
        for name, below in level.expand.items():
            members.append(f'"{name}":{self._encode(self._look_up(level.feed, name, row), below)}')
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
