"""The OData interfaces of the instance: generic inquiries and data access classes, in both generations."""

from .interface import is_odata, serve

__all__ = ["is_odata", "serve"]
