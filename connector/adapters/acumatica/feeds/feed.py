"""The requests to an OData interface: the catalogue of its feeds, and pages of rows."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from urllib.parse import quote

import msgspec
from msgspec import Raw

from connector.adapters.acumatica.address import Address
from connector.adapters.acumatica.auth import SignIn
from connector.adapters.acumatica.deleted import query_of_link
from connector.adapters.acumatica.endpoint import SHOW_ARCHIVED, server_time
from connector.adapters.acumatica.error_body import Fault
from connector.adapters.acumatica.error_mapping import NotThereError, Subject
from connector.adapters.acumatica.feeds.metadata import FeedType, parse_metadata
from connector.adapters.acumatica.json_body import decode_body
from connector.adapters.acumatica.session import Session
from connector.adapters.acumatica.transport import Answer, Request
from connector.errors import (
    AccessDeniedError,
    ConnectorError,
    QueryImpossibleError,
    SourceAnswerError,
    SourceRefusedError,
    SourceSetupError,
)

QUERY_WORDS = re.compile(
    r"incompatible types|unknown function|virtual field|not supported|single boolean|parameter '.*' is not|invalid value"
)
"""Phrases of the server's OData library about a query that it can read but not carry out."""
CALL = "(),='"
XML = {"Accept": "application/xml"}
LINKS_FOLLOWED = 1000
"""Limit of answers per page, so that a server that always links to another one cannot hold up a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPage:
    """Rows as they came, member by member, and Acumatica's clock when they were asked for."""

    rows: Sequence[Mapping[str, Raw]]
    server_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """One of the two interfaces below `/api/odata/`, and what an operator does where it refuses something."""

    path: str
    listed: str
    grant: str
    rename: str
    since: str
    headers: Mapping[str, str] = field(default_factory=dict)
    has_captions: bool = False


INQUIRIES = Interface(
    path="gi",
    listed="generic inquiries",
    grant="Grant its role View Only on the inquiry's screen (Access Rights by Screen, SM201020); rights count from the next sign-in.",
    rename="A caption of the inquiry may have been edited, which renames the column: name it so in the catalogue.",
    since="2024 R2",
    has_captions=True,
)
CLASSES = Interface(
    path="dac",
    listed="data access classes",
    grant="Give it the role OData4 User (Users, SM201010) and View Only on a screen that shows this table (SM201020); rights count"
    " from the next sign-in.",
    rename="Name columns in `columns` as `discover` prints them for this class; an upgrade may have taken one out, and some cannot be"
    " asked for.",
    since="2025 R1",
    headers=SHOW_ARCHIVED,
)


class Feed:
    """The generic inquiries of the tenant that is signed in to, or its data access classes."""

    def __init__(
        self, address: Address, session: Session, sign_in: SignIn, interface: Interface = INQUIRIES
    ) -> None:
        self._address = address
        self._session = session
        self._sign_in = sign_in
        self._interface = interface

    def read_types(self) -> Mapping[str, FeedType]:
        """Return all exposed inquiries by title (or classes by name); raise SourceSetupError if there is no such interface for the tenant."""
        subject = self._subject(f"the list of {self._interface.listed} ($metadata)")
        request = Request(url=f"{self._root()}/$metadata", headers=XML)
        try:
            return self._session.fetch(request, subject, self._parse)
        except NotThereError:
            raise self.no_interface() from None

    def read_names(self) -> Sequence[str]:
        """Return the names of all feeds; raise NotThereError if there is no such interface for the tenant."""
        subject = self._subject(f"the list of {self._interface.listed}")
        return self._session.fetch(Request(url=self._root()), subject, _parse_names)

    def no_interface(self) -> SourceSetupError:
        """Return the error for an interface that is not there."""
        return SourceSetupError(
            f"Acumatica has no OData interface of {self._interface.listed} for the tenant {self._sign_in.tenant} (404).",
            action="Spell the tenant in the Acumatica secret as its Login Name on Tenants (SM203520); the interface is there"
            f" from {self._interface.since} on.",
        )

    def read_rows(self, name: str, path: str, query: str, top: int, *, attempts: int) -> FeedPage:
        """Return up to `top` rows, following links to the same address until there are so many. `name` tells in errors of what.

        Raises QueryImpossibleError, AccessDeniedError, NotThereError if there is no such feed, SourceSetupError if no such column.
        """
        subject = self._subject(name)
        url = f"{self._root()}/{quote(path, safe=CALL)}"
        request = Request(url=url, query=query, headers=self._interface.headers)
        rows: list[Mapping[str, Raw]] = []
        began: datetime | None = None
        for _ in range(LINKS_FOLLOWED):
            answer = self._session.fetch(request, subject, _parse, specific_attempts=attempts)
            began = began or answer.server_time
            rows += answer.body.value
            link = answer.body.next_link or answer.body.old_next_link
            if link is None or len(rows) >= top:
                return FeedPage(rows=rows[:top], server_time=began)
            found = query_of_link(link, request.url)
            if found is None:
                break
            request = replace(request, query=found)
        raise SourceAnswerError(
            f"Acumatica links {subject.text} to rows at another address or without end; that is never followed.",
            action="Look at what stands between the connector and Acumatica, or at the address Acumatica believes to have.",
        )

    def _parse(self, answer: Answer) -> Mapping[str, FeedType]:
        return parse_metadata(answer.body, of_inquiries=self._interface.has_captions)

    def _subject(self, text: str) -> Subject:
        return Subject(text=text, judge=partial(_judge, self._interface))

    def _root(self) -> str:
        self._session.sign_in()
        tenant = self._sign_in.tenant
        if not tenant:
            raise SourceSetupError(
                f"To read {self._interface.listed}, the tenant's name is needed, which the Acumatica secret does not tell.",
                action="Add `tenant` to the Acumatica secret.",
            )
        return f"{self._address.root}/t/{quote(tenant, safe='')}/api/odata/{self._interface.path}"


class _Body(msgspec.Struct):
    value: list[dict[str, Raw]]
    next_link: str | None = msgspec.field(name="@odata.nextLink", default=None)
    old_next_link: str | None = msgspec.field(name="odata.nextLink", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    body: _Body
    server_time: datetime


def _parse(answer: Answer) -> _Answer:
    return _Answer(body=decode_body(answer.body, _Body), server_time=server_time(answer))


class _Named(msgspec.Struct):
    name: str


class _Service(msgspec.Struct):
    value: list[_Named]


def _parse_names(answer: Answer) -> Sequence[str]:
    return [item.name for item in decode_body(answer.body, _Service).value]


def _judge(interface: Interface, answer: Answer, subject: Subject) -> ConnectorError | None:
    """Return what an answer of the OData interface means where it means something else than on an endpoint."""
    if answer.status == 200 and answer.complete and not answer.body.strip():
        return QueryImpossibleError(
            f"Acumatica cannot carry out the query of {subject.text}: it answers with nothing at all.",
            action="A calculated column can be neither sorted nor filtered by: name stored columns in `keys`, `order_by`,"
            " `modified_field` and `filter` of the catalogue.",
        )
    if answer.status == 403:
        return AccessDeniedError(
            f"The API user has no right to {subject.text}.",
            action=interface.grant,
        )
    if answer.status in (400, 404, 500):
        return _judge_query(interface, Fault.parse(answer.body), subject)
    return None


def _judge_query(interface: Interface, fault: Fault, subject: Subject) -> ConnectorError | None:
    """Return the error of a query that names or compares something wrongly; no other try can help."""
    if "could not find a property" in fault.detail.casefold():
        return SourceSetupError(
            f"Acumatica refuses the query of {subject.text}: {fault.sentence}",
            action=interface.rename,
        )
    if fault.query_misread or QUERY_WORDS.search(fault.detail.casefold()):
        return SourceRefusedError(
            f"Acumatica refuses the query of {subject.text}: {fault.sentence}",
            action="Check `filter`, `parameters` and `columns` of this block: OData 4 writes 2026-01-31T00:00:00Z, 'text' and 12.5.",
        )
    return None
