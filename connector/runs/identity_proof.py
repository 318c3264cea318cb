"""Checks, before a run adds to a log with records, that Acumatica still lists those records under the same ids.

Records without a NoteID get a new id in each session. Written under it, every run would duplicate every record.

It is checked when the first rows wait to be written: a run with nothing to write needs no proof, and usually the rows
themselves are the proof, because the warehouse has one of them under its id.
"""

from collections.abc import Sequence

from connector.domain.entity import Entity, Identity
from connector.domain.list_query import ListQuery
from connector.domain.records.codec import Codec, Record
from connector.domain.records.contract import Contract
from connector.domain.records.names import ColumnNames
from connector.domain.tables.log_table import build_trail_table, find_key_columns
from connector.domain.tables.schema import Table
from connector.errors import RecordRejectedError, TransientError, UnstableIdsError
from connector.ports import MAX_LOOKED_UP
from connector.runs.run import Run

SAMPLE = 20
COMPARED = 3


def describe_identity(entity: Entity, contract: Contract) -> str:
    """Return what the proof holds for: endpoint, version and the kind of identity."""
    return f"{contract.endpoint} {contract.version} {entity.identity.value}"


def is_identity_proven(run: Run, table: Table, codec: Codec, records: Sequence[Record]) -> bool:
    """Return whether the warehouse has one of these records, which wait to be written, or of the first listed ones.

    Takes one query; only if none of `records` is known, which may all be new, a request and a second query. Raises
    UnstableIdsError if none is known by its id, but one by its keys under another id; and the source's errors. Without time
    for the request, it is enough that none of `records` has its keys under another id.
    """
    if _has_any(run, table, records):
        return True
    try:
        listed = _list_sample(run, codec)
    except TransientError as exc:
        names = codec.contract.names
        other_ids = (_find_other_id(run, table, names, record) for record in records[:COMPARED])
        may_be_known = not records or any(other_ids)
        if may_be_known or not run.is_out_of_time(exc):
            raise
        return False
    if _has_any(run, table, listed):
        return True
    for record in listed[:COMPARED]:
        if other := _find_other_id(run, table, codec.contract.names, record):
            raise _build_error(run.entity, record, other)
    return False


def _has_any(run: Run, table: Table, records: Sequence[Record]) -> bool:
    """Whether the warehouse shows one of these records as live."""
    record_ids = [record.id for record in records[:MAX_LOOKED_UP]]
    if not record_ids:
        return False
    known = run.ports.warehouse.current_versions(table, record_ids)
    return not all(current.is_deleted for current in known)


def _list_sample(run: Run, codec: Codec) -> Sequence[Record]:
    query = ListQuery(
        entity=run.entity,
        modified_field=codec.contract.modified_field,
        changed_since=None,
        skip=0,
        top=SAMPLE,
        keys_only=True,
    )
    return [record for row in run.ports.source.read_list(query).rows if (record := _decode(codec, row))]


def _decode(codec: Codec, row: bytes) -> Record | None:
    try:
        return codec.decode(row)
    except RecordRejectedError:
        return None


def _find_other_id(run: Run, table: Table, names: ColumnNames, record: Record) -> str | None:
    """Return the other id under which the warehouse shows a live record with the same keys."""
    values = dict(zip(find_key_columns(run.entity, names), record.keys, strict=False))
    if len(values) < len(run.entity.keys):
        return None
    found_ids = run.ports.warehouse.find_ids(build_trail_table(run.entity, names), values)
    others = {*found_ids} - {record.id}
    if not others:
        return None
    found = run.ports.warehouse.current_versions(table, sorted(others))
    return next((current.record_id for current in found if not current.is_deleted), None)


def _build_error(entity: Entity, record: Record, other: str) -> UnstableIdsError:
    if entity.identity is Identity.KEYS:
        return UnstableIdsError(
            f"{entity.log_table} was filled under Acumatica's ids ({record.key} is {other}), and {entity.name} is identified by"
            " its keys now: every record would be there twice.",
            action=f"Rename {entity.log_table}; the next run makes it anew and reads everything into it.",
        )
    return UnstableIdsError(
        f"{entity.acumatica_entity} {record.key} has the id {record.id} now and had {other} before, and so it is with every record"
        " looked at: Acumatica gives records without a NoteID another id in each session, and each would be there twice.",
        action=(
            f"Set `identity: keys` for {entity.name} in the catalogue and rename {entity.log_table}; the next run makes it anew and"
            " reads everything into it."
        ),
    )
