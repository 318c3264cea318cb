"""State in one SQLite file."""

from connector.adapters.sqlite.store import SqliteStateStore

__all__ = ["SqliteStateStore"]
