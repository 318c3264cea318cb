#!/usr/bin/env bash
# Seen 2026-11-29. A Python program that calls `gc.freeze()`, as servers do before they fork and short commands do to spare collections,
# ends with dozens of lines on standard error (`nanobind: leaked …`) if it has used DuckDB before: what is frozen is not collected at exit, and
# DuckDB's binding takes its own types and functions for leaks. Nothing is lost and the exit code is 0, but whoever reads standard error for
# faults (cron, a container's log) finds an alarm in every good run. The way round is `gc.unfreeze()` at the end.
# Exits 0 while it is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.0
cd "$folder"
cat > program.py <<'PY'
import gc
import sys

import duckdb

connection = duckdb.connect()
connection.execute("SELECT 1").fetchall()
connection.close()
if "freeze" in sys.argv:
    gc.freeze()
if "unfreeze" in sys.argv:
    gc.unfreeze()
PY
venv/bin/python -c 'import duckdb; print("duckdb", duckdb.__version__)'
count() { venv/bin/python program.py "$@" 2>&1 >/dev/null | wc -l; }
plain=$(count) frozen=$(count freeze) thawed=$(count freeze unfreeze)
echo "lines on standard error: $plain; after gc.freeze $frozen; after gc.unfreeze as well $thawed"
[ "$plain" = 0 ] && [ "$frozen" -gt 12 ] && [ "$thawed" = 0 ]
