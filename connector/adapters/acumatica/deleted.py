"""Acumatica's own list of deleted records, for tables the tenant tracks deletions of (SM207010): hints, never proof."""

import logging
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

import msgspec

from connector.adapters.acumatica.address import Address
from connector.adapters.acumatica.auth import SignIn
from connector.adapters.acumatica.queries import READABLE
from connector.adapters.acumatica.refusals import Subject
from connector.adapters.acumatica.session import Session
from connector.adapters.acumatica.transport import Answer, Request
from connector.domain.instants import to_text
from connector.errors import AccessDeniedError, SourceRefusedError

logger = logging.getLogger(__name__)

FUNCTION = "px.GetDeletedRecords()"


class DeletedRecords:
    """Asks the OData interface, which has no endpoint and no version but wants the tenant in its address."""

    def __init__(self, address: Address, session: Session, sign_in: SignIn) -> None:
        self._root = address.root
        self._session = session
        self._sign_in = sign_in

    def read(self, dac: str, since: datetime) -> Sequence[str] | None:
        """Return the ids deleted from the table since then; None when they are not told, with the reason logged."""
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
            return self._session.fetch(request, Subject(text=f"the deleted records of {dac}"), _ids)
        except (SourceRefusedError, AccessDeniedError) as exc:
            logger.warning(
                "%s List %s on Tables to Track Deleted Records (SM207010), or take `dac` out of the catalogue.",
                exc.message,
                dac,
            )
            return None


class _Deleted(msgspec.Struct):
    id: str = msgspec.field(name="RefNoteID")


class _Listing(msgspec.Struct):
    value: list[_Deleted]


def _ids(answer: Answer) -> Sequence[str]:
    body = answer.body.removeprefix(b"\xef\xbb\xbf")
    return [row.id.lower() for row in msgspec.json.decode(body, type=_Listing).value]
