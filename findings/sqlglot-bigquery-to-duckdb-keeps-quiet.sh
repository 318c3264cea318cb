#!/usr/bin/env bash
# Seen 2026-11-28. sqlglot's translation of BigQuery's SQL to DuckDB's gives other figures in three places of daily
# finance queries, without an error or a warning:
#   FORMAT_TIMESTAMP(format, instant, zone)  the zone is dropped, so an evening in New York counts as the next day;
#   TIMESTAMP_DIFF(a, b, DAY)                BigQuery counts whole days of 24 hours, the translation counts midnights;
#   EXTRACT(DAYOFWEEK FROM day)              BigQuery counts from 1 (Sunday), the translation from 0.
# Whoever tries a warehouse query on a laptop this way sees a plausible, wrong result. What BigQuery answers is taken
# from its reference of these functions. Exits 0 while it is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.0 pytz==2026.6 sqlglot==30.30.0
cd "$folder"
venv/bin/python - <<'PY'
import sys

import duckdb
import sqlglot

CASES = {
    "FORMAT_TIMESTAMP('%F', TIMESTAMP '2026-03-01 02:00:00+00', 'America/New_York')": ("2026-02-28", "2026-03-01"),
    "TIMESTAMP_DIFF(TIMESTAMP '2026-03-02 01:00:00+00', TIMESTAMP '2026-03-01 23:00:00+00', DAY)": (0, 1),
    "EXTRACT(DAYOFWEEK FROM DATE '2026-03-01')": (1, 0),
}
print("sqlglot", sqlglot.__version__, "duckdb", duckdb.__version__)
session = duckdb.connect()
session.execute("SET TimeZone = 'UTC'")
as_seen = True
for expression, (bigquery, seen) in CASES.items():
    translated = sqlglot.transpile(f"SELECT {expression}", read="bigquery", write="duckdb")[0]
    [(answer,)] = session.execute(translated).fetchall()
    print(f"{expression}\n  becomes {translated}\n  BigQuery {bigquery!r}, translated {answer!r}")
    as_seen = as_seen and answer == seen
sys.exit(not as_seen)
PY
