#!/usr/bin/env bash
# Seen 2026-11-29. DuckDB's Python client takes a program that is given with `python -c` for an interactive session, also where
# standard output is a file or a pipe. As soon as a query takes longer than two seconds, its progress bar is written among the
# program's own output: whoever pipes `python -c "… print(csv)"` into another program gets carriage returns and percentages
# in the data, on the day that the table has grown or the machine is busy. The same text in a file, or on standard input, prints
# the data alone. The way round is `SET enable_progress_bar = false`.
# Exits 0 while it is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.0
cd "$folder"
cat > program.py <<'PY'
import duckdb
session = duckdb.connect()
session.execute("SET threads = 1")
print(session.execute("SELECT COUNT(hash(a.i * b.i)) FROM range(100000) a(i), range(60000) b(i)").fetchone()[0])
PY
venv/bin/python -c 'import duckdb; print("duckdb", duckdb.__version__)'
venv/bin/python program.py > file.out
venv/bin/python - < program.py > input.out
venv/bin/python -c "$(cat program.py)" > argument.out
for way in file input argument; do
    echo "given as $way: $(wc -c < "$way.out") bytes, of them $(tr -cd '\r' < "$way.out" | wc -c) carriage returns"
done
[ "$(cat file.out)" = 6000000000 ] && [ "$(cat input.out)" = 6000000000 ] && grep -q '%' argument.out
