"""The simulated tenant as one object: start it, look inside, change it, break it, stop it."""

from __future__ import annotations

import threading
from datetime import timedelta
from types import TracebackType
from typing import Any, Literal

from .api import handle
from .clock import TenantClock
from .control import add_fault
from .data.generate import fill
from .faults import Faults
from .messages import Request, Response
from .options import SandboxOptions
from .push import Notifier
from .server import SandboxServer
from .site import LoggedRequest, Site
from .tenant import Tenant

CredentialKind = Literal["password", "refresh_token", "cookie"]


class Sandbox:
    """A simulated instance; as a context manager it also listens on a loopback port until it is left."""

    def __init__(self, options: SandboxOptions | None = None, port: int = 0) -> None:
        """Make the tenant's data from the seed; nothing listens yet."""
        chosen = options or SandboxOptions()
        start = None if chosen.real_time else chosen.start
        clock = TenantClock(start, timedelta(seconds=chosen.clock_skew_seconds))
        self.tenant = Tenant(clock, chosen.seed)
        fill(self.tenant, chosen)
        self.site = Site(chosen, self.tenant)
        for fault in chosen.faults:
            add_fault(dict(fault), self.site)
        self.push = Notifier(self.tenant, lambda: self.site.options)
        self._port = port
        self._server: SandboxServer | None = None

    @property
    def url(self) -> str:
        """The instance's URL; only while it listens."""
        if self._server is None:
            raise RuntimeError("the sandbox does not listen; use it as a context manager or call start()")
        return self._server.url

    @property
    def options(self) -> SandboxOptions:
        """The switches as they are now."""
        return self.site.options

    @property
    def faults(self) -> Faults:
        """The scripted faults."""
        return self.site.faults

    @property
    def requests(self) -> list[LoggedRequest]:
        """Every request so far, control calls excepted."""
        return self.site.requests

    @property
    def seats(self) -> int:
        """API sessions open now."""
        return self.site.sessions.count(self.options)

    @property
    def users(self) -> int:
        """Sessions that requests with a name and password have opened: one each, unless they bring its cookies."""
        return self.site.sessions.count_basic(self.options)

    def configure(self, **changes: Any) -> None:
        """Change switches while running."""
        self.site.configure(**changes)

    def handle(self, request: Request) -> Response:
        """Answer a request without a socket."""
        return handle(request, self.site)

    def credentials(self, kind: CredentialKind = "password") -> dict[str, str]:
        """The connector's secret for this tenant; every refresh token is a new consent."""
        options = self.options
        user = {"username": options.username, "password": options.password}
        client = {"client_id": options.client_id, "client_secret": options.client_secret}
        if kind == "password":
            return {"auth": "password", **client, **user}
        if kind == "refresh_token":
            token = self.site.identity.consent(options)
            return {"auth": "refresh_token", **client, "refresh_token": token}
        return {"auth": "cookie", **user, "tenant": options.tenant, "branch": options.branch}

    def start(self) -> Sandbox:
        """Begin to listen on 127.0.0.1, in a thread of its own."""
        if self._server is None:
            self._server = SandboxServer(self.site, self._port)
            threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop listening; the data stays."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Sandbox:
        """Start listening."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        self.stop()
