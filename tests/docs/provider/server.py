"""A provider that serves a schema to Terraform and keeps what it is told to make, so that nothing needs Google.

Terraform does the rest itself: it checks every argument against the schema, evaluates every expression, orders, plans, applies
and destroys. What the schema does not say (which values Google takes, which arguments exclude each other) is not checked here.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import msgspec

from tests.docs.provider.wire import CALLS, PACKAGE, message

NESTINGS = {"single": 1, "list": 2, "set": 3}
FIXED = (
    "name",
    "location",
    "region",
    "project",
    "bucket",
    "role",
    "member",
    "collection",
    "field",
    "database",
    "secret",
)
"""What Google lets nobody change afterwards; so are all names that end with `_id`."""

Values = dict[str, Any]
Fill = Callable[[str, Values, str], Any]
"""Returns what Google makes up: of a type, with the other values, the value of an attribute (None: anything)."""


class Unknown:
    """A value that is known after apply."""


UNKNOWN = Unknown()


def decode(value: Any) -> Any:
    """Return a value that Terraform sent."""
    if value.json:
        return json.loads(value.json)
    return msgspec.msgpack.decode(value.msgpack, ext_hook=lambda *_: UNKNOWN)


def encode(value: Any) -> Any:
    """Return a value for Terraform."""
    text = msgspec.msgpack.encode(value, enc_hook=lambda _: msgspec.msgpack.Ext(0, b"\0"))
    return message("DynamicValue")(msgpack=text)


class Provider:
    """Answers Terraform's calls for one provider."""

    def __init__(self, schema: Mapping[str, Any], fill: Fill) -> None:
        self._schema = schema
        self._fill = fill

    def answer(self, call: str, request: Any) -> Any:
        """Return the answer to one call."""
        handler: Callable[[Any], Values] | None = getattr(self, re.sub("(?=[A-Z])", "_", call).lower(), None)
        return message(CALLS[call][1])(**(handler(request) if handler else {}))

    def _get_schema(self, _: Any) -> Values:
        return {
            "provider": _build_schema(self._schema["provider"]),
            "resource_schemas": self._build_entries("resource"),
            "data_source_schemas": self._build_entries("data"),
        }

    def _build_entries(self, kind: str) -> list[Any]:
        entry = message("ResourceEntry")
        return [entry(key=type_, value=_build_schema(block)) for type_, block in self._schema[kind].items()]

    def _prepare_provider_config(self, request: Any) -> Values:
        return {"prepared_config": request.config}

    def _upgrade_resource_state(self, request: Any) -> Values:
        return {"upgraded_state": message("DynamicValue")(json=request.raw_state.json)}

    def _read_resource(self, request: Any) -> Values:
        return {"new_state": request.current_state}

    def _plan_resource_change(self, request: Any) -> Values:
        prior, proposed = decode(request.prior_state), decode(request.proposed_new_state)
        if proposed is None:
            return {"planned_state": request.proposed_new_state, "legacy_type_system": True}
        block = self._schema["resource"][request.type_name]
        if prior is None:
            _mark_unknown(block, proposed)
        return {
            "planned_state": encode(proposed),
            "requires_replace": list(_find_replacing(prior, proposed)),
            "legacy_type_system": True,
        }

    def _apply_resource_change(self, request: Any) -> Values:
        planned = decode(request.planned_state)
        if planned is not None:
            self._make_known(request.type_name, planned, planned)
        return {"new_state": encode(planned), "legacy_type_system": True}

    def _import_resource_state(self, request: Any) -> Values:
        """Find what exists: its project and its name are in the id, whatever the thing is."""
        block = self._schema["resource"][request.type_name]
        state: Values = dict.fromkeys(block["a"])
        state |= {name: None if nesting == "single" else [] for name, (nesting, *_) in block["b"].items()}
        *path, last = request.id.split("/")
        own = next(name for name in ("dataset_id", "secret_id", "name") if name in state)
        state |= {"id": request.id, own: last, "project": path[1]}
        imported = message("ImportedResource")(type_name=request.type_name, state=encode(state))
        return {"imported_resources": [imported]}

    def _read_data_source(self, request: Any) -> Values:
        values = decode(request.config)
        _mark_unknown(self._schema["data"][request.type_name], values)
        self._make_known(request.type_name, values, values)
        return {"state": encode(values)}

    def _make_known(self, type_: str, root: Values, values: Values) -> None:
        for name, value in values.items():
            if value is UNKNOWN:
                values[name] = self._fill(type_, root, name)
            for inner in value if isinstance(value, list) else [value]:
                if isinstance(inner, dict):
                    self._make_known(type_, root, inner)


def _mark_unknown(block: Mapping[str, Any], values: Values) -> None:
    """Leave to Google what the configuration does not say and Google decides."""
    for name, (_, flags) in block["a"].items():
        if values.get(name) is None and "c" in flags:
            values[name] = UNKNOWN
    for name, (_, _, _, inner) in block["b"].items():
        given = values.get(name)
        for item in given if isinstance(given, list) else [given]:
            if isinstance(item, dict):
                _mark_unknown(inner, item)


def _find_replacing(prior: Values | None, proposed: Values) -> Iterator[Any]:
    for name in proposed:
        is_fixed = name in FIXED or name.endswith("_id")
        if prior and is_fixed and prior.get(name) is not None and prior[name] != proposed[name]:
            yield message("AttributePath")(steps=[message("Step")(attribute_name=name)])


def _build_schema(block: Mapping[str, Any]) -> Any:
    return message("Schema")(block=_build_block(block))


def _build_block(block: Mapping[str, Any]) -> Any:
    attribute, nested = message("Attribute"), message("NestedBlock")
    return message("Block")(
        attributes=[
            attribute(
                name=name,
                type=json.dumps(type_).encode(),
                required="r" in flags,
                optional="o" in flags,
                computed="c" in flags,
            )
            for name, (type_, flags) in block["a"].items()
        ],
        block_types=[
            nested(
                type_name=name,
                block=_build_block(inner),
                nesting=NESTINGS[nesting],
                min_items=least,
                max_items=most if nesting != "single" else 0,
            )
            for name, (nesting, least, most, inner) in block["b"].items()
        ],
    )


@contextmanager
def serving(provider: Provider) -> Iterator[str]:
    """Serve a provider on this machine; yield its address."""
    server = grpc.server(ThreadPoolExecutor(max_workers=8))
    handlers = {call: _build_handler(provider, call) for call in CALLS}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(f"{PACKAGE}.Provider", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None)


def _build_handler(provider: Provider, call: str) -> Any:
    taken = message(CALLS[call][0])
    return grpc.unary_unary_rpc_method_handler(
        lambda request, _: provider.answer(call, request),
        request_deserializer=taken.FromString,
        response_serializer=lambda answer: answer.SerializeToString(),
    )
