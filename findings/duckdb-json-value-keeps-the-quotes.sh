#!/usr/bin/env bash
# Seen 2026-11-28. DuckDB's JSON_VALUE(json, path) returns a text with its JSON quotes around it, as VARCHAR: `"V1"`, four
# characters, where the SQL standard's function of that name (BigQuery, PostgreSQL, SQL Server, Oracle) returns `V1`. So
# `JSON_VALUE(extra, '$.vendor') = 'V1'` is false and a join on it finds no row, without an error, while numbers, which
# have no quotes, compare as expected. DuckDB's page says that it "extracts JSON"; the type of the result says otherwise.
# Whoever takes a query from another warehouse to DuckDB gets an empty join. The way round is the operator ->>.
# Exits 0 while it is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.0
cd "$folder"
venv/bin/python - <<'PY'
import sys

import duckdb

JOIN = "(SELECT COUNT(*) FROM (SELECT 'V1' AS id) v JOIN (SELECT JSON '{\"vendor\": \"V1\"}' AS extra) e ON {} = v.id)"
CASES = {
    "JSON_VALUE(JSON '{\"vendor\": \"V1\"}', '$.vendor')": '"V1"',
    "TYPEOF(JSON_VALUE(JSON '{\"vendor\": \"V1\"}', '$.vendor'))": "VARCHAR",
    "JSON_VALUE(JSON '{\"vendor\": \"V1\"}', '$.vendor') = 'V1'": False,
    "JSON_VALUE(JSON '{\"vendor\": 5}', '$.vendor') = '5'": True,
    JOIN.replace("{}", "JSON_VALUE(e.extra, '$.vendor')"): 0,
    JOIN.replace("{}", "e.extra ->> '$.vendor'"): 1,
}
print("duckdb", duckdb.__version__)
session = duckdb.connect()
as_seen = True
for expression, seen in CASES.items():
    [(answer,)] = session.execute(f"SELECT {expression}").fetchall()
    print(f"{expression}\n  {answer!r}")
    as_seen = as_seen and answer == seen
sys.exit(not as_seen)
PY
