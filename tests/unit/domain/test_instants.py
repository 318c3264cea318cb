"""One spelling of an instant, and what is taken for one."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from connector.domain.instants import from_text, to_text


@pytest.fixture
def far_from_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose own clock is set to another zone."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "2026-11-22T06:00:00Z"),
        (837_000, "2026-11-22T06:00:00.837Z"),
        (837_001, "2026-11-22T06:00:00.837001Z"),
    ],
)
def test_fractions_are_spelled_in_groups_of_three_and_only_where_there_are_any(
    micros: int, text: str
) -> None:
    assert to_text(datetime(2026, 11, 22, 6, 0, 0, micros, tzinfo=UTC)) == text


@pytest.mark.usefixtures("far_from_utc")
def test_one_instant_has_one_spelling_whatever_its_offset_and_wherever_the_machine_stands() -> None:
    eastern = datetime(2026, 11, 22, 1, 0, tzinfo=timezone(timedelta(hours=-5)))
    assert to_text(eastern) == "2026-11-22T06:00:00Z"


def test_text_with_an_offset_is_an_instant_in_utc() -> None:
    found = from_text("2026-11-22T01:00:00.5-05:00")
    assert found == datetime(2026, 11, 22, 6, 0, 0, 500_000, tzinfo=UTC)
    assert found.tzinfo is UTC
    assert from_text("2026-11-22T06:00:00Z").hour == 6


@pytest.mark.parametrize("text", ["2026-11-22T06:00:00", "2026-11-22"])
def test_text_without_an_offset_is_refused_with_what_it_lacks(text: str) -> None:
    with pytest.raises(ValueError, match=f"^an instant needs an offset or Z: '{text}'$"):
        from_text(text)
