#!/usr/bin/env bash
# Seen 2026-11-29. DuckDB's read_json with a column declared as DECIMAL(38,2) takes a number of the file through a DOUBLE first, without a
# word: 99999999999999.99 is stored as 99999999999999.98, and a rate declared with 19 places keeps 16 of its digits. The same
# text with the same type through from_json, or the number in quotes, is exact to the last digit. Whoever declares DECIMAL because money must be
# exact loads other cents than the file holds, where the total is large enough (rupiah, pesos, consolidated balances), and a checksum of the text
# tells nothing. A cast of a JSON value had the same fault and was mended (pull request 25006 of DuckDB); reading a file was not. The way round is
# read_json_objects with from_json.
# Exits 0 while it is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.0
cd "$folder"
venv/bin/python - <<'PY'
import sys
from pathlib import Path

import duckdb

print("duckdb", duckdb.__version__)
connection = duckdb.connect()
WAYS = {
    "read_json": "SELECT amount FROM read_json('amounts.json', columns = {{amount: '{type}'}})",
    "from_json": """SELECT from_json(json, '{{"amount": "{type}"}}').amount FROM read_json_objects('amounts.json')""",
}


def load(way: str, number: str, type: str) -> str:
    Path("amounts.json").write_text(f'{{"amount": {number}}}\n')
    return str(connection.execute(WAYS[way].format(type=type)).fetchone()[0])


as_seen = True
for number, type, rounded in (
    ("99999999999999.99", "DECIMAL(38,2)", "99999999999999.98"),
    ("123456789012345.67", "DECIMAL(38,2)", "123456789012345.68"),
    ("0.1234567890123456789", "DECIMAL(38,19)", "0.1234567890123456768"),
):
    got = load("read_json", number, type), load("read_json", f'"{number}"', type), load("from_json", number, type)
    print(f"{number} as {type}: read_json {got[0]}, in quotes {got[1]}, from_json {got[2]}")
    as_seen &= got == (rounded, number, number)
sys.exit(not as_seen)
PY
