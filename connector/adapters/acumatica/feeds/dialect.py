"""What differs between the two kinds of feeds: where the columns are known from, and how rows are asked for."""

from collections.abc import Sequence
from typing import Protocol

from connector.adapters.acumatica.feeds.feed import Feed
from connector.domain.entity import Entity
from connector.domain.records.contract import Contract
from connector.errors import ConnectorError


class Dialect(Protocol):
    """One kind of feeds, for the one reader of both."""

    feed: Feed

    def name(self, entity: Entity) -> str:
        """Return what the block reads, in words for an error."""

    def describe(self, entity: Entity) -> Contract:
        """Return the contract, freshly made; raise SourceSetupError if the block does not fit the feed."""

    def matches(self, entity: Entity, contract: Contract) -> bool:
        """Whether the feed still has the columns of the contract, and the block asks for the same."""

    def locate(self, entity: Entity) -> str:
        """Return the path below the interface at which its rows are."""

    def choose(self, entity: Entity, contract: Contract, *, keys_only: bool) -> Sequence[str]:
        """Return the columns to ask for; none means all."""

    def explain_absence(self, entity: Entity) -> ConnectorError:
        """Return the error for a feed that is not found."""
