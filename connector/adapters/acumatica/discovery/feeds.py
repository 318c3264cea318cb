"""The generic inquiries and data access classes of a tenant: their columns, and what some of their rows tell."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

import msgspec

from connector.adapters.acumatica.discovery.sampling import (
    Row,
    find_key_texts,
    find_values,
    is_unique,
    look_at,
    rank,
)
from connector.adapters.acumatica.feeds.contract import KEY_KINDS
from connector.adapters.acumatica.feeds.feed import Feed
from connector.adapters.acumatica.feeds.grammar import build_query
from connector.adapters.acumatica.feeds.inquiries import build_path
from connector.adapters.acumatica.feeds.metadata import FeedType
from connector.domain.block_members import FIELD, SourceKind
from connector.domain.entity import Parameter
from connector.domain.offer import KeyFinding, Look, Offer
from connector.domain.records.contract import Kind
from connector.domain.records.names import find_spelled
from connector.errors import (
    ConnectorError,
    CredentialsError,
    OtherTenantError,
    QueryImpossibleError,
    SourceRefusedError,
    SourceSetupError,
    SourceUnavailableError,
)

ROWS_LISTED, ROWS_EXAMINED = 20, 1000
EVERY = "*"
ATTEMPTS = 1
STAMP = re.compile(r"last_?modif", re.IGNORECASE)
NOTE_ID = re.compile(r"note_?id", re.IGNORECASE)


class FeedDiscovery:
    """Reads the catalogue of inquiries or of classes once, and some rows of each that is looked at."""

    def __init__(self, feed: Feed, kind: SourceKind) -> None:
        self._feed = feed
        self._kind = kind
        self._types: Mapping[str, FeedType] | None = None

    def list_offers(self, pattern: str = EVERY) -> Iterator[Offer]:
        """Yield those whose names match. Of all the thousands of classes no rows are looked at; what cannot be read is told."""
        is_looked_at = self._kind is SourceKind.INQUIRY or pattern != EVERY
        for kind in self.types().values():
            if fnmatchcase(kind.title.casefold(), pattern.casefold()):
                offer = describe(kind, self._kind)
                yield replace(offer, look=self._look(kind, ROWS_LISTED, ())[0]) if is_looked_at else offer

    def types(self) -> Mapping[str, FeedType]:
        """Return all of them by name."""
        if self._types is None:
            self._types = self._feed.read_types()
        return self._types

    def find(self, name: str) -> str | None:
        """Return the name of the inquiry or class that is called so; of a class that goes by several names its own."""
        names = {alias: title for title, kind in self.types().items() for alias in (*kind.aliases, title)}
        found = find_spelled(name, names)
        return names[found] if found is not None else None

    def examine(self, title: str, parameters: Sequence[Parameter] = ()) -> Offer:
        """Return the inquiry or class with its keys and its stamp tried."""
        kind = self.types()[title]
        look, rows = self._look(kind, ROWS_EXAMINED, parameters)
        if rows and not all(any(name in row for row in rows) for name in kind.references):
            kind = replace(kind, references={})
        offer = describe(kind, self._kind)
        stamp = offer.modified_field
        if rows and stamp and self._is_calculated(kind, [stamp], parameters):
            offer = replace(offer, modified_field=None)
        return replace(offer, look=look, keys=self._find_keys(kind, rows, look, parameters))

    def _look(self, kind: FeedType, top: int, parameters: Sequence[Parameter]) -> tuple[Look, Sequence[Row]]:
        if kind.refusal:
            return Look(refusal=kind.refusal), ()
        given = {parameter.name for parameter in parameters}
        if missing := [name for name in kind.parameters if name not in given]:
            return Look(refusal=f"has parameters: {', '.join(missing)}"), ()
        try:
            rows = self._ask(kind, top, parameters)
        except (CredentialsError, OtherTenantError):
            raise
        except ConnectorError as exc:
            return Look(refusal=exc.message), ()
        stamp = describe(kind, self._kind).modified_field
        times = [n for n, found in kind.columns.items() if found is Kind.DATETIME and n != stamp]
        empty = tuple(
            name for name in kind.columns if not any(True for row in rows for _ in find_values(row, name))
        )
        return replace(look_at(rows, times), empty=empty), rows

    def _find_keys(
        self, kind: FeedType, rows: Sequence[Row], look: Look, parameters: Sequence[Parameter]
    ) -> KeyFinding:
        """Return the declared keys, with as many columns more as tell the rows of the sample apart."""
        able = [
            name for name, found in kind.columns.items() if found in KEY_KINDS and re.fullmatch(FIELD, name)
        ]
        able = [name for name in able if kind.columns[name] is not Kind.DATETIME or name in look.days]
        declared = [name for name in kind.declared_keys if name in able]
        if not rows:
            why = look.refusal or "no row"
            return KeyFinding(
                keys=tuple(declared or rank(able, "")[:1]), told=f"NOT PROVEN: {why}", is_proven=False
            )
        keys = tuple(_extend(declared, [name for name in rank(able, "") if name not in declared], rows))
        if not is_unique(rows, keys):
            told = f"NOT PROVEN: no columns tell {len(rows)} rows apart; add some to the inquiry"
            return KeyFinding(keys=keys or tuple(able[:1]), told=told, is_proven=False)
        if self._is_calculated(kind, keys, parameters):
            told = "NOT POSSIBLE: one of them is calculated, and nothing can be sorted by it"
            return KeyFinding(keys=keys, told=told, is_proven=False)
        is_declared = list(keys) == declared
        how = "declared, and" if is_declared else "a guess:"
        return KeyFinding(
            keys=keys,
            told=f"{how} different in each of {len(rows)} rows; every run proves them",
            is_proven=is_declared,
        )

    def _is_calculated(self, kind: FeedType, columns: Sequence[str], parameters: Sequence[Parameter]) -> bool:
        """Whether a column can be neither sorted nor filtered by."""
        try:
            query = build_query(conditions=[], select=columns, order=columns, top=1)
            self._feed.read_rows(kind.title, build_path(kind, parameters), query, 1, attempts=ATTEMPTS)
        except QueryImpossibleError:
            return True
        return False

    def _ask(self, kind: FeedType, top: int, parameters: Sequence[Parameter]) -> Sequence[Row]:
        """Return rows with every column, of a class with the codes of what it refers to; without these if that is refused."""
        codes = [f"{name}/{code}" for name, found in kind.references.items() for code in found]
        try:
            return self._read(kind, codes, top, parameters)
        except (SourceRefusedError, SourceSetupError, SourceUnavailableError, QueryImpossibleError):
            if not codes:
                raise
        return self._read(kind, [], top, parameters)

    def _read(
        self, kind: FeedType, select: Sequence[str], top: int, parameters: Sequence[Parameter]
    ) -> Sequence[Row]:
        query = build_query(conditions=[], select=select, order=[], top=top)
        page = self._feed.read_rows(kind.title, build_path(kind, parameters), query, top, attempts=ATTEMPTS)
        return [{name: msgspec.json.decode(raw) for name, raw in row.items()} for row in page.rows]


def describe(kind: FeedType, of: SourceKind) -> Offer:
    """Return what the metadata says of an inquiry or a class."""
    times = [name for name, found in kind.columns.items() if found is Kind.DATETIME]
    ids = [name for name, found in kind.columns.items() if found is Kind.GUID and NOTE_ID.fullmatch(name)]
    return Offer(
        kind=of,
        name=kind.title,
        fields=kind.columns,
        linked=kind.references,
        declared_keys=kind.declared_keys,
        parameters=tuple(kind.parameters),
        modified_field=next(filter(STAMP.search, times), None),
        id_field=next(iter(ids), None),
        source="OData",
        look=Look(refusal=kind.refusal) if kind.refusal else None,
    )


def _extend(keys: list[str], others: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """Return the keys with the fewest columns more that tell the rows apart, as far as any do."""
    while not (keys and is_unique(rows, keys)):
        full = [
            name for name in others if name not in keys and all(find_key_texts(row, [name]) for row in rows)
        ]
        counts = {name: _count(rows, [*keys, name]) for name in full}
        best = max(counts, key=counts.__getitem__, default=None)
        if best is None or counts[best] <= (_count(rows, keys) if keys else 0):
            break
        keys = [*keys, best]
    return keys


def _count(rows: Sequence[Row], keys: Sequence[str]) -> int:
    return len({find_key_texts(row, keys) for row in rows})
