"""Connections that break, stall or lead elsewhere."""

import gzip
import socket
import time
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from connector.adapters.acumatica import AcumaticaSource
from connector.adapters.clock import SystemClock
from connector.adapters.retrying import Retry
from connector.errors import ConfigurationError, SourceAnswerError, SourceUnavailableError
from tests.contract.source_script import Play, Script, answer, raw, running_script
from tests.contract.source_setup import BILLS, Vault, a_query, outcome
from tests.stand_ins.clock import FakeClock
from tests.unit.adapters.acumatica.builders import a_type, ref

SECRET = {
    "auth": "password",
    "client_id": "G@ACME",
    "client_secret": "s3",
    "username": "ann",
    "password": "p4",
}
TOKEN = answer(b'{"access_token": "opaque", "expires_in": 3600}', "Connection: close")
SWAGGER = answer(
    msgspec.json.encode(
        {
            "components": {
                "schemas": {
                    "Bill": a_type(
                        Type=ref("StringValue"), Details={"type": "array", "items": ref("BillDetail")}
                    ),
                    "BillDetail": a_type(Amount=ref("DecimalValue")),
                }
            }
        }
    ),
    "Connection: close",
)
ROWS = b'[{"id": "a", "Type": {"value": "Bill"}}]'
CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


def a_source(url: str, attempts: int = 2, **parts: object) -> AcumaticaSource:
    clock = FakeClock()
    vault = Vault(SECRET)
    defaults: dict[str, object] = {
        "endpoint": "Default",
        "version": "24.200.001",
        "credentials": vault.read,
        "store_credentials": vault.store,
        "check_storable": vault.check_storable,
        "clock": clock,
        "retry": Retry(clock=clock, attempts=attempts),
        "storing_retry": Retry(clock=clock),
    }
    return AcumaticaSource(url=url, **(defaults | parts))  # type: ignore[arg-type]


def read_through(*plays: Play) -> tuple[object, Script]:
    """What reading a list ends with when, after sign-in and contract, these answers come."""
    with running_script(TOKEN, SWAGGER, *plays) as script:
        source = a_source(script.url)
        try:
            return source.read_list(a_query()).rows, script
        except (SourceAnswerError, SourceUnavailableError) as exc:
            return exc, script
        finally:
            source.close()


@pytest.mark.parametrize(
    "broken",
    [
        answer(ROWS, length=len(ROWS) + 10),
        answer(b"", length=50),
        raw(CHUNKED + b"10\r\n" + ROWS[:16] + b"\r\n"),
        raw(CHUNKED + b"zz\r\n" + ROWS),
        raw(CHUNKED + b"10\r\n" + ROWS[:4]),
        answer(gzip.compress(ROWS)[:-12], "Content-Encoding: gzip", "Connection: close"),
        answer(b"not gzip", "Content-Encoding: gzip", "Connection: close"),
    ],
)
def test_a_body_that_breaks_off_is_read_again(broken: Play) -> None:
    rows, script = read_through(broken, answer(ROWS, "Connection: close"))
    assert rows == [ROWS[1:-1]]
    assert len(script.heard) >= 4
    error, _ = read_through(broken)
    assert isinstance(error, SourceAnswerError | SourceUnavailableError)


@pytest.mark.parametrize(
    "broken", [raw(b""), raw(b"HTTP/1.1 200 OK\r\nContent-"), raw(b"SSH-2.0-OpenSSH\r\n\r\n")]
)
def test_a_head_that_breaks_off_is_read_again(broken: Play) -> None:
    rows, _ = read_through(broken, answer(ROWS, "Connection: close"))
    assert rows == [ROWS[1:-1]]
    error, _ = read_through(broken)
    assert isinstance(error, SourceAnswerError | SourceUnavailableError)


def test_compressed_answers_are_read() -> None:
    rows, script = read_through(answer(gzip.compress(ROWS), "Content-Encoding: gzip", "Connection: close"))
    assert rows == [ROWS[1:-1]]
    assert b"gzip" in script.heard[2]
    assert b"accept: application/json" in script.heard[2].lower()


def test_a_bearer_session_is_signed_out_with_its_token() -> None:
    _, script = read_through(answer(ROWS, "Connection: close"), answer(b"", status="204 No Content"))
    last = script.heard[-1].lower()
    assert last.startswith(b"post /acmeerp/entity/auth/logout")
    assert b"authorization: bearer opaque" in last
    assert b"content-length: 0" in last


def test_secure_cookies_travel_on_this_machine() -> None:
    """Acumatica marks its cookie Secure; the sandbox of a laptop speaks plain http."""
    cookies = (
        "Set-Cookie: .ASPXAUTH=ABC; path=/; secure; HttpOnly; SameSite=None",
        "Set-Cookie: ASP.NET_SessionId=xyz; path=/; HttpOnly; SameSite=Lax",
        "Set-Cookie: Locale=Culture=en-US&TimeZone=GMTM0800A; path=/",
        "Set-Cookie: requestid=1; path=/",
        "Set-Cookie: requestid=1; path=/",
    )
    login = answer(b"", "Connection: close", *cookies, status="204 No Content")
    vault = Vault({"auth": "cookie", "username": "ann", "password": "p4", "tenant": "ACME"})
    with running_script(
        login, SWAGGER, answer(ROWS, "Connection: close"), answer(b"", status="204 No Content")
    ) as script:
        source = a_source(script.url, credentials=vault.read)
        assert source.read_list(a_query()).rows
        source.close()
    for head in script.heard[1:]:
        assert b".ASPXAUTH=ABC" in head
        assert b"Locale=Culture=en-US&TimeZone=GMTM0800A" in head
    assert script.heard[-1].startswith(b"POST /AcmeERP/entity/auth/logout")


def test_silence_is_borne_until_the_deadline_and_the_sign_out_still_happens() -> None:
    clock = SystemClock()
    deadline = clock.now() + timedelta(seconds=1)
    with running_script(TOKEN, SWAGGER, raw(b"")) as script:

        def stall(_: socket.socket, __: bytes) -> None:
            script.release.wait(30)

        script.plays[2:] = [stall, answer(b"", status="204 No Content")]
        source = a_source(
            script.url, clock=clock, deadline=deadline, retry=Retry(clock=clock, deadline=deadline)
        )
        began = time.monotonic()
        error = outcome(lambda: source.read_list(a_query()))
        assert time.monotonic() - began < 5
        script.release.set()
        source.close()
        assert script.heard[-1].startswith(b"POST /AcmeERP/entity/auth/logout")
    assert isinstance(error, SourceUnavailableError)
    assert "no answer in time" in error.message


def test_a_body_that_trickles_ends_at_the_deadline() -> None:
    clock = SystemClock()
    deadline = clock.now() + timedelta(seconds=1)
    with running_script(TOKEN, SWAGGER, raw(b"")) as script:

        def trickle(connection: socket.socket, _: bytes) -> None:
            connection.sendall(CHUNKED)
            while not script.release.wait(0.02):
                connection.sendall(b"1\r\n \r\n")

        script.plays[2:] = [trickle]
        source = a_source(
            script.url, clock=clock, deadline=deadline, retry=Retry(clock=clock, deadline=deadline)
        )
        began = time.monotonic()
        error = outcome(lambda: source.read_list(a_query()))
        assert time.monotonic() - began < 5
    assert isinstance(error, SourceAnswerError)


def test_after_the_deadline_nothing_is_asked_any_more() -> None:
    clock = FakeClock()
    with running_script(TOKEN) as script:
        source = a_source(script.url, clock=clock, deadline=clock.now())
        assert isinstance(outcome(lambda: source.describe(BILLS)), SourceUnavailableError)
        source.close()
    assert script.heard == []


def test_a_port_nobody_listens_on_refuses_connections() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    source = a_source(f"http://127.0.0.1:{port}")
    error = outcome(lambda: source.describe(BILLS))
    source.close()
    assert isinstance(error, SourceUnavailableError)
    assert f"127.0.0.1:{port} refuses connections" in error.message
    assert source.requests_made == 2


def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    with running_script(TOKEN, certificate=a_certificate(tmp_path)) as script:
        source = a_source(script.url)
        error = outcome(lambda: source.describe(BILLS))
        source.close()
    assert isinstance(error, ConfigurationError)
    assert "not trusted" in error.message
    assert "REQUESTS_CA_BUNDLE" in error.action
    assert script.heard == []


def test_a_private_authority_can_be_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = a_certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with running_script(TOKEN, SWAGGER, answer(ROWS, "Connection: close"), certificate=certificate) as script:
        source = a_source(script.url)
        assert source.read_list(a_query()).rows
        source.close()


def test_a_port_that_does_not_speak_tls_is_told() -> None:
    with running_script(raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as script:
        source = a_source(script.url.replace("http:", "https:"))
        error = outcome(lambda: source.describe(BILLS))
        source.close()
    assert isinstance(error, ConfigurationError)
    assert "does not speak TLS" in error.message


def test_an_error_quotes_neither_query_nor_secret() -> None:
    error, _ = read_through(raw(b""))
    assert isinstance(error, SourceUnavailableError)
    shown = f"{error.message} {error.action} {error.__cause__} {error!r}"
    assert not [text for text in ("$top", "opaque", "s3", "p4") if text in shown]


def a_certificate(folder: Path) -> Path:
    """A key and a certificate for 127.0.0.1 that vouches for itself, in one file."""
    from datetime import UTC, datetime
    from ipaddress import IPv4Address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return path
