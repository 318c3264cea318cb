"""What the words of a `$filter` do, in the grammar of OData 3 (contract 4) and of OData 4 (contract 5)."""

import operator
from collections.abc import Callable
from typing import Any

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_ENDS: dict[str, Callable[[str, str], bool]] = {"startswith": str.startswith, "endswith": str.endswith}

ODATA_3: dict[str, Callable[[str, str], bool]] = {"substringof": lambda part, whole: part in whole} | _ENDS
ODATA_4: dict[str, Callable[[str, str], bool]] = {"contains": lambda whole, part: part in whole} | _ENDS
