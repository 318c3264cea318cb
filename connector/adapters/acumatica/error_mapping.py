"""Maps a response to the requested data or to one of our errors."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs

from connector.adapters.acumatica.error_body import Fault, one_line
from connector.adapters.acumatica.responses import is_page, location, recognisable_text, retry_after, title
from connector.adapters.acumatica.transport import Answer
from connector.errors import (
    AccessDeniedError,
    ConfigurationError,
    ConnectorError,
    CredentialsError,
    NotOptimizableError,
    SessionsBusyError,
    SourceAnswerError,
    SourceInMaintenanceError,
    SourceRefusedError,
    SourceSetupError,
    SourceThrottledError,
    SourceUnavailableError,
)

SEATS = (
    "api login limit", "concurrent api login", "concurrentapilogins", "checkapiuserslimits",
    "apiloginlimitreached", "loginlimitexceeded", "sign-in limit exceeded", "pxlicenseexceeded", "users (sm201010)",
)  # fmt: skip
"""Phrases of responses refused because no seat is free, in every known form."""
FREE_A_SEAT = (
    "Wait for other integrations to sign out (an abandoned session ends by itself within an hour), or raise the "
    "licence's API users (License Monitoring Console, SM604000) or the user's concurrent logins (Users, SM201010)."
)
CLOSED = re.compile(
    r"under maintenance|undermaintenance|maintenance mode|(locked|closed|down) for (an? )?(maintenance|upgrade|update)"
)
"""Phrases of a site that is temporarily closed."""
CHECK_URL = (
    "Check ACUMATICA_URL: it must be the instance's address with its virtual directory, if it has one."
)
LATER = "Wait and call again; if it stays so, look at the Request Profiler (SM205070) in Acumatica."


class NotThereError(SourceRefusedError):
    """404: the endpoint, its version, the entity or the record does not exist; the caller finds out which."""


class QueryMisreadError(SourceRefusedError):
    """Acumatica could not parse the query: its endpoint may use another grammar than the contract says."""


class RecordAbsentError(SourceRefusedError):
    """Acumatica says that there is no such record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What was asked for, in words for an error, and the members the request named: fields, collections, links."""

    text: str
    named: tuple[str, ...] = ()
    judge: "Judge | None" = None
    """Says first what an answer means where this interface words it in its own way; None: as everywhere."""


Judge = Callable[[Answer, Subject], ConnectorError | None]


def refusal(answer: Answer, subject: Subject) -> ConnectorError | None:
    """Return the error that the response means, or None if its body is the requested JSON."""
    if subject.judge is not None and (judged := subject.judge(answer, subject)) is not None:
        return judged
    if answer.status == 200 and not is_page(answer):
        return None if answer.complete else broken_off(subject)
    if is_out_of_seats(answer):
        return SessionsBusyError(
            f"Acumatica has no API session (licensed seat) free for {subject.text}.", action=FREE_A_SEAT
        )
    if is_in_maintenance(answer):
        return SourceInMaintenanceError("Acumatica is in maintenance.", action=LATER)
    if answer.status < 300:
        return _page(answer, subject)
    if answer.status < 400:
        return _redirect(answer, subject)
    if answer.status < 500:
        return _refused(answer, subject)
    return _failed(answer, subject)


def is_page_of_ended_session(answer: Answer) -> bool:
    """Whether a page or the error page came in place of an answer, as the end of a cookie session may look."""
    if is_out_of_seats(answer) or is_in_maintenance(answer):
        return False
    is_error_page = 300 <= answer.status < 400 and "/error.aspx" in location(answer).path.casefold()
    return is_error_page or (answer.status == 200 and bool(answer.body.strip()) and is_page(answer))


def is_unexplained(answer: Answer, subject: Subject) -> bool:
    """Whether a 500 blames nothing in the request, as one after the end of a cookie session does."""
    return answer.status == 500 and isinstance(refusal(answer, subject), SourceUnavailableError)


def is_out_of_seats(answer: Answer) -> bool:
    """Whether a request was refused because no licensed session is free, in any known form."""
    text = recognisable_text(answer)
    return any(words in text for words in SEATS)


def is_in_maintenance(answer: Answer) -> bool:
    """Whether the site says that it is closed, by an error object, a page, or a redirect to one."""
    if 300 <= answer.status < 400:
        return "/maintenance" in location(answer).path.casefold()
    fault = Fault.parse(answer.body)
    if fault.detail or fault.types:
        return bool(CLOSED.search(f"{fault.detail}\n{' '.join(fault.types)}".casefold()))
    return is_page(answer) and "maintenance" in recognisable_text(answer)[:2000]


def broken_off(subject: Subject) -> SourceAnswerError:
    """Return the error for a truncated response."""
    return SourceAnswerError(
        f"The answer with {subject.text} broke off in the middle.", action=LATER, is_request_specific=True
    )


def unreadable(subject: Subject) -> SourceAnswerError:
    """Return the error for a body that is not the expected JSON."""
    return SourceAnswerError(
        f"The answer with {subject.text} is not the JSON it should be.",
        action=LATER,
        is_request_specific=True,
    )


def _page(answer: Answer, subject: Subject) -> ConnectorError:
    what = "an empty answer" if not answer.body.strip() else f"a web page{title(answer)}"
    return SourceAnswerError(
        f"Acumatica answered with {what} where {subject.text} was expected as JSON.",
        action=CHECK_URL,
        is_request_specific=True,
    )


def _redirect(answer: Answer, subject: Subject) -> ConnectorError:
    target = location(answer)
    path = target.path.casefold()
    if "/error.aspx" in path:
        said = one_line(" ".join(parse_qs(target.query).get("message", ["no reason given"])))
        return SourceUnavailableError(
            f"Acumatica redirects {subject.text} to its error page: {said}",
            action=LATER,
            is_request_specific=True,
        )
    if target.netloc:
        return ConfigurationError(
            f"Acumatica redirects {subject.text} to {target.scheme}://{target.netloc}{target.path}; that is never followed.",
            action="Set ACUMATICA_URL to the address the instance really has.",
        )
    return SourceAnswerError(
        f"Acumatica redirects {subject.text} to another page ({target.path}).", action=CHECK_URL
    )


def _refused(answer: Answer, subject: Subject) -> ConnectorError:
    fault = Fault.parse(answer.body)
    said = f": {fault.sentence}" if fault.sentence else "."
    if answer.status == 429:
        return SourceThrottledError(
            f"Acumatica declined the request for {subject.text}: its licence's request queue is full.",
            action="Wait; if it lasts, look at the licence's request limits (License Monitoring Console, SM604000), set "
            "ACUMATICA_MAX_REQUESTS_PER_MINUTE below them, or run at quieter hours.",
            retry_after=retry_after(answer),
        )
    if answer.status == 403:
        return _denied(fault, subject)
    if answer.status == 401:
        return CredentialsError(
            f"Acumatica does not accept the new sign-in for {subject.text} (401).",
            action="Check on the Users form (SM201010) that the user is active and may use the API; if the secret names a "
            "connected application, also that it has the scope api (Connected Applications, SM303010).",
        )
    if answer.status == 408:
        return SourceUnavailableError(
            f"Acumatica gave up waiting for the request for {subject.text}.",
            action=LATER,
            is_request_specific=True,
        )
    if answer.status == 404:
        return NotThereError(f"Acumatica does not find {subject.text} (404).", action=CHECK_URL)
    if answer.status in (413, 414):
        return SourceRefusedError(
            f"The web server finds the request for {subject.text} too long ({answer.status}).",
            action="Name fewer fields in the catalogue's `select`, `custom` and `expand` of this entity.",
        )
    if fault.query_misread:
        return _misread(fault, subject)
    return SourceRefusedError(
        f"Acumatica refuses the request for {subject.text} with status {answer.status}{said}",
        action="Check the catalogue's choices for this entity and the endpoint's definition (SM207060).",
    )


def _misread(fault: Fault, subject: Subject) -> QueryMisreadError:
    return QueryMisreadError(
        f"Acumatica does not understand the query for {subject.text}: {fault.sentence}",
        action="Check that ACUMATICA_ENDPOINT_VERSION is right, and the catalogue's choices for this entity.",
    )


def _denied(fault: Fault, subject: Subject) -> AccessDeniedError:
    form = re.search(r"the ([\w &-]+\([A-Z]{2}\d{6}\))", fault.detail) or re.search(
        r"\b([A-Z]{2}\d{6})\b", fault.detail
    )
    place = f"the form {form.group(1)}" if form else "the form behind it"
    return AccessDeniedError(
        f"The API user has no right to {place}, so {subject.text} cannot be read.",
        action="Grant its role View Only on that form (Access Rights by Screen, SM201020) and check that the feature "
        "is enabled (CS100000); rights count from the next sign-in.",
    )


def _failed(answer: Answer, subject: Subject) -> ConnectorError:
    fault = Fault.parse(answer.body)
    if fault.record_absent:
        return RecordAbsentError(f"Acumatica has no such record: {subject.text}.", action=LATER)
    if fault.unoptimised:
        return NotOptimizableError(
            f"Acumatica cannot export {subject.text} with one query because of {', '.join(fault.unoptimised)}.",
            action="Read its records one by one, or take what causes it out of the catalogue's `expand` or `select`.",
        )
    if fault.is_a("PXSetupNotEntered"):
        return SourceSetupError(
            f"{subject.text[:1].upper()}{subject.text[1:]} cannot be read before Acumatica is set up: {fault.sentence}",
            action="Complete that form in Acumatica, or disable this entity in the catalogue.",
        )
    if fault.is_a("KeyNotFound") and subject.named:
        return SourceSetupError(
            f"The endpoint does not know something the catalogue asks for in {subject.text}, "
            f"which is one of {one_line(', '.join(subject.named))}.",
            action="Correct `expand`, `select` and `custom` of this entity in the catalogue, or add what is missing to the "
            "endpoint (Web Service Endpoints, SM207060).",
        )
    if fault.query_misread:
        return _misread(fault, subject)
    said = fault.sentence or f"no reason given{title(answer)}"
    return SourceUnavailableError(
        f"Acumatica failed with status {answer.status} on {subject.text}: {said}",
        action=LATER,
        retry_after=retry_after(answer),
        is_request_specific=answer.status != 503,
    )
