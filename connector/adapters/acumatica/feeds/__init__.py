"""Feeds over OData 4, which are generic inquiries and data access classes, read with the same completeness as entities."""

from connector.adapters.acumatica.address import Address
from connector.adapters.acumatica.auth import SignIn
from connector.adapters.acumatica.feeds.classes import ClassDialect
from connector.adapters.acumatica.feeds.dialect import Dialect
from connector.adapters.acumatica.feeds.feed import CLASSES, INQUIRIES, Feed
from connector.adapters.acumatica.feeds.inquiries import InquiryDialect
from connector.adapters.acumatica.feeds.reader import FeedReader
from connector.adapters.acumatica.session import Session
from connector.domain.block_members import SourceKind

__all__ = ["ClassDialect", "Feed", "FeedReader", "InquiryDialect", "open_feeds"]


def open_feeds(address: Address, session: Session, sign_in: SignIn, attempts: int) -> FeedReader:
    """Return the reader of both kinds of feeds. A request is given up after so many `attempts` that failed for its own fault."""
    inquiries, classes = (Feed(address, session, sign_in, interface) for interface in (INQUIRIES, CLASSES))
    dialects: dict[SourceKind, Dialect] = {
        SourceKind.INQUIRY: InquiryDialect(inquiries),
        SourceKind.DAC: ClassDialect(classes),
    }
    return FeedReader(dialects, attempts)
