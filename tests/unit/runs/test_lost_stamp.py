"""The endpoint is edited in place: what orders change is gone, or is another field."""

from datetime import timedelta

import msgspec
import pytest

from connector.domain.records.contract import Contract, Kind
from connector.domain.run import Status
from connector.errors import SourceRefusedError
from tests.builders import a_contract, a_row, an_id
from tests.fault.mortal import stumbles_at
from tests.stand_ins.clock import NOON
from tests.unit.runs.small_rig import SmallRig, copied, vendors

HOUR = timedelta(hours=1)


def lose(rig: SmallRig, contract: Contract) -> None:
    rig.source.contract = contract
    rig.source.rows.clear()
    rig.source.put(*vendors(1, 2, modified_at=None), a_row(number=3, key="W003", modified_at=None))


def test_the_run_that_meets_it_reads_the_whole_list_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    rig = copied(1, 2, 3)
    lose(rig, a_contract(modified_field=None))
    result = rig.run()
    assert (result.status, result.records_read) == (Status.SUCCEEDED, 3)
    assert result.details == {"stamp_lost": "LastModifiedDateTime", "shown_under_a_later_stamp": 3}
    assert caplog.messages == [
        "The endpoint no longer has the stamp LastModifiedDateTime of Vendor: the whole list is read, by every run until"
        " the field is back."
    ]
    contract = rig.entity_state.contract
    assert contract is not None
    assert contract.root == rig.source.contract.root
    assert [query.changed_since is None for query in rig.source.queries] == [False, True, True]
    assert {msgspec.json.decode(row.data)["vendor_id"] for row in rig.appends[0].rows} == {
        "V001",
        "V002",
        "W003",
    }


def test_the_runs_after_it_ask_without_a_filter_at_once() -> None:
    rig = copied(1, 2, 3)
    lose(rig, a_contract(modified_field=None))
    rig.run()
    rig.source.queries.clear()
    result = rig.run()
    assert (result.status, result.records_read, result.details) == (Status.SUCCEEDED, 3, {})
    assert {query.modified_field for query in rig.source.queries} == {None}


def test_once_the_field_is_back_changes_alone_are_read() -> None:
    rig = copied(1, 2, 3)
    lose(rig, a_contract(modified_field=None))
    rig.run()
    rig.source.contract = a_contract()
    rig.source.put(*vendors(1, 2, 3))
    assert rig.run().records_read == 3
    assert rig.run().records_read == 0


def test_another_stamp_takes_its_place(caplog: pytest.LogCaptureFixture) -> None:
    rig = copied(1, 2, 3)
    lose(rig, a_contract(modified_field="LastModified"))
    rig.source.put(*vendors(1, modified_at=None, LastModified=(NOON - HOUR).isoformat()))
    assert rig.run().details == {
        "stamp_lost": "LastModifiedDateTime",
        "shown_under_a_later_stamp": 2,
        "without_stamp": 2,
    }
    assert caplog.messages[0].endswith("of Vendor: the whole list is read.")
    assert rig.entity_state.watermark == NOON - HOUR
    assert rig.run().records_read == 0


def test_lost_in_the_middle_of_a_pass_nothing_read_before_is_lost() -> None:
    rig = copied(1)
    rig.source.put(*vendors(*range(11, 18), modified_at=NOON))

    def lose_at_last(number: int) -> None:
        if number == 3:
            rig.source.contract = a_contract(modified_field=None)

    rig.source.before = lose_at_last
    assert rig.run().status is Status.SUCCEEDED
    assert set(rig.shown()) == {an_id(n) for n in (1, *range(11, 18))}


def test_a_new_member_that_comes_with_the_loss_begins_the_pass_anew_too() -> None:
    rig = copied(1, 2)
    rig.source.put(*vendors(*range(11, 18), modified_at=NOON, Colour="red"))
    rig.source.filters_by.add("LastModifiedDateTime")
    rig.source.contract = a_contract(modified_field=None, fields={"Colour": Kind.STRING})
    result = rig.run()
    assert (result.status, result.details["stamp_lost"]) == (Status.SUCCEEDED, "LastModifiedDateTime")
    assert rig.shown("colour")[an_id(17)] == "red"


def test_a_refusal_that_has_another_cause_stands() -> None:
    rig = copied(1)
    life = stumbles_at("before source.read_list", SourceRefusedError("No.", action="Look."))
    rig.source.described.clear()
    error = rig.run(life=life).error
    assert error is not None
    assert (error.type, error.message) == ("SourceRefusedError", "No.")
    assert len(rig.source.described) == 1


def test_a_refusal_of_the_whole_list_is_not_asked_about() -> None:
    rig = SmallRig(*vendors(1))
    life = stumbles_at("before source.read_list", SourceRefusedError("No.", action="Look."))
    assert rig.run(life=life).status is Status.FAILED
    assert len(rig.source.described) == 1, "at the first opening alone"
