"""Everything that happened to one record, from the state and the warehouse."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations, pairwise

from connector.app.service import Connector
from connector.domain.entity import Entity
from connector.domain.entity_state import Outcome
from connector.domain.instants import from_text
from connector.domain.records.names import NO_NAMES, ColumnNames
from connector.domain.run import Mode, RunKind
from connector.domain.tables.log_table import build_trail_table, find_key_columns
from connector.ports import StateStore, Warehouse

DELETED = "deleted"
UNCHANGED = f"{Mode.RECONCILE}: {Outcome.UNCHANGED}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One event of a record; `place` is where it is recorded (`run`, `dead letter`, `warehouse`)."""

    at: datetime
    place: str
    run_id: str
    record_id: str
    key: str
    version: str
    what: str
    reason: str = ""


def audit_record(connector: Connector, entity_name: str, key: str) -> list[AuditLine]:
    """Return everything that happened to a record, oldest first."""
    entity = connector.catalogue.find(entity_name)
    with connector.open_state() as state, closing(connector.wiring.open_warehouse()) as warehouse:
        return read_audit(state, warehouse, entity, key)


def read_audit(state: StateStore, warehouse: Warehouse, entity: Entity, key: str) -> list[AuditLine]:
    """Return the lines of the records with this key (`Bill/000123`) or Acumatica id, oldest first; empty if none is known.

    Keys that a record had earlier count too: page audits know them for records that were never written, the log for records
    whose page audits have expired or are lost.
    """
    found = dict.fromkeys(
        [*state.audit.find_records(entity.name, key), *_find_logged(state, warehouse, entity, key)]
    )
    lines = [line for record_id in found or [key] for line in _collect(state, warehouse, entity, record_id)]
    return sorted(lines, key=lambda line: (line.at, line.place))


def _collect(state: StateStore, warehouse: Warehouse, entity: Entity, record_id: str) -> list[AuditLine]:
    told = [*_read_pages(state, entity, record_id), *_read_letters(state, entity, record_id)]
    rows = list(_read_rows(state, warehouse, entity, record_id))
    return [*told, *rows, *_derive_unchanged(state, entity, told, rows)]


def _derive_unchanged(
    state: StateStore, entity: Entity, told: Sequence[AuditLine], rows: Sequence[AuditLine]
) -> Iterator[AuditLine]:
    """Yield a line for each reconcile of contents that found the record as the warehouse had it.

    None of them is stored: a reconcile that looked for deletions too has an outcome for every record there was when it began, and
    the audit has all but those that are unchanged.
    """
    if not rows:
        return
    for run in state.audit.read_successes(entity.name, RunKind.RECONCILE_CONTENT):
        began = run.get("contents_checked_at")
        if not began or began != run.get("deletions_checked_at"):
            continue
        began_at, ended_at = from_text(began), run["finished_at"]
        before = [row for row in rows if row.at < began_at]
        changed = any(began_at <= line.at <= ended_at for line in (*told, *rows))
        if before and before[-1].what != DELETED and not changed:
            yield replace(before[-1], at=ended_at, place="run", run_id=run["run_id"], what=UNCHANGED)


def _read_pages(state: StateStore, entity: Entity, record_id: str) -> Iterator[AuditLine]:
    for page in state.audit.read_trail(entity.name, record_id):
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


def _read_letters(state: StateStore, entity: Entity, record_id: str) -> Iterator[AuditLine]:
    for dead_letter in state.dead_letters.read(entity.name, record_id):
        yield AuditLine(
            at=dead_letter.rejected_at,
            place="dead letter",
            run_id=dead_letter.run_id,
            record_id=record_id,
            key=dead_letter.key,
            version="",
            what=f"kept, tried {dead_letter.attempts} time{'s' if dead_letter.attempts != 1 else ''}",
            reason=dead_letter.reason,
        )


def _read_rows(
    state: StateStore, warehouse: Warehouse, entity: Entity, record_id: str
) -> Iterator[AuditLine]:
    names = _read_names(state, entity)
    for row in warehouse.record_versions(build_trail_table(entity, names), record_id):
        yield AuditLine(
            at=row["_synced_at"],
            place="warehouse",
            run_id=row["_run_id"],
            record_id=record_id,
            key="/".join(
                str(row[column]) for column in find_key_columns(entity, names) if row[column] is not None
            ),
            version=row["_version"],
            what=DELETED if row["_deleted"] else "version stored",
        )


def _find_logged(state: StateStore, warehouse: Warehouse, entity: Entity, key: str) -> Iterator[str]:
    names = _read_names(state, entity)
    for parts in _split(key, len(entity.keys)):
        values = dict(zip(find_key_columns(entity, names), parts, strict=True))
        yield from warehouse.find_ids(build_trail_table(entity, names), values)


def _split(key: str, count: int) -> Iterator[Sequence[str]]:
    """Yield every way to split the key into `count` parts, because a part may contain a slash."""
    pieces = key.split("/")
    for cuts in combinations(range(1, len(pieces)), count - 1):
        yield ["/".join(pieces[start:end]) for start, end in pairwise((0, *cuts, len(pieces)))]


def _read_names(state: StateStore, entity: Entity) -> ColumnNames:
    """Return the column names of the log; without a state, each key has its default name."""
    contract = state.entities.read(entity.name).contract
    return NO_NAMES if contract is None else contract.names
