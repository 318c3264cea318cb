"""An AcumaticaSource whose requests go straight into a sandbox: everything but the sockets is real."""

import json
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

from requests.structures import CaseInsensitiveDict

from acumatica_sandbox import Request as SandboxRequest
from acumatica_sandbox import Sandbox
from connector.adapters.acumatica import AcumaticaSource
from connector.adapters.acumatica.transport import HEADERS, Answer, Request
from connector.adapters.retrying import Retry
from connector.ports import Clock

S = TypeVar("S", bound=AcumaticaSource)


def open_source(
    sandbox: Sandbox,
    clock: Clock,
    around: Callable[[Request], None] = lambda _: None,
    before: Callable[[Request], None] = lambda _: None,
    attempts: int = 3,
) -> AcumaticaSource:
    """Return a source of the tenant, as `open_any` does."""
    return open_any(AcumaticaSource, sandbox, clock, around, before, attempts)


def open_any(
    kind: type[S],
    sandbox: Sandbox,
    clock: Clock,
    around: Callable[[Request], None] = lambda _: None,
    before: Callable[[Request], None] = lambda _: None,
    attempts: int = 3,
) -> S:
    """Return a source of the tenant; `around` is called right before and after each request for data, `before` before that; it may fail."""
    source = kind(
        url=f"http://localhost{sandbox.options.base_path}",
        endpoint="Default",
        version="24.200.001",
        credentials=lambda: json.dumps(sandbox.credentials("password")).encode(),
        store_credentials=lambda _: None,
        check_storable=lambda: None,
        clock=clock,
        retry=Retry(clock=clock, attempts=attempts),
        storing_retry=Retry(clock=clock),
    )

    def send(request: Request, token: str | None) -> Answer:
        is_data = token is not None and request.method == "GET"
        if is_data:
            before(request)
            around(request)
        began = clock.now()
        answer = sandbox.handle(_translate(request, token))
        ended = clock.now()
        if is_data:
            around(request)
        return Answer(
            status=answer.status,
            headers=CaseInsensitiveDict(answer.headers),
            body=answer.body,
            complete=True,
            sent_at=began,
            duration=ended - began,
        )

    vars(source)["_transport"].send = send
    return source


def _translate(request: Request, token: str | None) -> SandboxRequest:
    body = urlencode(request.form).encode() if request.form else b""
    headers = {**HEADERS, **request.headers, "Host": "localhost", "Content-Length": str(len(body))}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return SandboxRequest(
        method=request.method,
        path=urlsplit(request.url).path,
        query=request.query,
        headers=headers,
        body=body,
    )
