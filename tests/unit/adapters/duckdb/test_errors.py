"""No error of DuckDB's leaves the adapter under its own name."""

from collections.abc import Iterator
from pathlib import Path

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


SAID = {
    'TransactionContext Error: Failed to commit: Could not write file "x.wal": No space left on device': "Free space",
    'IO Error: Could not write file "x": File too large': "Free space",
    "IO Error: Trying to read a database file with storage version number 99, but we can only read storage versions": (
        "release of the connector"
    ),
    'IO Error: The file "x" exists, but it is not a valid DuckDB database file!': "restore this one from a copy",
}


@pytest.mark.parametrize(("text", "remedy"), SAID.items(), ids=["full", "bounded", "newer", "broken"])
@pytest.mark.parametrize("kind", [duckdb.IOException, duckdb.TransactionException])
def test_what_is_said_in_words_alone_counts_whatever_the_class(
    kind: type[duckdb.Error], text: str, remedy: str
) -> None:
    assert remedy in translate_error(kind(text)).action


def test_half_a_file_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "half.duckdb").write_bytes(b"")
    with pytest.raises(ConfigurationError) as caught, translated():
        duckdb.connect(str(tmp_path / "half.duckdb"))
    assert "moved away, it is made anew" in caught.value.action


def test_a_folder_that_takes_no_file_is_told() -> None:
    with pytest.raises(ConfigurationError, match="Permission denied"), translated():
        raise PermissionError(13, "Permission denied", "/x")
