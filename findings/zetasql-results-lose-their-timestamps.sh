#!/usr/bin/env bash
# Seen 2026-11-28. zetasql (GoogleSQL as WebAssembly, with Python models over its messages) returns every TIMESTAMP of a
# query's result as an object without content: the instant is in the engine's answer, and lost in the model made of it,
# without an error. Dates, numbers and text arrive. A test that compares results through these models calls two
# different instants equal. The way round is to read the engine's own message. Takes a minute to compile the engine.
# Exits 0 while it is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check wasmtime==50.0.1 zetasql==0.1.5
cd "$folder"
venv/bin/python - <<'PY'
import sys
from importlib.metadata import version

from zetasql.api import CatalogBuilder, PreparedQuery
from zetasql.types import AnalyzerOptions, LanguageOptions, ZetaSQLBuiltinFunctionOptions

language = LanguageOptions.maximum_features()
functions = ZetaSQLBuiltinFunctionOptions(language_options=language)
catalog = CatalogBuilder("empty").with_builtin_functions(functions).build()
options = AnalyzerOptions(language_options=language, default_timezone="UTC")


def ask(sql):
    with PreparedQuery.builder().set_sql(sql).set_analyzer_options(options).set_catalog(catalog).prepare() as query:
        [row] = query.execute().content.table_data.row
        return row.cell


one, other, day = ask("SELECT TIMESTAMP '2026-01-01 00:00:00+00', TIMESTAMP '2026-12-31 12:34:56+00', DATE '2026-01-01'")
print("zetasql", version("zetasql"))
for name, cell in (("first instant", one), ("second instant", other)):
    held = cell.timestamp_value
    print(f"{name}: {type(held).__name__} with {vars(held)}")
print("date, as days since 1970:", day.date_value)
lost = all(not vars(cell.timestamp_value) for cell in (one, other))
sys.exit(not (lost and day.date_value == 20454))
PY
