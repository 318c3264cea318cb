"""Answers that repeat every secret, in every place and spelling: no error, finding, contract or row of the source holds one."""

from collections.abc import Callable, Iterator

import pytest

from connector.errors import ConnectorError
from tests.contract.recorded import a_source
from tests.contract.source_setup import a_query, an_entity, outcome
from tests.stand_ins.echo import (
    FORMS,
    ID,
    REFUSALS,
    SPELLINGS,
    Echo,
    a_broken_vendor,
    a_page,
    an_error,
    leaked,
    offers,
    running_echo,
    swagger,
    vendors,
)

VENDORS = an_entity("Vendor", keys=("VendorID",))


@pytest.fixture
def echo() -> Iterator[Echo]:
    with running_echo() as server:
        yield server


@pytest.fixture
def told(echo: Echo, caplog: pytest.LogCaptureFixture) -> Callable[[str], str]:
    """Ask the source everything it can be asked, with this form of secret; return all it tells."""

    def ask(form: str) -> str:
        caplog.set_level("DEBUG", "connector")
        source = a_source(echo.url, FORMS[form])
        asked: list[Callable[[], object]] = [
            lambda: source.describe(VENDORS),
            lambda: source.read_list(a_query(VENDORS)),
            lambda: source.read_list(a_query(VENDORS, one_by_one=True)),
            lambda: source.read_record(VENDORS, ID),
            lambda: list(source.check([VENDORS])),
            lambda: (source.origin(), source.refused_sign_in()),
        ]
        said = []
        for ask in asked:
            error = outcome(lambda ask=ask: said.append(repr(ask())))  # type: ignore[misc]
            assert error is None or isinstance(error, ConnectorError), repr(error)
            said.append(f"{error} {getattr(error, 'action', '')} {error!r}")
        source.close()
        return "\n".join([*said, caplog.text])

    return ask


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("kind", REFUSALS)
def test_a_refusal_tells_no_secret(told: Callable[[str], str], echo: Echo, kind: str, spelling: str) -> None:
    echo.strike, echo.status, echo.body, echo.headers = REFUSALS[kind]
    echo.spelling = spelling
    assert leaked(told("password")) == []
    assert echo.known, "the server was sent something to repeat"


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_rotating_token_and_its_successor_are_not_told(
    told: Callable[[str], str], echo: Echo, kind: str
) -> None:
    echo.strike, echo.status, echo.body, echo.headers = REFUSALS[kind]
    assert leaked(told("refresh_token")) == []


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    ("strike", "status", "body", "headers"),
    [
        ("/auth/login", 500, an_error, {}),
        ("/auth/login", 403, a_page, {}),
        ("/auth/login", 204, lambda _: b"", {"Set-Cookie": "CompanyID={0}; path=/"}),
        ("/Vendor", 500, an_error, {}),
    ],
    ids=["login error", "login page", "login cookie", "list error"],
)
def test_a_session_of_cookies_is_not_told(
    told: Callable[[str], str],
    echo: Echo,
    strike: str,
    status: int,
    body: Callable[[str], bytes],
    headers: dict[str, str],
    spelling: str,
) -> None:
    echo.strike, echo.status, echo.body, echo.headers, echo.spelling = strike, status, body, headers, spelling
    assert leaked(told("cookie")) == []


@pytest.mark.parametrize("spelling", ["plain", "in a URL", "in a form", "in JSON", "in HTML"])
@pytest.mark.parametrize(
    ("strike", "body"),
    [("/entity", offers), ("swagger.json", swagger), ("/Vendor", vendors), ("/Vendor", a_broken_vendor)],
    ids=["offers", "contract", "records", "rejected record"],
)
def test_an_answer_is_taken_over_without_them(
    told: Callable[[str], str], echo: Echo, strike: str, body: Callable[[str], bytes], spelling: str
) -> None:
    echo.strike, echo.status, echo.body, echo.spelling = strike, 200, body, spelling
    assert leaked(told("password")) == []
