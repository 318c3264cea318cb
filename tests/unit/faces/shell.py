"""A terminal in a test."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connector.faces.cli import main


class Shell:
    """Runs commands as a terminal would, and keeps what they print."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capture = capture
        self.out = self.err = ""

    def run(self, *arguments: str) -> int:
        """Return the exit code."""
        return self.call(lambda: main(arguments))

    def call(self, command: Callable[[], int]) -> int:
        """Return the exit code of what a command does."""
        try:
            code = command()
        except SystemExit as exc:
            code = int(str(exc.code))
        self.out, self.err = self._capture.readouterr()
        return code

    def documents(self) -> list[Any]:
        """Return what was printed, one JSON document a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    def query(self, sql: str) -> list[Any]:
        """Ask the DuckDB file."""
        with duckdb.connect(str(self.folder / "erp.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()
