"""Tests whether records keep their ids between sessions, by reading a row of each list in two sessions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from connector.adapters.acumatica.json_body import decode_body
from connector.domain.check_line import CheckLine
from connector.domain.entity import Entity, Identity
from connector.domain.list_query import ListAnswer, ListQuery
from connector.errors import ConnectorError

SAMPLE = 20
"""How many rows are searched for the one seen before."""
REMEDY = "Set `identity: keys` for it in the catalogue; rename its log table first if there is one, so that it is made anew."


class IdComparison:
    """Notes a row of each list, then lists it again in a new session."""

    def __init__(
        self, leave_session: Callable[[], None], read_list: Callable[[ListQuery], ListAnswer]
    ) -> None:
        self._leave_session = leave_session
        self._read_list = read_list
        self._seen: dict[Entity, tuple[str, str]] = {}

    def note(self, entity: Entity, row: bytes) -> None:
        """Note a row of the current session; nothing if keys identify the records."""
        if entity.identity is Identity.ID:
            for keys, record_id in _read(entity, [row]).items():
                self._seen[entity] = keys, record_id

    def compare(self) -> Iterator[CheckLine]:
        """Yield a line for each entity whose row now has another id. Releases the seat before taking it again."""
        if not self._seen:
            return
        self._leave_session()
        for entity, (keys, record_id) in self._seen.items():
            try:
                again = _read(entity, self._read_list(_build_query(entity)).rows)
            except ConnectorError as exc:
                yield CheckLine(
                    subject=f"acumatica {entity.name}", ok=False, finding=exc.message, remedy=exc.action
                )
                return
            if again.get(keys, record_id) != record_id:
                finding = "its records get another id in each session (they have no NoteID)"
                yield CheckLine(subject=f"acumatica {entity.name}", ok=False, finding=finding, remedy=REMEDY)


def _build_query(entity: Entity) -> ListQuery:
    return ListQuery(
        entity=entity, modified_field=None, changed_since=None, skip=0, top=SAMPLE, keys_only=True
    )


def _read(entity: Entity, rows: Sequence[bytes]) -> Mapping[str, str]:
    """Return ids by keys, of the rows that have both."""
    found: dict[str, str] = {}
    for row in rows:
        try:
            node: Any = decode_body(row)
        except msgspec.DecodeError:
            continue
        if isinstance(node, dict) and isinstance(node.get("id"), str):
            keys = [node.get(key) for key in entity.keys]
            found[msgspec.json.encode(keys).decode()] = node["id"]
    return found
