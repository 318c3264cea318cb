"""What each stage of a record's way costs: `python -m benchmarks.stages [BILLS] [ROUNDS]`.

One page of bills with four lines goes through the stages one after the other, from the answer to the rows in a DuckDB file, or in
a load job that a BigQuery stand-in takes, and to the audit in SQLite. CPU microseconds per record, all threads of this process
together; the least of the rounds counts. What begins with "of it" is the least that a part can take: msgspec decoding records
and dropping them, or one hash over the same bytes.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from benchmarks.processes import serving_tenant, settings
from connector.adapters.acumatica.json_body import decode_body
from connector.adapters.duckdb.warehouse import DuckDbWarehouse
from connector.app.service import build
from connector.app.settings import load_settings
from connector.domain.batch import Append, Row, build_insert_id
from connector.domain.entity import Entity
from connector.domain.entity_state import AuditEntry, Outcome
from connector.domain.instants import to_text
from connector.domain.list_query import ListQuery
from connector.domain.records.codec import Codec, Record
from connector.domain.records.columns import build_layout
from connector.domain.records.compiled_level import CompiledLevel
from connector.domain.records.contract import Contract
from connector.domain.records.names import NO_NAMES
from connector.domain.run import WriteMethod
from connector.domain.tables.log_table import build_table, remember_names
from connector.ports import AuditStore, Ports
from connector.redaction import SECRETS

T = TypeVar("T")


class Stages:
    """The least CPU of each stage, in seconds."""

    def __init__(self) -> None:
        self.least: dict[str, float] = {}

    def take(self, name: str, work: Callable[..., T], *given: object) -> T:
        """Return what the work makes of what is given."""
        began = time.process_time()
        done = work(*given)
        spent = time.process_time() - began
        self.least[name] = min(spent, self.least.get(name, spent))
        return done


def split(body: bytes) -> list[bytes]:
    return [bytes(raw) for raw in decode_body(body, list[msgspec.Raw])]


def decode(codec: Codec, rows: Sequence[bytes]) -> list[Record]:
    return [codec.decode(row) for row in rows]


def build_decoder(contract: Contract) -> msgspec.json.Decoder[Any]:
    level = build_layout(contract.root, contract.names.log).level
    return msgspec.json.Decoder(CompiledLevel(contract.root, level, frozenset()).wire)


def drop(decoder: msgspec.json.Decoder[Any], rows: Sequence[bytes]) -> None:
    for row in rows:
        decoder.decode(row)


def hash_all(bodies: Sequence[bytes]) -> None:
    for body in bodies:
        blake2b(body, digest_size=16).hexdigest()


def encode(entity: Entity, records: Sequence[Record]) -> list[Row]:
    now = to_text(datetime.now(UTC))
    return [
        Row(
            insert_id=build_insert_id(entity.name, record.id, record.version),
            head=record.encode_head(modified_at=record.modified_at, synced_at=now, run_id="run"),
            body=record.body,
        )
        for record in records
    ]


def audit(audits: AuditStore, entity: Entity, run_id: str, records: Sequence[Record]) -> None:
    entries = [
        AuditEntry(record_id=record.id, key=record.key, version=record.version, outcome=Outcome.WRITTEN)
        for record in records
    ]
    audits.record_page(run_id, entity.name, "incremental", 1, entries)


def pass_page(stages: Stages, ports: Ports, entity: Entity, bills: int, run_id: str) -> None:
    """Send one page through all stages into a new file."""
    query = ListQuery(entity=entity, modified_field=None, changed_since=None, skip=0, top=bills)
    contract = remember_names(entity, ports.source.describe(entity), NO_NAMES)
    rows = stages.take("fetch and split", ports.source.read_list, query).rows
    body = b"[" + b",".join(rows) + b"]"
    stages.take("of it: split", split, body)
    stages.take("of it: look for secrets", lambda: SECRETS.redact_body(body, is_data=True))
    records = stages.take("decode, convert, hash", decode, Codec(entity, contract), rows)
    stages.take("of it: decode", drop, build_decoder(contract), rows)
    stages.take("of it: hash", hash_all, [record.body for record in records])
    encoded = stages.take("make the row", encode, entity, records)
    table = build_table(entity, contract)
    with tempfile.TemporaryDirectory() as folder:
        warehouse = DuckDbWarehouse(Path(folder, "warehouse.duckdb"))
        warehouse.prepare(table)
        append = Append(table=table, rows=encoded, method=WriteMethod.LOAD, batch_id=run_id)
        stages.take("write (DuckDB)", warehouse.append, append)
        warehouse.close()
    ports.warehouse.prepare(table)
    stages.take("write (BigQuery)", ports.warehouse.append, append)
    stages.take("audit (SQLite)", audit, ports.state.audit, entity, run_id, records)


def measure(bills: int, rounds: int) -> Stages:
    """Send a page of a tenant through all stages, several times."""
    stages = Stages()
    with (
        serving_tenant("--entity", "Bill", "--records", str(bills)) as tenant,
        settings(tenant) as environment,
    ):
        connector = build(load_settings(environment))
        ports = connector.wiring.open_ports(datetime.now(UTC) + timedelta(hours=1))
        for number in range(rounds):
            pass_page(stages, ports, connector.catalogue.find("invoices"), bills, f"run-{number}")
        ports.source.close()
    return stages


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    found = measure(count, int(sys.argv[2]) if len(sys.argv) > 2 else 5)
    for stage, seconds in found.least.items():
        print(f"{stage:24}{seconds / count * 1e6:8.1f} µs")
