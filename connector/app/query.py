"""Answers a question in SQL from the warehouse of a laptop."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from connector.app.settings import load_backend
from connector.app.wiring import query_file
from connector.errors import BadRequestError


def query_warehouse(sql: str) -> Iterator[Sequence[Any]]:
    """Yield the names of the columns, then the rows; raise BadRequestError if the warehouse is no DuckDB file."""
    kind, _, path = load_backend(os.environ).warehouse.partition(":")
    if kind != "duckdb":
        raise BadRequestError(
            "The warehouse is BigQuery.", action="Ask it there (bq query), or set WAREHOUSE=duckdb:PATH."
        )
    return query_file(Path(path), sql)
