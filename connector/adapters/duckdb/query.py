"""Answers an analyst's question from the file, changing nothing."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb

from connector.adapters.duckdb.errors import translated
from connector.adapters.duckdb.file import require_duckdb
from connector.errors import BadRequestError

FETCH = 1_000


def query_file(path: Path, sql: str) -> Iterator[Sequence[Any]]:
    """Yield the names of the answer's columns, then its rows; times are UTC. The file is opened for reading alone.

    Raises BadRequestError if there is no such file or the SQL is wrong, and ConnectorError if the file cannot be read.
    """
    if not path.exists():
        raise BadRequestError(f"{path} does not exist yet.", action="Sync an entity first.")
    require_duckdb(path)
    # no other file is read or written: the folder may hold the secret
    with (
        translated(),
        duckdb.connect(str(path), read_only=True, config={"enable_external_access": "false"}) as connection,
    ):
        connection.execute("SET TimeZone = 'UTC'")
        try:
            statements = len(connection.extract_statements(sql))
            if not statements:
                raise BadRequestError("The query is empty.", action="Write a statement, e.g. SELECT 1.")
            if statements > 1:
                raise BadRequestError(
                    f"The query has {statements} statements, of which only one can be shown.",
                    action="Ask them one by one.",
                )
            answer = connection.execute(sql)
            yield [column[0] for column in answer.description or ()]
            while rows := answer.fetchmany(FETCH):
                yield from rows
        except (duckdb.ProgrammingError, duckdb.DataError, duckdb.PermissionException) as exc:
            raise BadRequestError(
                f"DuckDB does not take this query: {str(exc).strip()}", action="Correct it."
            ) from exc
