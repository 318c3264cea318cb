"""Serves the BigQuery stand-in from memory. Runs in the stand-in's own virtual environment: `python bigquery_server.py serve`.

As released it keeps every project in DuckLake, whose catalogue is read anew at every statement, its own books in a file, and
the result of every query for ever, through which each request looks. That was half of its time, and none of its answers.
"""

import functools
import sys
from pathlib import Path
from typing import Any

from local_bigquery import cli
from local_bigquery.catalog import datasets
from local_bigquery.engine import database
from local_bigquery.settings import settings

IN_MEMORY = ":memory:"
FORGET = "DROP SCHEMA emulator._results CASCADE; CREATE SCHEMA emulator._results; DELETE FROM emulator.jobs"

connect_to_files, delete_dataset = database._connect.__wrapped__, datasets.delete


class Nowhere:
    """A folder whose only file is memory."""

    def mkdir(self, **_: Any) -> None:
        """Do nothing."""

    def glob(self, _: str) -> list[Path]:
        """Find nothing."""
        return []

    def __truediv__(self, _: str) -> str:
        return IN_MEMORY


@functools.cache
def connect() -> Any:
    """Open the stand-in's own books in memory; uploads go on being files. A second thread costs small queries an eighth."""
    folder, settings.data_dir = settings.data_dir, Nowhere()
    try:
        made = connect_to_files()
        made.execute("SET threads = 1")
        return made
    finally:
        settings.data_dir = folder


def attach(connection: Any, project: str) -> None:
    """Keep a project in memory."""
    connection.execute(f"ATTACH IF NOT EXISTS '{IN_MEMORY}' AS {database.quote(project)}")
    database._attached.add(project)


def delete(*dataset: Any) -> None:
    """Forget with a dataset, whose test has ended, all jobs and their results."""
    delete_dataset(*dataset)
    database.execute(FORGET)


if __name__ == "__main__":
    sys.modules["pandas"] = None  # type: ignore[assignment]  # DuckDB looks for it anew at every parameter
    database._connect, database._attach = connect, attach
    database.projects = lambda: sorted(database._attached)
    datasets.delete = delete
    cli.main()
