"""Answers requests below the OData addresses: which interface, which feed, which rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from ..deleted import FUNCTION, deleted_records
from ..gate import basic_session, require_session
from ..messages import JSON_TYPE, Request, Response, json_response
from ..problems import Refusal, bad_request, forbidden
from ..sessions import Session
from ..site import Site
from .classes import CLASSES, make_up
from .dialect import NEW, OLD, Dialect
from .feed import Feed
from .inquiries import INQUIRIES
from .metadata import build_metadata
from .reading import FeedReading

CALL = re.compile(r"(?P<name>\w+)_WithParameters\((?P<arguments>.*)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Interface:
    feeds: Sequence[Feed]
    namespace: str
    dialect: Dialect
    root: str
    is_inquiries: bool


def is_odata(first: str) -> bool:
    """Whether an address of the instance belongs to an OData interface."""
    return first.casefold() in ("t", "odata", "odatav4")


def serve(request: Request, site: Site, first: str, rest: str) -> Response:
    """Answer a request; whoever is not signed in learns nothing, whatever the address."""
    tenant = unquote(rest.partition("/")[0])
    session = basic_session(request, site, tenant) or require_session(request, site)
    parts = [unquote(part) for part in rest.rstrip("/").split("/")]
    interface, tail = _find(site, first, parts)
    if parts[0].casefold() != session.tenant.casefold() or interface is None:
        raise Refusal(Response(status=404))
    if not (interface.is_inquiries or site.options.has_odata4_role):
        raise forbidden("data access classes", "OData4 User")
    if tail[1:] == [FUNCTION] and not interface.is_inquiries:
        return deleted_records(request, site, tail[0])
    if len(tail) > 1:
        raise Refusal(Response(status=404))
    if request.method != "GET":
        raise bad_request("The OData interface is read-only.")
    if not tail:
        return _service_document(interface)
    if tail[0] == "$metadata":
        return _metadata(request, interface)
    try:
        return _read(request, site, session, interface, tail[0])
    except Refusal as refusal:
        raise Refusal(_reworded(refusal.response)) from None


def _find(site: Site, first: str, parts: Sequence[str]) -> tuple[_Interface | None, Sequence[str]]:
    """The interface of an address, and what follows it. Words of the path are told apart without case."""
    base = site.options.base_path
    words = [part.casefold() for part in parts[1:4]]
    captions = site.options.captions
    inquiries = [
        feed.with_captions(captions.get(feed.title, {}))
        for feed in INQUIRIES
        if feed.title not in site.options.unexposed_inquiries
    ]
    if first == "t" and words[:2] == ["api", "odata"] and words[2:] in (["gi"], ["dac"]):
        is_inquiries, dialect, tail = words[2] == "gi", NEW, parts[4:]
    elif first.casefold() == "odata":
        is_inquiries, dialect, tail = True, OLD, parts[1:]
    elif first.casefold() == "odatav4":
        is_inquiries, dialect, tail = False, NEW, parts[1:]
    else:
        return None, ()
    root = "/".join([base, first, *parts[: len(parts) - len(tail)]])
    return _Interface(
        feeds=inquiries if is_inquiries else [*CLASSES, *make_up(site.options.made_up_classes)],
        namespace="GenericInquiry" if is_inquiries else "PX.Data",
        dialect=dialect,
        root=root,
        is_inquiries=is_inquiries,
    ), tail


def _service_document(interface: _Interface) -> Response:
    """All feeds there are, also those the reader may not open."""
    names = [name for feed in interface.feeds for name in (feed.title, *feed.aliases)]
    sets = [{"name": name, "kind": "EntitySet", "url": name} for name in names]
    return json_response(200, {interface.dialect.context: f"{interface.root}/$metadata", "value": sets})


def _metadata(request: Request, interface: _Interface) -> Response:
    if "json" in request.header("Accept") and "xml" not in request.header("Accept"):
        text = "The JSON metadata is not supported at this platform. It's only supported at platform implementing .NETStardard 2.0."
        return json_response(500, {"message": text})
    body = build_metadata(interface.feeds, interface.namespace, interface.dialect).encode()
    return Response(status=200, headers=(("Content-Type", "application/xml"),), body=body)


def _read(request: Request, site: Site, session: Session, interface: _Interface, name: str) -> Response:
    call = CALL.fullmatch(name)
    feed = _named(interface.feeds, name, call)
    if feed is None or not feed.has_list:
        raise Refusal(Response(status=404))
    if feed.title in site.options.forbidden_inquiries:
        raise forbidden(feed.title, "GI000000")
    reading = FeedReading(
        site=site,
        feed=feed,
        dialect=interface.dialect,
        request=request,
        context=f"{interface.root}/$metadata#{feed.title}",
        classes={} if interface.is_inquiries else {item.title: item for item in interface.feeds},
        sees_data=session.tenant.casefold() == site.options.tenant.casefold(),
    )
    body = reading.answer(call["arguments"] if call else None)
    return Response(status=200, headers=(("Content-Type", JSON_TYPE),), body=body)


def _named(feeds: Sequence[Feed], name: str, call: re.Match[str] | None) -> Feed | None:
    if call is not None:
        return next((feed for feed in feeds if feed.parameters and feed.type_name == call["name"]), None)
    return next((feed for feed in feeds if name == feed.title or name in feed.aliases), None)


def _reworded(response: Response) -> Response:
    """Errors of these interfaces carry their text in `message`."""
    if response.status != 500:
        return response
    return json_response(500, {"message": response.json()["exceptionMessage"]})
