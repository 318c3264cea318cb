"""An entity is not believed to have no lines because its list gives none."""

from connector.domain.records.contract import Contract, Kind, Shape
from connector.domain.run import Mode, Status
from connector.errors import SourceUnavailableError
from tests.builders import a_contract
from tests.unit.runs.small_rig import SmallRig, vendors

LINES = [{"id": "l1", "rowNumber": 1, "Amount": {"value": 1.5}}]
CUSTOM = {"Document": {"UsrRegion": {"type": "CustomStringField", "value": "north"}}}


def with_levels() -> Contract:
    details = {"Details": Shape(fields={"Amount": Kind.DECIMAL})}
    return a_contract(details=details, custom={"Document.UsrRegion": Kind.STRING})


def a_rig(*empty: str, contract: Contract | None = None) -> SmallRig:
    rig = SmallRig(*vendors(1, 2, 3, 4, Details=LINES, custom=CUSTOM), contract=contract or with_levels())
    rig.source.empty_in_lists = empty
    return rig


def test_details_that_lists_leave_empty_are_read_record_by_record_and_that_is_told() -> None:
    rig = a_rig("Details")
    result = rig.run()
    assert result.status is Status.SUCCEEDED, result.error
    assert result.details["left_out"] == ["Details"]
    assert result.details["read_one_by_one"] is True
    assert rig.entity_state.read_one_by_one
    assert all(len(lines) == 1 for lines in rig.shown("details").values())


def test_custom_fields_that_lists_leave_empty_are_too() -> None:
    rig = a_rig("custom")
    assert rig.run().details["left_out"] == ["Document.UsrRegion"]
    assert set(rig.shown("usr_region").values()) == {"north"}


def test_a_list_that_gives_everything_is_read_as_a_list() -> None:
    rig = a_rig()
    result = rig.run()
    assert not {"left_out", "list_differs", "read_one_by_one"} & set(result.details)
    assert not rig.entity_state.read_one_by_one


def test_other_values_are_told_and_change_nothing() -> None:
    rig = a_rig()
    rig.source.empty_in_lists = ("VendorID",)
    result = rig.run()
    assert result.details["list_differs"] == ["VendorID"]
    assert not rig.entity_state.read_one_by_one


def test_it_is_looked_at_once_for_the_same_choices() -> None:
    rig = a_rig()
    rig.run()
    asked = len(rig.source.asked)
    assert asked == 3
    rig.run()
    rig.run(Mode.BACKFILL)
    assert len(rig.source.asked) == asked


def test_without_anything_that_lists_leave_out_nothing_is_asked() -> None:
    rig = a_rig(contract=a_contract())
    rig.run()
    assert rig.source.asked == []


def test_a_look_that_fails_is_no_failure() -> None:
    rig = a_rig()

    def fail(count: int) -> None:
        if count == 1:
            raise SourceUnavailableError("Gone.", action="Wait.")

    rig.source.before = fail
    assert rig.run().status is Status.SUCCEEDED
