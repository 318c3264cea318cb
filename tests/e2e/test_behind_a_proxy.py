"""The replay button through a proxy: as `gcloud run services proxy` passes it on, and below a path of somebody's own."""

import http.client
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from functions_framework import create_app
from typing_extensions import override
from werkzeug.serving import make_server

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.app.settings import list_variables
from tests.e2e.profiles import MAIN, embedded_environment

BROWSER = {"Accept": "text/html,application/xhtml+xml", "Sec-Fetch-Site": "same-origin"}
SERVICE = "acumatica-sync-abc123-ew.a.run.app"
TOKEN = "Bearer an-identity-token"


@dataclass
class Passed:
    """What a proxy is told to do, and the paths that it passed on."""

    to: int
    prefix: str
    paths: list[str] = field(default_factory=list)


@contextmanager
def proxy(passed: Passed) -> Iterator[str]:
    """Pass requests on without the prefix, with an identity token and the host of the service; yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._pass_on()

        def do_POST(self) -> None:
            self._pass_on()

        def _pass_on(self) -> None:
            if not self.path.startswith(passed.prefix):
                self.send_error(404, "not below the prefix")
                return
            passed.paths.append(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {**dict(self.headers), "Host": SERVICE, "Authorization": TOKEN}
            there = http.client.HTTPConnection("127.0.0.1", passed.to, timeout=30)
            there.request(self.command, self.path.removeprefix(passed.prefix) or "/", body, headers)
            answer = there.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name in ("Content-Type", "Location", "Refresh"):
                if value := answer.getheader(name):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            there.close()

        @override
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}{passed.prefix}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of the function, over a tenant nothing was copied of."""
    folder: Path = tmp_path_factory.mktemp("proxied")
    with (
        pytest.MonkeyPatch.context() as patch,
        Sandbox(SandboxOptions(size="tiny", real_time=True)) as sandbox,
    ):
        for variable in list_variables():
            patch.delenv(variable.name, raising=False)
        for name, value in embedded_environment(sandbox, folder).items():
            patch.setenv(name, value)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        app = create_app("sync", str(MAIN))  # type: ignore[no-untyped-call]
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("prefix", ["", "/tools/acumatica"])
def test_the_replay_button_leads_to_its_run(port: int, prefix: str) -> None:
    passed = Passed(port, prefix)
    with proxy(passed) as url, requests.Session() as session:
        session.trust_env = False
        origin = f"http://{urlsplit(url).netloc}"
        page = session.post(
            f"{url}/entities/vendors/replay", headers={**BROWSER, "Origin": origin}, timeout=30
        )
    assert page.status_code == 200
    assert page.url.startswith(f"{url}/runs/")
    assert "Replay of" in page.text
    assert passed.paths == [f"{prefix}/entities/vendors/replay", page.url.removeprefix(origin)]
    assert TOKEN not in page.text


def test_another_web_site_presses_no_button_though_the_proxy_adds_the_token(port: int) -> None:
    with proxy(Passed(port, "")) as url, requests.Session() as session:
        session.trust_env = False
        for headers in (
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.example.com"},
        ):
            answer = session.post(f"{url}/entities/vendors/replay", headers=headers, timeout=30)
            assert answer.status_code == 403
