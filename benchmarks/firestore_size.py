"""What a document takes in Firestore, by the published rules (firebase.google.com/docs/firestore/storage-size)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

OVERHEAD = 32
"""Of each document, and of each index entry."""


def measure_text(text: str) -> int:
    """Return the bytes of a text, of a field's name or of a part of a path."""
    return len(text.encode()) + 1


def measure_path(path: str) -> int:
    """Return the bytes of a document's name, `runs/r1/pages/1`; 0 for the root, which the parent of a first document is."""
    return sum(measure_text(part) for part in path.split("/")) + 16 if path else 0


def measure_value(value: Any) -> int:
    """Return the bytes of a value."""
    if value is None or isinstance(value, bool):
        return 1
    if isinstance(value, int | float | datetime):
        return 8
    if isinstance(value, str):
        return measure_text(value)
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, Mapping):
        return measure_fields(value)
    return sum(measure_value(item) for item in value)


def measure_fields(fields: Mapping[str, Any]) -> int:
    """Return the bytes of a document's fields."""
    return sum(measure_text(name) + measure_value(value) for name, value in fields.items())


def measure_document(path: str, fields: Mapping[str, Any]) -> int:
    """Return the bytes of a document without its indexes."""
    return measure_path(path) + measure_fields(fields) + OVERHEAD


def measure_ordered(path: str, fields: Mapping[str, Any], indexed: Iterable[str]) -> int:
    """Return the bytes of the ascending and the descending entry of each of these fields, within their collection."""
    parent = "/".join(path.split("/")[:-2])
    return sum(
        2 * (measure_path(path) + measure_path(parent) + measure_fields({name: fields[name]}) + OVERHEAD)
        for name in indexed
        if name in fields
    )


def measure_elements(path: str, fields: Mapping[str, Any], indexed: Iterable[str]) -> int:
    """Return the bytes of an entry for each element of these arrays, over all collections of one name."""
    return sum(
        measure_path(path) + measure_text(name) + measure_value(item) + OVERHEAD
        for name in indexed
        for item in fields[name]
    )
