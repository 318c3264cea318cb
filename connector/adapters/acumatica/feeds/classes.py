"""Data access classes: the block itself names their columns with their types, so that no run reads their catalogue of 20 MB."""

from collections.abc import Sequence

from connector.adapters.acumatica.error_mapping import NotThereError
from connector.adapters.acumatica.feeds.contract import build_contract, find_needed, guess, request_text
from connector.adapters.acumatica.feeds.feed import Feed
from connector.domain.entity import Entity
from connector.domain.records.contract import Contract, Kind, Shape
from connector.errors import SourceSetupError

VERSION = "dac"
"""What a contract of a class has in place of a version: its columns are in its request."""


class ClassDialect:
    """Classes by the names that OData gives them (`PX_Objects_GL_GLTran`)."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed

    def name(self, entity: Entity) -> str:
        """Return the class in words."""
        return f"the class {entity.dac}"

    def describe(self, entity: Entity) -> Contract:
        """Return the contract, which the block alone makes."""
        fields: dict[str, Kind] = {}
        linked: dict[str, dict[str, Kind]] = {}
        for path, kind in entity.columns.items():
            reference, _, column = path.rpartition("/")
            (linked.setdefault(reference, {}) if reference else fields)[column] = Kind(kind)
        levels = {reference: Shape(fields=columns) for reference, columns in linked.items()}
        return build_contract(entity, Shape(fields=fields, linked=levels), VERSION, self.name(entity))

    def matches(self, entity: Entity, contract: Contract) -> bool:
        """Whether the block asks for the same as when the contract was made."""
        return (contract.version, contract.request) == (VERSION, request_text(entity))

    def locate(self, entity: Entity) -> str:
        """Return the name of the class."""
        return entity.dac or ""

    def choose(self, entity: Entity, contract: Contract, *, keys_only: bool) -> Sequence[str]:
        """Return the columns of the block, or those alone that tell rows and their changes apart."""
        if keys_only:
            return find_needed(entity)
        linked = contract.root.linked.items()
        return [
            *contract.root.fields,
            *(f"{name}/{column}" for name, level in linked for column in level.fields),
        ]

    def explain_absence(self, entity: Entity) -> SourceSetupError:
        """Return what a 404 means: no such interface, no such class, or one without a list."""
        dac = entity.dac or ""
        try:
            names = self.feed.read_names()
        except NotThereError:
            return self.feed.no_interface()
        if dac in names:
            return SourceSetupError(
                f"The class {dac} has no list that can be read (404), as a class of settings, of which there is one record.",
                action=f"Disable {entity.name} in the catalogue, or read an inquiry over the class.",
            )
        return SourceSetupError(
            f"The tenant has no data access class {dac}.{guess(dac, names)}",
            action=f"Name the class in the block of {entity.name} as `discover --dacs` does, with `_` in place of dots:"
            " PX_Objects_GL_GLTran.",
        )
