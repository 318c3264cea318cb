"""What every run does, whatever its work: lease, audit, answer, and an end that hides nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from connector.adapters.sqlite.rows import load_run
from connector.domain.entity_state import EntityState
from connector.domain.run import RunProgress, RunResult, Status
from connector.errors import (
    AccessDeniedError,
    ConnectorError,
    SourceUnavailableError,
    StateStoreUnavailableError,
    WarehouseUnavailableError,
)
from connector.runs.outcome import AFTER_LEASE
from connector.runs.run import Run
from tests.fault.mortal import Killed, Life, dies_at, stumbles_at
from tests.stand_ins.clock import NOON
from tests.unit.runs.small_rig import SmallRig, copied, is_free, vendors

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def fail(error: BaseException) -> Callable[[Run, EntityState], Status]:
    def work(_: Run, __: EntityState) -> Status:
        raise error

    return work


def last_run(rig: SmallRig) -> dict[str, Any]:
    (status,) = rig.state.statuses(["vendors"])
    assert status.last_run is not None
    return dict(status.last_run)


def down(retry_after: timedelta | None = None) -> ConnectorError:
    return SourceUnavailableError("Down.", action="Wait.", retry_after=retry_after)


class TestLease:
    def test_while_another_run_works_on_the_entity_nothing_is_done(self) -> None:
        rig = copied(1)
        held = rig.state.entities.acquire_lease("vendors", "other", 10 * MINUTE)
        assert isinstance(held, tuple)
        result = rig.run()
        assert (result.status, result.follow_up_at, result.error) == (Status.SKIPPED, None, None)
        assert result.reason == "Run other is working on vendors; its lease ends at 2026-11-22T13:10:00Z."
        assert rig.source.queries == []
        assert rig.state.statuses(["vendors"])[0].lease is not None, "it is not ours to give back"

    def test_a_change_reported_meanwhile_is_followed_up_when_that_lease_has_ended(self) -> None:
        rig = copied(1)
        rig.state.entities.acquire_lease("vendors", "other", 10 * MINUTE)
        rig.state.notifications.note("vendors", "n-1", [], HOUR)
        assert rig.run().follow_up_at == rig.clock.now() + 10 * MINUTE + AFTER_LEASE

    def test_a_run_that_holds_none_says_so(self) -> None:
        with pytest.raises(RuntimeError, match=r"^the run holds no lease$"):
            _ = SmallRig().build_run().lease

    def test_lease_and_seat_are_free_after_any_end(self) -> None:
        for error in (down(), ValueError("odd"), None):
            rig = SmallRig(*vendors(1))
            rig.build_run().execute(fail(error) if error else lambda _, __: Status.PARTIAL)
            assert is_free(rig)
            assert rig.warehouse.closed == 1
            assert rig.source.closed == 1


class TestAnswer:
    def test_it_tells_what_was_done_when_and_how_long_it_took(self) -> None:
        rig = SmallRig(*vendors(1, 2))

        def slow(_: int) -> None:
            rig.clock.advance(MINUTE)

        rig.source.before = slow
        result = rig.run()
        assert (result.run_id, result.entity, result.started_at) == ("run-1", "vendors", NOON)
        assert (result.records_read, result.records_written, result.pages) == (2, 2, 1)
        assert result.duration_seconds == 60 * len(rig.source.queries)

    @pytest.mark.parametrize(
        ("error", "expected"),
        [
            (down(), ("SourceUnavailableError", 503, 60)),
            (down(timedelta(seconds=7)), ("SourceUnavailableError", 503, 7)),
            (AccessDeniedError("No.", action="Wait."), ("AccessDeniedError", 500, None)),
        ],
    )
    def test_an_error_is_told_with_what_to_do(self, error: ConnectorError, expected: tuple[Any, ...]) -> None:
        result = SmallRig().build_run().execute(fail(error))
        told = result.error
        assert told is not None
        assert (told.type, told.http_status, told.retry_after_seconds) == expected
        assert (told.message, told.action) == (error.message, "Wait.")

    def test_an_error_nobody_knows_is_told_without_its_text(self, caplog: pytest.LogCaptureFixture) -> None:
        rig = SmallRig()
        result = rig.build_run().execute(fail(ValueError("secret")))
        told = result.error
        assert told is not None
        assert (told.type, told.http_status, told.retry_after_seconds) == ("ValueError", 500, None)
        assert told.message == "The run of vendors failed with an unexpected error."
        assert "run-1" in told.action
        assert last_run(rig)["status"] == "failed"
        assert caplog.messages == ["the run failed with an unexpected error"]
        assert caplog.records[0].exc_info, "the log has its traceback"

    def test_an_interrupted_run_is_written_down_and_the_interruption_goes_on(self) -> None:
        rig = SmallRig()
        with pytest.raises(KeyboardInterrupt):
            rig.build_run().execute(fail(KeyboardInterrupt()))
        error = last_run(rig)["error"]
        assert error["type"] == "Interrupted"
        assert error["message"] == "The run of vendors was interrupted."
        assert error["action"] == "Run it again; it resumes where this one stopped."
        assert is_free(rig)

    def test_progress_is_told_page_by_page(self) -> None:
        told: list[RunProgress] = []
        SmallRig(*vendors(*range(1, 9))).run(on_progress=told.append)
        assert [(progress.pages, progress.records) for progress in told] == [(1, 3), (2, 5), (3, 7), (4, 8)]
        assert {progress.total for progress in told} == {None}, "a first reading has no known end"


class TestAudit:
    def test_a_run_is_in_the_audit_before_anything_is_read(self) -> None:
        order: list[str] = []
        watched = ("after state.audit.open_run", "before state.seats.acquire", "before source.read_list")
        SmallRig().run(life=Life(lambda moment, _: order.append(moment) if moment in watched else None))
        assert order[: len(watched)] == [*watched]

    def test_a_run_that_died_is_told_as_running_since_it_began(self) -> None:
        rig = SmallRig()
        with pytest.raises(Killed):
            rig.run(life=dies_at("after state.audit.open_run"))
        with rig.state._database.reading() as connection:
            ((run_id, text),) = connection.execute("SELECT run_id, entry FROM runs").fetchall()
        entry = load_run(text, "runs")
        assert (run_id, entry.pop("started_at")) == ("run-1", NOON)
        assert entry == {
            "entity": "vendors",
            "mode": "incremental",
            "kind": "incremental",
            "status": "running",
        }

    def test_its_entry_and_its_row_for_analysts_tell_the_answer(self) -> None:
        rig = SmallRig(*vendors(1, 2, Odd="x"))
        result = rig.run()
        entry, (row,) = last_run(rig), rig.runs_told()
        for told in (entry, row):
            assert (told["run_id"], told["entity"], told["mode"]) == ("run-1", "vendors", "incremental")
            assert (told["status"], told["records_written"]) == ("succeeded", 2)
        assert (entry["started_at"], entry["finished_at"]) == (NOON, NOON)
        assert (row["started_at"], row["finished_at"]) == ("2026-11-22T12:00:00Z", "2026-11-22T12:00:00Z")
        assert row["details"] == '{"unannounced":["Odd"]}'
        assert row["error"] is None
        assert result.details == {"unannounced": ["Odd"]}
        (append,) = [each for each in rig.warehouse.appends if each.table.name == "sync_runs"]
        assert (append.batch_id, append.rows[0].insert_id) == ("run-1_run", "run-1")

    def test_the_row_of_a_failed_run_tells_why(self) -> None:
        rig = SmallRig(*vendors(*range(1, 9)))
        rig.run(life=stumbles_at("before source.read_list", down(), 2))
        (row,) = rig.runs_told()
        assert (row["status"], row["error"], row["details"]) == ("failed", "Down.", None)

    @pytest.mark.parametrize(("accepts_streaming", "method"), [(True, "streaming"), (False, "load")])
    def test_its_row_is_streamed_only_into_a_settled_table(
        self, accepts_streaming: bool, method: str
    ) -> None:
        rig = SmallRig(*vendors(1))
        rig.warehouse.accepts_streaming = accepts_streaming
        rig.run()
        assert rig.warehouse.appends[-1].method.value == method

    def test_a_row_that_the_warehouse_refuses_is_told(self, caplog: pytest.LogCaptureFixture) -> None:
        rig = SmallRig(*vendors(1))
        rig.warehouse.refuse = lambda data: "too wide" if b'"started_at"' in data else None
        assert rig.run().status is Status.SUCCEEDED
        assert (
            "the row of sync_runs could not be written or released: The warehouse refused it: too wide."
            in caplog.messages
        )

    def test_a_run_that_never_came_to_its_table_has_nothing_to_tell_analysts(self) -> None:
        rig = SmallRig()
        rig.build_run().execute(fail(down()))
        assert rig.runs_told() == []
        assert last_run(rig)["status"] == "failed"


class TestEnd:
    @pytest.mark.parametrize(
        ("moment", "error"),
        [
            ("before state.audit.close_run", StateStoreUnavailableError("Gone.", action="Wait.")),
            ("before state.seats.release", StateStoreUnavailableError("Gone.", action="Wait.")),
            ("before warehouse.close", WarehouseUnavailableError("Gone.", action="Wait.")),
        ],
    )
    def test_what_fails_at_the_end_hides_neither_success_nor_failure(
        self, moment: str, error: ConnectorError, caplog: pytest.LogCaptureFixture
    ) -> None:
        rig = SmallRig(*vendors(1))
        assert rig.run(life=stumbles_at(moment, error)).status is Status.SUCCEEDED
        assert "could not be written or released: Gone." in caplog.text
        failed = SmallRig().build_run(life=stumbles_at(moment, error)).execute(fail(down()))
        assert failed.error is not None
        assert failed.error.message == "Down."

    def test_a_failing_row_for_analysts_costs_only_itself(self) -> None:
        rig = SmallRig(*vendors(1))
        error = WarehouseUnavailableError("Gone.", action="Wait.")
        assert rig.run(life=stumbles_at("before warehouse.append", error, 2)).status is Status.SUCCEEDED
        assert (len(rig.shown()), rig.runs_told()) == (1, [])

    def test_without_a_lease_from_the_state_nothing_else_is_touched(self) -> None:
        rig = SmallRig(*vendors(1))
        error = StateStoreUnavailableError("Gone.", action="Wait.")
        result: RunResult = rig.run(life=stumbles_at("before state.entities.acquire_lease", error))
        assert (result.status, rig.source.queries, rig.warehouse.prepared) == (Status.FAILED, [], [])

    def test_current_rows_are_brought_up_to_date_also_when_the_work_does_not_commit(self) -> None:
        rig = SmallRig(*vendors(*range(1, 9)))
        assert rig.run(is_stopping=lambda: True).status is Status.PARTIAL
        assert [table.name for table in rig.warehouse.refreshed] == ["vendors_log"]

    def test_time_is_up_at_the_deadline_or_when_the_instance_ends(self) -> None:
        rig = SmallRig()
        run = rig.build_run(budget=HOUR)
        assert not run.must_stop()
        rig.clock.advance(HOUR)
        assert run.must_stop()
        assert rig.build_run(is_stopping=lambda: True).must_stop()


def test_a_lease_is_given_back_with_the_commit_so_that_a_waiting_run_need_not_wait_longer() -> None:
    rig = SmallRig(*vendors(1))
    order: list[str] = []
    life = Life(lambda moment, _: order.append(moment.split(".")[-1]) if "lease" in moment else None)
    rig.run(life=life)
    assert "release_lease" not in order
    assert isinstance(rig.state.entities.acquire_lease("vendors", "next", HOUR), tuple)
