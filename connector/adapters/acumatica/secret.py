"""The Acumatica secret: one of three forms, never shown."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from connector.adapters.acumatica.json_body import decode_body
from connector.domain.repeated_members import find_repeated
from connector.errors import SecretUnavailableError
from connector.redaction import SECRET_MEMBERS, register_secret

FORMS = (
    '{"auth": "password", "client_id", "client_secret", "username", "password"}, '
    '{"auth": "refresh_token", "client_id", "client_secret", "refresh_token"} or '
    '{"auth": "cookie", "username", "password", "tenant", "branch"}'
)
OPTIONAL = {"tenant", "branch"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordSecret:
    """A connected application of the flow Resource Owner Password Credentials, and an API user."""

    client_id: str
    client_secret: str = field(repr=False)
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshSecret:
    """A connected application and the newest refresh token of a chain that began with a person's consent."""

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CookieSecret:
    """An API user of a session with cookies; `tenant` may be empty when the instance has one tenant."""

    username: str
    password: str = field(repr=False)
    tenant: str = ""
    branch: str = ""


Secret = PasswordSecret | RefreshSecret | CookieSecret
SECRETS: dict[str, type[PasswordSecret] | type[RefreshSecret] | type[CookieSecret]] = {
    "password": PasswordSecret,
    "refresh_token": RefreshSecret,
    "cookie": CookieSecret,
}

NAMES = {"auth", *(name for form in SECRETS.values() for name in form.__dataclass_fields__)}
"""The members of all forms."""
BOM = b"\xef\xbb\xbf"


def parse_secret(raw: bytes) -> Secret:
    """Return the secret, or raise SecretUnavailableError naming the member that is wrong, never its value."""
    members = _members(raw)
    form = SECRETS.get(str(members.pop("auth", "")))
    if form is None:
        raise _wrong(f'its "auth" must be one of {", ".join(SECRETS)}')
    names = set(form.__dataclass_fields__)
    given = {name: value for name, value in members.items() if name in names and value is not None}
    for name in sorted(names - OPTIONAL):
        if not isinstance(given.get(name), str) or not given[name].strip():
            raise _wrong(f'its member "{name}" is missing or empty')
    for name in sorted(OPTIONAL & set(given)):
        if not isinstance(given[name], str):
            raise _wrong(f'its member "{name}" is not text')
    for name, value in given.items():
        if value.strip("\r\n") != value:
            raise _wrong(f'its member "{name}" begins or ends with a line break, which is not part of it')
    secret = form(**given)
    if not isinstance(secret, CookieSecret) and not tenant_of(secret):
        raise _wrong('its "client_id" must end with @ and the tenant\'s login name')
    return secret


def register_secrets_of(secret: Secret) -> None:
    """Register the secret parts of it, so that no text shows them."""
    for name in SECRET_MEMBERS:
        register_secret(getattr(secret, name, ""))


def tenant_of(secret: Secret) -> str:
    """Return the tenant the secret leads to: the client id's suffix, or what a cookie session asks for."""
    if isinstance(secret, CookieSecret):
        return secret.tenant
    return secret.client_id.partition("@")[2].strip()


def with_refresh_token(raw: bytes, token: str) -> bytes:
    """Return the secret's JSON with its refresh token replaced and everything else kept."""
    return msgspec.json.format(msgspec.json.encode({**_members(raw), "refresh_token": token}), indent=2)


def _members(raw: bytes) -> dict[str, Any]:
    try:
        members = decode_body(raw, dict[str, Any])
        repeated = find_repeated(raw.removeprefix(BOM))
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise _wrong("it is not a JSON object") from None
    if repeated is not None:
        named = f' "{repeated}"' if repeated in NAMES else ""  # any other may be a value in the wrong place
        raise _wrong(f"its member{named} is given twice")
    return members


def _wrong(what: str) -> SecretUnavailableError:
    return SecretUnavailableError(
        f"The Acumatica secret cannot be used: {what}.",
        action=f"Store the secret that ACUMATICA_CREDENTIALS names as JSON: {FORMS}.",
    )
