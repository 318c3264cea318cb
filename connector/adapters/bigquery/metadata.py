"""Reads and changes datasets, tables and views; every change may safely happen twice."""

from collections.abc import Callable
from typing import TypeVar

from google.api_core.exceptions import Conflict, NotFound, PreconditionFailed
from google.cloud import bigquery

from connector.adapters.bigquery.connection import ONCE, QUICK_SECONDS, Connection
from connector.domain.tables.schema import Table
from connector.errors import ConfigurationError

R = TypeVar("R")

Listed = bigquery.table.TableListItem

APP_LABEL = {"app": "acumatica-connector"}


class Metadata:
    """The objects of one dataset. A change returns False if another run was first: read the object again."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, name: str) -> bigquery.Table | None:
        """Return the table or view as it is, or None."""
        reference = self._connection.refer(name)
        return self._read(
            lambda: self._connection.client.get_table(reference, retry=ONCE, timeout=QUICK_SECONDS)
        )

    def list_objects(self) -> dict[str, Listed]:
        """Return every table and view of the dataset with its labels, by name: one request for a thousand; none without a dataset."""
        client, dataset = self._connection.client, self._connection.dataset
        found = self._read(
            lambda: {
                item.table_id: item
                for item in client.list_tables(dataset, page_size=1000, retry=ONCE, timeout=QUICK_SECONDS)
            }
        )
        return found or {}

    def find_dataset(self) -> bigquery.Dataset | None:
        """Return the dataset as it is, or None; raise ConfigurationError when it is elsewhere than configured."""
        name, wanted = self._connection.dataset, self._connection.location
        found = self._read(
            lambda: self._connection.client.get_dataset(name, retry=ONCE, timeout=QUICK_SECONDS)
        )
        if found is not None and wanted and found.location and found.location.lower() != wanted.lower():
            raise ConfigurationError(
                f"The dataset {name} is in {found.location}, not in {wanted}",
                action=f"Set BIGQUERY_LOCATION to {found.location}, or BIGQUERY_DATASET to another dataset.",
            )
        return found

    def create_dataset(self) -> bool:
        """Create the dataset at the configured location, or where the project's default is."""
        made = bigquery.Dataset(f"{self._connection.project}.{self._connection.dataset}")
        made.location = self._connection.location
        made.labels = APP_LABEL
        made.description = "Reporting copy of Acumatica, kept by the Acumatica connector."
        client = self._connection.client
        return self._change(lambda: client.create_dataset(made, retry=ONCE, timeout=QUICK_SECONDS))

    def create(self, made: bigquery.Table) -> bool:
        """Create the table or view."""
        client = self._connection.client
        return self._change(lambda: client.create_table(made, retry=ONCE, timeout=QUICK_SECONDS))

    def update(self, found: bigquery.Table, *fields: str) -> bool:
        """Change these fields unless somebody changed the table since it was read."""
        client = self._connection.client
        return self._change(lambda: client.update_table(found, fields, retry=ONCE, timeout=QUICK_SECONDS))

    def delete(self, name: str) -> None:
        """Delete the table, if there is one."""
        reference = self._connection.refer(name)
        client = self._connection.client
        self._connection.call(
            lambda: client.delete_table(reference, retry=ONCE, timeout=QUICK_SECONDS, not_found_ok=True)
        )

    def _read(self, function: Callable[[], R]) -> R | None:
        return self._connection.call(lambda: _unless(NotFound, function))

    def _change(self, function: Callable[[], R]) -> bool:
        done = self._connection.call(lambda: _unless((Conflict, PreconditionFailed), function))
        return done is not None


def label(table: Table) -> dict[str, str]:
    """Return the labels of a table and its views, by which costs can be told apart."""
    return APP_LABEL | ({"entity": table.entity} if table.entity else {})


def is_ours(found: bigquery.Table | Listed) -> bool:
    """Whether the connector made the table or view: it bears its label."""
    labels: dict[str, str] = found.labels
    return labels.items() >= APP_LABEL.items()


def _unless(expected: type[Exception] | tuple[type[Exception], ...], function: Callable[[], R]) -> R | None:
    try:
        return function()
    except expected:
        return None
