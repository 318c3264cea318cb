#!/usr/bin/env bash
# Seen 2026-11-28. DuckDB's `EXPORT DATABASE` leaves out every comment of tables and columns, without a word: `IMPORT
# DATABASE` gives a database whose COMMENT ON texts are gone. Whoever keeps meaning in comments (descriptions for
# analysts, or a mark by which a program knows its own table) loses it by the documented way to move a database from one
# release to the next. Exits 0 while it is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.0
cd "$folder"
venv/bin/python - <<'PY'
import sys

import duckdb

print("duckdb", duckdb.__version__)
before = duckdb.connect()
before.execute("CREATE TABLE bills (amount INTEGER)")
before.execute("COMMENT ON TABLE bills IS 'every bill'")
before.execute("COMMENT ON COLUMN bills.amount IS 'in US dollars'")
before.execute("EXPORT DATABASE 'exported'")
after = duckdb.connect()
after.execute("IMPORT DATABASE 'exported'")
found = [
    [connection.execute(f"SELECT comment FROM {what}() WHERE table_name = 'bills'").fetchone()[0] for connection in (before, after)]
    for what in ("duckdb_tables", "duckdb_columns")
]
print("comment of the table, before and after: ", found[0])
print("comment of the column, before and after:", found[1])
sys.exit(found != [["every bill", None], ["in US dollars", None]])
PY
