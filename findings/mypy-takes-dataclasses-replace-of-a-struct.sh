#!/usr/bin/env bash
# Seen 2026-11-28. `dataclasses.replace` of a msgspec Struct passes mypy in strict mode and raises TypeError when it runs:
# Struct is announced with `dataclass_transform`, which mypy takes for a dataclass here too, though at runtime it is none.
# Whoever turns dataclasses into Structs finds the calls that are left (they need `msgspec.structs.replace`) only where a
# test runs them. Exits 0 while it is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check msgspec==0.22.0 mypy==2.4.1
cat > "$folder/point.py" <<'PY'
from dataclasses import replace

from msgspec import Struct


class Point(Struct, frozen=True):
    x: int


print(replace(Point(x=1), x=2))
PY
cd "$folder"
venv/bin/mypy --version
venv/bin/mypy --strict point.py
if output=$(venv/bin/python point.py 2>&1); then
    echo "it runs now: $output"
    exit 1
fi
echo "${output##*$'\n'}"
[[ $output == *"TypeError: replace() should be called on dataclass instances"* ]]
