"""The HTTP face: turns every request into a response, and every error too."""

import logging
import os
import signal
from collections.abc import Callable, Mapping
from typing import Any

import flask
import functions_framework
import msgspec
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from connector.app.check import check_connector
from connector.app.notify import Acknowledgement, notify
from connector.app.run_entity import run_entity
from connector.app.service import Connector, build
from connector.app.settings import load_log_settings, load_settings
from connector.app.status import render_status
from connector.domain.run import Mode, RunFailure, RunResult
from connector.domain.tables.sync_runs import build_answer
from connector.errors import BadRequestError, ConnectorError
from connector.faces.browser import FIGURES, PAGES, replay, show_failure, show_replay, wants_page
from connector.faces.callers import parse_operators, require_right_to_act, require_same_site
from connector.faces.run_body import MAX_BODY_BYTES, parse_run_body
from connector.logs import configure_logging, find_trace, log_freshness, log_refused, run_context

MAX_NOTIFICATION_BYTES = 32 * 1024 * 1024
"""Largest accepted push notification, which holds the rows of one transaction: what Cloud Run lets through."""

UNKNOWN = RunFailure(
    type="UnknownError",
    message="The call ended with an error the connector does not know.",
    action="Look at its log lines and report them.",
    http_status=500,
)

Answer = Callable[..., flask.Response]

logger = logging.getLogger(__name__)


@functions_framework.http
def sync(request: flask.Request) -> flask.Response:
    """Answer one HTTP call, whatever it contains."""
    settings = load_log_settings(os.environ)
    configure_logging(json=settings.format == "json", level=settings.level, project=settings.project or None)
    with run_context(trace=find_trace(dict(request.headers))):
        try:
            return _route(request)
        except ConnectorError as exc:
            log_refused(exc)
            return _respond(request, RunFailure.from_error(exc))
        except HTTPException as exc:
            unreadable = BadRequestError(
                f"The request cannot be read: {exc.name}.", action="Send it again, whole."
            )
            log_refused(unreadable)
            return _respond(request, RunFailure.from_error(unreadable))
        except Exception:
            logger.exception("a call ended with an error the connector does not know")
            return _respond(request, UNKNOWN)


def _respond(request: flask.Request, failure: RunFailure) -> flask.Response:
    """Answer with a page for a browser, with JSON for everyone else."""
    return show_failure(request, failure) if wants_page(request) else _answer_failure(failure)


def _route(request: flask.Request) -> flask.Response:
    path = request.path.rstrip("/") or "/"
    adapter = ROUTES.bind("function", path_info=path)
    try:
        answer, arguments = adapter.match(method=request.method)
    except HTTPException:
        offered = adapter.allowed_methods()
        if request.method == "OPTIONS" and offered:
            return flask.Response(status=204, headers={"Allow": ", ".join(sorted({*offered, "OPTIONS"}))})
        raise BadRequestError(
            f"There is nothing at {request.method[:20]} {request.path[:100]}.",
            action="Use POST / to run, GET /status for JSON, GET / for the status page.",
        ) from None
    if request.method == "POST":
        require_same_site(request.headers.get, request.host)
    response: flask.Response = answer(request, **arguments)
    return response


def _answer_run(request: flask.Request) -> flask.Response:
    run_request = parse_run_body(request.stream.read(MAX_BODY_BYTES + 1))
    connector = _build()
    _require_right(request, connector)
    if run_request.mode is Mode.CHECK:
        return _answer_check(connector, run_request.entity, force=run_request.force)
    return _answer_result(run_entity(connector, run_request))


def _answer_result(result: RunResult) -> flask.Response:
    return (
        _answer_failure(result.error, build_answer(result))
        if result.error
        else _json(build_answer(result), 200)
    )


def _answer_status(_: flask.Request) -> flask.Response:
    return _json(render_status(_build(), report=log_freshness), 200)


def _show(page: Callable[..., flask.Response]) -> Answer:
    return lambda request, **arguments: page(request, _build(), **arguments)


def _describe(figures: Callable[..., dict[str, Any]]) -> Answer:
    return lambda request, **arguments: _json(figures(request, _build(), **arguments), 200)


def _answer_replay(request: flask.Request, name: str) -> flask.Response:
    connector = _build()
    _require_right(request, connector)
    result = replay(request, connector, name)
    return show_replay(request, name, result) if wants_page(request) else _answer_result(result)


def _require_right(request: flask.Request, connector: Connector) -> None:
    require_right_to_act(request.headers.get, parse_operators(connector.settings.status.operators))


def _answer_notification(request: flask.Request) -> flask.Response:
    """Acknowledge a push notification, a repeated one too: anything but a success is sent again."""
    receipt = notify(
        _build(), lambda: _read_notification(request), lambda name: request.headers.get(name, "")
    )
    return _json(msgspec.to_builtins(receipt), 202 if receipt.status is Acknowledgement.ACCEPTED else 200)


def _read_notification(request: flask.Request) -> bytes:
    body = request.stream.read(MAX_NOTIFICATION_BYTES + 1)
    if len(body) > MAX_NOTIFICATION_BYTES:
        raise BadRequestError(
            f"The push notification has more than {MAX_NOTIFICATION_BYTES} bytes.",
            action="Select fewer columns in its inquiry: the key fields and NoteID are enough.",
        )
    return body


ROUTES = Map(
    [
        Rule("/", methods=["POST"], endpoint=_answer_run),
        Rule("/status", methods=["GET"], endpoint=_answer_status),
        Rule("/notify", methods=["POST"], endpoint=_answer_notification),
        Rule("/entities/<name>/replay", methods=["POST"], endpoint=_answer_replay),
        *(Rule(path, methods=["GET"], endpoint=_show(page)) for path, page in PAGES.items()),
        *(Rule(path, methods=["GET"], endpoint=_describe(figures)) for path, figures in FIGURES.items()),
    ],
    merge_slashes=False,
)
"""The routes. HEAD is a GET whose body the server leaves out."""


def _build() -> Connector:
    return build(load_settings(os.environ), is_stopping=is_stopping)


def _answer_check(connector: Connector, entity: str, *, force: bool) -> flask.Response:
    """Test every system, for one entity or for all enabled ones; 500 if something needs an operator."""
    lines = list(check_connector(connector, [entity] if entity else [], force=force))
    failed = [line for line in lines if not line.ok]
    plain: dict[str, Any] = {
        "mode": Mode.CHECK.value,
        "status": "failed" if failed else "succeeded",
        "checks": [msgspec.to_builtins(line) for line in lines],
    }
    if not failed:
        return _json(plain, 200)
    message = (
        f"{len(failed)} of {len(lines)} checks failed; the first, {failed[0].subject}: {failed[0].finding}"
    )
    failure = RunFailure(type="CheckFailed", message=message, action=failed[0].remedy, http_status=500)
    return _answer_failure(failure, plain)


def _answer_failure(failure: RunFailure, plain: Mapping[str, Any] | None = None) -> flask.Response:
    """Answer with the error and any further members."""
    said = {**(plain or {"status": "failed"}), "error": failure.describe()}
    response = _json(said, failure.http_status)
    if failure.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(failure.retry_after_seconds)
    return response


def _json(plain: Any, status: int) -> flask.Response:
    return flask.Response(msgspec.json.encode(plain) + b"\n", status=status, mimetype="application/json")


def is_stopping() -> bool:
    """Whether this instance was asked to stop.

    The server that functions-framework starts (gunicorn) takes SIGTERM itself and notes it on its worker, whose method is
    the installed handler; requests run in threads, which may read handlers but not install any.
    """
    worker = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return getattr(worker, "alive", True) is False
