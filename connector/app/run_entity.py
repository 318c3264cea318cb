"""Does one run on one entity."""

import gc
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from connector.app.follow_up import FollowUp
from connector.app.service import Connector, build_run_id
from connector.app.wiring import CLOSING_TIME
from connector.domain.entity_state import EntityState
from connector.domain.run import Mode, RunProgress, RunRequest, RunResult, Status
from connector.logs import log_run, run_context
from connector.ports import Ports
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


def run_entity(
    connector: Connector,
    request: RunRequest,
    *,
    on_progress: Callable[[RunProgress], None] = lambda _: None,
    on_signed_in: Callable[[], None] = lambda: None,
    waits_for_seat: bool = False,
) -> RunResult:
    """Do one run, log it once, and schedule its follow-up. Raises only BadRequestError.

    Several may be called at once, from threads, each for another entity.
    """
    entity = connector.catalogue.find(request.entity)
    run_id = build_run_id(connector.clock.now())
    with run_context(run_id=run_id, entity=entity.name, mode=request.mode.value):
        limits = replace(
            build_limits(connector),
            on_progress=on_progress,
            on_signed_in=on_signed_in,
            waits_for_seat=waits_for_seat,
        )
        run = Run(
            run_id=run_id,
            entity=entity,
            request=request,
            ports=open_ports(connector, limits.deadline),
            limits=limits,
        )
        result = run.execute(MODES[request.mode])
        log_run(result)
        FollowUp(queue=connector.wiring.open_queue()).after(request, result)
    return result


def open_ports(connector: Connector, deadline: datetime) -> Ports:
    """Return the adapters of a run. What the first run of a process imports for them is no garbage, now or later."""
    if gc.get_freeze_count():
        return connector.wiring.open_ports(deadline)
    gc.disable()
    try:
        return connector.wiring.open_ports(deadline)
    finally:
        gc.freeze()
        gc.enable()


def build_limits(connector: Connector) -> Limits:
    """Return what the settings allow a run that begins now."""
    sync = connector.settings.sync
    return Limits(
        deadline=connector.clock.now() + sync.time_budget,
        page_size=connector.settings.acumatica.page_size,
        lookback=sync.lookback,
        write_policy=sync.write_method,
        max_sessions=connector.settings.acumatica.max_sessions,
        lease_ttl=sync.time_budget + CLOSING_TIME * 2,
        is_stopping=connector.is_stopping,
    )
