"""Records that come with other ids than before are not written a second time."""

from datetime import timedelta

import msgspec
import pytest

from connector.domain.entity import Depth, Identity
from connector.domain.records.contract import Contract
from connector.domain.run import Mode, RunResult, Status, got_further
from connector.errors import SourceUnavailableError
from tests.builders import a_contract, an_id
from tests.fault.mortal import Killed, Life
from tests.unit.runs.small_rig import PROVEN, SmallRig, copied, remember, vendors

UNSTAMPED = a_contract(modified_field=None)


def begin_session(rig: SmallRig, number: int) -> None:
    """Give every record another id, as a new session does."""
    rows = [msgspec.json.decode(row) for row in rig.source.rows.values()]
    rig.source.rows.clear()
    rig.source.put(
        *(msgspec.json.encode(row | {"id": an_id(number * 100 + i)}) for i, row in enumerate(rows))
    )


def dies_at_call(number: int) -> Life:
    """A process that ends at this moment, counting every moment of every call."""
    moments = iter(range(1, number + 1))
    return Life(lambda moment, _: Killed(moment) if next(moments, None) == number else None)


def a_rig(contract: Contract | None = None, **entity: object) -> SmallRig:
    rig = SmallRig(*vendors(1, 2, 3), contract=contract, **entity)
    assert rig.run().status is Status.SUCCEEDED
    return rig


def assert_refused(result: RunResult, rig: SmallRig) -> None:
    assert result.error is not None
    assert result.error.type == "UnstableIdsError"
    assert "`identity: keys` for vendors in the catalogue and rename vendors_log" in result.error.action
    assert sorted(rig.shown().values()) == ["V001", "V002", "V003"]


@pytest.mark.parametrize("contract", [None, UNSTAMPED], ids=["stamped", "unstamped"])
@pytest.mark.parametrize("mode", [Mode.INCREMENTAL, Mode.BACKFILL, Mode.RECONCILE])
def test_ids_that_are_new_in_each_session_are_refused_before_anything_doubles(
    contract: Contract | None, mode: Mode
) -> None:
    rig = a_rig(contract)
    begin_session(rig, 1)
    stamp = None if contract else rig.clock.now()
    changed = msgspec.json.decode(vendors(1, modified_at=stamp)[0]) | {"id": an_id(100)}
    rig.source.put(msgspec.json.encode(changed))
    for depth in Depth:
        assert_refused(rig.run(mode, depth=depth), rig)


@pytest.mark.parametrize("force", [False, True])
def test_a_reconcile_that_finds_nothing_by_the_new_ids_takes_nothing_for_deleted(*, force: bool) -> None:
    rig = a_rig()
    begin_session(rig, 1)
    rig.source.read_record = lambda *_: None  # type: ignore[method-assign]
    assert_refused(rig.run(Mode.RECONCILE, force=force), rig)


def test_ids_that_last_are_proven_once() -> None:
    rig = a_rig()
    for _ in range(3):
        rig.clock.advance(rig.build_run().lookback * 2)
        rig.source.put(*vendors(2, modified_at=rig.clock.now()))
        assert rig.run().records_written == 1
    assert rig.entity_state.proven_identity == PROVEN
    assert not any(query.keys_only for query in rig.source.queries), "the rows are the proof"
    assert len(rig.warehouse.looked_up) == 1


def test_another_endpoint_version_is_proven_anew() -> None:
    rig = copied(1, 2)
    remember(rig, proven_identity="Default 23.200.001 id")
    rig.source.put(*vendors(2, modified_at=rig.clock.now()))
    rig.run()
    assert rig.entity_state.proven_identity == PROVEN


def test_a_record_deleted_and_made_again_under_its_key_is_written() -> None:
    rig = a_rig()
    rig.source.rows.pop(an_id(2))
    remade = msgspec.json.decode(vendors(2, modified_at=rig.clock.now())[0]) | {"id": an_id(9)}
    rig.source.put(msgspec.json.encode(remade))
    assert rig.run().status is Status.SUCCEEDED
    assert an_id(9) in rig.shown()


def test_new_records_alone_prove_nothing_and_pass() -> None:
    rig = a_rig()
    rig.source.rows.clear()
    rig.source.put(*vendors(7, 8, modified_at=rig.clock.now()))
    assert rig.run().records_written == 2
    assert rig.entity_state.proven_identity is None


def run_without_time_for_the_sample(rig: SmallRig) -> RunResult:
    """Let time run out in the request of the keys, which comes after the first page."""

    def fail(count: int) -> None:
        if rig.source.queries[count - 1].keys_only:
            late = SourceUnavailableError("Too late.", action="Wait.")
            late.is_out_of_time = True
            raise late

    rig.source.before = fail
    result = rig.run()
    rig.source.before = lambda _: None
    assert any(query.keys_only for query in rig.source.queries)
    return result


def test_new_records_are_written_though_time_ran_out_in_the_proof() -> None:
    rig = a_rig()
    rig.source.put(*vendors(7, 8, modified_at=rig.clock.now()))
    assert run_without_time_for_the_sample(rig).records_written == 2
    assert rig.entity_state.proven_identity is None, "so it is tried again"


def test_nothing_doubles_when_time_ran_out_in_the_proof() -> None:
    rig = a_rig()
    begin_session(rig, 1)
    changed = msgspec.json.decode(vendors(1, modified_at=rig.clock.now())[0]) | {"id": an_id(100)}
    rig.source.put(msgspec.json.encode(changed))
    result = run_without_time_for_the_sample(rig)
    assert (result.status, result.records_written, got_further(result)) == (Status.PARTIAL, 0, False)
    assert_refused(rig.run(), rig)


@pytest.mark.parametrize("depth", list(Depth))
def test_a_reconcile_has_its_proof_in_the_rows_it_compares(depth: Depth) -> None:
    rig = a_rig()
    rig.source.queries.clear()
    rig.run(Mode.RECONCILE, depth=depth)
    assert rig.entity_state.proven_identity == PROVEN
    assert len(rig.source.queries) == 2
    assert rig.warehouse.looked_up == [None]


def test_a_process_may_end_at_any_call_of_the_proof() -> None:
    """Each run brings a new record, so that the rows are no proof and the keys are listed."""
    rig = a_rig()
    for number in range(4, 100):
        rig.clock.advance(timedelta(hours=2))
        remember(rig, proven_identity=None)
        rig.source.put(*vendors(number, modified_at=rig.clock.now()))
        life = dies_at_call(number - 3)
        try:
            result = rig.run(life=life)
        except Killed:
            rig.clock.advance(timedelta(hours=2))
            result = rig.run()
        assert result.status is Status.SUCCEEDED
        assert rig.entity_state.proven_identity == PROVEN
        assert sorted(rig.shown().values()) == [f"V{i:03}" for i in range(1, number + 1)]
        if not life.is_dead:
            assert number > 20, "there were many calls to end at"
            return
    raise AssertionError("it never came to an end")


def test_told_by_their_keys_they_are_one_record_in_every_session() -> None:
    rig = a_rig(identity=Identity.KEYS)
    assert set(rig.shown()) == {"V001", "V002", "V003"}
    for number in (1, 2):
        begin_session(rig, number)
        for depth in Depth:
            result = rig.run(Mode.RECONCILE, depth=depth)
            assert (result.status, result.records_written, result.details["matched"]) == (
                Status.SUCCEEDED,
                0,
                3,
            )
    assert len(rig.shown()) == 3


def test_a_log_filled_under_other_ids_is_not_gone_on_with() -> None:
    rig = a_rig()
    by_keys = SmallRig(*vendors(1, 2, 3), identity=Identity.KEYS)
    by_keys.warehouse, by_keys.state = rig.warehouse, rig.state
    by_keys.source.put(*vendors(2, modified_at=rig.clock.now()))
    error = by_keys.run().error
    assert error is not None
    assert "identifies them by their keys VendorID now" in error.message
    assert (
        error.action
        == "Change the block back, or rename vendors_log; the next run makes it anew and reads everything into it."
    )
    assert len(rig.shown()) == 3
