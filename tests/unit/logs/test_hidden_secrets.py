"""What no line ever holds: a secret, however it is spelt."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.run import Status
from connector.logs import (
    log_run,
    register_secret,
)
from connector.redaction import HIDDEN, MAX_REMEMBERED, Secrets
from tests.unit.logs.test_lines import lines
from tests.unit.logs.test_run_lines import a_failure, a_result

LOG = logging.getLogger("connector.test")
SECRET = 'p"ä/ss +w\\or&d%\u2028='
SPELLINGS: list[Callable[[str], str]] = [
    str,
    quote,
    lambda secret: quote(secret, safe=""),
    lambda secret: quote(secret, safe="").lower(),
    quote_plus,
    lambda secret: urlencode({"password": secret}),
    lambda secret: json.dumps({"password": secret}),
    lambda secret: json.dumps({"password": secret}, ensure_ascii=False),
    repr,
]


@pytest.mark.parametrize("spell", SPELLINGS)
def test_a_hidden_value_is_in_no_line_whatever_its_encoding(
    written: io.StringIO, spell: Callable[[str], str]
) -> None:
    secret = SECRET.lower() if spell(SECRET) == quote(SECRET, safe="").lower() else SECRET
    register_secret(secret)
    text = f"before {spell(secret)} after"
    LOG.info("message %s", text, extra={"figure": text, "nested": {"list": [text], text: 1}})
    try:
        int(text)
    except ValueError:
        LOG.exception("failed")
    log_run(a_result(Status.FAILED, error=a_failure(message=text)))
    for line in lines(written):
        held = json.dumps(line)
        assert spell(secret) not in "".join(walk(line))
        assert HIDDEN in held
    assert "before" in written.getvalue()


def walk(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from walk(member)
    elif isinstance(value, list):
        for member in value:
            yield from walk(member)
    else:
        yield str(value)


@given(
    st.text(min_size=4).filter(lambda text: text.strip() and text not in HIDDEN),
    st.sampled_from(SPELLINGS[:3]),
)
def test_any_text_can_be_hidden(secret: str, spell: Callable[[str], str]) -> None:
    secret = secret.encode("utf-8", "replace").decode()
    secrets = Secrets()
    secrets.add(secret)
    assert secrets.redact(f"«{spell(secret)}»") == f"«{HIDDEN}»"


def test_each_line_of_a_private_key_is_hidden_and_its_frame_is_not() -> None:
    secrets = Secrets()
    secrets.add("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0\n-----END PRIVATE KEY-----\n")
    assert secrets.redact("-----BEGIN PRIVATE KEY----- at MIIEvQIBADANBgkqhkiG9w0") == (
        f"-----BEGIN PRIVATE KEY----- at {HIDDEN}"
    )


def test_the_newest_secrets_are_remembered_and_a_used_one_stays() -> None:
    secrets = Secrets()
    for number in range(2 * MAX_REMEMBERED):
        secrets.add("the password")
        secrets.add(f"token-{number:05}")
    assert secrets.redact(f"the password token-{2 * MAX_REMEMBERED - 1:05}") == f"{HIDDEN} {HIDDEN}"
    assert secrets.redact("token-00000") == "token-00000"


def test_of_a_credentials_document_the_secrets_are_hidden_and_the_names_are_not(written: io.StringIO) -> None:
    register_secret(
        json.dumps(
            {"auth": "password", "username": "sync", "password": "pa\u00df-w0rd", "client_secret": "cl1ent"}
        )
    )
    LOG.info("sync refused with pa\u00df-w0rd and cl1ent, auth password")
    assert lines(written)[0]["message"] == f"sync refused with {HIDDEN} and {HIDDEN}, auth password"


def test_blank_text_is_no_secret() -> None:
    secrets = Secrets()
    secrets.add("")
    secrets.add(" \n")
    assert secrets.redact("a b\n") == "a b\n"


def test_a_password_that_is_a_common_word_does_not_blind_the_alerts(written: io.StringIO) -> None:
    register_secret("failed")
    log_run(a_result(Status.FAILED, error=a_failure(message="It failed.")))
    [line] = lines(written)
    assert line["status"] == "failed"
    assert line["error"]["message"] == f"It {HIDDEN}."
