"""One line of `check`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLine:
    """What was tried, whether it worked, what was found, and the remedy when it failed."""

    subject: str
    ok: bool
    finding: str
    remedy: str = ""
