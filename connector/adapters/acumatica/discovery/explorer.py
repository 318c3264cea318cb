"""Acumatica behind the Explorer port."""

import logging
import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from typing_extensions import override

from connector.adapters.acumatica.discovery.entities import EntityDiscovery
from connector.adapters.acumatica.discovery.feeds import FeedDiscovery
from connector.adapters.acumatica.feeds.feed import CLASSES, INQUIRIES, Feed
from connector.adapters.acumatica.source import AcumaticaSource
from connector.domain.block_members import SourceKind
from connector.domain.entity import Parameter
from connector.domain.offer import Offer
from connector.errors import AccessDeniedError, BadRequestError, SourceSetupError
from connector.ports import Explorer

logger = logging.getLogger(__name__)


class AcumaticaExplorer(AcumaticaSource, Explorer):
    """Looks at everything with the one session of the source, trying each request a few times: a person waits."""

    @override
    def list_offers(self, *, classes: str | None) -> Iterator[Offer]:
        self._session.limit_retries()
        yield from EntityDiscovery(self._session, self._endpoint).list_offers()
        try:
            yield from self._open(SourceKind.INQUIRY).list_offers()
        except (SourceSetupError, AccessDeniedError) as exc:
            logger.warning("generic inquiries are not listed: %s %s", exc.message, exc.action)
        if classes is None:
            return
        try:
            yield from self._open(SourceKind.DAC).list_offers(classes)
        except SourceSetupError as exc:
            logger.warning("data access classes are not listed: %s %s", exc.message, exc.action)
        except AccessDeniedError as exc:
            logger.warning("%s Give it the role OData4 User, or leave out --dacs.", exc.message)

    @override
    def examine(
        self, name: str, kind: SourceKind | None, *, expand: Sequence[str], parameters: Sequence[Parameter]
    ) -> Offer:
        self._session.limit_retries()
        known: list[str] = []
        if kind in (None, SourceKind.ENTITY):
            entities = EntityDiscovery(self._session, self._endpoint)
            if (found := entities.find(name)) is not None:
                return entities.examine(found, expand)
            known += entities.names()
        for other in (SourceKind.INQUIRY, SourceKind.DAC):
            if kind is not other and (kind is not None or not _may_be(name, other)):
                continue
            feeds = self._open(other)
            try:
                if (found := feeds.find(name)) is not None:
                    return feeds.examine(found, parameters)
            except SourceSetupError:
                if kind is not None:
                    raise
                continue
            known += feeds.types()
        raise _unknown(name, known)

    def _open(self, kind: SourceKind) -> FeedDiscovery:
        interface = CLASSES if kind is SourceKind.DAC else INQUIRIES
        return FeedDiscovery(Feed(self._address, self._session, self._sign_in, interface), kind)


def _may_be(name: str, kind: SourceKind) -> bool:
    """Whether something of this name is looked for there: the catalogue of classes is read for one spelled as they are alone."""
    return kind is SourceKind.INQUIRY or bool(re.fullmatch(r"(?i)px_\w+", name))


def _unknown(name: str, known: list[str]) -> BadRequestError:
    folded = {other.casefold(): other for other in known}
    nearest = get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    meant = f" Did you mean {folded[nearest[0]]}?" if nearest else ""
    return BadRequestError(
        f"The tenant shows nothing called {name[:100]!r}.{meant}",
        action="Call discover for a list of what it shows; a data access class by a short name is found with --kind dac.",
    )
