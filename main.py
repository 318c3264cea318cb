"""The entry point of the Cloud Function."""

from connector.faces.http import sync

__all__ = ["sync"]
