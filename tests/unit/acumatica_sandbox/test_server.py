"""The sandbox on a real socket, with the faults only sockets have."""

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from acumatica_sandbox import Sandbox, SandboxOptions
from acumatica_sandbox.__main__ import main
from tests.unit.acumatica_sandbox.calls import Caller, a_sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with a_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def connection(sandbox: Sandbox) -> Iterator[http.client.HTTPConnection]:
    opened = http.client.HTTPConnection("127.0.0.1", urlsplit(sandbox.url).port, timeout=10)
    yield opened
    opened.close()


def signed_in(sandbox: Sandbox) -> dict[str, str]:
    caller = Caller(sandbox)
    caller.sign_in()
    return caller.headers


BILLS = "/AcmeERP/entity/Default/24.200.001/Bill?$expand=Details"


def test_requests_share_a_connection_that_is_kept_alive(
    sandbox: Sandbox, connection: http.client.HTTPConnection
) -> None:
    for _ in range(3):
        connection.request("GET", BILLS, headers=signed_in(sandbox))
        response = connection.getresponse()
        assert (response.status, response.version) == (200, 11)
        assert len(json.loads(response.read())) == 40
        held = connection.sock
    connection.request("GET", "/AcmeERP/entity")
    connection.getresponse().read()
    assert connection.sock is held


def test_a_post_with_a_form_signs_in_and_out(
    sandbox: Sandbox, connection: http.client.HTTPConnection
) -> None:
    options = sandbox.options
    body = f"name={options.username}&password={options.password}"
    connection.request("POST", "/AcmeERP/entity/auth/login", body)
    response = connection.getresponse()
    response.read()
    assert response.status == 204
    assert sandbox.seats == 1
    cookies = "; ".join(value.split(";")[0] for value in response.headers.get_all("Set-Cookie") or [])
    connection.putrequest("POST", "/AcmeERP/entity/auth/logout")
    connection.putheader("Cookie", cookies)
    connection.endheaders()
    refused = connection.getresponse()
    refused.read()
    assert (refused.status, sandbox.seats) == (411, 1)
    connection.request(
        "POST", "/AcmeERP/entity/auth/logout", headers={"Cookie": cookies, "Content-Length": "0"}
    )
    assert connection.getresponse().status == 204
    assert sandbox.seats == 0


@pytest.mark.parametrize(("kind", "seats"), [("reset_before", 0), ("reset_after", 1)])
def test_a_connection_is_reset_before_or_after_the_request_was_processed(
    sandbox: Sandbox, connection: http.client.HTTPConnection, kind: str, seats: int
) -> None:
    sandbox.faults.add(path="/Bill", **{kind: True})
    headers = signed_in(sandbox)
    connection.request("GET", BILLS, headers=headers)
    with pytest.raises(ConnectionError):
        connection.getresponse()
    assert sandbox.seats == seats
    connection.close()
    connection.request("GET", BILLS, headers=headers)
    assert connection.getresponse().status == 200


def test_a_body_is_cut_in_the_middle(sandbox: Sandbox, connection: http.client.HTTPConnection) -> None:
    sandbox.faults.add(path="/Bill", cut_body=True)
    connection.request("GET", BILLS, headers=signed_in(sandbox))
    response = connection.getresponse()
    assert response.status == 200
    with pytest.raises((ConnectionError, http.client.IncompleteRead)):
        response.read()


def test_a_real_delay_takes_that_long(sandbox: Sandbox, connection: http.client.HTTPConnection) -> None:
    sandbox.configure(real_delays=True, first_call_seconds=0.1)
    started = time.monotonic()
    connection.request("GET", "/AcmeERP/entity")
    connection.getresponse().read()
    assert time.monotonic() - started >= 0.1


def test_control_calls_work_from_outside(sandbox: Sandbox) -> None:
    answer = requests.post(f"{sandbox.url}/sandbox/business-day", json={}, timeout=10)
    assert answer.json()["Bill"]["inserted"] > 0


def test_it_listens_on_loopback_only_and_stops(sandbox: Sandbox) -> None:
    assert sandbox.url.startswith("http://127.0.0.1:")
    assert sandbox.url.endswith("/AcmeERP")
    sandbox.stop()
    with pytest.raises(RuntimeError, match="does not listen"):
        _ = sandbox.url


def test_the_command_serves_prints_where_and_writes_the_credentials(tmp_path: Path) -> None:
    credentials, config = tmp_path / "credentials.json", tmp_path / "sandbox.yaml"
    config.write_text("size: tiny\nvirtual_directory: ''\nseat_limit: 3\n")
    arguments = ["--config", str(config), "--credentials", str(credentials), "--version", "23.200.001"]
    process = subprocess.Popen(
        [sys.executable, "-m", "acumatica_sandbox", *arguments], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert f"credentials are in {credentials}" in line
        url = next(word for word in line.split() if word.startswith("http://")).rstrip(";")
        offered = requests.get(f"{url}/entity", timeout=10).json()["endpoints"]
        assert [item["version"] for item in offered] == ["23.200.001"]
        assert json.loads(credentials.read_text())["auth"] == "password"
        assert credentials.stat().st_mode & 0o077 == 0
    finally:
        process.terminate()
        process.communicate()


def test_a_mistake_in_the_options_file_names_the_option(tmp_path: Path) -> None:
    config = tmp_path / "sandbox.yaml"
    config.write_text("seat_limits: 3\n")
    with pytest.raises(ValueError, match="unknown sandbox options: seat_limits"):
        main(["--config", str(config)])


def test_a_large_page_of_bills_with_lines_is_quick() -> None:
    caller = Caller(Sandbox(SandboxOptions()))
    caller.sign_in()
    started = time.process_time()
    assert len(caller.get("Bill", top="1000", expand="Details").body) > 1_000_000
    assert time.process_time() - started < 1.0


def test_a_port_that_is_taken_is_told_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with Sandbox(SandboxOptions(size="empty")) as taken:
        port = urlsplit(taken.url).port
        assert main(["--size", "empty", "--port", str(port)]) == 1
    assert capsys.readouterr().err == (
        f"Port {port} of 127.0.0.1 cannot be used (Address already in use): name another with --port, or 0 for a free one.\n"
    )


@pytest.mark.parametrize("port", ["65536", "-1", "http", "99999999999"])
def test_what_is_no_port_is_told(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([f"--port={port}"])
    assert "a port is a number from 0 to 65535" in capsys.readouterr().err
