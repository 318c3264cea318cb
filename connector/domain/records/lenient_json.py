"""Reads JSON that is not quite: what a broken record still tells is better than nothing."""

import json
import re
from typing import Any

ESCAPE = re.compile(rb'\\(["\\/bfnrt]|u[0-9A-Fa-f]{4})?')


def decode_broken(raw: bytes) -> Any:
    """Accept what JSON forbids: invalid UTF-8, invalid escapes, control characters, NaN. Raises ValueError for anything else."""
    text = ESCAPE.sub(lambda found: found[0] if found[1] else rb"\\", raw).decode(errors="replace")
    return json.loads(text, strict=False)
