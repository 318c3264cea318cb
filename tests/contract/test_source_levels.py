"""Answers of levels within levels without end, or with dates and delays no calendar has: each is an error that can be told."""

from collections.abc import Callable, Iterator

import pytest

from connector.domain.entity import Entity
from connector.errors import ConnectorError
from tests.contract.recorded import a_source
from tests.contract.source_setup import a_query, an_entity, outcome
from tests.stand_ins.echo import FORMS, ID, Echo, running_echo

VENDORS = an_entity("Vendor", keys=("VendorID",))
WITH_CUSTOM = an_entity("Vendor", keys=("VendorID",), custom=("Document.UsrRegion",))
LEVELS = 50_000
WHOLE = b'{"error":' + b"[" * LEVELS + b"]" * LEVELS + b"}"
PLACES = ("/connect/token", "/auth/login", "/entity/Default", "swagger.json", "$adHocSchema", "/Vendor")
DATES = {
    "delay": {"Retry-After": "9" * 5000},
    "day": {"Retry-After": "Sun, 99999999999999999999 Nov 2026 12:00:03 GMT"},
    "clock": {"Date": "Fri, 31 Dec 9999 23:59:59 -0500"},
}


@pytest.fixture
def echo() -> Iterator[Echo]:
    with running_echo() as server:
        yield server


def unknown_errors(echo: Echo) -> list[str]:
    """Ask for everything; return what came that is no error of ours."""
    found = []
    for form in ("password", "cookie"):
        source = a_source(echo.url, FORMS[form])
        asked: list[Callable[[Entity], object]] = [
            source.describe,
            lambda entity, source=source: source.read_list(a_query(entity)),  # type: ignore[misc]
            lambda entity, source=source: source.read_record(entity, ID),  # type: ignore[misc]
            lambda entity, source=source: list(source.check([entity])),  # type: ignore[misc]
        ]
        for entity in (VENDORS, WITH_CUSTOM):
            errors = [outcome(lambda ask=ask, entity=entity: ask(entity)) for ask in asked]  # type: ignore[misc]
            found += [repr(error) for error in errors if not isinstance(error, ConnectorError | None)]
        source.close()
    return found


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("place", PLACES)
def test_levels_without_end_are_told(echo: Echo, place: str, status: int) -> None:
    echo.strike, echo.status, echo.body = place, status, lambda _: WHOLE
    assert unknown_errors(echo) == []


@pytest.mark.parametrize("headers", DATES.values(), ids=DATES)
@pytest.mark.parametrize("status", [200, 429, 503])
def test_dates_beyond_the_calendar_are_passed_over(echo: Echo, headers: dict[str, str], status: int) -> None:
    echo.strike, echo.status, echo.headers, echo.body = "/Vendor", status, headers, lambda _: b"[]"
    assert unknown_errors(echo) == []
