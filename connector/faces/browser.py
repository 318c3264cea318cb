"""The pages and what can be started from them, over HTTP; and the same figures as JSON below `/status`."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import flask
from werkzeug.exceptions import RequestEntityTooLarge

from connector.app.details import render_entity, render_record, render_run
from connector.app.run_entity import run_entity
from connector.app.run_request import build_request
from connector.app.service import Connector
from connector.app.status import render_status
from connector.domain.run import Mode, RunFailure, RunResult, Status
from connector.errors import BadRequestError
from connector.faces.callers import may_act, parse_operators
from connector.faces.page import SECURITY_HEADERS, render_overview, render_page

QUIET_SECONDS, BUSY_SECONDS = 300, 60
"""After how long a page renews itself; sooner while a run is at work. Each time it reads the state anew."""
PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*/?")
MAX_FORM_BYTES = 8 * 1024


def show_overview(request: flask.Request, connector: Connector) -> flask.Response:
    """Answer with the page of all entities."""
    status = render_status(connector)
    is_busy = any(entry["running"] for entry in status["entities"])
    page = render_overview(
        status, root=find_root(request), json="status", refresh=_find_refresh(request, is_busy=is_busy)
    )
    return _answer(page, refresh=_find_refresh(request, is_busy=is_busy))


def show_entity(request: flask.Request, connector: Connector, name: str) -> flask.Response:
    """Answer with the page of one entity. One with replay buttons does not renew itself under the reader's hand."""
    here = render_entity(connector, name)
    refresh = None if here["letters"] else _find_refresh(request, is_busy=bool(here["running"]))
    values = {
        **here,
        "here": here,
        "root": find_root(request),
        "json": f"status/entities/{name}",
        "may_act": _may_act(request, connector),
        "refresh": refresh,
    }
    return _answer(render_page("entity", values), refresh=refresh)


def show_run(request: flask.Request, connector: Connector, run_id: str) -> flask.Response:
    """Answer with the page of one run."""
    after = _read_after(request)
    found = render_run(connector, run_id, after)
    refresh = _find_refresh(request, is_busy=True) if found["run"].get("status") == "running" else None
    values = {
        **found,
        "after": after,
        "root": find_root(request),
        "json": f"status/runs/{run_id}",
        "refresh": refresh,
    }
    return _answer(render_page("run", values), refresh=refresh)


def show_record(request: flask.Request, connector: Connector) -> flask.Response:
    """Answer with everything that happened to one record, or with the form that asks for one."""
    entity, key = request.args.get("entity", ""), request.args.get("key", "").strip()
    found = render_record(connector, entity, key) if key else {"entity": entity, "key": ""}
    values = {
        **found,
        "entities": sorted(connector.catalogue.entities),
        "root": find_root(request),
        "json": f"status/records?{urlencode({'entity': entity, 'key': key})}" if key else "",
    }
    return _answer(render_page("record", values))


def describe_entity(_: flask.Request, connector: Connector, name: str) -> dict[str, Any]:
    """Return what the entity's page shows."""
    return render_entity(connector, name)


def describe_run(request: flask.Request, connector: Connector, run_id: str) -> dict[str, Any]:
    """Return what the run's page shows."""
    return render_run(connector, run_id, _read_after(request))


def describe_record(request: flask.Request, connector: Connector) -> dict[str, Any]:
    """Return what the record's page shows."""
    return render_record(connector, request.args.get("entity", ""), request.args.get("key", "").strip())


def replay(request: flask.Request, connector: Connector, name: str) -> RunResult:
    """Process one dead letter again (`record_id` of the form), or all."""
    record_id = _read_form(request).get("record_id") or None
    return run_entity(connector, build_request(name, Mode.REPLAY, {"record_id": record_id}))


def _read_form(request: flask.Request) -> Mapping[str, str]:
    """Return the form's fields; BadRequestError when it is too large.

    The bound is taken away again: functions-framework reads every request to its end before it answers.
    """
    request.max_content_length = MAX_FORM_BYTES
    try:
        return request.form
    except RequestEntityTooLarge:
        raise BadRequestError(
            f"The form has more than {MAX_FORM_BYTES} bytes.", action="Press the button of the page again."
        ) from None
    finally:
        request.max_content_length = None


def show_replay(request: flask.Request, name: str, result: RunResult) -> flask.Response:
    """Lead to the run that replayed, or answer with a page that says why nothing was."""
    if result.status in (Status.SKIPPED, Status.FAILED):
        return _show_not_replayed(request, name, result)
    return flask.Response(status=303, headers={"Location": f"{find_root(request)}runs/{result.run_id}"})


def _show_not_replayed(request: flask.Request, name: str, result: RunResult) -> flask.Response:
    waiting = RunFailure(
        type="", message=result.reason or "", action="Try again when that run has ended.", http_status=200
    )
    failure = result.error or waiting
    return show_failure(request, failure, heading=f"Nothing was replayed in {name}", back=f"entities/{name}")


def show_failure(
    request: flask.Request, failure: RunFailure, *, heading: str = "This page cannot be shown", back: str = ""
) -> flask.Response:
    """Answer with a page that says what is wrong and what to do."""
    values = {
        "error": failure.describe(),
        "heading": heading,
        "back": back,
        "root": find_root(request),
    }
    return _answer(render_page("notice", values), status=failure.http_status)


def wants_page(request: flask.Request) -> bool:
    """Whether the caller is a browser: command lines and schedulers take anything, or JSON."""
    return "text/html" in request.headers.get("Accept", "")


def find_root(request: flask.Request) -> str:
    """Return the way from this page to the first one: relative, so that it holds below any path of a proxy.

    A proxy that says its prefix is believed, because a browser that asks for it without a slash at the end would
    resolve a relative link beside it.
    """
    prefix = request.headers.get("X-Forwarded-Prefix", "")
    if prefix and PREFIX.fullmatch(prefix):
        return f"{prefix.rstrip('/')}/"
    return "../" * (request.path.count("/") - 1) or "./"


def _answer(page: str, *, status: int = 200, refresh: int | None = None) -> flask.Response:
    headers: Mapping[str, str] = {"Refresh": str(refresh)} if refresh else {}
    return flask.Response(page, status=status, mimetype="text/html", headers={**SECURITY_HEADERS, **headers})


def _find_refresh(request: flask.Request, *, is_busy: bool) -> int | None:
    if request.args.get("refresh") == "off":
        return None
    return BUSY_SECONDS if is_busy else QUIET_SECONDS


def _may_act(request: flask.Request, connector: Connector) -> bool:
    return may_act(request.headers.get, parse_operators(connector.settings.status.operators))


def _read_after(request: flask.Request) -> int:
    text = request.args.get("after", "-1")
    if not re.fullmatch(r"-1|\d{1,9}", text):
        raise BadRequestError(f"after is no page number: {text[:20]!r}.", action="Leave it out to begin.")
    return int(text)


Show = Callable[..., flask.Response]
Describe = Callable[..., dict[str, Any]]
PAGES: Mapping[str, Show] = {
    "/": show_overview,
    "/entities/<name>": show_entity,
    "/runs/<run_id>": show_run,
    "/records": show_record,
}
FIGURES: Mapping[str, Describe] = {
    "/status/entities/<name>": describe_entity,
    "/status/runs/<run_id>": describe_run,
    "/status/records": describe_record,
}
"""What answers at which address."""
