"""Google's token endpoint on this machine: trades a signed assertion for an access token, if it is right in every part."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

LONGEST_LIFE = 3600
AUDIENCE = "https://oauth2.googleapis.com/token"
"""Whom an assertion is made for: Google, wherever its endpoint is reached (a key's `token_uri` may lead to a proxy)."""
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass(slots=True, kw_only=True)
class Account:
    """A service account: its private key, what was issued to it, and what was wrong with its assertions."""

    email: str = "connector@demo.iam.gserviceaccount.com"
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    token_uri: str = ""
    lifetime: int = LONGEST_LIFE
    claims: list[dict[str, Any]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def pem(self) -> str:
        """The private key as a key file holds it."""
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        return self.key.private_bytes(encoding, form, serialization.NoEncryption()).decode()

    def key_file(self, **changes: Any) -> dict[str, Any]:
        """The content of the key file, as Google's console gives it out."""
        return {
            "type": "service_account",
            "project_id": "demo",
            "private_key_id": "k1",
            "private_key": self.pem,
            "client_email": self.email,
            "token_uri": self.token_uri,
        } | changes

    def trade(self, body: bytes) -> tuple[int, dict[str, Any]]:
        """Return the status and the answer to a request for a token."""
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        complaint = self._find_fault(form)
        if complaint:
            self.complaints.append(complaint)
            return 400, {"error": "invalid_grant", "error_description": complaint}
        token = f"token-{len(self.claims)}"
        return 200, {"access_token": token, "expires_in": self.lifetime, "token_type": "Bearer"}

    def _find_fault(self, form: dict[str, str]) -> str:
        if form.get("grant_type") != GRANT:
            return "another grant type"
        head, payload, signature = form["assertion"].split(".")
        try:
            signed = f"{head}.{payload}".encode()
            self.key.public_key().verify(_decode(signature), signed, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return "Invalid JWT Signature."
        header, claims = json.loads(_decode(head)), json.loads(_decode(payload))
        now = time.time()
        wrong = {
            "algorithm": header.get("alg") != "RS256",
            "audience": claims.get("aud") != AUDIENCE,
            "issuer": claims.get("iss") != self.email,
            "issued in the future": claims["iat"] > now + 5,
            "expired": claims["exp"] < now,
            "lives too long": claims["exp"] - claims["iat"] > LONGEST_LIFE,
            "no scope": not claims.get("scope"),
        }
        self.claims.append(claims)
        return ", ".join(name for name, found in wrong.items() if found)


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@contextmanager
def running_token_endpoint() -> Iterator[Account]:
    """Yield a service account whose `token_uri` leads to a server of this process."""
    account = Account()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, answer = account.trade(self.rfile.read(int(self.headers["Content-Length"])))
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        account.token_uri = f"http://127.0.0.1:{server.server_port}/token"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield account
        finally:
            server.shutdown()
