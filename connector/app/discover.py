"""`discover`: lists what the tenant shows, and makes a block of the catalogue for one of it. Writes nothing."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from msgspec import structs

from connector.app.block_text import Proposal
from connector.app.catalogue import Catalogue, parse_catalogue
from connector.app.proposal import find_block, name_source, propose
from connector.app.run_entity import build_limits
from connector.app.service import Connector, build_run_id
from connector.domain.block_members import SourceKind
from connector.domain.entity import Entity, Parameter
from connector.domain.offer import Look, Offer
from connector.domain.records.contract import Kind
from connector.errors import SessionsBusyError
from connector.ports import Explorer
from connector.runs.seats import give_seat_back, take_seat


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A member in which the catalogue's own block is another one, and why."""

    member: str
    catalogue: str
    found: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """A proposed block, what it was made from, and how it differs from the block that reads the same already."""

    offer: Offer
    proposal: Proposal
    known_as: str = ""
    differences: tuple[Difference, ...] = ()

    def render(self) -> str:
        """Return the block as YAML, with its comments."""
        lines = [self.proposal.render()]
        if self.known_as and not self.differences:
            lines.append(f"# The catalogue's block {self.known_as} says the same.\n")
        elif self.known_as:
            lines.append(f"# The catalogue's block {self.known_as} differs:\n")
        lines += [
            f"#   {item.member}: {item.catalogue} there, {item.found} here: {item.reason}\n"
            for item in self.differences
        ]
        return "".join(lines)


@contextmanager
def _explore(connector: Connector) -> Iterator[Explorer]:
    """Hold a seat until the end of the block; raise SessionsBusyError if there is none."""
    limits = build_limits(connector)
    with connector.open_state() as state:
        explorer = connector.wiring.open_explorer(state, limits.deadline)
        owner = build_run_id(connector.clock.now())
        seat = take_seat(state.seats, explorer, owner, limits.max_sessions, limits.lease_ttl)
        if seat is None:
            raise SessionsBusyError(
                f"All {limits.max_sessions} Acumatica sessions this connector may hold are in use by running syncs.",
                action="Call again when they are done, or raise ACUMATICA_MAX_SESSIONS.",
            )
        try:
            yield explorer
        finally:
            explorer.close()
            give_seat_back(state.seats, explorer, seat)


def list_offers(connector: Connector, *, classes: str | None = None) -> list[Offer]:
    """Return everything the tenant shows, each with a look at a few rows of its list; and the classes that match a pattern."""
    with _explore(connector) as explorer:
        return list(explorer.list_offers(classes=classes))


def discover_one(
    connector: Connector, name: str, kind: SourceKind | None = None, parameters: Sequence[Parameter] = ()
) -> Discovered:
    """Return a block of the catalogue for what has this name; raise BadRequestError if there is nothing."""
    with _explore(connector) as explorer:
        return discover(explorer, connector.catalogue, name, kind, parameters)


def discover(
    explorer: Explorer,
    catalogue: Catalogue,
    name: str,
    kind: SourceKind | None,
    parameters: Sequence[Parameter] = (),
) -> Discovered:
    """Return a block for what has this name; raise BadRequestError if nothing has.

    An inquiry is read with these parameters, or with those of the catalogue's block.
    """
    blocks = [entity for entity in catalogue.entities.values() if name.casefold() in name_source(entity)]
    expand = next((entity.expand for entity in blocks if entity.source is SourceKind.ENTITY), ())
    known = next((entity.parameters for entity in blocks if entity.parameters), ())
    offer = explorer.examine(name, kind, expand=expand, parameters=parameters or known)
    proposal = propose(offer, catalogue, parameters)
    block = find_block(offer, catalogue)
    if block is None:
        return Discovered(offer=offer, proposal=proposal)
    return Discovered(
        offer=offer,
        proposal=proposal,
        known_as=block.name,
        differences=tuple(compare(parse(proposal), block, offer)),
    )


def parse(proposal: Proposal) -> Entity:
    """Return the block as the catalogue reads it; raise CatalogueError where it is not whole."""
    return parse_catalogue("the proposed block", proposal.render()).find(proposal.name)


def compare(found: Entity, known: Entity, offer: Offer) -> Iterator[Difference]:
    """Yield each member in which both differ, with the reason."""
    for member in structs.fields(Entity):
        here, there = getattr(found, member.name), getattr(known, member.name)
        is_same = set(here) == set(there) if member.name == "expand" else here == there
        if not is_same:
            yield Difference(
                member=member.name,
                catalogue=_show(there, here),
                found=_show(here, there),
                reason=_explain(member.name, _missing(there, here), offer),
            )


def _missing(there: object, here: object) -> list[str]:
    """Return the fields one block names and the other does not."""
    if not isinstance(there, frozenset | tuple | dict) or not isinstance(here, frozenset | tuple | dict):
        return []
    return [item for item in sorted(map(str, there)) if item not in set(map(str, here))]


def _show(there: object, here: object) -> str:
    """Return what of a member's value is not in the other one, as text."""
    if isinstance(there, dict) and isinstance(here, dict):
        changed = (f"{name} ({kind})" for name, kind in there.items() if here.get(name) != kind)
        return ", ".join(changed) or "nothing more"
    if isinstance(there, frozenset):
        return ", ".join(_missing(there, here)) or "nothing more"
    if isinstance(there, tuple):
        return ", ".join(getattr(item, "name", str(item)) for item in there) or "nothing"
    return "nothing" if there is None else str(there)


def _explain(member: str, missing: Sequence[str], offer: Offer) -> str:
    """Return why the catalogue's value was not found."""
    look = offer.look or Look()
    match member:
        case "keys" if offer.keys is not None:
            return offer.keys.told
        case "identity":
            return "ids of the same records were compared in two sessions"
        case "date_fields":
            return (
                "; ".join(dict.fromkeys(_explain_date(name, look, offer) for name in missing))
                or "midnight in every row"
            )
        case "expand" | "line_views":
            return "what is read with each record is a choice, and only what the endpoint has can be read"
        case "columns":
            return "the class has these as they are here; which of them are read is a choice"
        case "modified_field":
            return "another field was found"
    return "nothing in Acumatica tells this: it is a choice"


def _explain_date(name: str, look: Look, offer: Offer) -> str:
    level, _, field = name.rpartition("/")
    fields = {**offer.details, **offer.linked}.get(level, {}) if level else offer.fields
    if field not in fields:
        return f"the contract has no {name}"
    if fields[field] is Kind.DATE:
        return f"the contract says of {name} itself that it holds days"
    if name in look.unseen:
        return f"no row had a value in {name}"
    if name in look.times:
        return f"{name} has times of the day"
    return f"{name} was not read"
