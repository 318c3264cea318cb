"""Makes the contract of an inquiry from its metadata and the catalogue's block, and refuses what could not be read whole."""

from collections.abc import Iterable
from difflib import get_close_matches

import msgspec

from connector.adapters.acumatica.inquiries.grammar import ORDERED
from connector.adapters.acumatica.inquiries.metadata import InquiryType
from connector.domain.entity import Entity
from connector.domain.records.contract import Contract, Kind, Shape
from connector.domain.records.sifting import ENVELOPE
from connector.errors import SourceSetupError

ENDPOINT = "OData"
"""What a contract of an inquiry has in place of an endpoint's name; its version is the hash of the inquiry's columns."""
NAMES_SHOWN = 40
KEY_KINDS = (*ORDERED, Kind.GUID, Kind.BOOL)


def request_text(entity: Entity) -> str:
    """Return the settings that shape the contract, as text; a contract made with other settings is made again."""
    choices = {
        "inquiry": entity.inquiry,
        "keys": entity.keys,
        "order_by": entity.order_by,
        "select": entity.select,
        "exclude": sorted(entity.exclude),
        "date_fields": sorted(entity.date_fields),
        "modified_field": entity.modified_field,
        "rows": entity.row_choice,
    }
    return msgspec.json.encode(choices).decode()


def build_contract(entity: Entity, kind: InquiryType) -> Contract:
    """Return the contract; raise SourceSetupError if the block does not fit the inquiry."""
    _check_parameters(entity, kind)
    _check_columns(entity, kind)
    wanted = {*entity.keys, *entity.order_by, *([entity.modified_field] if entity.modified_field else [])}
    fields = {
        name: Kind.DATE if found is Kind.DATETIME and name in entity.date_fields else found
        for name, found in kind.columns.items()
        if name in wanted or ((not entity.select or name in entity.select) and name not in entity.exclude)
    }
    _check_names(entity, fields)
    _check_kinds(entity, fields)
    return Contract(
        endpoint=ENDPOINT,
        version=kind.digest,
        request=request_text(entity),
        root=Shape(fields=fields, unread=frozenset({*kind.columns, *kind.join_keys} - fields.keys())),
        modified_field=entity.modified_field,
        rows=entity.row_choice,
    )


def not_exposed(title: str, titles: Iterable[str]) -> SourceSetupError:
    """Return the error for an inquiry that the tenant does not expose."""
    return SourceSetupError(
        f"The tenant exposes no generic inquiry «{title}» via OData.{_guess(title, titles)}",
        action="Name the inquiry in the catalogue by its title as it is spelled on Generic Inquiry (SM208000). There it must be"
        " published on a screen, with Expose via OData selected.",
    )


def _guess(name: str, known: Iterable[str]) -> str:
    """Return a question for what was probably meant."""
    folded = {other.casefold(): other for other in known}
    nearest = get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return f" Did you mean {folded[nearest[0]]}?" if nearest else ""


def _check_parameters(entity: Entity, kind: InquiryType) -> None:
    given = {parameter.name for parameter in entity.parameters}
    if missing := [name for name in kind.parameters if name not in given]:
        raise SourceSetupError(
            f"The inquiry «{kind.title}» has parameters, and the catalogue gives none for {', '.join(missing)}: it would show"
            " no rows or others than meant.",
            action=f"Give the values in the block of {entity.name}, as `parameters: [{{name: {missing[0]}, value: …}}]`.",
        )
    if unknown := sorted(given - kind.parameters.keys()):
        raise SourceSetupError(
            f"The inquiry «{kind.title}» has no parameter {', '.join(unknown)}.{_guess(unknown[0], kind.parameters)}",
            action=f"Correct `parameters` of {entity.name} in the catalogue.",
        )


def _check_columns(entity: Entity, kind: InquiryType) -> None:
    """Refuse a block that names a column the inquiry does not have, as after somebody edited a caption."""
    named = [*entity.keys, *entity.order_by, *entity.select, *entity.date_fields, *entity.exclude]
    named += [entity.modified_field] if entity.modified_field else []
    if joined := [name for name in named if name in kind.join_keys and name not in entity.exclude]:
        raise SourceSetupError(
            f"{', '.join(dict.fromkeys(joined))} is a key of a table behind «{kind.title}», but no column of its results: to sort"
            " or filter by it would change which rows come.",
            action="Add it to the Results Grid of the inquiry (SM208000), or name other columns in the catalogue.",
        )
    known = {*kind.columns, *kind.join_keys}
    if missing := [name for name in dict.fromkeys(named) if name not in known]:
        raise SourceSetupError(
            f"The inquiry «{kind.title}» has no column {', '.join(missing)}.{_guess(missing[0], kind.columns)}"
            f" It has {', '.join(list(kind.columns)[:NAMES_SHOWN])}.",
            action=f"Name its columns in the block of {entity.name} as they are spelled here; the caption of a column in the"
            " Results Grid (SM208000) becomes its name, and editing it is what renames a column.",
        )


def _check_names(entity: Entity, fields: Iterable[str]) -> None:
    if taken := sorted(ENVELOPE & set(fields)):
        raise SourceSetupError(
            f"The inquiry «{entity.inquiry}» has a column called {taken[0]}, as a part of every record is.",
            action=f"Give it another caption (SM208000), or add {taken[0]} to `exclude` of {entity.name}.",
        )


def _check_kinds(entity: Entity, fields: dict[str, Kind]) -> None:
    for key in entity.keys:
        if fields[key] not in KEY_KINDS:
            raise SourceSetupError(
                f"{key} of «{entity.inquiry}» is a {fields[key].value} number, which cannot tell rows apart.",
                action=f"Name other columns in `keys` of {entity.name}.",
            )
        if fields[key] is Kind.DATETIME:
            raise SourceSetupError(
                f"{key} of «{entity.inquiry}» is a point in time, which cannot tell rows apart.",
                action=f"If it holds days, add it to `date_fields` of {entity.name}; otherwise name other `keys`.",
            )
    stamp = entity.modified_field
    if stamp is not None and fields[stamp] is not Kind.DATETIME:
        raise SourceSetupError(
            f"{stamp} of «{entity.inquiry}» is no point in time, so it cannot tell what changed.",
            action=f"Name another `modified_field` of {entity.name}, or none: then it is read whole in every run.",
        )
