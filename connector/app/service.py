"""The use cases, called by every face."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from secrets import token_hex

from connector.app.audit import AuditLine, read_audit
from connector.app.catalogue import RULES, Catalogue, load_catalogue
from connector.app.check import ACUMATICA, NOTIFY, WAREHOUSE, check_everything
from connector.app.drop_letter import drop_letter, find_letter
from connector.app.follow_up import FollowUp
from connector.app.notify import Receipt, check_sender, plan_start, take_notification
from connector.app.rename import rename_entity
from connector.app.settings import Settings
from connector.app.wiring import CLOSING_TIME, Wiring
from connector.domain.check_line import CheckLine
from connector.domain.entity import ENTITY_NAME
from connector.domain.entity_state import DeadLetter, EntityState, EntityStatus, Origin
from connector.domain.notification import parse_queries
from connector.domain.run import Mode, RunProgress, RunRequest, RunResult, Status
from connector.errors import BadRequestError
from connector.logs import log_run, run_context
from connector.ports import Clock, StateStore
from connector.runs.reconcile import reconcile_entity
from connector.runs.replay import replay_dead_letters
from connector.runs.run import Limits, Run
from connector.runs.sync import sync_entity

ModeHandler = Callable[[Run, EntityState], Status]

MODES: dict[Mode, ModeHandler] = {
    Mode.INCREMENTAL: sync_entity,
    Mode.BACKFILL: sync_entity,
    Mode.RECONCILE: reconcile_entity,
    Mode.REPLAY: replay_dead_letters,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """One configured connector. Its use cases raise BadRequestError for an entity that does not exist."""

    settings: Settings
    catalogue: Catalogue
    wiring: Wiring
    is_stopping: Callable[[], bool] = field(default=lambda: False)

    @property
    def clock(self) -> Clock:
        """The clock of every run."""
        return self.wiring.clock

    def run(
        self, request: RunRequest, *, on_progress: Callable[[RunProgress], None] = lambda _: None
    ) -> RunResult:
        """Do one run, log it once, and schedule its follow-up. Raises only BadRequestError."""
        entity = self.catalogue.find(request.entity)
        run_id = build_run_id(self.clock.now())
        with run_context(run_id=run_id, entity=entity.name, mode=request.mode.value):
            limits = replace(self._build_limits(), on_progress=on_progress)
            run = Run(
                run_id=run_id,
                entity=entity,
                request=request,
                ports=self.wiring.open_ports(limits.deadline),
                limits=limits,
            )
            result = run.execute(MODES[request.mode])
            log_run(result)
            FollowUp(queue=self.wiring.open_queue()).after(request, result)
        return result

    def notify(self, read_body: Callable[[], bytes], read_header: Callable[[str], str]) -> Receipt:
        """Take a push notification quickly, without calling Acumatica. `read_header` returns "" for a missing header.

        Before the header is verified, nothing else of the request is read.
        Raises BadRequestError if push notifications are off, lack the secret or cannot be parsed.
        """
        notify = self.settings.notify
        if notify.secret is None:
            raise BadRequestError(
                "There is nothing at POST /notify.", action="Set NOTIFY_SECRET to take push notifications."
            )
        read_secret = self.wiring.open_secret_reader()
        check_sender(read_header(notify.header), read_secret(notify.secret))
        follow_up = FollowUp(queue=self.wiring.open_queue())
        starts_at = plan_start(self.clock.now(), timedelta(seconds=notify.collect_seconds))
        state = self.wiring.open_state()
        try:
            return take_notification(
                read_body(),
                state.notifications,
                self.catalogue.entities,
                parse_queries(notify.queries),
                lambda entity: follow_up.start(entity, starts_at),
            )
        finally:
            state.close()

    def check(self, entity_names: Sequence[str] = (), *, force: bool = False) -> Iterator[CheckLine]:
        """Test every system for these entities (all enabled ones by default), writing nothing to the warehouse.

        With `force`, accept the tenant that is reached as the one copied so far, renamed or moved.
        """
        entities = [self.catalogue.find(name) for name in entity_names] or self.catalogue.enabled
        limits = self._build_limits()
        queue = self.wiring.open_queue()
        return check_everything(
            self.wiring.open_ports(limits.deadline),
            entities,
            owner=build_run_id(self.clock.now()),
            limits=limits,
            secrets=self._list_secrets(),
            read_secret=self.wiring.open_secret_reader(),
            try_queue=queue.check if queue else None,
            force=force,
        )

    def _list_secrets(self) -> dict[str, str]:
        """Return the references of the secrets in use, by purpose."""
        settings = self.settings
        is_cloud = settings.backend.warehouse == "bigquery"
        references = {
            ACUMATICA: settings.acumatica.credentials,
            WAREHOUSE: settings.bigquery.credentials if is_cloud else None,
            NOTIFY: settings.notify.secret,
        }
        return {purpose: reference for purpose, reference in references.items() if reference}

    def audit(self, entity_name: str, key: str) -> list[AuditLine]:
        """Return everything that happened to a record, oldest first."""
        entity = self.catalogue.find(entity_name)
        ports = self.wiring.open_ports(self.clock.now() + self.settings.sync.time_budget)
        try:
            return read_audit(ports.state, ports.warehouse, entity, key)
        finally:
            ports.warehouse.close()
            ports.state.close()

    def rename(self, before: str, after: str) -> Sequence[str]:
        """Take everything that is known of an entity to another name; return what was done, in sentences."""
        for name in (before, after):
            if re.fullmatch(ENTITY_NAME, name) is None:
                raise BadRequestError(
                    f"{name[:100]!r} is not an entity name.", action=f"Use {RULES[ENTITY_NAME]}."
                )
        ports = self.wiring.open_ports(self.clock.now() + self.settings.sync.time_budget)
        try:
            return list(rename_entity(ports, self.catalogue.entities, before, after))
        finally:
            ports.warehouse.close()
            ports.state.close()

    def list_letters(self, entity_name: str | None = None) -> list[DeadLetter]:
        """Return the dead letters of one entity, or of every entity of the catalogue."""
        catalogue = self.catalogue
        names = [catalogue.find(entity_name).name] if entity_name else list(catalogue.entities)
        with closing(self.wiring.open_state()) as state:
            return [letter for name in names for letter in state.dead_letters.read(name)]

    def find_letter(self, entity_name: str, key: str) -> DeadLetter:
        """Return the dead letter with this key or id; raise BadRequestError if there is none, or several."""
        entity = self.catalogue.find(entity_name)
        with closing(self.wiring.open_state()) as state:
            return find_letter(state, entity, key)

    def drop_letter(self, entity_name: str, key: str, *, reason: str = "") -> DeadLetter:
        """Drop the dead letter with this key or id, audited with the reason; return it."""
        entity = self.catalogue.find(entity_name)
        with closing(self.wiring.open_state()) as state:
            return drop_letter(state, entity, key, run_id=build_run_id(self.clock.now()), reason=reason)

    def read_standing(self) -> tuple[Origin | None, Sequence[EntityStatus]]:
        """Return the tenant that is copied, and the status of every entity in the order of the catalogue."""
        with self.open_state() as state:
            return state.seats.read_origin(), state.statuses(list(self.catalogue.entities))

    @contextmanager
    def open_state(self) -> Iterator[StateStore]:
        """Open the state until the end of the block."""
        with closing(self.wiring.open_state()) as state:
            yield state

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


def build(
    settings: Settings, *, clock: Clock | None = None, is_stopping: Callable[[], bool] = lambda: False
) -> Connector:
    """Return the connector for these settings; raise CatalogueError when the catalogue is not valid."""
    return Connector(
        settings=settings,
        catalogue=load_catalogue(settings.entities_file),
        wiring=Wiring(settings=settings, clock=clock) if clock else Wiring(settings=settings),
        is_stopping=is_stopping,
    )


def build_run_id(now: datetime) -> str:
    """Return an id that sorts by time and is unique: `20261122T060000-3f9a1c04`."""
    return f"{now:%Y%m%dT%H%M%S}-{token_hex(4)}"
