"""Tests BigQuery for `check` without writing anything."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from google.api_core.exceptions import MethodNotAllowed, MethodNotImplemented, NotFound
from google.cloud import bigquery

from connector.adapters.bigquery.connection import ONCE, QUICK_SECONDS, Connection
from connector.adapters.bigquery.current_rows import CurrentRows
from connector.adapters.bigquery.ddl import LAYOUT_LABEL, REVISION
from connector.adapters.bigquery.errors import DATASET_ROLE
from connector.adapters.bigquery.inherited import (
    describe_defaults,
    describe_expiration,
    find_collated,
)
from connector.adapters.bigquery.jobs import dry_run
from connector.adapters.bigquery.kept_table import leave_as_view
from connector.adapters.bigquery.metadata import Metadata
from connector.adapters.bigquery.schema import to_column
from connector.adapters.bigquery.views import find_repairs
from connector.domain.check_line import CheckLine
from connector.domain.tables.evolution import evolve, fingerprint
from connector.domain.tables.log_queries import build_trial_query
from connector.domain.tables.schema import Table
from connector.errors import AccessDeniedError, ConfigurationError, ConnectorError

NEEDED = (
    "bigquery.tables.get",
    "bigquery.tables.getData",
    "bigquery.tables.update",
    "bigquery.tables.updateData",
)
MEGABYTE = 1_000_000


def check_access(connection: Connection) -> Iterator[CheckLine]:
    """Yield lines on the identity, the right to run jobs, and the dataset."""
    yield _try("BigQuery jobs", partial(_check_jobs, connection))
    yield _try("BigQuery dataset", partial(_check_dataset, connection))


def check_tables(connection: Connection, tables: Sequence[Table]) -> Iterator[CheckLine]:
    """Yield a line for each table: its rights, and a dry run of its views."""
    for table in tables:
        yield _try(f"BigQuery table {table.name}", partial(_check_table, connection, table))


def _try(subject: str, check: Callable[[], str]) -> CheckLine:
    try:
        return CheckLine(subject=subject, ok=True, finding=check())
    except ConnectorError as exc:
        return CheckLine(subject=subject, ok=False, finding=exc.message, remedy=exc.action)


def _check_jobs(connection: Connection) -> str:
    dry_run(connection, "SELECT 1")
    return f"queries can be run in the project {connection.project}"


def _check_dataset(connection: Connection) -> str:
    found = Metadata(connection).find_dataset()
    if found is None:
        place = connection.location or "the project's default location"
        return f"{connection.dataset} does not exist yet; the first run creates it in {place}"
    notes = "".join(f"; {note}" for note in describe_defaults(connection, found))
    return f"{connection.dataset} can be reached, in {found.location}{notes}"


def _check_table(connection: Connection, table: Table) -> str:
    found = Metadata(connection).find(table.name)
    if found is None:
        return f"does not exist yet; the first run creates it{_try_views(connection, table)}"
    table = leave_as_view(table, found)
    _require_rights(connection, found)
    _require_permanence(connection, found, table)
    columns = evolve(map(to_column, found.schema), table.columns).columns
    objects = Metadata(connection).list_objects()
    shown = CurrentRows(connection).show(table, columns, objects)
    repairs = find_repairs(shown, columns, objects)
    if found.labels.get(LAYOUT_LABEL) != fingerprint(table, REVISION):
        repairs = f"; the next run brings it up to date{repairs}"
    if repairs:
        return f"can be read and written{repairs}{_try_views(connection, shown)}"
    sizes = [dry_run(connection, connection.render(view.sql)) for view in shown.views]
    if not sizes:
        return "can be read and written"
    return f"can be read and written; its {len(sizes)} views are valid (up to {max(sizes) / MEGABYTE:.1f} MB a query)"


def _require_permanence(connection: Connection, found: bigquery.Table, table: Table) -> None:
    """Raise ConfigurationError when the log or a view of it expires, or the log has columns that ignore case."""
    views = (Metadata(connection).find(view.name) for view in table.views)
    for each in (found, *views):
        error = each and describe_expiration(connection, each)
        if error:
            raise error
    if collated := find_collated(found):
        raise ConfigurationError(
            f"{table.name} compares text without regard to case, in {len(collated)} columns such as {collated[0]}",
            action=(
                "Take the default collation off the dataset, rename the table, and run again: a new log is made and filled."
            ),
        )


def _try_views(connection: Connection, table: Table) -> str:
    """Dry-run the views as the next run will create them; return the finding."""
    if not table.views:
        return ""
    dry_run(connection, build_trial_query(table))
    return f"; its {len(table.views)} views are valid"


def _require_rights(connection: Connection, table: bigquery.Table) -> None:
    """Raise AccessDeniedError naming the rights on the table that are missing; an emulator knows no rights."""

    def ask() -> set[str] | None:
        try:
            answer = connection.client.test_iam_permissions(table, NEEDED, retry=ONCE, timeout=QUICK_SECONDS)
        except (NotFound, MethodNotAllowed, MethodNotImplemented):
            return None
        return set(answer.get("permissions", ()))

    granted = connection.call(ask)
    if granted is not None and (missing := sorted(set(NEEDED) - granted)):
        raise AccessDeniedError(
            f"BigQuery: the service account lacks {', '.join(missing)} on the table {table.table_id}",
            action=f"Grant it {DATASET_ROLE}.",
        )
