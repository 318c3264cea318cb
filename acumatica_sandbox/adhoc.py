"""`$adHocSchema`: an empty record of an entity, with the custom fields of every level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .contract import Endpoint, TypeContract


def build_schema(endpoint: Endpoint, contract: TypeContract, custom: Mapping[str, str]) -> dict[str, Any]:
    """The template record of an entity."""
    template = _level(endpoint, contract, custom, "", depth=2)
    return template | {"_workflowActions": []}


def _level(
    endpoint: Endpoint, contract: TypeContract, custom: Mapping[str, str], path: str, depth: int
) -> dict[str, Any]:
    names = sorted(contract.fields, key=str.casefold)
    level: dict[str, Any] = {"rowNumber": 1, "note": None} | {name: {} for name in names}
    if depth:
        for name, kind in contract.details.items():
            level[name] = [_level(endpoint, endpoint.types[kind], custom, f"{path}{name}/", depth - 1)]
        for name, kind in contract.linked.items():
            level[name] = _level(endpoint, endpoint.types[kind], custom, f"{path}{name}/", depth - 1)
    return level | {"custom": _custom(custom, path)}


def _custom(custom: Mapping[str, str], path: str) -> dict[str, dict[str, Any]]:
    views: dict[str, dict[str, Any]] = {}
    for name, kind in custom.items():
        local = name.removeprefix(path)
        if name.startswith(path) and "/" not in local:
            view, _, field = local.partition(".")
            views.setdefault(view, {})[field] = {"type": kind, "value": None}
    return views
