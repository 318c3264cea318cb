"""The mark that each view carries, by which a run knows whether it is still the view that the connector made."""

from collections.abc import Container, Iterable, Iterator, Sequence
from hashlib import blake2b

from connector.domain.entity import name_log
from connector.domain.tables.evolution import find_retyped
from connector.domain.tables.schema import Column, Table, View
from connector.errors import ConfigurationError


def mark_views(table: Table, columns: Iterable[Column], translation: int = 0) -> dict[str, str]:
    """Return 32 hexadecimal digits for each view by name, over a log that holds these columns.

    They change with the owner, the text, the descriptions, and the types of columns that are not the wanted ones, because a
    warehouse may remember in a view what types it was made over. `translation` numbers how the warehouse words the text.
    """
    worded = f" {translation}" * bool(translation)
    held = [(path, column.type, column.repeated) for path, column in find_retyped(columns, table.columns)]
    return {
        view.name: blake2b(f"{table.entity} {view!r} {held}{worded}".encode(), digest_size=16).hexdigest()
        for view in table.views
    }


def list_others(owners: Iterable[str | None], table: Table, names: Container[str]) -> tuple[str, ...]:
    """Return those of the owners of views that are other entities than the table's, and whose logs are there."""
    others = {owner for owner in owners if owner and owner != table.entity}
    return tuple(sorted(owner for owner in others if name_log(owner) in names))


def describe_repairs(
    unfit: Sequence[View], owners: Sequence[str], superseded: Sequence[str], names: Container[str]
) -> str:
    """Return what the next run will mend, to be added to a sentence; empty if that is nothing.

    `names` are those of the tables and views that are there.
    """
    return "".join(f"; {repair}" for repair in _list_repairs(unfit, owners, superseded, names))


def _list_repairs(
    unfit: Sequence[View], owners: Sequence[str], superseded: Sequence[str], names: Container[str]
) -> Iterator[str]:
    missing = [view.name for view in unfit if view.name not in names]
    changed = [view.name for view in unfit if view.name in names]
    if owners:
        yield f"its views show the log of {', '.join(owners)} until a first pass is complete"
    if missing:
        yield f"the next run makes {', '.join(missing)}, which is missing"
    if changed:
        yield f"the next run makes {', '.join(changed)} again, which is not as the connector made it"
    if superseded:
        yield f"the next run drops {', '.join(superseded)}, which nothing keeps up to date"


def build_two_logs(before: str, after: str) -> ConfigurationError:
    """Return the error for an entity that cannot take the name of another one, because that has a log of its own."""
    return ConfigurationError(
        f"{name_log(before)} cannot become {name_log(after)}: both exist",
        action=(
            f"If {name_log(after)} was only begun since the block was renamed, drop it and run this again; otherwise choose another name."
        ),
    )
