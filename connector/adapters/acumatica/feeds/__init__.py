"""Feeds over OData 4, which are generic inquiries and data access classes, read with the same completeness as entities."""

from connector.adapters.acumatica.feeds.classes import ClassDialect
from connector.adapters.acumatica.feeds.feed import CLASSES, INQUIRIES, Feed
from connector.adapters.acumatica.feeds.inquiries import InquiryDialect
from connector.adapters.acumatica.feeds.reader import FeedReader

__all__ = ["CLASSES", "INQUIRIES", "ClassDialect", "Feed", "FeedReader", "InquiryDialect"]
