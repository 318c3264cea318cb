"""Everything that ever happened to one record, from the state and from the warehouse."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from connector.domain.entity import Entity
from connector.domain.tables import build_table
from connector.ports import StateStore, Warehouse


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One thing that happened to a record: `place` is where it is written down (`run`, `dead letter`, `warehouse`)."""

    at: datetime
    place: str
    run_id: str
    record_id: str
    key: str
    version: str
    what: str
    reason: str = ""


def read_audit(state: StateStore, warehouse: Warehouse, entity: Entity, key: str) -> list[AuditLine]:
    """Return the lines of the records with this key (`Bill/000123`) or Acumatica id, oldest first; empty if none is known."""
    found = list(state.find_records(entity.name, key)) or [key]
    lines = [line for record_id in found for line in _collect(state, warehouse, entity, record_id)]
    return sorted(lines, key=lambda line: (line.at, line.place))


def _collect(state: StateStore, warehouse: Warehouse, entity: Entity, record_id: str) -> Iterator[AuditLine]:
    for page in state.audit_trail(entity.name, record_id):
        yield AuditLine(
            at=page.recorded_at,
            place="run",
            run_id=page.run_id,
            record_id=record_id,
            key=page.entry.key,
            version=page.entry.version,
            what=f"{page.mode}: {page.entry.outcome.value}",
            reason=page.entry.reason,
        )
    for letter in state.dead_letters(entity.name, record_id):
        yield AuditLine(
            at=letter.rejected_at,
            place="dead letter",
            run_id=letter.run_id,
            record_id=record_id,
            key=letter.key,
            version="",
            what=f"kept, tried {letter.attempts} times",
            reason=letter.reason,
        )
    contract = state.read_stream(entity.name).contract
    if contract is None:
        return
    for row in warehouse.record_versions(build_table(entity, contract), {"_id": record_id}):
        yield AuditLine(
            at=row["_synced_at"],
            place="warehouse",
            run_id=row["_run_id"],
            record_id=record_id,
            key="",
            version=row["_version"],
            what="deleted" if row["_deleted"] else "version stored",
        )
