"""No text that is made holds a secret, however it is spelled; data loses only what is no coincidence."""

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from connector.errors import ConfigurationError, RecordRejectedError, SourceUnavailableError, TransientError
from connector.redaction import HIDDEN, HIDDEN_WHOLE, SECRETS, Secrets, register_misplaced, register_secret

SECRET = "Hunter2-&-Gatherer"


def a_store(*known: str) -> Secrets:
    secrets = Secrets()
    for secret in known:
        secrets.add(secret)
    return secrets


@pytest.mark.parametrize(
    "kind", [ConfigurationError, TransientError, SourceUnavailableError, RecordRejectedError]
)
def test_an_error_is_made_without_secrets(kind: type[ConfigurationError]) -> None:
    register_secret(SECRET)
    error = kind(f"Acumatica says {SECRET}", action=f"Correct {SECRET}.")
    assert (error.message, error.action) == (f"Acumatica says {HIDDEN}.", f"Correct {HIDDEN}.")
    assert SECRET not in f"{error} {error!r} {error.args}"


@pytest.mark.parametrize(
    "text",
    [
        "hunter2-&-gatherer",
        "HUNTER2-&-GATHERER",
        "Hunter2-\n  &-Gatherer",
        "Hunter2\u200b-&-Gatherer",
        "Hunter2-%26-Gat%68erer",
        "Hunter2-&#38;-Gatherer",
        "Hunter2-\\u0026-G\\u0061therer",
    ],
)
def test_a_text_with_a_secret_in_disguise_is_hidden_whole(text: str) -> None:
    assert a_store(SECRET).redact(f"it says: {text}!") == HIDDEN_WHOLE


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "user:"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_hides_no_secret_wherever_in_a_text_it_stands(before: str, encode: object) -> None:
    assert callable(encode)
    said = encode(f"{before}{SECRET} and more".encode()).decode()
    cleaned = a_store(SECRET).redact(f"it says: {said}")
    assert HIDDEN in cleaned
    assert SECRET[3:-3] not in base64.b64decode(
        cleaned.split()[2].replace(HIDDEN, "") + "==", validate=False
    ).decode("latin-1")


def test_a_text_without_a_secret_stays_as_it_is() -> None:
    text = 'The list of "Bill" failed: 50 % of "it"\n  at once & more.'
    assert a_store(SECRET, "another one", "s").redact(text) == text


def test_what_is_too_short_is_no_secret() -> None:
    assert a_store("abc", " ab\n").redact("abc ab") == "abc ab"


@pytest.mark.parametrize(
    "body",
    [b'{"x":"Hunter2-&-Gatherer"}', b'{"x":"Hunter2-%26-Gatherer"}', b'{"x":"Hunter2-&amp;-Gatherer"}'],
)
def test_data_loses_a_secret_that_is_no_coincidence(body: bytes) -> None:
    assert a_store(SECRET).redact_body(body, is_data=True) == b'{"x":"[hidden]"}'


@pytest.mark.parametrize("secret", ["Tr0ub-4dor&3", "P@s5-w0-rD!x", "§$%&-pass-wort", "é+ü-ab-cd-ef-gh"])
def test_data_loses_a_secret_of_many_short_words(secret: str) -> None:
    for spelled in (secret, json.dumps(secret)[1:-1]):
        body = f'{{"x":"{spelled}"}}'.encode()
        assert a_store(secret).redact_body(body, is_data=True) == b'{"x":"[hidden]"}'


@pytest.mark.parametrize("encode", [quote, quote_plus, html.escape, repr, json.dumps])
def test_data_loses_a_secret_with_signs_that_encodings_leave_however_it_is_encoded(
    encode: Callable[[str], str],
) -> None:
    secret = "ab_c.d~e-f&gh i"
    spelled = encode(encode(secret)).strip("\"'")
    redacted = a_store(secret).redact_body(spelled.encode(), is_data=True)
    assert secret[:10].encode() in spelled.encode()
    assert secret[:10].encode() not in redacted


@pytest.mark.parametrize("secret", ["1000", "open", "a-b-c-d-e-f", '{"password": "Amount"}'])
def test_data_keeps_what_may_be_a_coincidence(secret: str) -> None:
    body = f'{{"Amount":{{"value":1000.0}},"Status":{{"value":"{secret}"}}}}'.encode()
    assert a_store(secret).redact_body(body, is_data=True) == body


def test_an_error_page_loses_the_shorter_ones_too() -> None:
    assert a_store("a-b-c").redact_body(b"<p>a-b-c</p>", is_data=False) == b"<p>[hidden]</p>"


@pytest.mark.parametrize(
    "text",
    [
        '{"auth": "cookie", "password": "%s"}',
        'file:{"password":"%s"}',
        '{"auth": "password", "client_secret" : "%s", ',
    ],
)
def test_credentials_in_the_place_of_something_else_are_secrets(text: str) -> None:
    register_misplaced(text % SECRET)
    assert (
        SECRETS.redact(f"no such file: {text % SECRET}, nor {SECRET}")
        == f"no such file: {HIDDEN}, nor {HIDDEN}"
    )


@pytest.mark.parametrize("text", ["", "https://erp.example.com", "file:/etc/password", '{"auth": "cookie"}'])
def test_what_holds_no_credentials_is_no_secret(text: str) -> None:
    register_misplaced(text)
    assert SECRETS.redact(f"no such file: {text}") == f"no such file: {text}"


class LockTakenMeanwhile:
    """A lock: as soon as it is released, another thread adds a secret."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._lock = secrets._lock

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        self._secrets._lock = self._lock
        self._secrets.add("another-secret")


def test_a_text_is_redacted_though_another_thread_adds_a_secret_meanwhile() -> None:
    secrets = a_store(SECRET)
    secrets._lock = LockTakenMeanwhile(secrets)  # type: ignore[assignment]
    assert secrets.redact(f"it is {SECRET}") == f"it is {HIDDEN}"
