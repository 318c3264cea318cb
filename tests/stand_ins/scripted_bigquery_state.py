"""What the scripted BigQuery holds, and what a test told it to do wrong."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.stand_ins.scripted_bigquery_tables import StoredTable

LARGEST_REQUEST = 10_000_000


class Refused(Exception):  # noqa: N818 - an answer of the service, not an error of the test
    """An error answer."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {
            "error": {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}
        }


class AnswerLost(Exception):  # noqa: N818 - see above
    """The connection ends without an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upset:
    """One thing that goes wrong: before the work (`answer` raised), or after it (`after`)."""

    kind: str
    answer: Exception
    after: bool = False


@dataclass(slots=True, kw_only=True)
class BigQueryState:
    """Everything the server holds, and the script."""

    location: str = "EU"
    datasets: dict[str, dict[str, Any]] = field(default_factory=dict)
    tables: dict[str, StoredTable] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    statements: list[str] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    """What the calls said of who makes them."""
    answers: list[list[str | None]] = field(default_factory=list)
    """The rows that any query finds: the columns of versions as text, as the API spells them."""
    query_faults: list[tuple[str, str]] = field(default_factory=list)
    upsets: list[Upset] = field(default_factory=list)
    job_faults: list[tuple[str, str]] = field(default_factory=list)
    row_faults: dict[str, list[str]] = field(default_factory=dict)
    drops: dict[str, str] = field(default_factory=dict)
    request_faults: list[str] = field(default_factory=list)
    polls_until_done: int = 0
    largest_request: int = LARGEST_REQUEST
    deduplicates: bool = True
    lags: bool = False
    """The streaming side hears of changes only with `catch_up`."""
    loses_lagging_rows: bool = False
    """What it does with rows for a table it has not heard of: lose them, or answer 404."""
    miscounts: bool = False
    permissions: frozenset[str] | None = None
    pending_uploads: dict[str, dict[str, Any]] = field(default_factory=dict)

    def fail(
        self, kind: str, status: int, reason: str, message: str = "as scripted", *, times: int = 1
    ) -> None:
        """Let the next calls of this kind fail before anything is done."""
        self.upsets += [Upset(kind=kind, answer=Refused(status, reason, message))] * times

    def lose_answer(self, kind: str, *, times: int = 1) -> None:
        """Let the next calls of this kind do their work and end without an answer."""
        self.upsets += [Upset(kind=kind, answer=AnswerLost(), after=True)] * times

    def break_off(self, kind: str, *, times: int = 1) -> None:
        """Let the next calls of this kind end before anything is done."""
        self.upsets += [Upset(kind=kind, answer=AnswerLost())] * times

    def drop_at(self, kind: str, table: str) -> None:
        """Let somebody drop the table just before the next call of this kind."""
        self.drops[kind] = table

    def fail_row(self, insert_id: str, reason: str, *, times: int = 1) -> None:
        """Let `insertAll` refuse this row for this reason, so many times."""
        self.row_faults.setdefault(insert_id, []).extend([reason] * times)

    def fail_requests(self, reason: str, *, times: int = 1) -> None:
        """Let the next `insertAll`s refuse their first row for this reason."""
        self.request_faults += [reason] * times

    @property
    def faults_left(self) -> int:
        """How many scripted faults have not come yet; those of single rows do not count."""
        return sum(map(len, self._scripts))

    @property
    def _scripts(self) -> tuple[list[Any], ...]:
        return self.upsets, self.job_faults, self.query_faults, self.request_faults

    def recover(self) -> None:
        """Let everything go well from now on."""
        for script in self._scripts:
            script.clear()
        self.largest_request = LARGEST_REQUEST

    def fail_job(self, reason: str, message: str = "as scripted", *, times: int = 1) -> None:
        """Let the next load jobs fail after they were accepted."""
        self.job_faults += [(reason, message)] * times

    def fail_query(self, reason: str, message: str = "as scripted", *, times: int = 1) -> None:
        """Let the next queries fail after they were accepted."""
        self.query_faults += [(reason, message)] * times

    def catch_up(self) -> None:
        """Let the streaming side hear of everything."""
        for table in self.tables.values():
            table.streaming_schema = table.schema

    def ids(self, table: str) -> list[str]:
        """The ids of a table's rows, in the order in which they were stored."""
        return [row["_id"] for row in self.tables[table].rows]
