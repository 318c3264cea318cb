"""A block of the catalogue for what the tenant shows, as text. What was not found out is a comment."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from connector.app.block_text import Member, Proposal
from connector.app.catalogue import Catalogue
from connector.domain.block_members import ENTITY_NAME, FIELD, INQUIRY, SourceKind
from connector.domain.entity import Entity, Parameter
from connector.domain.offer import Look, Offer
from connector.domain.records.columns import to_snake_case

SCHEDULE = "7 * * * *"
RECONCILE = {"keys": "37 3 * * *", "content": "37 4 * * 6"}
LINES = "Details"
CHOICES = (
    "parameters",
    "filter",
    "order_by",
    "select",
    "exclude",
    "bignumeric_fields",
    "custom",
    "dac",
    "current",
    "lookback_seconds",
    "late_after_hours",
    "enabled",
)
"""Members that nothing in Acumatica tells: they stay as the catalogue has them."""
STAMPS = ("CreatedDateTime", "LastModifiedDateTime")
"""How Acumatica calls points in time that are never days."""
LONGEST_NAME = 50
SOURCES = {
    SourceKind.ENTITY: "acumatica_entity",
    SourceKind.INQUIRY: "inquiry",
    SourceKind.DAC: "dac",
}
"""The member that names the source of a block."""
WORDS = {SourceKind.INQUIRY: "generic inquiry", SourceKind.DAC: "data access class"}


def propose(offer: Offer, catalogue: Catalogue, parameters: Sequence[Parameter] = ()) -> Proposal:
    """Return a block for the offer. What the catalogue has chosen for it already stays, what the tenant tells is as found.

    `parameters` are those that an inquiry was read with now.
    """
    known = find_block(offer, catalogue)
    name = known.name if known else _name_block(offer, _find_taken(catalogue))
    members = [
        Member(name=SOURCES[offer.kind], value=offer.name),
        *_build_keys(offer),
        *_build_parameters(offer, known, parameters),
        *(_build_columns(offer, known) if offer.kind is SourceKind.DAC else _build_levels(offer, known)),
        *_build_times(offer),
        *_build_choices(name, known, singular=_singular(name), offer=offer, has_parameters=bool(parameters)),
    ]
    return Proposal(name=name, members=tuple(members), notes=tuple(_build_notes(offer)))


def find_block(offer: Offer, catalogue: Catalogue) -> Entity | None:
    """Return the block that reads the same already."""
    for entity in catalogue.entities.values():
        if entity.source is offer.kind and offer.name.casefold() in name_source(entity):
            return entity
    return None


def name_source(entity: Entity) -> tuple[str, ...]:
    """Return what a block reads by the name that Acumatica has for it, without capitals."""
    name = getattr(entity, SOURCES[entity.source])
    return (name.casefold(),) if name else ()


def _build_notes(offer: Offer) -> Iterator[str]:
    look = offer.look or Look()
    what = WORDS.get(offer.kind, offer.kind.value)
    yield f"The {what} {offer.name} of {offer.source}; {look.rows} rows were looked at. check tries the block."
    if look.refusal:
        yield f"Its list: {look.refusal}"
    if offer.kind is SourceKind.INQUIRY and not re.fullmatch(INQUIRY, offer.name):
        yield "Its title has a character that cannot be asked for over OData: rename the inquiry first."
    if ignored := [name for name in offer.fields if not re.fullmatch(FIELD, name)]:
        yield f"Columns that the catalogue cannot name: {', '.join(ignored)}"
    if offer.kind is SourceKind.ENTITY and look.has_lasting_id is None:
        yield "NOT KNOWN: whether records keep their id in another session; check tells once there are rows."


def _build_keys(offer: Offer) -> Iterator[Member]:
    if offer.keys is not None and not offer.keys.keys:
        yield Member(name="keys", comment=f"{offer.keys.told}; name the fields that tell its rows apart")
    elif offer.keys is not None:
        yield Member(name="keys", value=offer.keys.keys, comment=offer.keys.told)
    if offer.look is not None and offer.look.has_lasting_id is False:
        yield Member(name="identity", value="keys", comment="its records had other ids in another session")


def _build_parameters(
    offer: Offer, known: Entity | None, parameters: Sequence[Parameter]
) -> Iterator[Member]:
    if parameters:
        yield Member(
            name="parameters", value=msgspec.to_builtins(parameters), comment="it was read with these"
        )
    elif offer.parameters and not (known and known.parameters):
        values = ", ".join(f"{{name: {name}, value: …}}" for name in offer.parameters)
        yield Member(name="parameters", comment=f"[{values}] is needed: give the values")


def _build_columns(offer: Offer, known: Entity | None) -> Iterator[Member]:
    """Yield the columns of a class: those the catalogue has chosen, or all in which a row had a value; the rest as comments."""
    look = offer.look or Look()
    found = {name: "date" if name in look.days else kind.value for name, kind in offer.fields.items()}
    for level, codes in offer.linked.items():
        found |= {f"{level}/{name}": kind.value for name, kind in codes.items()}
    needed = {*(offer.keys.keys if offer.keys else ()), offer.modified_field, offer.id_field}
    if known:
        chosen, why = {*known.columns, *needed}, "not in the catalogue's block"
        told = "as the catalogue has chosen, types as found"
    else:
        chosen, why = {*(set(found) - set(look.empty)), *needed}, f"no value in {look.rows} rows"
        told = f"those with a value in {look.rows} rows; leave out what nobody needs"
    unsure = dict.fromkeys(look.unseen, "; date if it holds days")
    yield Member(
        name="columns",
        value={name: kind for name, kind in found.items() if name in chosen},
        comment=told if look.rows else "NOT PROVEN: no row was looked at",
        rest={
            name: f"{kind}  # {why}{unsure.get(name, '')}"
            for name, kind in found.items()
            if name not in chosen
        },
    )
    told = f"rows are told apart by {offer.id_field}" if offer.id_field else "there is no NoteID"
    yield Member(
        name="identity",
        comment=f"{told}, so deletions are {'asked for' if offer.id_field else 'found by reconcile'}",
    )


def _build_levels(offer: Offer, known: Entity | None) -> Iterator[Member]:
    """Yield which linked entities are read with each record, and which are not."""
    shown = {detail for view in known.line_views for detail in view.details} if known else set()
    levels = [*offer.details, *offer.linked]
    expand = [level for level in known.expand if level in levels and level not in shown] if known else []
    if expand:
        yield Member(name="expand", value=tuple(expand), comment="as the catalogue has it")
    if rest := [level for level in offer.linked if level not in expand]:
        yield Member(name="expand", comment=f"not read, name what is needed: {', '.join(rest)}")


def _build_times(offer: Offer) -> Iterator[Member]:
    look = offer.look or Look()
    days = [name for name in look.days if re.fullmatch(FIELD, name)]
    if days and offer.kind is not SourceKind.DAC:
        told = f"midnight in every value of {look.rows} rows"
        yield Member(name="date_fields", value=tuple(days), comment=told)
    if unseen := [name for name in look.unseen if not name.endswith(STAMPS)]:
        told = f"NOT KNOWN, no value in {look.rows} rows, add those that hold days: {', '.join(unseen)}"
        if offer.kind is not SourceKind.DAC:
            yield Member(name="date_fields", comment=told)
    found = offer.modified_field
    if offer.kind is SourceKind.DAC and found:
        yield Member(
            name="modified_field", value=found, comment="by its name; what rows refer to does not move it"
        )
    elif offer.kind is SourceKind.INQUIRY and found:
        told = "by its name; changes of other tables than its own do not move it: leave it out if they matter"
        others = ", ".join(name for name in look.times if name != found)
        told += f"; other points in time: {others}" if others else ""
        yield Member(name="modified_field", value=found, comment=told)
    elif found:
        yield Member(name="modified_field", comment=f"{found}, which is found by itself")
    else:
        yield Member(
            name="modified_field",
            comment="none was found that can be filtered by, so everything is read in every run",
        )


def _build_choices(
    name: str, known: Entity | None, *, singular: str, offer: Offer, has_parameters: bool
) -> Iterator[Member]:
    plain = msgspec.to_builtins(known) if known else {}
    told = "as the catalogue has it" if known else "a choice"
    yield Member(name="current_view", value=plain.get("current_view", name))
    if views := list(_build_views(offer, plain.get("line_views", ()), singular, plain.get("exclude", ()))):
        yield Member(name="line_views", value=views)
    yield Member(name="schedule", value=plain.get("schedule", SCHEDULE), comment=told)
    plans = RECONCILE if offer.modified_field else {"keys": RECONCILE["keys"]}
    reconcile = {depth: cron for depth, cron in plain.get("reconcile", plans).items() if cron}
    if reconcile:
        yield Member(name="reconcile", value=reconcile, comment=told)
    defaults = msgspec.to_builtins(
        Entity(name="x", acumatica_entity="X", keys=("X",), current_view="x", schedule=SCHEDULE)
    )
    for choice in CHOICES:
        if choice in (SOURCES[offer.kind], *(["parameters"] if has_parameters else [])):
            continue
        if known and plain[choice] != defaults[choice]:
            value = plain[choice]
            yield Member(name=choice, value=sorted(value) if isinstance(value, list) else value, comment=told)


def _build_views(
    offer: Offer, known: Iterable[Mapping[str, Any]], singular: str, hidden: Iterable[str]
) -> Iterator[Mapping[str, Any]]:
    """Yield the views the catalogue has, or one of the main lines; then those that would show the other details, switched off."""
    shown = set(hidden)
    for view in known:
        details = [detail for detail in view["details"] if detail in offer.details]
        if details:
            parent = {} if view["parent"] == "keys" else {"parent": view["parent"]}
            yield {"name": view["name"], "details": details, "prefix": view["prefix"], **parent}
            shown |= set(details)
    for detail in sorted(offer.details, key=lambda name: name != LINES):
        if detail not in shown:
            part = "lines" if detail == LINES else to_snake_case(detail)
            off = {} if detail == LINES else {"enabled": False}
            yield {"name": f"{singular}_{part}", "details": [detail], "prefix": f"{singular}_", **off}


def _find_taken(catalogue: Catalogue) -> set[str]:
    taken = {"sync_runs"}
    for entity in catalogue.entities.values():
        taken |= {entity.name, entity.current_view, *(view.name for view in entity.line_views)}
    return taken


def _name_block(offer: Offer, taken: set[str]) -> str:
    words = re.findall(r"[A-Za-z0-9]+", offer.name)
    words = words[-1:] if offer.kind is SourceKind.DAC else words
    name = "_".join(map(to_snake_case, words))[:LONGEST_NAME].strip("_") or "rows"
    if offer.kind is SourceKind.ENTITY:
        name = _plural(name)
    if not re.fullmatch(ENTITY_NAME, name):
        name = f"{offer.kind.value}_{name}"
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free


def _plural(name: str) -> str:
    if re.search(r"[^aeiou]y$", name):
        return f"{name[:-1]}ies"
    return f"{name}es" if re.search(r"(s|x|z|ch|sh)$", name) else f"{name}s"


def _singular(name: str) -> str:
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    return name[:-2] if re.search(r"(ss|x|z|ch|sh)es$", name) else name.removesuffix("s")
