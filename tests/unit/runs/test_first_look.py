"""An entity is not believed to have no lines because its list gives none."""

from datetime import timedelta
from typing import Any

import pytest

from connector.domain.entity import Depth
from connector.domain.records.contract import Contract, Kind, Shape
from connector.domain.run import Mode, RunResult, Status, got_further
from connector.errors import AccessDeniedError, SourceUnavailableError
from tests.builders import a_contract, an_id
from tests.stand_ins.list_source import failure
from tests.unit.runs.small_rig import SmallRig, remember, vendors

DAY = timedelta(days=1)

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


@pytest.mark.parametrize("member", ["Details", "MainContact"])
def test_one_kind_of_level_is_reason_enough_to_look(member: str) -> None:
    levels = {
        "Details": a_contract(details={"Details": Shape(fields={"Amount": Kind.DECIMAL})}),
        "MainContact": a_contract(linked={"MainContact": Shape(fields={"Email": Kind.STRING})}),
    }
    contact = {"id": "c1", "Email": {"value": "a@example.com"}}
    rig = SmallRig(*vendors(1, Details=LINES, MainContact=contact), contract=levels[member])
    rig.source.empty_in_lists = (member,)
    assert rig.run().details["left_out"] == [member]


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


def test_a_record_without_anything_below_it_is_compared_too() -> None:
    rig = a_rig("VendorID", contract=a_contract())
    assert rig.run().details["list_differs"] == ["VendorID"]


def test_a_record_that_cannot_be_read_tells_nothing() -> None:
    rig = a_rig("Details")
    rig.source.unreadable = {an_id(1): failure("a record")}
    assert rig.run().details["left_out"] == ["Details"]


@pytest.mark.parametrize("depth", list(Depth))
def test_a_reconcile_of_contents_looks_too_and_repairs_what_lists_leave_out(depth: Depth) -> None:
    rig = a_rig()
    assert rig.run().status is Status.SUCCEEDED
    rig.source.empty_in_lists = ("Details",)
    remember(rig, compared_for=None)
    result = rig.run(Mode.RECONCILE, depth=depth)
    assert result.details["stale"] == 0, "nothing is taken for changed"
    assert rig.entity_state.read_one_by_one is (depth is Depth.CONTENT)


class TestDisturbed:
    """A look that cannot be finished costs no page, and is not forgotten."""

    @pytest.mark.parametrize("read", range(3))
    def test_out_of_time_the_page_is_kept_and_the_next_run_looks(self, read: int) -> None:
        rig = a_rig("Details")
        rig.source.unreadable = {an_id(read + 1): out_of_time()}
        first = rig.run()
        assert first.status is Status.SUCCEEDED, "only the look had no time"
        assert first.details["list_not_compared"] == out_of_time().message
        assert not rig.entity_state.read_one_by_one
        rig.source.unreadable.clear()
        rig.clock.advance(DAY)
        rig.source.put(*vendors(5, modified_at=rig.clock.now(), Details=LINES))
        second = rig.run()
        assert (second.details["left_out"], second.records_written) == (["Details"], 5)
        assert all(len(lines) == 1 for lines in rig.shown("details").values())

    def test_a_pass_that_went_on_before_the_look_begins_anew_after_it(self) -> None:
        rig = a_rig("Details")
        rig.source.unreadable = {an_id(1): out_of_time()}
        first = rig.run(is_stopping=lambda: bool(rig.source.asked))
        assert (first.status, first.records_written) == (Status.PARTIAL, 3)
        assert got_further(first)
        rig.source.unreadable.clear()
        second = rig.run()
        assert (second.status, second.records_written) == (Status.SUCCEEDED, 4)
        assert all(len(lines) == 1 for lines in rig.shown("details").values())

    def test_while_acumatica_is_down_the_next_run_looks(self) -> None:
        rig = a_rig("Details")
        rig.source.unreadable = {an_id(1): SourceUnavailableError("Gone.", action="Wait.")}
        assert rig.run().status is Status.SUCCEEDED
        rig.source.unreadable.clear()
        assert rig.run(Mode.BACKFILL).details["left_out"] == ["Details"]

    def test_without_the_right_to_single_records_it_is_not_tried_again(self) -> None:
        rig = a_rig("Details")
        rig.source.unreadable = {an_id(1): AccessDeniedError("No.", action="Ask.")}
        first, second = (rig.run(Mode.BACKFILL) for _ in range(2))
        assert first.status is second.status is Status.SUCCEEDED
        assert first.details["list_not_compared"] == "No."
        assert len(rig.source.asked) == 1


class TestTrial:
    """A list that could not be used is tried again once a week."""

    def left(self, *empty: str) -> SmallRig:
        rig = a_rig(*empty)
        rig.source.is_optimizable = bool(empty)
        assert rig.run().status is Status.SUCCEEDED
        assert rig.entity_state.read_one_by_one
        rig.source.queries.clear()
        return rig

    def change(self, rig: SmallRig, **members: Any) -> RunResult:
        """Let a record change, and a run follow."""
        rig.source.put(
            *vendors(2, modified_at=rig.clock.now(), **{"Details": LINES, "custom": CUSTOM} | members)
        )
        rig.source.queries.clear()
        result = rig.run()
        assert (result.status, result.records_written) == (Status.SUCCEEDED, 1), result
        return result

    def as_list(self, rig: SmallRig) -> bool:
        return any(not (query.one_by_one or query.keys_only) for query in rig.source.queries)

    @pytest.mark.parametrize("empty", [("Details",), ("custom",), ()], ids=["details", "custom", "at once"])
    def test_for_a_week_it_is_not_and_then_it_is_and_that_is_told(self, empty: tuple[str, ...]) -> None:
        rig = self.left(*empty)
        rig.source.is_optimizable, rig.source.empty_in_lists = True, ()
        rig.clock.advance(6 * DAY)
        assert "read_one_by_one" not in self.change(rig).details
        assert not self.as_list(rig)
        rig.clock.advance(2 * DAY)
        assert self.change(rig).details["read_one_by_one"] is False
        assert not rig.entity_state.read_one_by_one
        assert self.as_list(rig)
        rig.clock.advance(DAY)
        assert "read_one_by_one" not in self.change(rig).details
        assert self.as_list(rig)

    @pytest.mark.parametrize("empty", [("Details",), ()], ids=["details", "at once"])
    def test_one_that_is_as_before_is_left_for_another_week(self, empty: tuple[str, ...]) -> None:
        rig = self.left(*empty)
        rig.clock.advance(8 * DAY)
        self.change(rig)
        assert self.as_list(rig)
        assert rig.shown("details")[an_id(2)], "and the record is whole"
        rig.clock.advance(DAY)
        self.change(rig)
        assert not self.as_list(rig)

    def test_a_clock_set_back_makes_nobody_wait_longer_than_a_week(self) -> None:
        rig = self.left("Details")
        rig.source.empty_in_lists = ()
        rig.clock.advance(-400 * DAY)
        assert self.change(rig).details["read_one_by_one"] is False

    def test_records_that_have_nothing_there_are_no_proof(self) -> None:
        rig = self.left("Details")
        rig.clock.advance(8 * DAY)
        self.change(rig, Details=[])
        assert rig.entity_state.read_one_by_one

    def test_nor_is_an_idle_hour_and_the_next_run_tries(self) -> None:
        rig = self.left("Details")
        rig.source.empty_in_lists = ()
        rig.clock.advance(8 * DAY)
        assert rig.run().records_read == 0
        assert rig.entity_state.read_one_by_one
        assert self.change(rig).details["read_one_by_one"] is False

    def test_out_of_time_it_is_left_for_another_week(self) -> None:
        rig = self.left("Details")
        rig.clock.advance(8 * DAY)
        asked = len(rig.source.asked)
        late = rig.source.read_record
        rig.source.read_record = lambda entity, record_id: (  # type: ignore[method-assign]
            late(entity, record_id) if len(rig.source.asked) > asked else _raise(rig, record_id)
        )
        self.change(rig)
        assert rig.shown("details")[an_id(2)]
        assert rig.entity_state.read_one_by_one

    def test_other_choices_of_the_catalogue_may_mend_it(self) -> None:
        rig = self.left("Details")
        rig.source.empty_in_lists = ()
        remember(rig, compared_for="other choices")
        assert self.change(rig).details["read_one_by_one"] is False

    def test_what_an_earlier_release_left_is_tried_at_once(self) -> None:
        rig = self.left("Details")
        rig.source.empty_in_lists = ()
        remember(rig, list_trial=None)
        assert self.change(rig).details["read_one_by_one"] is False


def _raise(rig: SmallRig, record_id: str) -> bytes:
    rig.source.asked.append(record_id)
    raise out_of_time()


def out_of_time() -> SourceUnavailableError:
    late = SourceUnavailableError("Too late.", action="Wait.")
    late.is_out_of_time = True
    return late
