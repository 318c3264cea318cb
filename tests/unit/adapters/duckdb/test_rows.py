"""What is kept from DuckDB's reader, because it would change or drop it without a word."""

import msgspec
import pytest

from connector.adapters.duckdb.rows import build_guard
from connector.domain.tables.schema import ColumnType
from tests.contract.warehouse_rows import a_column, a_log


@pytest.mark.parametrize(
    ("member", "complaint"),
    [
        (b'"unknown": 1', "unknown field"),
        (b'"details": [{"unknown": 1}]', "unknown field"),
        (b'"details": [{"allocations": [{"unknown": 1}]}]', "unknown field"),
        (b'"amount": 12345678901234567890.123456789', r"Expected `int \| str"),
        (b'"lines": 1.5', "Expected `int"),
        (b'"details": [null]', "Expected `object"),
        (b'"details": {}', "Expected `array"),
        (b'"type": 7', "Expected `str"),
        (b'"hold": 1', "Expected `bool"),
    ],
)
def test_it_refuses(member: bytes, complaint: str) -> None:
    with pytest.raises(msgspec.DecodeError, match=complaint):
        build_guard(a_log().columns).decode(b"{%b}" % member)


@pytest.mark.parametrize("digits", ["1.1234567890123456789", "123456789012345678901", "1e5", "abc"])
def test_a_wide_decimal_beyond_what_duckdb_holds_is_refused(digits: str) -> None:
    guard = build_guard((a_column("x", ColumnType.BIGNUMERIC),))
    with pytest.raises(msgspec.DecodeError):
        guard.decode(b'{"x": "%b"}' % digits.encode())


@pytest.mark.parametrize(
    "row", [b"{}", b'{"amount": null, "details": null}', b'{"details": [], "lines": "7"}']
)
def test_it_lets_pass(row: bytes) -> None:
    build_guard(a_log().columns).decode(row)
