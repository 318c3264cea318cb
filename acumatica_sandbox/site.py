"""The state of one simulated instance, shared by everything that answers requests."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from threading import RLock
from typing import Any
from zoneinfo import ZoneInfo

from .accounts import Account
from .contract import Endpoint, custom_endpoint, system_endpoint
from .faults import Faults
from .identity import IdentityServer
from .licence import Licence
from .options import SandboxOptions
from .sessions import Session, Sessions
from .tenant import Tenant
from .transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRequest:
    """One request as it was answered; `seat` is the id of its session, if it had one."""

    method: str
    path: str
    query: str
    status: int
    seat: str = ""


class Site:
    """An instance: its tenant's data, who is signed in, what it allows and how it misbehaves."""

    def __init__(self, options: SandboxOptions, tenant: Tenant) -> None:
        """Bring up an instance over a tenant."""
        self.options = options
        self.tenant = tenant
        self.account = Account()
        self.sessions = Sessions(tenant.clock, options.seed)
        self.identity = IdentityServer(tenant.clock, self.account, options.seed)
        self.licence = Licence(tenant.clock)
        self.faults = Faults()
        self.transactions: dict[int, Transaction] = {}
        """Transactions that control calls have opened, by their number."""
        self.requests: list[LoggedRequest] = []
        self.guard = RLock()
        """Held while a request is answered; never while it waits."""
        self.caches: dict[object, Any] = {}
        """What follows from the options alone (endpoints, renderers); emptied when they change."""
        self.is_warm = False
        self.opened: Session | None = None
        """The session that the request being answered has opened, if it did."""

    def configure(self, **changes: Any) -> None:
        """Change switches while running; data that the seed made stays."""
        with self.guard:
            self.options = dataclasses.replace(self.options, **changes)
            self.caches.clear()

    @property
    def endpoints(self) -> list[Endpoint]:
        """The endpoints of this instance, the system ones first."""
        if "endpoints" not in self.caches:
            system = [system_endpoint(version) for version in self.options.endpoint_versions]
            custom = [custom_endpoint(*item) for item in self.options.custom_endpoints.items()]
            self.caches["endpoints"] = system + custom
        found: list[Endpoint] = self.caches["endpoints"]
        return found

    def endpoint(self, name: str, version: str) -> Endpoint | None:
        """The endpoint with that name in any case and that version, or None."""
        wanted = (name.casefold(), version)
        return next((item for item in self.endpoints if (item.name.casefold(), item.version) == wanted), None)

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the web server, which every date in an answer is in."""
        return self.named_zone(self.options.server_zone)

    def named_zone(self, name: str) -> ZoneInfo:
        """A zone of the IANA database."""
        return ZoneInfo(name)

    def remember(self, key: object, value: object, room: int = 64) -> None:
        """Keep a computed value; the oldest one goes when there is no room."""
        self.caches.pop(key, None)
        lists = [known for known in self.caches if isinstance(known, tuple)]
        if len(lists) >= room:
            del self.caches[lists[0]]
        self.caches[key] = value
