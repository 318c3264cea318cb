"""What the first release left behind, as text: its state in SQLite and Firestore, and a DuckDB file.

`every_member` is a state with a value in each of its members; `tests.contract.test_stored_before` says which. `one_tenant` is
what its runs over a sandbox tenant left; `tests.e2e.test_taking_over` says what happened. Releases after it have to go on
from here, so these files never change.
"""

import base64
import json
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from google.cloud import firestore

FOLDER = Path(__file__).parent


def restore_sqlite(name: str, path: Path, *, url: str = "") -> None:
    """Make the state file of this name; `url` is the instance it was read from."""
    text = (FOLDER / name / "state.sql").read_text(encoding="utf-8").replace("{url}", url)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(text)


def restore_duckdb(name: str, path: Path) -> None:
    """Make the warehouse file of this name."""
    with duckdb.connect(str(path), config={"threads": 1}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute((FOLDER / name / "warehouse.sql").read_text(encoding="utf-8"))
        for rows in sorted((FOLDER / name).glob("*.csv")):
            connection.execute(
                f"COPY {rows.stem} FROM '{rows}' (FORMAT csv, HEADER, ALLOW_QUOTED_NULLS false)"
            )


def restore_firestore(name: str, client: firestore.Client) -> None:
    """Store the documents of this name."""
    documents = json.loads((FOLDER / name / "state.json").read_text(encoding="utf-8"))
    for path, fields in documents.items():
        client.document(path).set(_decode(fields))


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return [_decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"$bytes"}:
        return base64.b64decode(value["$bytes"])
    if value.keys() == {"$instant"}:
        return datetime.fromisoformat(value["$instant"])
    return {member: _decode(inner) for member, inner in value.items()}
