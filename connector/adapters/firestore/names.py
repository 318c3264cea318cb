"""Texts as Firestore takes them for names of documents and for terms of a search."""

import hashlib

MAX_NAME_BYTES = 1500
"""Bytes a document's name may have."""

MAX_TERM_BYTES = 1000
"""Bytes of a term that a search compares whole; an index cuts longer values off."""


def document_name(text: str) -> str:
    """Return a name for the document of this text: the text itself where Firestore allows it; no two share one."""
    name = text.replace("%", "%25").replace("/", "%2F")
    if name in {"", ".", ".."}:
        return "%" + "".join("%2E" for _ in name)
    if name.startswith("__") and name.endswith("__"):
        name = "%5F" + name[1:]
    if storable(name) != name or len(name.encode()) > MAX_NAME_BYTES:
        return f"%sha256-{_digest(text)}"
    return name


def search_term(text: str) -> str:
    """Return the text, or for a very long one a digest that stands for it; the term of a term is itself."""
    term = storable(text)
    return f"sha256:{_digest(text)}" if len(term.encode()) > MAX_TERM_BYTES else term


def storable(text: str) -> str:
    """Return the text without the halves of surrogate pairs that broken JSON may hold and no request can."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
