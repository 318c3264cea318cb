"""A run and its seat: waited for, given back, or told to be busy; what it leaves for later runs."""

from datetime import timedelta

import pytest

from connector.domain.entity_state import Origin, RefusedSignIn
from connector.domain.run import Status
from connector.runs.claims import SEAT_POLL
from tests.builders import MORNING
from tests.unit.runs.small_rig import SmallRig, copied, is_free, vendors

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
HERE = Origin(instance="https://erp.example.com/AcmeERP", tenant="Acme")


class TestSeat:
    def test_a_run_that_may_wait_gets_the_seat_that_is_given_back(self) -> None:
        rig = copied(1)
        held = rig.state.seats.acquire("other", 1, HOUR)
        assert held is not None
        rig.clock.on_sleep = lambda: rig.state.seats.release(held)
        assert rig.run(waits_for_seat=True).status is Status.SUCCEEDED
        assert rig.clock.sleeps == [SEAT_POLL]
        assert is_free(rig)

    @pytest.mark.parametrize("is_asked_to_stop", [True, False])
    def test_it_waits_no_longer_than_it_may_run(self, *, is_asked_to_stop: bool) -> None:
        rig = copied(1)
        rig.state.seats.acquire("other", 1, HOUR)
        result = rig.run(waits_for_seat=True, budget=MINUTE, is_stopping=lambda: is_asked_to_stop)
        assert result.error is not None
        assert result.error.type == "SessionsBusyError"
        assert sum(rig.clock.sleeps, timedelta()) == (timedelta() if is_asked_to_stop else MINUTE)

    def test_without_a_free_seat_the_run_is_for_later(self) -> None:
        rig = SmallRig(*vendors(1))
        rig.state.seats.acquire("other", 1, HOUR)
        error = rig.run().error
        assert error is not None
        assert (error.type, error.http_status, error.retry_after_seconds) == ("SessionsBusyError", 503, 60)
        assert error.message == (
            "All 1 Acumatica sessions this connector may hold are in use by other entities."
        )
        assert error.action == (
            "The run is retried automatically; raise ACUMATICA_MAX_SESSIONS if the licence has seats to spare."
        )
        assert rig.source.queries == []

    def test_the_tenant_is_noted_at_the_first_page_and_a_refused_sign_in_at_the_end(self) -> None:
        rig = SmallRig(*vendors(1))
        rig.source.here = HERE
        rig.source.refused = RefusedSignIn(credential_fingerprint="m", refused_at=MORNING)
        rig.run()
        seat = rig.state.seats.acquire("probe", 1, HOUR)
        assert seat is not None
        assert (seat.origin, seat.refused) == (HERE, rig.source.refused)
