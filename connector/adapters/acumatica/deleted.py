"""Acumatica's own list of deleted records, for tables the tenant tracks deletions of (SM207010): hints, never proof."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

import msgspec

from connector.adapters.acumatica.address import Address
from connector.adapters.acumatica.auth import SignIn
from connector.adapters.acumatica.error_mapping import Subject
from connector.adapters.acumatica.json_body import decode_body
from connector.adapters.acumatica.odata import READABLE
from connector.adapters.acumatica.session import Session
from connector.adapters.acumatica.transport import Answer, Request
from connector.domain.instants import from_text, to_text
from connector.domain.list_query import DeletedIds
from connector.errors import AccessDeniedError, SourceRefusedError

logger = logging.getLogger(__name__)

FUNCTION = "px.GetDeletedRecords()"
MAX_PAGES = 100
"""Limit of pages per listing, so that a server that always links to another page cannot hold up a run."""


class DeletedRecords:
    """Queries the OData interface, which has no endpoint or version but needs the tenant in its address."""

    def __init__(self, address: Address, session: Session, sign_in: SignIn) -> None:
        self._root = address.root
        self._session = session
        self._sign_in = sign_in

    def read(self, dac: str, since: datetime, *, is_expected: bool = True) -> DeletedIds | None:
        """Return the ids deleted from the table since then; None if the tenant does not report them, with the reason logged.

        It is a warning where the catalogue says that it does.
        """
        self._session.sign_in()
        tenant = self._sign_in.tenant
        if not tenant:
            logger.warning(
                "deleted records of %s: name the tenant in the Acumatica secret to ask for them", dac
            )
            return None
        path = f"t/{quote(tenant)}/api/odata/dac/{quote(dac)}/{FUNCTION}"
        condition = quote(f"DeleteDate ge {to_text(since)}", safe=READABLE)
        request = Request(url=f"{self._root}/{path}", query=f"$filter={condition}")
        try:
            return self._read_pages(request, Subject(text=f"the deleted records of {dac}"))
        except (SourceRefusedError, AccessDeniedError) as exc:
            logger.log(
                logging.WARNING if is_expected else logging.INFO,
                "%s List %s on Tables to Track Deleted Records (SM207010), or %s.",
                exc.message,
                dac,
                "take `dac` out of the catalogue" if is_expected else "leave deletions to the reconciles",
            )
            return None

    def _read_pages(self, request: Request, subject: Subject) -> DeletedIds:
        """Follow the links from page to page, using only the query of each link, so that nothing is sent to another host."""
        rows: list[_Deleted] = []
        for _ in range(MAX_PAGES):
            page = self._session.fetch(request, subject, _parse)
            rows += page.value
            if page.next_link is None:
                return _collect(rows, subject, is_whole=True)
            query = query_of_link(page.next_link, request.url)
            if query is None:
                break
            request = replace(request, query=query)
        logger.warning(
            "Of %s only %d were read: there are more than %d pages, or the link to the next one leads elsewhere. "
            "A reconcile finds the others.",
            subject.text,
            len(rows),
            MAX_PAGES,
        )
        return _collect(rows, subject, is_whole=False)


class _Deleted(msgspec.Struct):
    """A row; one member that is missing or odd costs neither the row nor the others."""

    id: Any = msgspec.field(name="RefNoteID", default=None)
    deleted_at: Any = msgspec.field(name="DeleteDate", default=None)


class _Page(msgspec.Struct):
    value: list[_Deleted]
    next_link: str | None = msgspec.field(name="@odata.nextLink", default=None)


def _parse(answer: Answer) -> _Page:
    return decode_body(answer.body, _Page)


def _collect(rows: Sequence[_Deleted], subject: Subject, *, is_whole: bool) -> DeletedIds:
    """Return the ids of the rows; those without one are counted in a warning."""
    identified = [row for row in rows if isinstance(row.id, str) and row.id]
    if len(identified) < len(rows):
        logger.warning(
            "%d of %s have no id; a reconcile finds them.", len(rows) - len(identified), subject.text
        )
    dated = ((row.id.lower(), _read_instant(row.deleted_at)) for row in identified)
    return DeletedIds(
        ids=[row.id.lower() for row in identified],
        is_whole=is_whole,
        deleted_at={record_id: deleted_at for record_id, deleted_at in dated if deleted_at is not None},
    )


def _read_instant(value: object) -> datetime | None:
    try:
        return from_text(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def query_of_link(link: str, url: str) -> str | None:
    """Return the query of a link, whole or relative, to the same host and path as the URL; None for any other link."""
    try:
        target, own = urlsplit(urljoin(url, link)), urlsplit(url)
        is_here = target.hostname == own.hostname and unquote(target.path) == unquote(own.path)
    except ValueError:
        return None
    return target.query if is_here and target.query else None
