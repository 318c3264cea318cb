"""The newest version of each record, read from the log part by part: DuckDB sorts a part in memory, never a million rows."""

from collections.abc import Collection, Iterator
from datetime import UTC
from itertools import pairwise

import duckdb

from connector.adapters.duckdb.dialect import quote, quote_text
from connector.adapters.duckdb.translation import translate
from connector.domain.tables.log_queries import build_versions_query
from connector.domain.tables.schema import Table
from connector.domain.versions import CurrentVersion

FETCH = 10_000
ROWS_IN_PART = 50_000
"""Takes 60 MB, however many rows there are; with fewer the ids of the log are read too often."""

SAMPLED = 8
"""How many ids are looked at for each part, so that the parts are about equally large."""

VERSIONS = """\
SELECT _id, _modified_at::TIMESTAMP, _version, _own_stamp::TIMESTAMP, _synced_at::TIMESTAMP, _deleted, _first_synced_at::TIMESTAMP
FROM ({query}) WHERE {is_in_part} ORDER BY _id"""
"""Times without a zone, which are UTC here: of each with one DuckDB asks Python for the zone, which takes longer than the query."""


def read_versions(
    cursor: duckdb.DuckDBPyConnection, table: Table, record_ids: Collection[str] | None
) -> Iterator[CurrentVersion]:
    """Yield the newest version of these records, or of all, as of one moment, in ascending order of id.

    The cursor's time zone is UTC, and nothing else is done with it meanwhile.
    """
    count = None if record_ids is None else len(record_ids)
    query = translate(build_versions_query(table, count))
    values = {f"id_{i}": record_id for i, record_id in enumerate(record_ids or ())}
    cursor.execute("BEGIN")
    for is_in_part in ["TRUE"] if record_ids is not None else _part(cursor, table.name):
        cursor.execute(VERSIONS.format(query=query, is_in_part=is_in_part), values)
        while rows := cursor.fetchmany(FETCH):
            for record_id, modified_at, version, own_stamp, synced_at, is_deleted, first in rows:
                yield CurrentVersion(
                    record_id=record_id,
                    modified_at=modified_at and modified_at.replace(tzinfo=UTC),
                    version=version,
                    own_stamp=own_stamp and own_stamp.replace(tzinfo=UTC),
                    synced_at=synced_at.replace(tzinfo=UTC),
                    is_deleted=is_deleted,
                    first_synced_at=first.replace(tzinfo=UTC),
                )
    cursor.execute("COMMIT")


def _part(cursor: duckdb.DuckDBPyConnection, log: str) -> list[str]:
    """Return conditions that divide the ids of a log, the lowest first. Which ids are sampled only decides how evenly."""
    [(rows,)] = cursor.execute(f"SELECT count(*) FROM {quote(log)}").fetchall()  # noqa: S608 - quoted
    parts = -(-rows // ROWS_IN_PART)
    if parts < 2:
        return ["TRUE"]
    sampled = cursor.execute(
        f"SELECT _id FROM {quote(log)} USING SAMPLE reservoir({parts * SAMPLED} ROWS)"  # noqa: S608 - quoted
    ).fetchall()
    bounds = [quote_text(record_id) for (record_id,) in sorted(sampled)[SAMPLED::SAMPLED]]
    return [
        f"_id < {bounds[0]}",
        *(f"_id >= {lower} AND _id < {upper}" for lower, upper in pairwise(bounds)),
        f"_id >= {bounds[-1]}",
    ]
