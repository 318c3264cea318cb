"""Facts about one response: its kind, its clock, its delay, its redirect."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, parse_qs, urlsplit

from connector.adapters.acumatica.error_body import one_line
from connector.adapters.acumatica.transport import Answer

HEAD = 65_536
"""How much of a body is searched for known phrases, which are near its beginning."""
MAX_DELAY = 86_400
"""In seconds; a longer delay named by a server is cut to this one."""


def is_page(answer: Answer) -> bool:
    """Whether the response is a web page instead of JSON or XML data (an empty body counts as one)."""
    start = answer.body[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start and _content_type(answer).startswith(("application/xml", "text/xml")):
        return False
    return start.startswith(b"<") or (not start and answer.complete) or "html" in _content_type(answer)


def retry_after(answer: Answer) -> timedelta | None:
    """Return the delay in `Retry-After`, in seconds or as a date, or None."""
    text = answer.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        seconds = int(text) if len(text) <= len(str(MAX_DELAY)) else MAX_DELAY
        return timedelta(seconds=min(seconds, MAX_DELAY))
    instant = _read_date(text)
    if instant is None:
        return None
    return max(instant - (server_date(answer) or answer.sent_at), timedelta(0))


def server_date(answer: Answer) -> datetime | None:
    """Return the instance's clock from the `Date` header, or None."""
    return _read_date(answer.headers.get("Date", ""))


def is_unauthorised(answer: Answer) -> bool:
    """Whether the answer says «sign in first»: 401, or a redirect to the sign-in page."""
    if answer.status == 401:
        return True
    return 300 <= answer.status < 400 and "/login.aspx" in location(answer).path.casefold()


def location(answer: Answer) -> SplitResult:
    """Return the target of a redirect; an empty address if there is none or it cannot be parsed."""
    try:
        return urlsplit(answer.headers.get("Location", ""))
    except ValueError:
        return urlsplit("")


def _read_date(text: str) -> datetime | None:
    """Return the instant a header names, or None where it names none the calendar has."""
    try:
        instant = parsedate_to_datetime(text)
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _content_type(answer: Answer) -> str:
    return answer.headers.get("Content-Type", "").casefold()


def recognisable_text(answer: Answer) -> str:
    """Return the head of the body and of the redirect's message, lower-cased, for recognising."""
    words = " ".join(parse_qs(location(answer).query).get("message", []))
    return f"{words} {answer.body[:HEAD].decode(errors='replace')}".casefold()


def title(answer: Answer) -> str:
    """Return ` titled «…»` for a page that has a title, else nothing."""
    found = re.search(rb"<title[^>]*>([^<]{1,200})", answer.body[:HEAD], flags=re.IGNORECASE)
    return f" titled «{one_line(found.group(1).decode(errors='replace'))}»" if found else ""
