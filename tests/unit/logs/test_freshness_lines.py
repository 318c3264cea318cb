"""The line that tells how fresh an entity is."""

import io
from datetime import timedelta

from connector.domain.entity_state import Checkpoint, EntityState, EntityStatus
from connector.domain.run import RunKind
from connector.domain.standing import Standing
from connector.logs import (
    log_freshness,
)
from tests.unit.logs.test_lines import lines
from tests.unit.logs.test_run_lines import NOON


def test_freshness_tells_the_age_of_the_last_success(written: io.StringIO) -> None:
    entity_state = EntityState(entity="vendors", last_success_at=NOON - timedelta(hours=2))
    log_freshness(
        EntityStatus(
            entity_state=entity_state, lease=None, dead_letters=3, recent_runs=[{"status": "failed"}]
        ),
        {RunKind.INCREMENTAL: Standing(late_after=timedelta(hours=3))},
        NOON,
    )
    [line] = lines(written)
    assert line["event"] == "freshness"
    assert (line["entity"], line["lag_seconds"], line["never_succeeded"]) == ("vendors", 7200, False)
    assert (line["late_after_seconds"], line["is_late"]) == (10800, False)
    assert (line["last_status"], line["dead_letters"]) == ("failed", 3)


def test_freshness_names_the_reconciles_that_are_late_or_failed(written: io.StringIO) -> None:
    status = EntityStatus(
        entity_state=EntityState(entity="vendors", last_success_at=NOON), lease=None, dead_letters=0
    )
    late, failed = Standing(is_late=True), Standing(failure={"type": "SourceRefusedError"})
    log_freshness(status, {RunKind.RECONCILE_KEYS: late, RunKind.RECONCILE_CONTENT: failed}, NOON)
    log_freshness(status, {RunKind.INCREMENTAL: late, RunKind.BACKFILL: failed}, NOON)
    overdue, well = lines(written)
    assert (overdue["late_reconciles"], overdue["failed_reconciles"]) == (
        ["reconcile keys"],
        ["reconcile content"],
    )
    assert (overdue["reconcile_overdue"], well["reconcile_overdue"]) == (True, False)
    assert overdue["reconcile"] == "reconcile keys, reconcile content"


def test_freshness_tells_how_long_a_reading_has_been_under_way(written: io.StringIO) -> None:
    checkpoint = Checkpoint(
        changed_since=None,
        source_time_at_start=NOON - timedelta(hours=7),
        offset=9,
        known=(),
        highest_stamp=None,
    )
    entity_state = EntityState(entity="vendors", checkpoints={"incremental": checkpoint})
    log_freshness(
        EntityStatus(
            entity_state=entity_state, lease=None, dead_letters=0, recent_runs=[{"status": "partial"}]
        ),
        {RunKind.INCREMENTAL: Standing(late_after=timedelta(hours=3))},
        NOON,
    )
    [line] = lines(written)
    assert line["pass_seconds"] == 7 * 3600


def test_freshness_of_an_entity_that_only_failed_says_so(written: io.StringIO) -> None:
    status = EntityStatus(
        entity_state=EntityState(entity="vendors"),
        lease=None,
        dead_letters=0,
        recent_runs=[{"status": "failed"}],
    )
    log_freshness(status, {RunKind.INCREMENTAL: Standing(is_late=True)}, NOON)
    [line] = lines(written)
    assert (line["lag_seconds"], line["never_succeeded"], line["last_status"]) == (None, True, "failed")


def test_an_entity_that_was_never_tried_is_not_reported_late(written: io.StringIO) -> None:
    log_freshness(
        EntityStatus(entity_state=EntityState(entity="projects"), lease=None, dead_letters=0, recent_runs=()),
        {RunKind.INCREMENTAL: Standing(late_after=timedelta(hours=3))},
        NOON,
    )
    assert lines(written) == []
