"""The API user's account: one password, a few attempts, then a lock."""

from __future__ import annotations

import hmac
from enum import Enum

from .options import SandboxOptions


class SignIn(Enum):
    """How a password was received."""

    ACCEPTED = "accepted"
    WRONG = "wrong"
    LOCKED = "locked"


class Account:
    """Counts wrong passwords of the API user."""

    def __init__(self) -> None:
        """Begin unlocked."""
        self.failures = 0

    def try_password(self, options: SandboxOptions, username: str, password: str) -> SignIn:
        """Check a password; once locked, the right one is refused too."""
        if options.lockout_attempts and self.failures >= options.lockout_attempts:
            return SignIn.LOCKED
        right = hmac.compare_digest(password.encode(), options.password.encode())
        if right and username.casefold() == options.username.casefold():
            self.failures = 0
            return SignIn.ACCEPTED
        self.failures += 1
        return SignIn.WRONG

    def unlock(self) -> None:
        """What an administrator does on the Users form."""
        self.failures = 0
