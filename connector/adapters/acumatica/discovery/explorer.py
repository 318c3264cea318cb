"""Acumatica behind the Explorer port."""

import logging
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from typing_extensions import override

from connector.adapters.acumatica.discovery.entities import EntityDiscovery
from connector.adapters.acumatica.discovery.feeds import InquiryDiscovery, describe
from connector.adapters.acumatica.feeds.feed import CLASSES, INQUIRIES, Feed, Interface
from connector.adapters.acumatica.source import AcumaticaSource
from connector.domain.block_members import SourceKind
from connector.domain.offer import Offer
from connector.domain.records.names import find_spelled
from connector.errors import AccessDeniedError, BadRequestError, SourceSetupError
from connector.ports import Explorer

logger = logging.getLogger(__name__)


class AcumaticaExplorer(AcumaticaSource, Explorer):
    """Looks at everything with the one session of the source, trying each request a few times: a person waits."""

    @override
    def list_offers(self, *, with_dacs: bool) -> Iterator[Offer]:
        self._session.limit_retries()
        yield from EntityDiscovery(self._session, self._endpoint).list_offers()
        try:
            yield from InquiryDiscovery(self._open_feed(INQUIRIES)).list_offers()
        except (SourceSetupError, AccessDeniedError) as exc:
            logger.warning("generic inquiries are not listed: %s %s", exc.message, exc.action)
        if not with_dacs:
            return
        try:
            for kind in self._open_feed(CLASSES).read_types().values():
                yield describe(kind, SourceKind.DAC)
        except SourceSetupError as exc:
            logger.warning("data access classes are not listed: %s %s", exc.message, exc.action)
        except AccessDeniedError as exc:
            logger.warning("%s Give it the role OData4 User, or leave out --dacs.", exc.message)

    @override
    def examine(self, name: str, kind: SourceKind | None, expand: Sequence[str]) -> Offer:
        self._session.limit_retries()
        entities, inquiries = (
            EntityDiscovery(self._session, self._endpoint),
            InquiryDiscovery(self._open_feed(INQUIRIES)),
        )
        known: list[str] = []
        if kind in (None, SourceKind.ENTITY):
            if (found := entities.find(name)) is not None:
                return entities.examine(found, expand)
            known += entities.names()
        if kind in (None, SourceKind.INQUIRY):
            try:
                titles = inquiries.types()
            except SourceSetupError:
                if kind is not None:
                    raise
                titles = {}
            if (found := find_spelled(name, titles)) is not None:
                return inquiries.examine(found)
            known += titles
        if kind is SourceKind.DAC:
            classes = self._open_feed(CLASSES).read_types()
            if (found := find_spelled(name, classes)) is not None:
                return describe(classes[found], SourceKind.DAC)
            known += classes
        raise _unknown(name, known)

    def _open_feed(self, interface: Interface) -> Feed:
        return Feed(self._address, self._session, self._sign_in, interface)


def _unknown(name: str, known: list[str]) -> BadRequestError:
    folded = {other.casefold(): other for other in known}
    nearest = get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    meant = f" Did you mean {folded[nearest[0]]}?" if nearest else ""
    return BadRequestError(
        f"The tenant shows nothing called {name[:100]!r}.{meant}",
        action="Call discover for a list of what it shows.",
    )
