"""Writes `docs/tables.md`, the map of every table and view: `make tables`.

It is made of the catalogue and of the contracts of every version of the endpoint `Default` that the simulated tenant has.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec
import yaml
from msgspec import structs

from acumatica_sandbox.contract import known_versions, system_endpoint
from acumatica_sandbox.openapi import build_swagger
from connector.adapters.acumatica.contract import build_contract
from connector.adapters.acumatica.swagger import Members, Swagger
from connector.app.catalogue import BUNDLED, load_catalogue
from connector.domain.entity import Entity, LineView
from connector.domain.records.contract import Shape
from connector.domain.tables.log_table import LINE_META_COLUMNS, META_COLUMNS, build_table
from connector.domain.tables.schema import Column, ColumnType, Table, View
from connector.domain.tables.sql import render_type
from connector.domain.tables.sync_runs import SYNC_RUNS
from connector.domain.tables.view_names import HISTORY_COLUMNS

PAGE = Path(__file__).parents[2] / "docs" / "tables.md"
VERSIONS = tuple(known_versions())

INTRODUCTION = f"""\
# Every table and view

`make tables` writes this page from the catalogue and from the contracts of the endpoint `Default` {VERSIONS[0]} to {VERSIONS[-1]}. What a
name is good for is told in [the guide](warehouse.md). Your tenant may have more fields (an endpoint extended by you) or fewer; the
description of every column in the dataset names its Acumatica field.

The last column of a table says in which versions of the endpoint a field exists, if not in all that have the entity. *Off*
means: nothing is copied for it until you switch it on.

**What is not copied.** Scalar fields of an entity are all copied. Details and linked entities are copied where the catalogue
(`connector/entities.yaml`, or the file that `ENTITIES_FILE` names) asks for them. Under each entity stands what it does not ask for, with
the line that switches it on: put it into the entity's block in place of the one that begins alike. The next run adds the columns;
records fill them as they change, a reconcile of contents fills them for all. Dates without a time belong into `date_fields` too, in versions before
26.200.001. Bank accounts (`PaymentInstructions`) are held back by `exclude`. Custom fields are copied where `custom` names them, as `Document.UsrRegion`. Notes and files are never copied.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Details or a linked entity that is not read: its path, where it would appear, and the lines that ask for it."""

    path: str
    appears_as: str
    lines: tuple[str, ...]
    versions: tuple[str, ...]


@cache
def read_swagger(version: str) -> Swagger:
    """Return what the simulated tenant publishes for this version."""
    return Swagger.parse(msgspec.json.encode(build_swagger(system_endpoint(version), "http://127.0.0.1")))


def find_versions(entity: Entity) -> tuple[str, ...]:
    """Return the versions whose endpoint has the entity."""
    return tuple(version for version in VERSIONS if read_swagger(version).entity(entity.acumatica_entity))


def build(entity: Entity, version: str) -> Table:
    """Return the log table of an entity, with its views, by the contract of this version."""
    return build_table(entity, build_contract(entity, "Default", version, read_swagger(version), None))


def read_lines(name: str) -> list[str]:
    """Return the lines of an entity's block in the bundled catalogue, without its name."""
    _, _, after = f"\n{BUNDLED.read_text()}".partition(f"\n{name}:\n")
    return after.split("\n\n")[0].rstrip().split("\n")


def find_off(name: str) -> Mapping[str, tuple[LineView, str]]:
    """Return the line views of an entity that are off, by name, each with the line that switches it on."""
    views = yaml.safe_load("\n".join(read_lines(name))).get("line_views", [])
    lines = {line.partition("name: ")[2].partition(",")[0]: line.strip() for line in read_lines(name)}
    return {
        view.name: (
            structs.replace(view, enabled=True),
            lines[view.name].replace("enabled: false", "enabled: true"),
        )
        for view in msgspec.convert(views, list[LineView])
        if not view.enabled
    }


def switch_on(entity: Entity, view: LineView) -> Entity:
    """Return the entity with this line view among its own."""
    return structs.replace(
        entity,
        line_views=(*entity.line_views, view),
        expand=tuple(dict.fromkeys((*entity.expand, *view.details))),
    )


def render_page() -> str:
    """Return the whole page."""
    parts = [INTRODUCTION, *_render_own_columns(), *map(_render_entity, load_catalogue().entities.values())]
    return "\n".join(parts)


def _render_own_columns() -> Iterator[str]:
    yield "## Columns of the connector\n\nIn every current and history view, in the log `_deleted` too:\n"
    yield _render_meanings(META_COLUMNS)
    yield "In every line view, beside `_synced_at` and `_run_id`; `_parent_id` is the `_id` of the record, `_detail` its collection where a view unites several:\n"
    yield _render_meanings(LINE_META_COLUMNS)
    yield "In every history view, beside all columns of the current view:\n"
    yield _render_meanings(HISTORY_COLUMNS)
    yield "## sync_runs\n\nOne row per run of the connector, of every entity.\n"
    yield _render_meanings(SYNC_RUNS.columns)


def _render_meanings(columns: Sequence[Column]) -> str:
    rows = "".join(f"| `{c.name}` | {c.type} | {c.description} |\n" for c in columns)
    return f"| column | type | meaning |\n|---|---|---|\n{rows}"


def _render_entity(entity: Entity) -> str:
    off = find_off(entity.name)
    tables = {version: build(entity, version) for version in find_versions(entity)}
    keys = ", ".join(f"`{key}`" for key in entity.keys)
    scheduled = "" if entity.enabled else " Off: `enabled: true` in its block has it scheduled."
    parts = [
        f"## {entity.name}\n",
        f"`{entity.acumatica_entity}` of Acumatica, with the key {keys}. Log `{entity.log_table}`, history `{entity.history_view}`.{scheduled}\n",
        f"`{entity.current_view}`, one row per record:\n",
        _render_view(tables, entity.current_view, _find_shown_elsewhere(entity)),
    ]
    for line_view in entity.line_views:
        parts += [
            f"`{line_view.name}`, one row per line of {_join(line_view)}:\n",
            _render_view(tables, line_view.name),
        ]
    for line_view, line in off.values():
        switched = {
            version: build(switch_on(entity, line_view), version) for version in find_versions(entity)
        }
        parts += [
            f"`{line_view.name}`, one row per line of {_join(line_view)}. Off: `{line}` has it made.\n",
            _render_view(switched, line_view.name),
        ]
    parts += _render_left(entity, tuple(find_left(entity)))
    return "\n".join(parts)


def _join(view: LineView) -> str:
    return " and ".join(f"`{name}`" for name in view.details)


def _find_shown_elsewhere(entity: Entity) -> frozenset[str]:
    """Return the collections whose fields a line view lists."""
    return frozenset(name for view in entity.line_views for name in view.details)


def _render_view(tables: Mapping[str, Table], name: str, shown: frozenset[str] = frozenset()) -> str:
    found: dict[tuple[str, str, str], list[str]] = {}
    for version, table in tables.items():
        for view in table.views:
            if view.name == name:
                for row in _list_columns(view, shown):
                    found.setdefault(row, []).append(version)
    rows = "".join(
        f"| `{column}` | {kind} | `{field}` | {_render_versions(versions, tuple(tables))} |\n"
        for (column, kind, field), versions in found.items()
    )
    return f"| column | type | Acumatica | only in |\n|---|---|---|---|\n{rows}"


def _list_columns(view: View, shown: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    """Yield name, type and Acumatica field of the columns, and of those within collections that no line view shows."""
    for column in view.columns:
        if not column.name.startswith("_"):
            yield from _list_column(column, "", shown)


def _list_column(column: Column, prefix: str, shown: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    field = column.description.partition(".")[2].partition(" (")[0]
    kind = "repeated" if column.type is ColumnType.RECORD else render_type(column)
    yield f"{prefix}{column.name}", kind, field + ("/id" if "(internal id)" in column.description else "")
    if column.type is ColumnType.RECORD and field not in shown:
        for inner in column.fields:
            if not inner.name.startswith("_"):
                yield from _list_column(inner, f"{prefix}{column.name}.", shown)


def _render_versions(versions: Sequence[str], every: tuple[str, ...]) -> str:
    if len(versions) == len(every):
        return ""
    places = [every.index(version) for version in versions]
    if places == list(range(places[0], places[-1] + 1)) and len(places) > 1:
        return f"{versions[0]} to {versions[-1]}"
    return ", ".join(versions)


def find_left(entity: Entity) -> Iterator[Left]:
    """Yield the details and linked entities that the catalogue does not ask for, at every level that is read."""
    ready = {name for view, _ in find_off(entity.name).values() for name in view.details}
    found: dict[str, list[str]] = {}
    for version in find_versions(entity):
        swagger = read_swagger(version)
        shape = build_contract(entity, "Default", version, swagger, None).root
        for path in _walk_left(
            swagger, swagger.members(swagger.entity(entity.acumatica_entity) or ""), shape, ""
        ):
            if path not in ready:
                found.setdefault(path, []).append(version)
    for path, versions in sorted(found.items()):
        wanted = _ask_for(entity, path)
        lines = [f"expand: [{', '.join(wanted.expand)}]"]
        if wanted.exclude != entity.exclude:
            lines.insert(0, f"exclude: [{', '.join(sorted(wanted.exclude))}]")
        columns = _find_new(build(entity, versions[-1]), build(wanted, versions[-1]))
        yield Left(path=path, appears_as=columns, lines=tuple(lines), versions=tuple(versions))


def _walk_left(swagger: Swagger, members: Members, shape: Shape, path: str) -> Iterator[str]:
    read = {**shape.details, **shape.linked}
    for name, schema in {**members.details, **members.linked}.items():
        if name in read:
            yield from _walk_left(swagger, swagger.members(schema), read[name], f"{path}{name}/")
        else:
            yield f"{path}{name}"


def _ask_for(entity: Entity, path: str) -> Entity:
    return structs.replace(
        entity, expand=(*entity.expand, path), exclude=entity.exclude - {path, path.rpartition("/")[2]}
    )


def _find_new(before: Table, after: Table) -> str:
    """Return the column that a collection becomes, or what the columns of a linked entity begin with."""
    had = set(_list_names(before.columns, ""))
    new = [name for name in _list_names(after.columns, "") if name not in had]
    for column in new:
        if all(name == column or name.startswith(f"{column}.") for name in new):
            return f"{column}"
    shared = new[0]
    while not all(name.startswith(shared) for name in new):
        shared = shared[:-1]
    return f"{shared.rpartition('_')[0]}_…"


def _list_names(columns: Sequence[Column], prefix: str) -> Iterator[str]:
    for column in columns:
        yield prefix + column.name
        yield from _list_names(column.fields, f"{prefix}{column.name}.")


def _render_left(entity: Entity, left: Sequence[Left]) -> Iterator[str]:
    if not left:
        return
    rows = "".join(
        f"| `{item.path}` | `{item.appears_as}` | {', '.join(f'`{line}`' for line in item.lines)} |"
        f" {_render_versions(item.versions, find_versions(entity))} |\n"
        for item in left
    )
    yield "Not copied:\n"
    yield f"| Acumatica | column | line that has it copied | only in |\n|---|---|---|---|\n{rows}"


if __name__ == "__main__":
    PAGE.write_text(render_page())
