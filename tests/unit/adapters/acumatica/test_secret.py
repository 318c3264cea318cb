import msgspec
import pytest

from connector.adapters.acumatica.secret import (
    CookieSecret,
    PasswordSecret,
    RefreshSecret,
    parse_secret,
    tenant_of,
    with_refresh_token,
)
from connector.errors import SecretUnavailableError

PASSWORD = {
    "auth": "password",
    "client_id": "G@Acme Ltd",
    "client_secret": "s3",
    "username": "u",
    "password": "p4",
}
REFRESH = {"auth": "refresh_token", "client_id": "G@ACME", "client_secret": "s3", "refresh_token": "r5"}
COOKIE = {"auth": "cookie", "username": "u", "password": "p4", "tenant": "ACME", "branch": "MAIN"}


def encode(members: object) -> bytes:
    return msgspec.json.encode(members)


def test_each_form_is_read() -> None:
    assert isinstance(parse_secret(encode(PASSWORD)), PasswordSecret)
    assert isinstance(parse_secret(encode(REFRESH)), RefreshSecret)
    assert isinstance(parse_secret(encode(COOKIE)), CookieSecret)


def test_tenant_and_branch_may_be_left_out_of_a_cookie_secret() -> None:
    secret = parse_secret(encode({"auth": "cookie", "username": "u", "password": "p4", "branch": None}))
    assert secret == CookieSecret(username="u", password="p4")


@pytest.mark.parametrize(("members", "tenant"), [(PASSWORD, "Acme Ltd"), (REFRESH, "ACME"), (COOKIE, "ACME")])
def test_the_secret_tells_the_tenant(members: dict[str, str], tenant: str) -> None:
    assert tenant_of(parse_secret(encode(members))) == tenant


@pytest.mark.parametrize("members", [PASSWORD, REFRESH, COOKIE])
def test_no_secret_value_is_shown(members: dict[str, str]) -> None:
    shown = repr(parse_secret(encode(members)))
    assert not [value for value in ("s3", "p4", "r5") if value in shown]


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        (b"not json p4", "JSON object"),
        (b"[1]", "JSON object"),
        (b"\xff\xfe", "JSON object"),
        (encode({**PASSWORD, "auth": "magic"}), "auth"),
        (encode({**PASSWORD, "password": ""}), "password"),
        (encode({**PASSWORD, "username": 7}), "username"),
        (encode({**PASSWORD, "client_id": "no-tenant"}), "client_id"),
        (encode({**REFRESH, "refresh_token": None}), "refresh_token"),
        (encode({**COOKIE, "tenant": 5}), "tenant"),
    ],
)
def test_a_wrong_member_is_named_and_no_value_shown(raw: bytes, named: str) -> None:
    with pytest.raises(SecretUnavailableError, match=named) as caught:
        parse_secret(raw)
    assert "p4" not in f"{caught.value} {caught.value.action}"


def test_a_rotated_token_replaces_the_old_one_and_nothing_else() -> None:
    raw = encode({**REFRESH, "comment": "authorised by Ann"})
    renewed = msgspec.json.decode(with_refresh_token(raw, "r6"))
    assert renewed == {**REFRESH, "comment": "authorised by Ann", "refresh_token": "r6"}


@pytest.mark.parametrize(
    ("member", "told"), [("password", 'its member "password" is'), ("hunter2", "its member is")]
)
def test_a_member_given_twice_is_told_before_either_value_is_sent(member: str, told: str) -> None:
    raw = encode({**PASSWORD, member: "one"})
    twice = raw.removesuffix(b"}") + f', "{member}": "two"}}'.encode()
    with pytest.raises(SecretUnavailableError, match=told) as caught:
        parse_secret(twice)
    assert not {"one", "two", "hunter2"} & set(str(caught.value).replace('"', " ").split())


def test_a_byte_order_mark_before_the_secret_is_borne() -> None:
    assert parse_secret(b"\xef\xbb\xbf" + encode(COOKIE)) == parse_secret(encode(COOKIE))


@pytest.mark.parametrize("breaks", ["{}\n", "{}\r\n", "\n{}"])
@pytest.mark.parametrize("name", ["password", "client_secret", "username", "client_id"])
def test_a_line_break_that_was_pasted_with_a_value_is_told_before_it_is_sent(name: str, breaks: str) -> None:
    with pytest.raises(SecretUnavailableError, match=f'"{name}" begins or ends with a line break') as caught:
        parse_secret(encode(PASSWORD | {name: breaks.format(PASSWORD[name])}))
    assert PASSWORD["password"] not in f"{caught.value.message}"


def test_a_line_break_within_a_password_is_its_own() -> None:
    parse_secret(encode(PASSWORD | {"password": "two\nlines"}))
