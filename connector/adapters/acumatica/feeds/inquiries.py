"""Generic inquiries: their columns stand in a catalogue of the tenant that is read in each run, because captions are edited."""

import logging
from collections.abc import Iterable, Mapping, Sequence

from connector.adapters.acumatica.feeds.contract import build_contract, guess, request_text
from connector.adapters.acumatica.feeds.feed import Feed
from connector.adapters.acumatica.feeds.grammar import render_literal
from connector.adapters.acumatica.feeds.metadata import FeedType
from connector.domain.entity import Entity, Parameter
from connector.domain.records.contract import Contract, Kind, Shape
from connector.errors import SourceSetupError

logger = logging.getLogger(__name__)

NAMES_SHOWN = 40


class InquiryDialect:
    """Inquiries by their titles, those with parameters by a function."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self._types: Mapping[str, FeedType] | None = None

    def name(self, entity: Entity) -> str:
        """Return the inquiry in words."""
        return f"the inquiry «{entity.inquiry}»"

    def describe(self, entity: Entity) -> Contract:
        """Return the contract, freshly read; raise SourceSetupError if the block does not fit the inquiry."""
        self._types = None
        kind = self._find_type(entity)
        _check_parameters(entity, kind)
        _check_columns(entity, kind)
        wanted = {*entity.keys, *entity.order_by, *([entity.modified_field] if entity.modified_field else [])}
        fields = {
            name: Kind.DATE if found is Kind.DATETIME and name in entity.date_fields else found
            for name, found in kind.columns.items()
            if name in wanted or ((not entity.select or name in entity.select) and name not in entity.exclude)
        }
        unread = frozenset({*kind.columns, *kind.join_keys} - fields.keys())
        return build_contract(entity, Shape(fields=fields, unread=unread), kind.digest, self.name(entity))

    def matches(self, entity: Entity, contract: Contract) -> bool:
        """Whether the inquiry still has the columns of the contract, and the block asks for the same."""
        kind = self._find_type(entity)
        if contract.request != request_text(entity):
            return False
        if contract.version == kind.digest:
            return True
        _tell_edit(kind, contract)
        return False

    def locate(self, entity: Entity) -> str:
        """Return the title, or the call of the function with the parameters."""
        return build_path(self._find_type(entity), entity.parameters)

    def choose(self, entity: Entity, contract: Contract, *, keys_only: bool) -> Sequence[str]:
        """Return the columns to name in `$select`; none asks for all, so that a new column is noticed in the rows."""
        if keys_only:
            return [*entity.keys, *([contract.modified_field] if contract.modified_field else [])]
        return list(contract.root.fields) if entity.select or entity.exclude else []

    def explain_absence(self, entity: Entity) -> SourceSetupError:
        """Return the error for an inquiry that is not found."""
        return _not_exposed(entity.inquiry or "", self.feed.read_types())

    def _find_type(self, entity: Entity) -> FeedType:
        if self._types is None:
            self._types = self.feed.read_types()
        title = entity.inquiry or ""
        if title not in self._types:
            raise _not_exposed(title, self._types)
        return self._types[title]


def build_path(kind: FeedType, parameters: Sequence[Parameter]) -> str:
    """Return the title of an inquiry, or the call of its function with a value for each of its parameters."""
    if not kind.function:
        return kind.title
    values = {parameter.name: parameter.value for parameter in parameters}
    literals = (f"{name}={_render_parameter(values[name], of)}" for name, of in kind.parameters.items())
    return f"{kind.function}({','.join(literals)})"


def _render_parameter(value: str | int | bool, kind: Kind) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and kind is not Kind.STRING:
        return str(value)
    return render_literal(str(value), kind)


def _not_exposed(title: str, titles: Iterable[str]) -> SourceSetupError:
    return SourceSetupError(
        f"The tenant exposes no generic inquiry «{title}» via OData.{guess(title, titles)}",
        action="Name the inquiry in the catalogue by its title as it is spelled on Generic Inquiry (SM208000). There it must be"
        " published on a screen, with Expose via OData selected.",
    )


def _check_parameters(entity: Entity, kind: FeedType) -> None:
    given = {parameter.name for parameter in entity.parameters}
    if missing := [name for name in kind.parameters if name not in given]:
        raise SourceSetupError(
            f"The inquiry «{kind.title}» has parameters, and the catalogue gives none for {', '.join(missing)}: it would show"
            " no rows or others than meant.",
            action=f"Give the values in the block of {entity.name}, as `parameters: [{{name: {missing[0]}, value: …}}]`.",
        )
    if unknown := sorted(given - kind.parameters.keys()):
        raise SourceSetupError(
            f"The inquiry «{kind.title}» has no parameter {', '.join(unknown)}.{guess(unknown[0], kind.parameters)}",
            action=f"Correct `parameters` of {entity.name} in the catalogue.",
        )


def _check_columns(entity: Entity, kind: FeedType) -> None:
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
            f"The inquiry «{kind.title}» has no column {', '.join(missing)}.{guess(missing[0], kind.columns)}"
            f" It has {', '.join(list(kind.columns)[:NAMES_SHOWN])}.",
            action=f"Name its columns in the block of {entity.name} as they are spelled here; the caption of a column in the"
            " Results Grid (SM208000) becomes its name, and editing it is what renames a column.",
        )


def _tell_edit(kind: FeedType, contract: Contract) -> None:
    """Say which columns came and went: an edited caption looks like one of each."""
    before = contract.root.fields.keys() | contract.root.unread
    gone = sorted(before - kind.columns.keys() - {*kind.join_keys})
    new = sorted(kind.columns.keys() - before)
    if gone or new:
        logger.warning(
            "the inquiry «%s» was edited: without %s, with %s now. A column that got another caption goes on in a new column;"
            " the old one keeps what was read",
            kind.title,
            ", ".join(gone) or "nothing less",
            ", ".join(new) or "nothing more",
        )
