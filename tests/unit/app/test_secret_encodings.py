"""Secrets are read alike, whichever they are and in whichever encoding they were saved."""

import json
from pathlib import Path

import pytest

from connector.adapters.acumatica.secret import CookieSecret, parse_secret
from connector.adapters.retrying import Retry
from connector.adapters.secrets import open_secrets
from connector.app.wiring import read_secret
from connector.redaction import redact
from tests.stand_ins.clock import FakeClock

MEMBERS = {"auth": "cookie", "username": "ann", "password": "Gr\u00fc\u00dfe-2026"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_secret_is_read_in_whichever_utf_it_was_saved(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "secret.json"
    path.write_bytes(json.dumps(MEMBERS, ensure_ascii=False).encode(encoding))
    value = read_secret(open_secrets(retry=Retry(clock=FakeClock())), f"file:{path}")
    assert json.loads(value) == MEMBERS
    assert parse_secret(value) == CookieSecret(username="ann", password=MEMBERS["password"])
    assert "2026" not in redact(f"refused: {MEMBERS['password']}")


@pytest.mark.parametrize("raw", [b"\xff\xfe\x00", b"\xc3\x28 no text", b"x"])
def test_what_is_no_text_is_handed_on_as_it_is(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "secret.json"
    path.write_bytes(raw)
    assert read_secret(open_secrets(retry=Retry(clock=FakeClock())), f"file:{path}") == raw
