"""Recovers from the descriptions of existing columns which field each was made for, if the state does not know."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from connector.domain.records.columns import to_snake_case
from connector.domain.records.contract import Kind
from connector.domain.records.names import COLLECTION, NOBODY, ColumnNames, render_path
from connector.domain.tables.schema import Column, ColumnType
from connector.domain.tables.view_names import OF_LINE

INTERNAL_ID = "internal id"
ORIGIN = re.compile(
    rf"(?P<entity>[A-Za-z]\w*)\.(?P<path>.+?)(?: \((?P<kind>{'|'.join([*Kind, INTERNAL_ID])})\))?", re.DOTALL
)
"""`Bill.Details.Qty (decimal)`; a detail collection has no kind."""


def learn_names(
    log: Iterable[Column], views: Mapping[str, Iterable[Column]], assumed: Mapping[str, str]
) -> ColumnNames:
    """Return the field that each column of a log and of its views was made for.

    `assumed` (column to field) decides for a column whose description is not ours, and between two columns described with
    the same field; the other of the two is never assigned again.
    """
    columns = tuple(log)
    told = dict(_read_fields(columns, "", ""))
    found = _settle(told, assumed)
    known = {(_find_row(column), owner) for column, owner in found.items()}
    supposed = {
        column: owner
        for column, owner in assumed.items()
        if column not in found and (_find_row(column), owner) not in known
    }
    return ColumnNames(
        log=supposed | found, views={name: dict(_read_view(columns, view)) for name, view in views.items()}
    )


def find_other_fields(existing: Iterable[Column], wanted: Iterable[Column], path: str = "") -> Iterator[str]:
    """Yield the dotted paths of existing columns whose descriptions name another field than they are wanted for."""
    by_name = {column.name: column for column in wanted}
    for column in existing:
        want = by_name.get(column.name)
        if want is None:
            continue
        made_for, wanted_for = _read_origin(column), _read_origin(want)
        is_cut_off = want.description.startswith(column.description)
        if made_for is not None and wanted_for is not None and made_for != wanted_for and not is_cut_off:
            yield path + column.name
        yield from find_other_fields(column.fields, want.fields, f"{path}{column.name}.")


def _read_origin(column: Column) -> tuple[str, bool] | None:
    """Return the path in a column's description, and whether it is for the internal id; None if it is not ours."""
    origin = ORIGIN.fullmatch(column.description)
    return None if origin is None else (origin["path"], origin["kind"] == INTERNAL_ID)


def learn_acumatica_entity(log: Iterable[Column]) -> str:
    """Return the Acumatica entity that most columns of a log were made for; empty if their descriptions do not tell."""
    origins = (ORIGIN.fullmatch(column.description) for column in log if not column.name.startswith("_"))
    found = Counter(origin["entity"] for origin in origins if origin is not None)
    return max(found, key=found.__getitem__, default="")


def _settle(told: Mapping[str, str], assumed: Mapping[str, str]) -> dict[str, str]:
    """Return one column for each field; a column that its field no longer uses belongs to no field."""
    count = Counter((_find_row(column), owner) for column, owner in told.items())
    used = {
        (_find_row(column), owner): column for column, owner in assumed.items() if told.get(column) == owner
    }
    settled: dict[str, str] = {}
    for column, owner in told.items():
        field = (_find_row(column), owner)
        is_used = count[field] == 1 or used.setdefault(field, column) == column
        settled[column] = owner if is_used else NOBODY
    return settled


def _read_fields(columns: Iterable[Column], row: str, above: str) -> Iterator[tuple[str, str]]:
    """Yield the dotted columns of a row with their fields. `above` is the collection's path as in the descriptions."""
    for column in columns:
        origin = ORIGIN.fullmatch(column.description)
        is_collection = column.type is ColumnType.RECORD
        if origin is None or not origin["path"].startswith(above):
            continue
        if is_collection != (origin["kind"] is None):  # made for something else, before what is described now
            yield row + column.name, NOBODY
            continue
        path = origin["path"]
        own = _render_field(path.removeprefix(above), column.name, is_id=origin["kind"] == INTERNAL_ID)
        owner = "".join(f"{render_path(step)}/" for step in above.split(".")[:-1]) + own
        yield row + column.name, owner + COLLECTION * is_collection
        yield from _read_fields(column.fields, f"{row}{column.name}.", f"{path}.")


def _render_field(path: str, column: str, *, is_id: bool) -> str:
    """Return the field. Custom fields and fields of linked entities are described alike; the column name tells which it is."""
    steps = path.split(".")
    plain = "/".join(map(render_path, steps))
    if len(steps) > 1 and not _is_called(column, steps) and _is_called(column, [*steps[:-2], steps[-1]]):
        plain = "/".join([*map(render_path, steps[:-2]), "custom", render_path(".".join(steps[-2:]))])
    return f"{plain}/id" if is_id else plain


def _is_called(column: str, steps: Iterable[str]) -> bool:
    name = "_".join(map(to_snake_case, steps))
    return re.fullmatch(rf"{re.escape(name)}(_\d+)?(_id(_\d+)?)?", column) is not None


def _read_view(log: Iterable[Column], view: Iterable[Column]) -> Iterator[tuple[str, str]]:
    """Yield the columns of a view with the log column they show, where both have the same description."""
    sources = list(_describe_sources(log))
    for column in view:
        shown = [source for source, description in sources if description == column.description]
        if column.description and shown and not column.name.startswith("_"):
            yield column.name, _choose(shown, column.name)


def _describe_sources(log: Iterable[Column]) -> Iterator[tuple[str, str]]:
    for column in log:
        yield column.name, column.description
        yield from ((OF_LINE + inner.name, inner.description) for inner in column.fields)


def _choose(sources: list[str], name: str) -> str:
    return next((source for source in sources if source in (name, OF_LINE + name)), sources[0])


def _find_row(column: str) -> str:
    return column.rpartition(".")[0]
