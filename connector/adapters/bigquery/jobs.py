"""Waits for jobs by our own clock, and reads query results page by page."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, TypeVar
from uuid import uuid4

from google.api_core.exceptions import Conflict, NotFound
from google.cloud import bigquery
from google.cloud.bigquery.enums import QueryApiMethod
from google.cloud.bigquery.job import LoadJob, QueryJob
from google.cloud.bigquery.table import Row

from connector.adapters.bigquery.connection import ONCE, QUICK_SECONDS, Connection
from connector.adapters.bigquery.errors import (
    TableMissingError,
    translate_error,
    translate_reason,
    translated,
)
from connector.errors import TransientError, WarehouseUnavailableError

J = TypeVar("J", LoadJob, QueryJob)

DONE = "DONE"
FIRST_PAUSE = timedelta(milliseconds=500)
MAX_PAUSE = timedelta(seconds=5)
QUERY_WAIT = timedelta(minutes=30)
PAGE_ROWS = 20_000


def wait_for(connection: Connection, job: LoadJob | QueryJob, longest: timedelta) -> bool:
    """Return True once the job is done, however it ended; False if it takes too long, in which case it continues."""
    clock = connection.clock
    end = clock.now() + longest
    if connection.retry.deadline is not None:
        end = min(end, connection.retry.deadline)
    pause = FIRST_PAUSE
    while job.state != DONE:
        if clock.now() + pause > end:
            return False
        clock.sleep(pause)
        pause = min(pause * 2, MAX_PAUSE)
        connection.once(lambda: job.reload(retry=ONCE, timeout=QUICK_SECONDS))
    return True


def find_job(connection: Connection, kind: type[J], job_id: str) -> J | None:
    """Return the job, or None when there is none of this kind and id. Where no location is configured, the dataset's own is asked for: jobs live there."""
    location = connection.location
    if location is None:
        location = connection.client.get_dataset(
            connection.dataset, retry=ONCE, timeout=QUICK_SECONDS
        ).location
    try:
        found = connection.client.get_job(job_id, location=location, retry=ONCE, timeout=QUICK_SECONDS)
    except NotFound:
        return None
    return found if isinstance(found, kind) else None


def run_query(connection: Connection, sql: str, values: Mapping[str, str]) -> Iterator[Row]:
    """Submit a query, wait for it, and yield its rows page by page; raise TableMissingError when there is no table."""
    query = _Query(connection, sql, values)
    job = connection.retry.call(query.run)
    if job.state != DONE:
        raise WarehouseUnavailableError(
            f"BigQuery has not finished the query {job.job_id} yet", action="Run again later."
        )
    if job.error_result:
        error = translate_reason(job.error_result)
        raise TableMissingError(error) if job.error_result.get("reason") == "notFound" else error
    retrying: Any = connection.retrying
    yield from connection.once(lambda: job.result(page_size=PAGE_ROWS, retry=retrying, job_retry=None))


def dry_run(connection: Connection, sql: str) -> int:
    """Return how many bytes the query would read; raise our error when it is not valid or not allowed."""
    config = bigquery.QueryJobConfig(dry_run=True, use_query_cache=False)
    job = connection.call(
        lambda: connection.client.query(
            sql,
            job_config=config,
            location=connection.location,
            retry=ONCE,
            job_retry=None,
            timeout=QUICK_SECONDS,
        )
    )
    return int(job.total_bytes_processed or 0)


class _Query:
    """A running query. Called again after a transient error, it finds its job or submits it again."""

    def __init__(self, connection: Connection, sql: str, values: Mapping[str, str]) -> None:
        self._connection = connection
        self._sql = sql
        self._job_id = _name_job()
        self._parameters = [
            bigquery.ScalarQueryParameter(name, "STRING", value) for name, value in values.items()
        ]

    def run(self) -> QueryJob:
        """Return the job that is done, or that takes too long."""
        with translated():
            try:
                job = self._submit()
            except Conflict:
                found = find_job(self._connection, QueryJob, self._job_id)
                if found is None:
                    raise
                job = found
            except NotFound as exc:
                raise TableMissingError(translate_error(exc)) from exc
        wait_for(self._connection, job, QUERY_WAIT)
        if job.error_result and isinstance(error := translate_reason(job.error_result), TransientError):
            self._job_id = _name_job()
            raise error
        return job

    def _submit(self) -> QueryJob:
        return self._connection.client.query(
            self._sql,
            job_config=bigquery.QueryJobConfig(query_parameters=self._parameters),
            job_id=self._job_id,
            location=self._connection.location,
            retry=ONCE,
            job_retry=None,
            timeout=QUICK_SECONDS,
            api_method=QueryApiMethod.INSERT,
        )


def _name_job() -> str:
    return f"acumatica_query_{uuid4().hex}"
