"""Builds run requests: one rule, for HTTP and the command line, of which option belongs to which mode."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connector.domain.instants import from_text
from connector.domain.run import Mode, RunRequest
from connector.errors import BadRequestError

OPTIONS: Mapping[str, tuple[Mode, ...]] = {
    "since": (Mode.BACKFILL,),
    "record_id": (Mode.REPLAY,),
    "depth": (Mode.RECONCILE,),
    "force": (Mode.RECONCILE, Mode.CHECK),
}
"""The modes that take each option; with another mode the option is an error."""
FIRST_INSTANT = datetime(1753, 1, 1, tzinfo=UTC)
LAST_INSTANT = datetime(9999, 12, 30, tzinfo=UTC)
"""The first day that SQL Server's datetime holds, and the last one that is a day in every time zone."""


def build_request(entity: str, mode: Mode, options: Mapping[str, Any], *, spelling: str = "{}") -> RunRequest:
    """Return the request; an option that is None or False is not given.

    Raises BadRequestError for an option of another mode, which it names as `spelling` writes options.
    """
    given = {name: value for name, value in options.items() if value not in (None, False)}
    for name in given:
        owners = OPTIONS[name]
        if mode not in owners:
            named = " or ".join(owner.value for owner in owners)
            written = spelling.format(name)
            raise BadRequestError(
                f"{written} belongs to mode {named}, not to {mode.value}.", action=f"Leave {written} out."
            )
    return RunRequest(entity=entity, mode=mode, **given)


def parse_since(text: str) -> datetime:
    """Return the instant; raise BadRequestError for text that is none, or one that no record can be stamped with."""
    try:
        since = from_text(text)
    except ValueError as exc:
        raise BadRequestError(
            f"since is not a timestamp: {text[:40]!r}.",
            action="Write it as 2026-01-31T00:00:00Z, with Z or an offset.",
        ) from exc
    if not FIRST_INSTANT <= since <= LAST_INSTANT:
        raise BadRequestError(
            f"since is beyond what Acumatica's database can hold: {text[:40]!r}.",
            action="Name an instant from 1753 on, or leave since out to read everything.",
        )
    return since
