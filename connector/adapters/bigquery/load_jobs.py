"""Writes rows by load jobs: all or nothing per job, free of charge, and safe immediately on a new table.

A job's id is made from what it carries, so a job that is submitted again is found and not run twice. A job that fails because
of its data is cut apart until the rows at fault stand alone.
"""

import io
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from hashlib import blake2b

from google.api_core.exceptions import Conflict, NotFound
from google.cloud import bigquery

from connector.adapters.bigquery.connection import UPLOAD_SECONDS, Connection
from connector.adapters.bigquery.errors import (
    TableMissingError,
    shorten,
    translate_error,
    translate_reason,
    translated,
)
from connector.adapters.bigquery.jobs import DONE, find_job, wait_for
from connector.domain.batch import Row
from connector.domain.tables.schema import Table
from connector.errors import TransientError, WarehouseRefusedError, WarehouseUnavailableError

DATA_REASON = "invalid"
POSITION = re.compile(r"row starting at position:? (\d+)", re.IGNORECASE)
MAX_FAILED_JOBS = 60
"""How many jobs of one write may fail over single rows (two or three per row) before the rows are not the cause."""
MAX_WAIT = timedelta(minutes=10)
"""Longest wait for one job; it continues without us, and submitting it again finds it."""


class Loader:
    """Loads the rows of one write into one table.

    `batch` identifies the write and the creation of the table: a job that succeeded on a table dropped since does not count.
    """

    def __init__(self, connection: Connection, table: Table, batch: str) -> None:
        self._connection = connection
        self._table = table
        self._batch = batch
        self._failed_jobs = 0

    def load(self, rows: Sequence[Row], indexes: Sequence[int]) -> dict[int, str]:
        """Store these rows and return those that BigQuery refuses, each with its reason."""
        if not indexes:
            return {}
        chosen = [rows[i] for i in indexes]
        fault = self._load_all(chosen)
        if fault is None:
            return {}
        if len(indexes) == 1:
            return {indexes[0]: fault}
        self._count_failure(fault)
        refused: dict[int, str] = {}
        for part in _cut_apart(chosen, fault):
            refused |= self.load(rows, indexes[part])
        return refused

    def _load_all(self, rows: Sequence[Row]) -> str | None:
        """Return None if all rows are stored, or the error in the data if none is.

        A job that failed for another reason is followed by one with the next id, never by two at a time.
        """
        attempt = _Attempt(self._connection, self._table, self._name_job(rows), _render_lines(rows))
        job = self._connection.retry.call(attempt.run)
        if job.state != DONE:
            raise WarehouseUnavailableError(
                f"BigQuery has not finished the load job {job.job_id} yet",
                action="Run again later: the job goes on, and a repeated write finds it.",
            )
        if job.error_result:
            return _describe_fault(job)
        if job.output_rows != len(rows):
            raise WarehouseRefusedError(
                f"BigQuery stored {job.output_rows} of {len(rows)} rows of {self._table.name} (job {job.job_id})",
                action="Run again: the views show each version once. If it stays, report the job's id.",
            )
        return None

    def _name_job(self, rows: Sequence[Row]) -> str:
        digest = blake2b(f"{self._connection.dataset} {self._batch}".encode(), digest_size=16)
        for row in rows:
            digest.update(b" %b" % row.insert_id.encode())
        return f"acumatica_{self._table.name}_{digest.hexdigest()}"

    def _count_failure(self, fault: str) -> None:
        self._failed_jobs += 1
        if self._failed_jobs > MAX_FAILED_JOBS:
            raise WarehouseRefusedError(
                f"BigQuery refuses so many rows of {self._table.name} that the cause is no single row: {fault}",
                action="Compare the table's columns with the tenant's contract; look at the first failed job.",
            )


class _Attempt:
    """A running load job. Called again after a transient error, it resumes."""

    def __init__(self, connection: Connection, table: Table, name: str, body: bytes) -> None:
        self._connection = connection
        self._table = table
        self._name = name
        self._body = body
        self._failures = 0
        self._submitted = False

    def run(self) -> bigquery.LoadJob:
        """Return the job that is done, well or because of its data, or that takes too long."""
        with translated():
            job = self._find_or_submit()
        wait_for(self._connection, job, MAX_WAIT)
        fault = job.error_result
        if not fault or fault.get("reason") == DATA_REASON:
            return job
        error = translate_reason(fault)
        if fault.get("reason") == "notFound":
            raise TableMissingError(error)
        if isinstance(error, TransientError):
            self._failures += 1
            self._submitted = False
        raise error

    def _find_or_submit(self) -> bigquery.LoadJob:
        """Look for the job first if it may exist already, so that its rows are not sent twice."""
        if (
            self._submitted
            and (found := find_job(self._connection, bigquery.LoadJob, self._job_id)) is not None
        ):
            return found
        self._submitted = True
        try:
            return self._submit()
        except Conflict:
            found = find_job(self._connection, bigquery.LoadJob, self._job_id)
            if found is None:
                raise
            return found
        except NotFound as exc:
            raise TableMissingError(translate_error(exc)) from exc

    def _submit(self) -> bigquery.LoadJob:
        config = bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
            write_disposition=bigquery.WriteDisposition.WRITE_APPEND,
            create_disposition=bigquery.CreateDisposition.CREATE_NEVER,
        )
        return self._connection.client.load_table_from_file(
            io.BytesIO(self._body),
            self._connection.refer(self._table.name),
            size=len(self._body),
            num_retries=0,
            job_id=self._job_id,
            location=self._connection.location,
            job_config=config,
            timeout=UPLOAD_SECONDS,
        )

    @property
    def _job_id(self) -> str:
        return f"{self._name}_{self._failures}"


def _render_lines(rows: Sequence[Row]) -> bytes:
    """Return each row as a line. A JSON column wants the value here, where `insertAll` wants text."""
    pieces: list[bytes | memoryview] = []
    for row in rows:
        pieces += row.list_parts(row.extra)
        pieces.append(b"\n")
    return b"".join(pieces[:-1])


def _cut_apart(rows: Sequence[Row], fault: str) -> Iterator[slice]:
    """Yield the parts to load next: those around the row that the error names, or else the halves."""
    bad = _find_row(rows, fault)
    cuts = [0, len(rows) // 2, len(rows)] if bad is None else [0, bad, bad + 1, len(rows)]
    return (slice(start, end) for start, end in itertools.pairwise(cuts) if start < end)


def _find_row(rows: Sequence[Row], fault: str) -> int | None:
    found = POSITION.search(fault)
    if found is None:
        return None
    lengths = (sum(map(len, row.list_parts(row.extra))) + len(b"\n") for row in rows)
    starts = itertools.accumulate(lengths, initial=0)
    position = int(found.group(1))
    return next((i for i, start in enumerate(starts) if start == position and i < len(rows)), None)


def _describe_fault(job: bigquery.LoadJob) -> str:
    """Return what is wrong with the data; the errors' list is more exact than the job's own result."""
    errors: Sequence[Mapping[str, object]] = [*(job.errors or ()), job.error_result or {}]
    messages = [str(error.get("message", "")) for error in errors]
    exact = [message for message in messages if POSITION.search(message)]
    return shorten((exact or [message for message in messages if message] or ["the rows are invalid"])[0])
