"""No error of DuckDB's leaves the adapter under its own name."""

from collections.abc import Iterator

import duckdb
import pytest

from connector.adapters.duckdb.errors import translate_error, translated
from connector.errors import ConfigurationError, ConnectorError, WarehouseUnavailableError


def walk(root: type[duckdb.Error]) -> Iterator[type[duckdb.Error]]:
    yield root
    for child in root.__subclasses__():
        yield from walk(child)


def test_every_class_has_a_translation_with_a_remedy() -> None:
    kinds = set(walk(duckdb.Error))
    assert len(kinds) > 20
    assert [kind for kind in kinds if not translate_error(kind("something")).action] == []


def test_a_lock_passes_but_a_missing_folder_does_not() -> None:
    locked = translate_error(duckdb.IOException("IO Error: Could not set lock on file x: held by PID 7"))
    missing = translate_error(duckdb.IOException("IO Error: Cannot open file x: No such file"))
    assert isinstance(locked, WarehouseUnavailableError)
    assert isinstance(missing, ConfigurationError)


def test_only_the_first_line_is_told() -> None:
    with pytest.raises(ConnectorError) as caught, translated():
        raise duckdb.ParserException("Parser Error: syntax\n\nLINE 1: SELECT secret")
    assert "secret" not in caught.value.message
