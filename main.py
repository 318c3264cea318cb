"""The Cloud Function: HTTP in, RunRequest out; RunResult in, HTTP out."""

import os
import signal
from typing import Annotated, Any

import flask
import functions_framework
import msgspec

from connector.app.notify import Acknowledgement
from connector.app.service import Connector, build
from connector.app.settings import load_log_settings, load_settings
from connector.app.status import render_page, render_status
from connector.domain.entity import Depth
from connector.domain.instants import from_text
from connector.domain.run import Mode, RunRequest, RunResult
from connector.domain.tables.sync_runs import to_plain
from connector.errors import BadRequestError, ConnectorError, TransientError
from connector.logs import configure_logging, find_trace, log_freshness, log_refused, run_context

MAX_BODY_BYTES = 64 * 1024
"""Bytes of a request; a real one has about a hundred."""
MAX_NOTIFICATION_BYTES = 32 * 1024 * 1024
"""Bytes of a push notification, which holds the rows of one transaction: what Cloud Run lets through."""


class Body(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The JSON of `POST /`. Members that belong to one mode are an error with another."""

    entity: str = ""
    mode: Mode = Mode.INCREMENTAL
    since: str | None = None
    record_id: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    depth: Depth | None = None
    force: bool = False


OWNERS = {
    "since": (Mode.BACKFILL,),
    "record_id": (Mode.REPLAY,),
    "depth": (Mode.RECONCILE,),
    "force": (Mode.RECONCILE, Mode.CHECK),
}
"""The modes that each member belongs to."""


@functions_framework.http
def sync(request: flask.Request) -> flask.Response:
    """Answer one HTTP call; every error is an answer too."""
    settings = load_log_settings(os.environ)
    configure_logging(json=settings.format == "json", level=settings.level, project=settings.project or None)
    with run_context(trace=find_trace(dict(request.headers))):
        try:
            return _route(request)
        except ConnectorError as exc:
            log_refused(exc)
            return _answer_error(exc)


def _route(request: flask.Request) -> flask.Response:
    place = (request.method, request.path.rstrip("/") or "/")
    if place == ("POST", "/"):
        run_request = parse_request(request)
        if run_request.mode is Mode.CHECK:
            return _answer_check(_build(), run_request.entity, force=run_request.force)
        return _answer(_build().run(run_request))
    if place == ("GET", "/status"):
        return _json(render_status(_build(), report=log_freshness), 200)
    if place == ("GET", "/"):
        return flask.Response(render_page(_build()), mimetype="text/html")
    if place == ("POST", "/notify"):
        return _answer_notification(request)
    raise BadRequestError(
        f"There is nothing at {request.method} {request.path[:100]}.",
        action="Use POST / to run, GET /status for JSON, GET / for the status page.",
    )


def _answer_notification(request: flask.Request) -> flask.Response:
    """Acknowledge a push notification, a repeated one too: anything but a success is sent again."""
    receipt = _build().notify(lambda: _read_notification(request), lambda name: request.headers.get(name, ""))
    return _json(msgspec.to_builtins(receipt), 202 if receipt.status is Acknowledgement.ACCEPTED else 200)


def _read_notification(request: flask.Request) -> bytes:
    body = request.stream.read(MAX_NOTIFICATION_BYTES + 1)
    if len(body) > MAX_NOTIFICATION_BYTES:
        raise BadRequestError(
            f"The push notification has more than {MAX_NOTIFICATION_BYTES} bytes.",
            action="Select fewer columns in its inquiry: the key fields and NoteID are enough.",
        )
    return body


def _build() -> Connector:
    return build(load_settings(os.environ), is_stopping=is_stopping)


def parse_request(request: flask.Request) -> RunRequest:
    """Return what is asked for, or raise BadRequestError that says what is wrong with the body."""
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise BadRequestError(
            f"The body has more than {MAX_BODY_BYTES} bytes.", action="Send only the members of a run."
        )
    try:
        body = msgspec.json.decode(request.get_data(), type=Body)
    except msgspec.ValidationError as exc:
        raise BadRequestError(f"The request is not valid: {exc}.", action=_EXPECTED) from exc
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise BadRequestError("The body is not JSON.", action=_EXPECTED) from exc
    if not body.entity and body.mode is not Mode.CHECK:
        raise BadRequestError("The request names no entity.", action=_EXPECTED)
    for member, owners in OWNERS.items():
        if getattr(body, member) not in (None, False) and body.mode not in owners:
            named = " or ".join(owner.value for owner in owners)
            raise BadRequestError(
                f"{member} belongs to mode {named}, not to {body.mode.value}.",
                action=f"Leave {member} out.",
            )
    return RunRequest(
        entity=body.entity,
        mode=body.mode,
        since=_parse_since(body.since),
        record_id=body.record_id,
        depth=body.depth or Depth.KEYS,
        force=body.force,
    )


_EXPECTED = (
    'Send {"entity": "vendors", "mode": "incremental"}; modes: '
    + ", ".join(mode.value for mode in Mode)
    + "; backfill takes since, replay record_id, reconcile depth and force, check force."
)


def _parse_since(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return from_text(text)
    except ValueError as exc:
        raise BadRequestError(
            f"since is no instant: {text[:40]!r}.",
            action="Write it as 2026-01-31T00:00:00Z, with Z or an offset.",
        ) from exc


def _answer(result: RunResult) -> flask.Response:
    error = result.error
    response = _json(to_plain(result), error.http_status if error else 200)
    if error and error.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def _answer_check(connector: Connector, entity: str, *, force: bool) -> flask.Response:
    """Try every system, for one entity or for all enabled ones; 500 when something needs an operator."""
    lines = list(connector.check([entity] if entity else [], force=force))
    failed = [line for line in lines if not line.ok]
    plain: dict[str, Any] = {
        "mode": Mode.CHECK.value,
        "status": "failed" if failed else "succeeded",
        "checks": [msgspec.to_builtins(line) for line in lines],
    }
    if failed:
        message = f"{len(failed)} of {len(lines)} checks failed; the first, {failed[0].subject}: {failed[0].finding}"
        plain["error"] = {"type": "CheckFailed", "message": message, "action": failed[0].remedy}
    return _json(plain, 500 if failed else 200)


def _answer_error(exc: ConnectorError) -> flask.Response:
    error = {"type": type(exc).__name__, "message": exc.message, "action": exc.action}
    response = _json({"status": "failed", "error": error}, exc.http_status)
    if isinstance(exc, TransientError):
        response.headers["Retry-After"] = str(int(exc.retry_after.total_seconds()) if exc.retry_after else 60)
    return response


def _json(plain: Any, status: int) -> flask.Response:
    return flask.Response(msgspec.json.encode(plain) + b"\n", status=status, mimetype="application/json")


def is_stopping() -> bool:
    """Whether this instance was asked to end.

    The server that functions-framework starts (gunicorn) takes SIGTERM itself and notes it on its worker, whose method is
    the installed handler; requests run in threads, which may read handlers but not install any.
    """
    worker = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return getattr(worker, "alive", True) is False
