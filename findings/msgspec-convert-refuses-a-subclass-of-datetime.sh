#!/usr/bin/env bash
# Seen 2026-11-28. `msgspec.convert` takes a `datetime` where `datetime` is wanted, but refuses an instance of a subclass
# of it, with and without `strict` and `builtin_types`. Google's Firestore client gives a subclass
# (`DatetimeWithNanoseconds`) for every timestamp, and pandas gives `Timestamp`: documents that look right in the debugger,
# and pass isinstance, cannot be converted. Exits 0 while it is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check msgspec==0.22.0 google-api-core==2.44.0
"$folder/venv/bin/python" - <<'PY'
import sys
from datetime import UTC, datetime

import msgspec
from google.api_core.datetime_helpers import DatetimeWithNanoseconds

print("msgspec", msgspec.__version__)
plain, firestores = datetime.now(UTC), DatetimeWithNanoseconds.now(UTC)
print("isinstance:", isinstance(firestores, datetime))
print("a datetime:", msgspec.convert(plain, datetime) == plain)
refused = 0
for options in ({}, {"strict": False}, {"builtin_types": (datetime,)}, {"builtin_types": (DatetimeWithNanoseconds,)}):
    try:
        msgspec.convert(firestores, datetime, **options)
    except (msgspec.ValidationError, TypeError) as error:
        refused += 1
        print(f"its subclass, with {options}: {error}")
sys.exit(refused != 4)
PY
