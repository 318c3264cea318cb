"""`discover`: shows what the tenant has to read, and a block of the catalogue for one of it."""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape

from connector.app.discover import Discovered, discover_one, list_offers
from connector.domain.block_members import FIELD, SourceKind
from connector.domain.entity import Parameter
from connector.domain.offer import Look, Offer
from connector.errors import BadRequestError
from connector.faces.commands.command import open_connector
from connector.faces.commands.parser import Commands
from connector.faces.exit_codes import OK
from connector.faces.stop_signals import StopSignals
from connector.faces.terminal import show_rows, write_json

FIELD_HEADERS = ("Kind", "Name", "Field", "Type")
EVERY = "*"
"""A pattern that every class matches: then no rows are looked at."""
HEADERS = ("Kind", "Name", "Fields", "Change stamp", "Id", "Days", "List")


def register(commands: Commands) -> None:
    """Add the command."""
    command = commands.add(
        "discover",
        _discover,
        examples=[
            "discover",
            "discover Bill >> mine.yaml",
            'discover "AP-Bills and Adjustments" --json',
            'discover --dacs "PX_Objects_GL_*"',
        ],
    )
    command.add_argument(
        "name", nargs="?", metavar="SOURCE", help="print a block for this entity, inquiry or class"
    )
    command.add_argument(
        "--kind", choices=[kind.value for kind in SourceKind], help="which of several with this name"
    )
    command.add_argument("--fields", action="store_true", help="list every field (--json always does)")
    command.add_argument(
        "--dacs",
        nargs="?",
        const=EVERY,
        metavar="PATTERN",
        help="list data access classes too (about 20 MB); rows are looked at of those whose names match a PATTERN",
    )
    command.add_argument(
        "--parameter",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a value for a parameter of the inquiry; several times for several",
    )


def _discover(options: argparse.Namespace, console: Console, _: StopSignals) -> int:
    parameters = [_read_parameter(text) for text in options.parameter]
    if (options.name is None and (options.kind or parameters)) or (options.name is not None and options.dacs):
        raise BadRequestError(
            "--kind and --parameter go with a SOURCE, --dacs without.", action="Leave it out."
        )
    kind = SourceKind(options.kind) if options.kind else None
    shown = sys.stderr.isatty() and not options.json
    with Console(stderr=True).status("Looking at what the tenant has …") if shown else nullcontext():
        connector = open_connector()
        found = discover_one(connector, options.name, kind, parameters) if options.name is not None else None
        offers = list_offers(connector, classes=options.dacs) if found is None else []
    if found is not None:
        if options.json:
            write_json(_plain_block(found))
        else:
            sys.stdout.write(found.render())
    elif options.json:
        write_json([_plain(offer) for offer in offers])
    else:
        _show(offers, console, has_fields=options.fields)
    return OK


def _read_parameter(text: str) -> Parameter:
    """Return a parameter given as NAME=VALUE; raise BadRequestError for anything else."""
    name, mark, value = text.partition("=")
    if not mark or not re.fullmatch(FIELD, name):
        raise BadRequestError(
            f"--parameter {text[:100]!r} is no NAME=VALUE.", action="Write --parameter Warehouse=MAIN."
        )
    return Parameter(name=name, value=value)


def _show(offers: Sequence[Offer], console: Console, *, has_fields: bool) -> None:
    rows = [row for offer in offers for row in _list_fields(offer)] if has_fields else map(_describe, offers)
    headers = FIELD_HEADERS if has_fields else HEADERS
    show_rows(headers, [[escape(cell) for cell in row] for row in rows], console)
    console.print(f"\n{len(offers)} in all. For a block of the catalogue: discover SOURCE", highlight=False)


def _list_fields(offer: Offer) -> Iterator[Sequence[str]]:
    levels = {"": offer.fields, **offer.details, **offer.linked}
    for level, fields in levels.items():
        for name, kind in fields.items():
            yield offer.kind.value, offer.name, f"{level}/{name}" if level else name, kind.value


def _describe(offer: Offer) -> Sequence[str]:
    look = offer.look or Look()
    days = ", ".join(look.days)
    unknown = f"{len(look.unseen)} not known" if look.unseen else ""
    return (
        offer.kind.value,
        offer.name,
        str(len(offer.fields)),
        offer.modified_field or "none",
        _describe_id(offer),
        "; ".join(filter(None, (days, unknown))) if offer.look else "not looked at",
        _describe_list(offer),
    )


def _describe_list(offer: Offer) -> str:
    if offer.look is None:
        return "yes, says its catalogue"
    return offer.look.refusal or ("yes" if offer.look.rows else "yes, no rows")


def _describe_id(offer: Offer) -> str:
    if offer.id_field is None:
        return "none"
    if offer.kind is not SourceKind.ENTITY:
        return offer.id_field
    lasting = offer.look.has_lasting_id if offer.look else None
    return {True: "yes", False: "another in each session", None: "not known"}[lasting]


def _plain(offer: Offer) -> dict[str, Any]:
    look = offer.look
    return {
        "kind": offer.kind.value,
        "name": offer.name,
        "source": offer.source,
        "fields": dict(offer.fields),
        "details": {name: dict(fields) for name, fields in offer.details.items()},
        "linked": {name: dict(fields) for name, fields in offer.linked.items()},
        "declared_keys": list(offer.declared_keys),
        "parameters": list(offer.parameters),
        "modified_field": offer.modified_field,
        "id_field": offer.id_field,
        "look": look and {**asdict(look), "is_listable": not look.refusal},
    }


def _plain_block(found: Discovered) -> dict[str, Any]:
    return {
        **_plain(found.offer),
        "block_name": found.proposal.name,
        "block": found.proposal.block,
        "keys_proven": found.offer.keys is not None and found.offer.keys.is_proven,
        "comments": [
            *found.proposal.notes,
            *(f"{member.name}: {member.comment}" for member in found.proposal.members if member.comment),
        ],
        "known_as": found.known_as or None,
        "differences": [asdict(item) for item in found.differences],
        "yaml": found.render(),
    }
