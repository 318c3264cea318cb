"""Builds the adapters from the settings; the only module of the application that names them."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from secrets import token_hex
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from connector.adapters.clock import SystemClock
from connector.adapters.retrying import Retry
from connector.app.renewal_turn import RenewalTurn
from connector.app.settings import Settings
from connector.logs import register_secret
from connector.ports import CallQueue, Clock, Explorer, Ports, SecretStore, StateStore, Warehouse

if TYPE_CHECKING:
    from connector.adapters.acumatica import AcumaticaSource

S = TypeVar("S", bound="AcumaticaSource")

CLOSING_TIME = timedelta(seconds=90)
"""How long a run may take after its time budget to store its progress and sign out."""
ATTEMPTS = 3
"""How often a call outside a run is tried: few times, because a caller waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """Opens the adapters that the settings choose. None connects before its first call."""

    settings: Settings
    clock: Clock = field(default_factory=SystemClock)
    pause: Callable[[timedelta], None] | None = None
    """What waits between two tries of a request to Acumatica, in place of the clock; it may raise to end the run."""
    _shared: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What all runs have together: the pace of requests, the gate to the turn of renewals."""

    def open_ports(self, deadline: datetime) -> Ports:
        """Return the adapters of one run, which reads until the deadline and writes until a little later."""
        from connector.adapters.acumatica import AcumaticaSource  # who only looks at the state never needs it

        source_retry = Retry(clock=self.clock, deadline=deadline, pause=self.pause)
        closing_retry = Retry(clock=self.clock, deadline=deadline + CLOSING_TIME)
        secrets = open_secrets(retry=closing_retry)
        state = self.open_state(closing_retry)
        turn = self._make_turn(state)
        return Ports(
            source=self._open_source(AcumaticaSource, secrets, source_retry, closing_retry, deadline, turn),
            warehouse=self.open_warehouse(closing_retry),
            state=state,
            clock=self.clock,
        )

    def open_explorer(self, state: StateStore, deadline: datetime) -> Explorer:
        """Return a source that tells what there is to read. Its seat is kept in the state."""
        from connector.adapters.acumatica.discovery import AcumaticaExplorer  # discover alone needs it

        retry = Retry(clock=self.clock, deadline=deadline)
        secrets = open_secrets(retry=retry)
        turn = self._make_turn(state)
        return self._open_source(AcumaticaExplorer, secrets, retry, retry, deadline, turn)

    def open_state(self, retry: Retry | None = None) -> StateStore:
        """Return the state store alone."""
        kind, _, path = self.settings.backend.state.partition(":")
        if kind == "sqlite":
            from connector.adapters.sqlite import SqliteStateStore  # the cloud never needs it

            return SqliteStateStore(path=Path(path), clock=self.clock)
        from connector.adapters.firestore import open_firestore  # a laptop never needs it

        return open_firestore(
            project=self.settings.firestore.project or self.settings.bigquery.project or None,
            database=self.settings.firestore.database,
            prefix=self.settings.firestore.prefix,
            clock=self.clock,
            retry=retry or Retry(clock=self.clock, attempts=ATTEMPTS),
        )

    def open_queue(self) -> CallQueue | None:
        """Return the queue of follow-up calls; None if none is configured."""
        continuation = self.settings.continuation
        if not continuation.queue:
            return None
        from connector.adapters.cloud_tasks import CloudTasksQueue  # a laptop never needs it

        return CloudTasksQueue(
            queue=continuation.queue,
            url=continuation.url,
            service_account=continuation.service_account,
            retry=Retry(clock=self.clock, attempts=ATTEMPTS),
            emulator=continuation.emulator_host or None,
        )

    def open_secret_reader(self) -> Callable[[str], bytes]:
        """Return a function that reads a secret by its reference, outside a run."""
        return partial(read_secret, open_secrets(retry=Retry(clock=self.clock, attempts=ATTEMPTS)))

    def _make_turn(self, state: StateStore) -> RenewalTurn:
        return RenewalTurn(
            state.entities, owner=token_hex(8), gate=self._shared.setdefault("renewals", Lock())
        )

    def _open_source(
        self,
        kind: "type[S]",
        secrets: SecretStore,
        retry: Retry,
        closing_retry: Retry,
        deadline: datetime,
        turn: RenewalTurn,
    ) -> "S":
        from connector.adapters.acumatica import Pace

        acumatica = self.settings.acumatica
        return kind(
            url=acumatica.url,
            endpoint=acumatica.endpoint,
            version=acumatica.endpoint_version,
            credentials=lambda: read_secret(secrets, acumatica.credentials),
            store_credentials=lambda value: store_secret(secrets, acumatica.credentials, value),
            check_storable=lambda: secrets.check_replaceable(acumatica.credentials),
            clock=self.clock,
            retry=retry,
            storing_retry=closing_retry,
            turn=turn,
            pace=self._shared.setdefault("pace", Pace(self.clock, acumatica.max_requests_per_minute)),
            deadline=deadline,
        )

    def open_warehouse(self, retry: Retry | None = None) -> Warehouse:
        """Return the warehouse alone."""
        kind, _, path = self.settings.backend.warehouse.partition(":")
        if kind == "duckdb":
            from connector.adapters.duckdb.warehouse import DuckDbWarehouse  # the cloud never needs it

            return DuckDbWarehouse(Path(path))
        from connector.adapters.bigquery import credentials  # a laptop never needs it
        from connector.adapters.bigquery.warehouse import BigQueryWarehouse

        retry = retry or Retry(clock=self.clock, attempts=ATTEMPTS)
        bigquery = self.settings.bigquery
        reference = bigquery.credentials
        identity: Callable[[], Any] = credentials.attached
        if reference is not None:
            identity = lambda: credentials.from_key(read_secret(open_secrets(retry), reference))  # noqa: E731 - read at its first use alone
        elif bigquery.emulator_host:
            identity = credentials.anonymous
        return BigQueryWarehouse(
            project=bigquery.project,
            dataset=bigquery.dataset,
            location=bigquery.location or None,
            credentials=identity,
            retry=retry,
            endpoint=bigquery.emulator_host or None,
        )


def open_secrets(retry: Retry) -> SecretStore:
    """Return the store of all secrets, wherever their references lead."""
    from connector.adapters import secrets  # what only looks at the state never needs it

    return secrets.open_secrets(retry=retry)


def read_secret(secrets: SecretStore, reference: str) -> bytes:
    """Return a secret's value as UTF-8, in whichever UTF it was saved, and keep it out of every text from now on."""
    value = to_utf8(secrets.read(reference))
    register_secret(value.decode(errors="replace"))
    return value


def to_utf8(value: bytes) -> bytes:
    """Return the text in UTF-8 without a mark before it: Windows saves files in UTF-16 too. Anything else stays as it is."""
    try:
        return value.decode(json.detect_encoding(value)).encode()
    except UnicodeError:
        return value


def store_secret(secrets: SecretStore, reference: str, value: bytes) -> None:
    """Store a secret's new value, kept out of every log line even if that fails."""
    register_secret(value.decode(errors="replace"))
    secrets.replace(reference, value)


def query_file(path: Path, sql: str) -> Iterator[Sequence[Any]]:
    """Yield the names of the columns and the rows of an answer from a DuckDB file."""
    from connector.adapters.duckdb.query import query_file  # the cloud never needs it

    return query_file(path, sql)
