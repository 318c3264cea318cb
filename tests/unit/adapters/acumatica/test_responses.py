from datetime import UTC, datetime, timedelta

import pytest

from connector.adapters.acumatica.responses import is_unauthorised, retry_after, server_date
from tests.unit.adapters.acumatica.builders import SENT_AT, an_answer


def test_sign_in_first_is_said_by_401_or_by_the_sign_in_page() -> None:
    assert is_unauthorised(an_answer(401))
    assert is_unauthorised(an_answer(302, b"", {"Location": "/AcmeERP/Frames/Login.aspx?ReturnUrl=x"}))
    assert not is_unauthorised(an_answer(302, b"", {"Location": "/AcmeERP/Frames/Error.aspx"}))
    assert not is_unauthorised(an_answer(403))


def test_a_delay_until_an_instant_is_measured_by_the_servers_clock() -> None:
    headers = {"Retry-After": "Sun, 22 Nov 2026 12:01:30 GMT", "Date": "Sun, 22 Nov 2026 12:01:00 GMT"}
    assert retry_after(an_answer(503, b"", headers)) == timedelta(seconds=30)


@pytest.mark.parametrize(
    ("header", "instant"),
    [
        ("Sun, 22 Nov 2026 12:00:03 GMT", SENT_AT + timedelta(seconds=3)),
        ("Sun, 22 Nov 2026 07:00:03 -0500", SENT_AT + timedelta(seconds=3)),
        ("Sun, 22 Nov 2026 12:00:03 -0000", SENT_AT + timedelta(seconds=3)),
        ("yesterday", None),
        ("", None),
        ("Sun, 99999999999999999999 Nov 2026 12:00:03 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -0500", None),
    ],
)
def test_the_servers_clock_is_read(header: str, instant: datetime | None) -> None:
    assert server_date(an_answer(200, b"[]", {"Date": header})) == instant
    assert instant is None or instant.tzinfo is UTC


@pytest.mark.parametrize(
    ("header", "delay"),
    [
        ("30", timedelta(seconds=30)),
        ("9" * 5000, timedelta(days=1)),
        ("Sun, 99999999999999999999 Nov 2026 12:00:03 GMT", None),
        ("soon", None),
    ],
)
def test_a_delay_that_cannot_be_waited_for_is_cut_or_none(header: str, delay: timedelta | None) -> None:
    assert retry_after(an_answer(503, b"", {"Retry-After": header})) == delay
