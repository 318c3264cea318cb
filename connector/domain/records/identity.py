"""What identifies a record: Acumatica's id, or its keys if Acumatica gives it a new id in each session.

An id made from keys reads back into them (`Bill|000123`), so whatever knows a record by its id can ask for it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote
from uuid import UUID

import msgspec

from connector.domain.instants import to_text
from connector.domain.records.wire import Choice

SEPARATOR = "|"


def make_id(keys: Iterable[str]) -> str:
    """Return the id of the record with these keys; different keys never share an id."""
    return SEPARATOR.join(quote(key, safe=" ") for key in keys)


def split_id(record_id: str) -> Sequence[str]:
    """Return the keys that `make_id` was given."""
    return [unquote(part) for part in record_id.split(SEPARATOR)]


def is_addressable(key: str) -> bool:
    """Whether a key can stand in an address: `/` and `|` separate keys there, however they are escaped."""
    return not (set("/|") & set(key)) and key not in ("", ".", "..")


def is_guid(text: str) -> bool:
    """Whether it reads like Acumatica's id of a record, for which Acumatica takes it in an address."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def render_key(value: Any) -> str:
    """Return a key's value as text, in the form Acumatica accepts in a URL."""
    if isinstance(value, msgspec.Raw):
        return bytes(value).decode()
    if isinstance(value, Choice):
        return value.description or str(value.id)
    return to_text(value) if isinstance(value, datetime) else str(value)
