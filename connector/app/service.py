"""Wires settings to adapters: the only place that names them."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any

import msgspec

from connector.adapters.acumatica import AcumaticaSource
from connector.adapters.clock import SystemClock
from connector.adapters.cloud_tasks import CloudTasksContinuation
from connector.adapters.retrying import Retry
from connector.adapters.secrets import open_secrets
from connector.app.audit import AuditLine, read_audit
from connector.app.catalogue import Catalogue, load_catalogue
from connector.app.check import ACUMATICA, NOTIFY, WAREHOUSE, check_everything
from connector.app.notify import Receipt, check_sender, plan_start, take_notification
from connector.app.settings import Settings
from connector.domain.entity import Entity
from connector.domain.entity_state import EntityState, EntityStatus
from connector.domain.notification import parse_queries
from connector.domain.run import Mode, RunRequest, RunResult, Status, Tally, describe_request, got_further
from connector.errors import BadRequestError, ConnectorError
from connector.logs import log_run, register_secret, run_context
from connector.ports import CheckLine, Clock, SecretStore, StateStore, Warehouse
from connector.runs.reconcile import reconcile_entity
from connector.runs.replay import replay_dead_letters
from connector.runs.run import Limits, Ports, Run
from connector.runs.sync import sync_entity

logger = logging.getLogger(__name__)

ModeHandler = Callable[[Run, EntityState], Status]

CLOSING_TIME = timedelta(seconds=90)
"""What a run may take after its budget to store its progress and sign out."""

MODES: dict[Mode, ModeHandler] = {
    Mode.INCREMENTAL: sync_entity,
    Mode.BACKFILL: sync_entity,
    Mode.RECONCILE: reconcile_entity,
    Mode.REPLAY: replay_dead_letters,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """The use cases, for whichever face calls them."""

    settings: Settings
    catalogue: Catalogue
    clock: Clock = field(default_factory=SystemClock)
    is_stopping: Callable[[], bool] = field(default=lambda: False)

    def run(self, request: RunRequest, *, on_progress: Callable[[Tally], None] = lambda _: None) -> RunResult:
        """Do one run and log it once. Raises BadRequestError for an entity that does not exist, and nothing else."""
        entity = self.catalogue.find(request.entity)
        run_id = build_run_id(self.clock.now())
        with run_context(run_id=run_id, entity=entity.name, mode=request.mode.value):
            limits = replace(self._build_limits(), on_progress=on_progress)
            run = Run(
                run_id=run_id,
                entity=entity,
                request=request,
                ports=self.open_ports(limits.deadline),
                limits=limits,
            )
            result = run.execute(MODES[request.mode])
            log_run(result)
            if got_further(request, result):
                self._continue_later(request, result)
            if result.follow_up_at is not None:
                self._start_at("due", entity, result.follow_up_at)
        return result

    def notify(self, read_body: Callable[[], bytes], read_header: Callable[[str], str]) -> Receipt:
        """Take a push notification: at once, without a call of Acumatica. `read_header` returns "" for no such header.

        Of a sender that does not know the secret nothing but that header is read.
        Raises BadRequestError when push notifications are off, not signed with the secret or not understood.
        """
        notify = self.settings.notify
        if notify.secret is None:
            raise BadRequestError(
                "There is nothing at POST /notify.", action="Set NOTIFY_SECRET to take push notifications."
            )
        secrets = open_secrets(retry=Retry(clock=self.clock, attempts=3))
        check_sender(read_header(notify.header), read_secret(secrets, notify.secret))
        state = self.open_state()
        try:
            named = parse_queries(notify.queries)
            return take_notification(read_body(), state, self.catalogue.entities, named, self._start_soon)
        finally:
            state.close()

    def _start_soon(self, entity: Entity) -> datetime | None:
        """Enqueue an incremental run at the end of the present time bucket, one for all who ask within it."""
        collect = timedelta(seconds=self.settings.notify.collect_seconds)
        return self._start_at("notify", entity, plan_start(self.clock.now(), collect))

    def _start_at(self, cause: str, entity: Entity, at: datetime) -> datetime | None:
        """Enqueue an incremental run, once for one cause and instant; return None when there is no queue that takes it."""
        request = msgspec.json.encode(describe_request(RunRequest(entity=entity.name)))
        name = f"{cause}-{entity.name}-{int(at.timestamp())}"
        return at if self._enqueue(name, request, at) else None

    def _continue_later(self, request: RunRequest, result: RunResult) -> None:
        """Enqueue the call that goes on. If that fails the next scheduled run does it, so it fails nothing."""
        self._enqueue(f"continue-{result.run_id}", msgspec.json.encode(describe_request(request)))

    def _open_queue(self) -> CloudTasksContinuation | None:
        continuation = self.settings.continuation
        if not continuation.queue:
            return None
        return CloudTasksContinuation(
            queue=continuation.queue,
            url=continuation.url,
            service_account=continuation.service_account,
            retry=Retry(clock=self.clock, attempts=3),
            emulator=continuation.emulator_host or None,
        )

    def _enqueue(self, name: str, body: bytes, at: datetime | None = None) -> bool:
        queue = self._open_queue()
        if queue is None:
            return False
        try:
            queue.enqueue(name, body, at)
        except ConnectorError as exc:
            logger.warning("the call %s could not be enqueued: %s %s", name, exc.message, exc.action)
            return False
        return True

    def check(self, entity_names: Sequence[str] = (), *, force: bool = False) -> Iterator[CheckLine]:
        """Try every system for these entities (all enabled ones by default), writing nothing to the warehouse.

        With `force` the tenant that is reached is taken for the one copied so far, renamed or moved.
        Raises BadRequestError for an entity that does not exist.
        """
        entities = [self.catalogue.find(name) for name in entity_names] or self.catalogue.enabled
        limits = self._build_limits()
        queue = self._open_queue()
        references = {
            ACUMATICA: self.settings.acumatica.credentials,
            WAREHOUSE: self.settings.bigquery.credentials
            if self.settings.place.warehouse == "bigquery"
            else None,
            NOTIFY: self.settings.notify.secret,
        }
        secrets = open_secrets(retry=Retry(clock=self.clock, attempts=2))
        return check_everything(
            self.open_ports(limits.deadline),
            entities,
            owner=build_run_id(self.clock.now()),
            limits=limits,
            secrets={purpose: reference for purpose, reference in references.items() if reference},
            read_secret=partial(read_secret, secrets),
            try_queue=queue.check if queue else None,
            force=force,
        )

    def audit(self, entity_name: str, key: str) -> list[AuditLine]:
        """Return everything that ever happened to a record, oldest first."""
        entity = self.catalogue.find(entity_name)
        ports = self.open_ports(self.clock.now() + self.settings.sync.time_budget)
        try:
            return read_audit(ports.state, ports.warehouse, entity, key)
        finally:
            ports.warehouse.close()
            ports.state.close()

    def statuses(self) -> Sequence[EntityStatus]:
        """Return how every entity of the catalogue stands, in its order."""
        state = self.open_state()
        try:
            return state.statuses(list(self.catalogue.entities))
        finally:
            state.close()

    def open_ports(self, deadline: datetime) -> Ports:
        """Return the adapters that the settings choose; nothing is reached before the first call."""
        source_retry = Retry(clock=self.clock, deadline=deadline)
        closing_retry = Retry(clock=self.clock, deadline=deadline + CLOSING_TIME)
        secrets = open_secrets(retry=closing_retry)
        return Ports(
            source=self._open_source(secrets, source_retry, closing_retry, deadline),
            warehouse=self._open_warehouse(secrets, closing_retry),
            state=self.open_state(closing_retry),
            clock=self.clock,
        )

    def open_state(self, retry: Retry | None = None) -> StateStore:
        """Return the state store alone."""
        retry = retry or Retry(clock=self.clock, attempts=3)
        kind, _, path = self.settings.place.state.partition(":")
        if kind == "sqlite":
            from connector.adapters.sqlite import SqliteStateStore  # the cloud never needs it

            return SqliteStateStore(path=Path(path), clock=self.clock)
        from connector.adapters.firestore import open_firestore  # a laptop never needs it

        return open_firestore(
            project=self.settings.firestore.project or self.settings.bigquery.project or None,
            database=self.settings.firestore.database,
            prefix=self.settings.firestore.prefix,
            clock=self.clock,
            retry=retry,
        )

    def _open_source(
        self, secrets: SecretStore, retry: Retry, closing_retry: Retry, deadline: datetime
    ) -> AcumaticaSource:
        acumatica = self.settings.acumatica
        return AcumaticaSource(
            url=acumatica.url,
            endpoint=acumatica.endpoint,
            version=acumatica.endpoint_version,
            credentials=lambda: read_secret(secrets, acumatica.credentials),
            store_credentials=lambda value: store_secret(secrets, acumatica.credentials, value),
            check_storable=lambda: secrets.check_replaceable(acumatica.credentials),
            clock=self.clock,
            retry=retry,
            storing_retry=closing_retry,
            requests_per_minute=acumatica.max_requests_per_minute,
            deadline=deadline,
        )

    def _open_warehouse(self, secrets: SecretStore, retry: Retry) -> Warehouse:
        kind, _, path = self.settings.place.warehouse.partition(":")
        if kind == "duckdb":
            from connector.adapters.duckdb.warehouse import DuckDbWarehouse  # the cloud never needs it

            return DuckDbWarehouse(Path(path))
        from connector.adapters.bigquery import credentials  # a laptop never needs it
        from connector.adapters.bigquery.warehouse import BigQueryWarehouse

        bigquery = self.settings.bigquery
        reference = bigquery.credentials
        identity: Callable[[], Any] = credentials.attached
        if reference is not None:
            identity = lambda: credentials.from_key(read_secret(secrets, reference))  # noqa: E731 - read at its first use alone
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

    def _build_limits(self) -> Limits:
        sync = self.settings.sync
        return Limits(
            deadline=self.clock.now() + sync.time_budget,
            page_size=self.settings.acumatica.page_size,
            lookback=sync.lookback,
            write_policy=sync.write_method,
            max_sessions=self.settings.acumatica.max_sessions,
            lease_ttl=sync.time_budget + CLOSING_TIME * 2,
            is_stopping=self.is_stopping,
        )


def read_secret(secrets: SecretStore, reference: str) -> bytes:
    """Return a secret's value, and keep it out of every log line from now on."""
    value = secrets.read(reference)
    register_secret(value.decode(errors="replace"))
    return value


def store_secret(secrets: SecretStore, reference: str, value: bytes) -> None:
    """Store a secret's new value, kept out of every log line even if that fails."""
    register_secret(value.decode(errors="replace"))
    secrets.replace(reference, value)


def build(
    settings: Settings, *, clock: Clock | None = None, is_stopping: Callable[[], bool] = lambda: False
) -> Connector:
    """Return the connector for these settings; raise CatalogueError when the catalogue is not valid."""
    catalogue = load_catalogue(settings.entities_file)
    return Connector(
        settings=settings, catalogue=catalogue, clock=clock or SystemClock(), is_stopping=is_stopping
    )


def build_run_id(now: datetime) -> str:
    """Return an id that sorts by time and is unique: `20261122T060000-3f9a1c`."""
    return f"{now:%Y%m%dT%H%M%S}-{token_hex(4)}"
