"""The contract of a feed: what the catalogue's block asks for, and what could not be read whole is refused."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

import msgspec

from connector.adapters.acumatica.feeds.grammar import ORDERED
from connector.domain.block_members import NOTE_ID
from connector.domain.entity import Entity, Identity
from connector.domain.records.contract import Contract, Kind, Shape
from connector.domain.records.sifting import ENVELOPE
from connector.errors import SourceSetupError

ENDPOINT = "OData"
"""What a contract of a feed has in place of an endpoint's name; its version is the hash of an inquiry's columns."""
KEY_KINDS = (*ORDERED, Kind.GUID, Kind.BOOL)


def request_text(entity: Entity) -> str:
    """Return the settings that shape the contract, as text; a contract made with other settings is made again."""
    choices = {
        "inquiry": entity.inquiry,
        "dac": entity.dac,
        "columns": entity.columns,
        "keys": entity.keys,
        "order_by": entity.order_by,
        "select": entity.select,
        "exclude": sorted(entity.exclude),
        "date_fields": sorted(entity.date_fields),
        "modified_field": entity.modified_field,
        "rows": entity.row_choice,
    }
    return msgspec.json.encode(choices).decode()


def build_contract(entity: Entity, shape: Shape, version: str, name: str) -> Contract:
    """Return the contract of a feed with these columns; raise SourceSetupError if rows could not be told apart by the keys."""
    _check_names(entity, _walk_names(shape), name)
    _check_kinds(entity, shape.fields, name)
    return Contract(
        endpoint=ENDPOINT,
        version=version,
        request=request_text(entity),
        root=shape,
        modified_field=entity.modified_field,
        rows=entity.row_choice,
    )


def find_needed(entity: Entity) -> list[str]:
    """Return the columns without which a row is no record: keys, stamp, and the id where it has one."""
    stamp = [entity.modified_field] if entity.modified_field else []
    note = [NOTE_ID] if entity.identity is Identity.ID else []
    return list(dict.fromkeys([*entity.keys, *stamp, *note]))


def guess(name: str, known: Iterable[str]) -> str:
    """Return a question for what was probably meant."""
    folded = {other.casefold(): other for other in known}
    nearest = get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return f" Did you mean {folded[nearest[0]]}?" if nearest else ""


def _walk_names(shape: Shape) -> Iterator[str]:
    yield from (*shape.fields, *shape.linked)
    for level in shape.linked.values():
        yield from _walk_names(level)


def _check_names(entity: Entity, fields: Iterable[str], name: str) -> None:
    if taken := sorted(ENVELOPE & set(fields)):
        raise SourceSetupError(
            f"{_capitalise(name)} has a column called {taken[0]}, as a part of every record is.",
            action=f"Give it another caption (SM208000) and add {taken[0]} to `exclude` of {entity.name}, or leave it out of"
            " `columns`.",
        )


def _check_kinds(entity: Entity, fields: Mapping[str, Kind], name: str) -> None:
    for key in entity.keys:
        if fields[key] not in KEY_KINDS:
            raise SourceSetupError(
                f"{key} of {name} is a {fields[key].value} number, which cannot tell rows apart.",
                action=f"Name other columns in `keys` of {entity.name}.",
            )
        if fields[key] is Kind.DATETIME:
            raise SourceSetupError(
                f"{key} of {name} is a point in time, which cannot tell rows apart.",
                action=f"If it holds days, say so of {entity.name} (`date_fields`, or `date` in `columns`); otherwise name other"
                " `keys`.",
            )
    stamp = entity.modified_field
    if stamp is not None and fields[stamp] is not Kind.DATETIME:
        raise SourceSetupError(
            f"{stamp} of {name} is no point in time, so it cannot tell what changed.",
            action=f"Name another `modified_field` of {entity.name}, or none: then it is read whole in every run.",
        )


def _capitalise(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
