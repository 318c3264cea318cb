"""Two runs of one entity, and runs of several entities at once: who may write state, and who may sit down."""

from datetime import timedelta

from connector.domain.run import Mode, RunResult, Status
from tests.builders import Rig
from tests.fault.mortal import Life
from tests.oracle import assert_shows_tenant

DAY = timedelta(days=1)
PAST_THE_LEASE = timedelta(minutes=36)


def test_a_run_that_stalls_past_its_lease_commits_nothing(rig: Rig) -> None:
    """At every step that writes state: another run takes over in the middle of it and does the whole work."""
    for step in (
        "state.entities.save_contract",
        "state.entities.save_checkpoint",
        "state.audit.record_page",
        "state.entities.commit",
    ):
        rig.pass_time(timedelta(hours=1))
        for record in rig.sandbox.tenant.records("Bill"):
            rig.sandbox.tenant.change("Bill", record.id, {"Description": step})
        other: list[RunResult] = []

        def stall(moment: str, count: int, step: str = step, other: list[RunResult] = other) -> None:
            if (moment, count) == (f"before {step}", 1):
                rig.pass_time(PAST_THE_LEASE)
                other.append(rig.run("invoices", max_sessions=2))

        before = rig.state.entities.read("invoices")
        stalled = rig.run("invoices", life=Life(stall), batch_bytes=1, max_sessions=2)
        if not other:
            continue  # the contract is stored by the first run alone
        assert other[0].status is Status.SUCCEEDED
        assert stalled.status is Status.FAILED, step
        assert stalled.error is not None
        assert stalled.error.type == "LeaseLostError"
        assert stalled.error.http_status == 503
        entity_state = rig.state.entities.read("invoices")
        assert entity_state.watermark == other[0].watermark_after
        assert entity_state.checkpoints == {}
        assert entity_state.watermark != before.watermark
        assert_shows_tenant(rig, "invoices")


def test_what_a_stale_run_still_writes_never_replaces_newer_content(rig: Rig) -> None:
    tenant = rig.sandbox.tenant
    bill = tenant.records("Bill")[0].id
    rig.run("invoices")
    rig.pass_time(timedelta(hours=1))
    tenant.change("Bill", bill, {"Description": "old"})

    def stall(moment: str, count: int) -> None:
        """Wait with the old content in hand until a newer one is written, though it bears the same stamp."""
        if (moment, count) == ("before warehouse.append", 1):
            rig.pass_time(PAST_THE_LEASE)
            tenant.change("Bill", bill, {"Description": "new"}, touch=False)
            assert rig.run("invoices", max_sessions=2).records_written == 1

    stalled = rig.run("invoices", life=Life(stall), max_sessions=2)
    assert stalled.status is Status.FAILED
    assert rig.query(f"SELECT count(*) AS rows FROM invoices_log WHERE _id = '{bill}'") == [{"rows": 3}]
    assert_shows_tenant(rig, "invoices")


def test_the_second_run_of_an_entity_is_skipped_while_the_first_holds_the_lease(rig: Rig) -> None:
    second: list[RunResult] = []

    def meet(moment: str, count: int) -> None:
        if (moment, count) == ("before warehouse.append", 1):
            second.append(rig.run("invoices"))

    first = rig.run("invoices", life=Life(meet))
    assert first.status is Status.SUCCEEDED
    assert second[0].status is Status.SKIPPED
    assert second[0].reason is not None
    assert first.run_id in second[0].reason
    assert second[0].records_read == 0


def test_entities_share_the_seats_that_may_be_held(rig: Rig) -> None:
    met: dict[int, RunResult] = {}

    def meet(seats: int) -> Life:
        def decide(moment: str, count: int) -> None:
            if (moment, count) == ("before warehouse.append", 1):
                met[seats] = rig.run("gl_accounts", max_sessions=seats)

        return Life(decide)

    for seats in (1, 2):
        assert (
            rig.run("invoices", Mode.BACKFILL, life=meet(seats), max_sessions=seats).status
            is Status.SUCCEEDED
        )
    refused = met[1]
    assert refused.status is Status.FAILED
    assert refused.error is not None
    assert (refused.error.type, refused.error.http_status) == ("SessionsBusyError", 503)
    assert refused.error.retry_after_seconds == 60
    assert met[2].status is Status.SUCCEEDED
    assert rig.sandbox.seats == 0


def test_a_seat_of_a_dead_run_is_free_again_when_its_time_is_up(rig: Rig) -> None:
    state = rig.state
    assert state.seats.acquire("dead", 1, timedelta(minutes=35)) is not None
    assert rig.run("gl_accounts").status is Status.FAILED
    rig.pass_time(timedelta(minutes=35))
    assert rig.run("gl_accounts").status is Status.SUCCEEDED
