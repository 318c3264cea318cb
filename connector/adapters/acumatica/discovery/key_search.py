"""Finds the key fields of an entity, which no contract tells: Acumatica finds a record by them, in the order of its form."""

import logging
from collections.abc import Iterator, Sequence
from itertools import islice

from connector.adapters.acumatica.discovery.sampling import (
    NAME_OF_KEY,
    NAME_OF_TYPE,
    Row,
    find_key_texts,
    is_unique,
    rank,
)
from connector.adapters.acumatica.endpoint import Endpoint
from connector.adapters.acumatica.odata import FieldSelection
from connector.domain.offer import KeyFinding, Offer
from connector.domain.records.contract import Kind
from connector.domain.records.identity import is_addressable, is_guid
from connector.domain.records.rejected import find_session_id
from connector.errors import ConnectorError, CredentialsError

logger = logging.getLogger(__name__)

KINDS_OF_KEYS = (Kind.STRING, Kind.SELECT, Kind.INT)
MOST_TRIES = 24
"""How many combinations of fields are tried. A wrong one costs Acumatica a look into an index."""


def find_entity_keys(endpoint: Endpoint, offer: Offer, rows: Sequence[Row], grammar: int) -> KeyFinding:
    """Return the fields by which the first and the last row were found; else those that are likeliest, and say so."""
    candidates = list(_guess(offer, rows))
    tried = list(islice(candidates, MOST_TRIES)) if rows else []
    for keys in tried:
        if all(_finds(endpoint, offer.name, keys, row, grammar) for row in (rows[0], rows[-1])):
            return KeyFinding(keys=keys, told="proven: records were found by them", is_proven=True)
    likeliest = candidates[0] if candidates else tuple(islice(offer.fields, 1))
    told = (
        f"NOT PROVEN: no record was found by any of {len(tried)} combinations"
        if rows
        else "NOT PROVEN: no row"
    )
    return KeyFinding(keys=likeliest, told=f"{told}, so this is a guess by the name", is_proven=False)


def _guess(offer: Offer, rows: Sequence[Row]) -> Iterator[tuple[str, ...]]:
    """Yield combinations that are different in each row, the likeliest first: one field, a type and a number, any two."""
    able = [
        name
        for name, kind in offer.fields.items()
        if kind in KINDS_OF_KEYS and all(_can_be_asked_for(row, name) for row in rows)
    ]
    named = [name for name in able if NAME_OF_KEY.search(name)]
    singles = [name for name in rank(able, offer.name) if is_unique(rows, [name])]
    yield from ((name,) for name in singles if name in named)
    types = [name for name in able if NAME_OF_TYPE.search(name)]
    for first in [*types, *rank(named, offer.name)]:
        yield from ((first, name) for name in rank(named, offer.name) if _is_pair(rows, first, name))
    yield from ((name,) for name in singles if name not in named)


def _is_pair(rows: Sequence[Row], first: str, second: str) -> bool:
    return first != second and is_unique(rows, [first, second])


def _can_be_asked_for(row: Row, name: str) -> bool:
    texts = find_key_texts(row, [name])
    return texts is not None and is_addressable(texts[0]) and not is_guid(texts[0])


def _finds(endpoint: Endpoint, entity: str, keys: Sequence[str], row: Row, grammar: int) -> bool:
    """Whether Acumatica finds this very record by these values."""
    texts = find_key_texts(row, keys)
    if texts is None:
        return False
    try:
        found = endpoint.read_record(
            entity, texts, FieldSelection(select=tuple(keys), grammar=grammar), attempts=1
        )
    except CredentialsError:
        raise
    except ConnectorError as exc:
        logger.debug("no %s was found by %s: %s", entity, ", ".join(keys), exc.message)
        return False
    return found is not None and find_session_id(found) == row.get("id")
