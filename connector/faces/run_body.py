"""The JSON of `POST /`."""

from typing import Annotated

import msgspec

from connector.app.run_request import OPTIONS, build_request, parse_since
from connector.domain.entity import Depth
from connector.domain.repeated_members import find_repeated
from connector.domain.run import Mode, RunRequest
from connector.errors import BadRequestError

MAX_BODY_BYTES = 64 * 1024
"""Largest accepted request body; real ones are about 100 bytes."""

EXPECTED = (
    'Send {"entity": "vendors", "mode": "incremental"}; modes: '
    + ", ".join(mode.value for mode in Mode)
    + "; backfill takes since, replay record_id, reconcile depth and force, check force."
)


class RunBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The members of a request. Those that belong to one mode are an error with another."""

    entity: str = ""
    mode: Mode = Mode.INCREMENTAL
    since: str | None = None
    record_id: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    depth: Depth | None = None
    force: bool = False


def parse_run_body(body: bytes) -> RunRequest:
    """Return the request, or raise BadRequestError that says what is wrong with the body."""
    if len(body) > MAX_BODY_BYTES:
        raise BadRequestError(
            f"The body has more than {MAX_BODY_BYTES} bytes.", action="Send only the members of a run."
        )
    members = _read_members(body)
    if not members.entity and members.mode is not Mode.CHECK:
        raise BadRequestError("The request names no entity.", action=EXPECTED)
    options = {name: getattr(members, name) for name in OPTIONS}
    if members.since is not None:
        options["since"] = parse_since(members.since)
    return build_request(members.entity, members.mode, options)


def _read_members(body: bytes) -> RunBody:
    try:
        if (repeated := find_repeated(body)) is not None:
            raise BadRequestError(f"{repeated[:40]!r} is given twice in the body.", action="Send it once.")
        return msgspec.json.decode(body, type=RunBody)
    except msgspec.ValidationError as exc:
        raise BadRequestError(f"The request is not valid: {exc}.", action=EXPECTED) from exc
    except (ValueError, RecursionError) as exc:
        raise BadRequestError("The body is not JSON.", action=EXPECTED) from exc
