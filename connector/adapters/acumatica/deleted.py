"""Acumatica's own list of deleted records, for tables the tenant tracks deletions of (SM207010): hints, never proof."""

import logging
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote, unquote, urljoin, urlsplit

import msgspec

from connector.adapters.acumatica.address import Address
from connector.adapters.acumatica.auth import SignIn
from connector.adapters.acumatica.error_mapping import Subject
from connector.adapters.acumatica.json_body import decode_body
from connector.adapters.acumatica.odata import READABLE
from connector.adapters.acumatica.session import Session
from connector.adapters.acumatica.transport import Answer, Request
from connector.domain.instants import to_text
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

    def read(self, dac: str, since: datetime) -> DeletedIds | None:
        """Return the ids deleted from the table since then; None if the tenant does not report them, with the reason logged."""
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
            logger.warning(
                "%s List %s on Tables to Track Deleted Records (SM207010), or take `dac` out of the catalogue.",
                exc.message,
                dac,
            )
            return None

    def _read_pages(self, request: Request, subject: Subject) -> DeletedIds:
        """Follow the links from page to page, using only the query of each link, so that nothing is sent to another host."""
        ids: list[str] = []
        for _ in range(MAX_PAGES):
            page = self._session.fetch(request, subject, _parse)
            ids += (row.id.lower() for row in page.value)
            if page.next_link is None:
                return DeletedIds(ids=ids)
            query = _query_of(page.next_link, request.url)
            if query is None:
                break
            request = replace(request, query=query)
        logger.warning(
            "Of %s only %d were read: there are more than %d pages, or the link to the next one leads elsewhere. "
            "A reconcile finds the others.",
            subject.text,
            len(ids),
            MAX_PAGES,
        )
        return DeletedIds(ids=ids, is_whole=False)


class _Deleted(msgspec.Struct):
    id: str = msgspec.field(name="RefNoteID")


class _Page(msgspec.Struct):
    value: list[_Deleted]
    next_link: str | None = msgspec.field(name="@odata.nextLink", default=None)


def _parse(answer: Answer) -> _Page:
    return decode_body(answer.body, _Page)


def _query_of(link: str, url: str) -> str | None:
    """Return the query of a link, whole or relative, to the same host and path as the URL; None for any other link."""
    try:
        target, own = urlsplit(urljoin(url, link)), urlsplit(url)
        is_here = target.hostname == own.hostname and unquote(target.path) == unquote(own.path)
    except ValueError:
        return None
    return target.query if is_here and target.query else None
