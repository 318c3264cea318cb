#!/usr/bin/env bash
# Seen 2026-11-29. odata-query turns an OData `$filter` into the text of an SQL condition (AstToSqlVisitor, and the one for SQLite),
# and three kinds of valid filters become another condition, without an error:
#   Debit mul (Price add Tax)   the parentheses of arithmetic are gone, so that the product is taken of one addend alone,
#                               and `a sub (b sub c)` becomes `a - b - c`;
#   contains(Item, 'A_1')       wildcards in the text are doubled, where SQL wants an escape character: two underscores stand for
#                               any two characters, so the item that was asked for is missed, and others are found in its place;
#   round(Rate) eq 2            becomes CAST (Rate + 0.5 AS INTEGER), which rounds up once more where a CAST rounds (DuckDB, PostgreSQL).
# Whoever offers a warehouse's tables over OData with it answers other rows than were asked for. The visitor for SQLAlchemy is not looked at here.
# What each filter means is taken from "OData Version 4.01. Part 2: URL Conventions", 5.1.1. Exits 0 while it is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.0 odata-query==0.10.0
cd "$folder"
venv/bin/python - <<'PY'
import logging
import sqlite3
import sys
from importlib.metadata import version

import duckdb
from odata_query.grammar import ODataLexer, ODataParser
from odata_query.sql import AstToSqliteSqlVisitor, AstToSqlVisitor

logging.disable()  # what it says of types it cannot infer
print("odata-query", version("odata-query"), "duckdb", duckdb.__version__, "sqlite", sqlite3.sqlite_version)
ITEMS = [("A_1", 2, 10, 1, 1.6), ("AXY1", 3, 10, 1, 2.4), ("B2", 2, 11, 0, 0.7)]
TABLE = "CREATE TABLE items (Item VARCHAR, Debit DOUBLE, Price DOUBLE, Tax DOUBLE, Rate DOUBLE)"
FILTERS = {
    "Debit mul (Price add Tax) eq 22": ["A_1", "B2"],
    "Price sub (Debit sub Tax) eq 9": ["A_1", "B2"],
    "contains(Item, 'A_1')": ["A_1"],
    "round(Rate) eq 2": ["AXY1", "A_1"],
}
SEEN = {
    "duckdb": [["B2"], ["B2"], ["AXY1"], ["A_1"]],
    "sqlite": [["B2"], ["B2"], ["AXY1"], ["AXY1", "A_1"]],
}
ENGINES = {"duckdb": (duckdb.connect(), AstToSqlVisitor()), "sqlite": (sqlite3.connect(":memory:"), AstToSqliteSqlVisitor())}
answers = {}
for engine, (connection, visitor) in ENGINES.items():
    connection.execute(TABLE)
    connection.executemany("INSERT INTO items VALUES (?, ?, ?, ?, ?)", ITEMS)
    answers[engine] = []
    for text, right in FILTERS.items():
        condition = visitor.visit(ODataParser().parse(ODataLexer().tokenize(text)))
        rows = sorted(row[0] for row in connection.execute(f"SELECT Item FROM items WHERE {condition}").fetchall())
        print(f"{engine}: {text}\n    {condition}\n    found {rows}, asked for {right}")
        answers[engine].append(rows)
sys.exit(answers != SEEN)
PY
