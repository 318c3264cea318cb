"""The records of a page as documents: parallel arrays, in as many part documents as the limits ask for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.adapters.firestore.names import search_term, storable
from connector.domain.entity_state import AuditEntry, Outcome

MAX_ENTRIES = 1000
"""Records of one document: their array elements are at most an eighth of the 40,000 index entries it may have."""

MAX_PART_BYTES = 400 * 1024
"""Bytes of the texts of one document, which may have 1 MiB."""

MAX_REASON_LENGTH = 1000
"""Characters of a reason in the audit; the dead letter has it whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePart:
    """One document of a page, the first of which carries their number in `parts`."""

    position: int
    values: dict[str, Any]

    @property
    def name(self) -> str:
        """Name of its document."""
        return self.further_name(self.position)

    def further_name(self, position: int) -> str:
        """Return the name of another part of the same page."""
        return page_name(self.values["number"], position)


def page_name(number: int, position: int = 0) -> str:
    """Return the name of a part's document; names sort as the page numbers do, then as the positions."""
    return f"{number:08d}" if position == 0 else f"{number:08d}-{position:04d}"


def split_page(page: Mapping[str, Any], entries: Sequence[AuditEntry]) -> list[PagePart]:
    """Return the documents of a page; at least one, also of an empty page."""
    groups = list(_grouped(entries))
    return [
        PagePart(position=position, values={**page, "part": position, "parts": len(groups), **_arrays(group)})
        for position, group in enumerate(groups)
    ]


def load_matches(
    page: Mapping[str, Any], field: str, term: str
) -> list[tuple[Mapping[str, Any], AuditEntry]]:
    """Return the records of a document whose `record_ids` or `keys` have this term, each with its page."""
    about = {name: page[name] for name in ("run_id", "mode", "number", "part", "recorded_at")}
    return [(about, _entry(page, at)) for at, value in enumerate(page[field]) if value == term]


def load_entries(page: Mapping[str, Any]) -> list[AuditEntry]:
    """Return all records of a document."""
    return [_entry(page, at) for at in range(len(page["record_ids"]))]


def _grouped(entries: Sequence[AuditEntry]) -> Iterator[list[AuditEntry]]:
    group: list[AuditEntry] = []
    size = 0
    for entry in entries:
        bytes_more = _size(entry)
        if group and (len(group) == MAX_ENTRIES or size + bytes_more > MAX_PART_BYTES):
            yield group
            group, size = [], 0
        group.append(entry)
        size += bytes_more
    yield group


def _arrays(entries: Sequence[AuditEntry]) -> dict[str, Any]:
    reasons = [_reason(entry) for entry in entries]
    return {
        "record_ids": [search_term(entry.record_id) for entry in entries],
        "keys": [search_term(entry.key) for entry in entries],
        "versions": [search_term(entry.version) for entry in entries],
        "outcomes": [entry.outcome.value for entry in entries],
        "reasons": reasons if any(reasons) else [],
    }


def _entry(page: Mapping[str, Any], at: int) -> AuditEntry:
    return AuditEntry(
        record_id=page["record_ids"][at],
        key=page["keys"][at],
        version=page["versions"][at],
        outcome=Outcome(page["outcomes"][at]),
        reason=page["reasons"][at] if page["reasons"] else "",
    )


def _reason(entry: AuditEntry) -> str:
    return storable(entry.reason[:MAX_REASON_LENGTH])


def _size(entry: AuditEntry) -> int:
    texts = (search_term(entry.record_id), search_term(entry.key), search_term(entry.version), _reason(entry))
    return sum(len(text.encode()) for text in texts) + 20
