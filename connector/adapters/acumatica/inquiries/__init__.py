"""Generic inquiries over OData 4, read with the same completeness as entities."""

from connector.adapters.acumatica.inquiries.feed import Feed
from connector.adapters.acumatica.inquiries.reader import InquiryReader

__all__ = ["Feed", "InquiryReader"]
