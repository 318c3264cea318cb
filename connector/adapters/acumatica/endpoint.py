"""The requests to an endpoint version: its offers, its types, pages of lists and single records."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from connector.adapters.acumatica.address import Address
from connector.adapters.acumatica.contract import not_exposed
from connector.adapters.acumatica.custom_fields import CustomFields
from connector.adapters.acumatica.error_mapping import CHECK_URL, NotThereError, RecordAbsentError, Subject
from connector.adapters.acumatica.json_body import decode_body
from connector.adapters.acumatica.odata import FieldSelection, RowWindow, build_query
from connector.adapters.acumatica.offers import Offers
from connector.adapters.acumatica.responses import server_date
from connector.adapters.acumatica.row_scanner import scan_object, scan_rows, scan_whole_rows
from connector.adapters.acumatica.session import Session
from connector.adapters.acumatica.swagger import Swagger
from connector.adapters.acumatica.transport import Answer, Request
from connector.domain.entity import Entity
from connector.domain.list_query import ListAnswer
from connector.errors import ConfigurationError, ConnectorError, SourceRefusedError, SourceSetupError

T = TypeVar("T")

SHOW_ARCHIVED = {"PX-ApiArchive": "SHOW"}
OWN_CLOCK_DOUBT = timedelta(minutes=5)
"""How far our clock may be ahead of Acumatica's when it replaces a missing `Date` header."""
FEWEST_ROWS = 2
LONG_QUERY = 2000
"""Web servers refuse longer queries with a 404 of their own (IIS: 404.15 beyond 2,048 bytes unless configured)."""


class Endpoint:
    """One endpoint version."""

    def __init__(self, address: Address, session: Session) -> None:
        self._address = address
        self._session = session

    def locate(self, offers: Offers | None = None) -> Address:
        """Return the address with its version. If none is configured, the instance is asked once what it offers.

        `offers` spares that request. Raises EndpointVersionError when nothing offered can be chosen.
        """
        if not self._address.version:
            offers = offers or self.read_offers()
            version = offers.choose_version(self._address.endpoint)
            self._address = replace(self._address, version=version)
        return self._address

    def read_offers(self) -> Offers:
        """Return the endpoints and versions the instance offers to the tenant signed in to."""
        subject = Subject(text="the list of endpoints (/entity)")
        try:
            return self._session.fetch(
                Request(url=self._address.offers), subject, lambda answer: Offers.parse(_json(answer))
            )
        except NotThereError:
            raise ConfigurationError(
                "There is no Acumatica API at ACUMATICA_URL (404).", action=CHECK_URL
            ) from None

    def read_swagger(self) -> Swagger:
        """Return the types of the endpoint version."""
        subject = Subject(text="the contract of the endpoint (swagger.json)")
        request = Request(url=self.locate().data("swagger.json"))
        return self._fetch(request, subject, lambda answer: Swagger.parse(_json(answer)))

    def read_custom_fields(self, entity: Entity) -> CustomFields:
        """Return the custom fields the catalogue names for the entity, with their types."""
        name = entity.acumatica_entity
        subject = Subject(text=f"the custom fields of {name}")
        request = Request(url=self.locate().data(name, "$adHocSchema"))
        return self._fetch(request, subject, lambda answer: CustomFields.parse(_json(answer), entity), name)

    def read_page(
        self,
        name: str,
        choice: FieldSelection,
        window: RowWindow,
        *,
        attempts: int | None = None,
        most_bytes: int | None = None,
    ) -> ListAnswer:
        """Return the rows of one list request, archived ones too, each the bytes of one record as they came.

        It is given up after so many `attempts` that failed for what may be this very request's fault. `most_bytes` as of
        `ListQuery`.
        """
        request = Request(
            url=self.locate().data(name),
            query=build_query(choice, window),
            headers=SHOW_ARCHIVED,
            most_bytes=most_bytes,
        )
        subject = _subject(f"the list of {name}", choice)
        return self._fetch(request, subject, _list, name, attempts)

    def read_record(
        self, name: str, address: Sequence[str], choice: FieldSelection, *, attempts: int | None = None
    ) -> bytes | None:
        """Return the record of this id or these keys, archived or not, or None when Acumatica says that there is none.

        Raises NotThereError for a 404, which says less than that. `attempts` as of `read_page`.
        """
        request = Request(
            url=self.locate().data(name, *address),
            query=build_query(choice),
            headers=SHOW_ARCHIVED,
        )
        subject = _subject(f"the {name} with id {'/'.join(address)}", choice)
        try:
            return self._session.fetch(request, subject, _record, specific_attempts=attempts)
        except RecordAbsentError:
            return None

    def _fetch(
        self,
        request: Request,
        subject: Subject,
        read: Callable[[Answer], T],
        name: str = "",
        attempts: int | None = None,
    ) -> T:
        try:
            return self._session.fetch(request, subject, read, specific_attempts=attempts)
        except NotThereError:
            raise self._meaning_of_404(request, name) from None

    def _meaning_of_404(self, request: Request, name: str) -> ConnectorError:
        offers = self.read_offers()
        address = self.locate(offers)
        if not offers.offers(address):
            return offers.refusal(address)
        if not name:
            return SourceSetupError(
                f"{address.endpoint} {address.version} is offered, but not its contract (swagger.json).",
                action="Check what stands between the connector and Acumatica: it may let some addresses pass only.",
            )
        if len(request.query) > LONG_QUERY:
            return SourceRefusedError(
                f"The web server does not take the long request for {name} ({len(request.query)} characters).",
                action="Name fewer fields in `select`, `custom` and `expand` of this entity, or allow longer queries.",
            )
        return not_exposed(name, address.endpoint, address.version)


def _subject(text: str, choice: FieldSelection) -> Subject:
    return Subject(text=text, named=(*choice.expand, *choice.custom, *choice.select))


def _json(answer: Answer) -> bytes:
    return answer.body.removeprefix(b"\xef\xbb\xbf")


def _list(answer: Answer) -> ListAnswer:
    """Return the text of each record of an array, without decoding what is in it."""
    body = _json(answer)
    rows = _split_cut(body) if answer.is_cut else _split(body)
    return ListAnswer(rows=rows, server_time=server_time(answer))


def _split_cut(body: bytes) -> list[bytes]:
    """Return the whole records of a list that was not read to its end, at least two: the first may be known already."""
    rows = scan_whole_rows(body)
    if len(rows) < FEWEST_ROWS:
        raise msgspec.DecodeError("it is larger than a page may be before its second record ends")
    return rows


def _split(body: bytes) -> list[bytes]:
    """Return the records of a list. If one cannot be decoded, or is no record at all, the others are still read."""
    try:
        rows = [bytes(raw) for raw in decode_body(body, list[msgspec.Raw])]
    except msgspec.DecodeError:
        return scan_rows(body)
    if not rows or any(row.startswith(b"{") for row in rows):
        return rows
    raise msgspec.DecodeError("no row is an object")


def _record(answer: Answer) -> bytes:
    """Return the text of a record, however broken its content."""
    body = _json(answer)
    try:
        decode_body(body, dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        return scan_object(body)
    return body


def server_time(answer: Answer) -> datetime:
    """Return Acumatica's clock when the request began, as `ListAnswer` promises."""
    date = server_date(answer)
    return answer.sent_at - OWN_CLOCK_DOUBT if date is None else date - answer.duration
