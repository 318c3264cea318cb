"""Google's Firestore client, which names this connector in its requests."""

from functools import partialmethod
from typing import Any

from google.api_core.gapic_v1.client_info import ClientInfo
from google.cloud import firestore
from typing_extensions import override

from connector import USER_AGENT


class IdentifiedClient(firestore.Client):
    """The client library's own; it accepts `client_info` but never hands it to the transport that sends it."""

    @override
    def _firestore_api_helper(self, transport: Any, client_class: Any, client_module: Any) -> Any:
        make = partialmethod(transport.__init__, client_info=ClientInfo(user_agent=USER_AGENT))
        identified = type(transport.__name__, (transport,), {"__init__": make})
        return super()._firestore_api_helper(identified, client_class, client_module)
