"""Moves everything stored of an entity to another name."""

import sqlite3

MOVED = ("checkpoints", "suspects", "streams")


def move_entity(connection: sqlite3.Connection, before: str, after: str) -> None:
    """Move state, audit and dead letters; the state of `after` gives way if `before` has one."""
    if connection.execute("SELECT 1 FROM streams WHERE entity = ?", (before,)).fetchone():
        for table in MOVED:
            connection.execute(f"DELETE FROM {table} WHERE entity = ?", (after,))  # noqa: S608 - our own names
            connection.execute(f"UPDATE {table} SET entity = ? WHERE entity = ?", (after, before))  # noqa: S608 - our own names
    connection.execute("UPDATE OR REPLACE dead_letters SET entity = ? WHERE entity = ?", (after, before))
    connection.execute("UPDATE pages SET entity = ? WHERE entity = ?", (after, before))
    connection.execute(
        "UPDATE runs SET entity = ?,"
        " entry = CASE WHEN json_valid(entry) THEN json_set(entry, '$.entity', ?) ELSE entry END WHERE entity = ?",
        (after, after, before),
    )
