"""Remembers refused sign-ins across runs, by a fingerprint that identifies the credentials without revealing them."""

import secrets
from datetime import datetime
from hashlib import scrypt

from connector.adapters.acumatica.secret import CookieSecret, PasswordSecret, RefreshSecret, Secret, tenant_of
from connector.domain.entity_state import RefusedSignIn
from connector.errors import CredentialsError

SALT_BYTES = 16
SEPARATOR = "$"


def fingerprint_refusal(secret: PasswordSecret | CookieSecret, root: str, now: datetime) -> RefusedSignIn:
    """Return the fingerprint of this sign-in to the instance at `root`."""
    salt = secrets.token_bytes(SALT_BYTES)
    return RefusedSignIn(
        credential_fingerprint=f"{salt.hex()}{SEPARATOR}{_digest(secret, root, salt)}", refused_at=now
    )


def check_not_refused(secret: Secret, root: str, refused: RefusedSignIn | None) -> None:
    """Raise CredentialsError if this sign-in was refused before; a new password or another instance is allowed."""
    if refused is None or isinstance(secret, RefreshSecret):
        return
    salt, _, digest = refused.credential_fingerprint.partition(SEPARATOR)
    if _digest(secret, root, bytes.fromhex(salt)) == digest:
        raise CredentialsError(
            f"Acumatica refused {secret.username} with this password at {refused.refused_at:%Y-%m-%d %H:%M} UTC; it was "
            "not asked again, as repeated failures lock the account.",
            action="Correct the user name or password in the secret. If it was mended in Acumatica instead, run check: "
            "it tries them once more, and the runs go on when they are accepted.",
        )


def _digest(secret: PasswordSecret | CookieSecret, root: str, salt: bytes) -> str:
    """Return a deliberately slow hash, because a password may be short and the state must not reveal it."""
    branch = secret.branch if isinstance(secret, CookieSecret) else ""
    known_by = "\0".join((root, tenant_of(secret), branch, secret.username, secret.password))
    return scrypt(known_by.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32).hex()
