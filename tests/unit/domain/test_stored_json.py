"""What the state stores is read back; what it never stored is refused as a ValueError, whatever it is."""

from typing import Any

import pytest

from connector.domain import stored_json
from connector.domain.entity_state import PageLimit
from connector.domain.records.contract import Contract
from tests.builders import MORNING

DEEP = 100_000


@pytest.mark.parametrize("value", [{"a": [1, None, "\ud800"]}, "text", 10**30])
def test_what_was_stored_is_read_back(value: Any) -> None:
    assert stored_json.load(stored_json.dump(value), Any) == value


def test_a_struct_is_read_back_as_one() -> None:
    limit = PageLimit(rows=2, larger_again_at=MORNING)
    assert stored_json.load(stored_json.dump(limit), PageLimit) == limit


@pytest.mark.parametrize("wanted", [Any, dict[str, str], PageLimit, Contract])
@pytest.mark.parametrize(
    "text",
    ["[" * DEEP + "]" * DEEP, '{"a":' * DEEP + "1" + "}" * DEEP, "[" * DEEP, '{"a":\ud800', "", "NaN1", "{"],
    ids=["deep array", "deep object", "endless", "cut", "empty", "number", "open"],
)
def test_anything_else_is_a_value_error(text: str, wanted: Any) -> None:
    for read in (lambda: stored_json.load(text, wanted), lambda: stored_json.load_run(text)):
        with pytest.raises(ValueError):  # noqa: PT011 - of whatever text
            read()
