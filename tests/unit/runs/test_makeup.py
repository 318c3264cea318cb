"""Another Acumatica entity, other keys or another stamp in a block: refused with the remedy, or followed from the beginning."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from connector.domain.entity import Depth, Identity
from connector.domain.records.contract import Kind
from connector.domain.run import Mode, Status
from connector.runs.makeup import has_other_stamp
from tests.builders import MORNING, a_checkpoint, a_contract, an_id
from tests.fault.mortal import Killed, dies_at
from tests.unit.runs.small_rig import SmallRig, copied, remember, vendors

HOUR = timedelta(hours=1)
BOTH = {"LastModifiedDateTime": Kind.DATETIME, "Changed": Kind.DATETIME, "Colour": Kind.STRING}
BY_CHANGED = a_contract(fields=BOTH, modified_field="Changed")


@pytest.mark.parametrize("mode", [Mode.INCREMENTAL, Mode.BACKFILL, Mode.RECONCILE, Mode.REPLAY])
def test_another_acumatica_entity_is_refused_before_anything_is_changed(mode: Mode) -> None:
    rig = copied(1, 2)
    before = rig.entity_state
    rig.edit(acumatica_entity="Customer")
    for _ in range(2):
        result = rig.run(mode)
        assert (result.status, result.error and result.error.type) == (Status.FAILED, "OtherEntityError")
        assert result.error is not None
        assert "holds records of Vendor" in result.error.message
        assert "rename vendors vendors_before" in result.error.action
    assert (rig.entity_state, rig.source.queries, rig.appends) == (before, [], [])
    rig.edit(acumatica_entity="Vendor")
    assert rig.run(mode).status is Status.SUCCEEDED


def test_the_log_tells_what_it_holds_if_the_state_does_not() -> None:
    rig = copied(1, 2)
    contract = rig.entity_state.contract
    assert contract is not None
    remember(rig, contract=replace(contract, acumatica_entity="", identified_by=""))
    assert rig.run().status is Status.SUCCEEDED
    remember(rig, contract=None, watermark=None, records_seen=0, last_success_at=None)
    rig.edit(acumatica_entity="Customer")
    assert rig.run().status is Status.FAILED
    rig.edit(acumatica_entity="VENDOR")
    assert rig.run().status is Status.SUCCEEDED


def test_a_block_of_which_nothing_was_read_may_name_any_entity() -> None:
    rig = SmallRig()
    rig.edit(acumatica_entity="Customer")
    rig.source.put(*vendors(1))
    assert rig.run().status is Status.SUCCEEDED


def test_other_keys_of_records_told_apart_by_them_are_refused_until_the_log_is_renamed() -> None:
    rig = SmallRig(*vendors(1, 2), identity=Identity.KEYS)
    assert rig.run().status is Status.SUCCEEDED
    rig.edit(keys=("Colour",), contract=a_contract(fields={"Colour": Kind.STRING}))
    refused = rig.run()
    assert refused.error is not None
    assert refused.error.type == "UnstableIdsError"
    rig.source.rows.clear()
    rig.source.put(*vendors(1, Colour="red"), *vendors(2, Colour="blue"))
    rig.warehouse.columns.pop("vendors_log")
    rig.warehouse.logs["before"] = rig.warehouse.logs.pop("vendors_log")
    assert rig.run().status is Status.SUCCEEDED
    assert set(rig.shown()) == {"red", "blue"}


def test_other_keys_of_records_with_an_id_are_followed() -> None:
    rig = copied(1, 2)
    rig.edit(keys=("Colour",), contract=a_contract(fields={"Colour": Kind.STRING}))
    assert rig.run().status is Status.SUCCEEDED
    assert len(rig.shown()) == 2


@pytest.mark.parametrize(
    ("before", "now", "is_other"),
    [
        ("LastModified", "LastModifiedDateTime", False),
        ("LastModifiedDateTime", "LastModified", False),
        ("LastModifiedDateTime", "Changed", True),
        ("Changed", "LastModifiedDateTime", True),
        (None, "LastModifiedDateTime", True),
        ("LastModifiedDateTime", None, False),
    ],
)
def test_acumaticas_two_names_are_one_stamp(before: str | None, now: str | None, is_other: bool) -> None:
    known, found = (replace(a_contract(), modified_field=field) for field in (before, now))
    assert has_other_stamp(known, found) is is_other


def restamped() -> SmallRig:
    """A copied entity whose changes are found by `Changed` from now on, which is older; two records changed meanwhile."""
    rig = SmallRig(
        *vendors(*range(1, 8), Colour="red", Changed=(MORNING - HOUR).isoformat()),
        contract=a_contract(fields=BOTH),
    )
    assert rig.run().status is Status.SUCCEEDED
    rig.clock.advance(HOUR)
    rig.edit(modified_field="Changed", contract=BY_CHANGED)
    changed = (MORNING - HOUR / 2).isoformat()
    rig.source.put(*vendors(2, 7, Colour="blue", Changed=changed))
    return rig


BLUE = {an_id(2), an_id(7)}


def find_blue(rig: SmallRig) -> set[str]:
    return {record_id for record_id, colour in rig.shown("colour").items() if colour == "blue"}


def test_another_stamp_is_followed_by_a_pass_over_everything_and_what_is_read_ranks_newest() -> None:
    rig = restamped()
    result = rig.run()
    assert (result.records_read, result.records_written) == (7, 2)
    assert result.details["stamp_changed"] == ["LastModifiedDateTime", "Changed"]
    assert find_blue(rig) == BLUE
    rig.source.knows_contract = True
    rig.clock.advance(HOUR)
    rig.source.put(*vendors(3, Colour="blue", Changed=rig.clock.now().isoformat()))
    assert rig.run().records_written == 1
    assert find_blue(rig) == BLUE | {an_id(3)}
    assert rig.run(Mode.RECONCILE).details["stale"] == 0


def test_changes_by_a_stamp_that_lags_behind_the_one_before_are_found_by_every_later_sync() -> None:
    """A local time, say: a record changed just now bears a stamp before the watermark of the other field."""
    rig = restamped()
    rig.run()
    rig.source.knows_contract = True
    for number in (3, 4, 5):
        rig.clock.advance(HOUR)
        behind = MORNING - HOUR / 2 + (number - 2) * HOUR / 12
        assert rig.entity_state.watermark is not None
        assert behind < rig.entity_state.watermark
        rig.source.put(*vendors(number, Colour="blue", Changed=behind.isoformat()))
        assert rig.run().records_written == 1
    assert find_blue(rig) == BLUE | {an_id(3), an_id(4), an_id(5)}


@pytest.mark.parametrize("mode", [Mode.BACKFILL, Mode.RECONCILE, Mode.REPLAY])
def test_whichever_mode_meets_the_other_stamp_the_next_sync_reads_everything(mode: Mode) -> None:
    rig = restamped()
    remember(
        rig, checkpoints={"incremental": a_checkpoint(changed_since=MORNING), "backfill": a_checkpoint()}
    )
    rig.run(mode, depth=Depth.KEYS)
    rig.source.knows_contract = True
    rig.run()
    assert rig.source.queries[-1].changed_since is None
    assert find_blue(rig) == BLUE


def test_a_kill_at_any_step_does_not_hide_that_the_stamp_is_another_one() -> None:
    for moment in (
        "after state.entities.save_checkpoint",
        "after state.entities.save_contract",
        "after source.read_list",
    ):
        rig = restamped()
        with pytest.raises(Killed):
            rig.run(life=dies_at(moment))
        rig.clock.advance(HOUR)
        assert rig.run().status is Status.SUCCEEDED
        assert find_blue(rig) == BLUE, moment


def test_a_pass_that_begins_anew_is_complete_up_to_when_it_began() -> None:
    rig = restamped()
    began_at = rig.clock.now()
    assert rig.run().complete_until == began_at - timedelta(minutes=15)
