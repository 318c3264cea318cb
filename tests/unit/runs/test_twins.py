"""Two records that share an id are told, though they never come in one answer."""

from datetime import timedelta

import msgspec
import pytest

from connector.domain.entity import Depth
from connector.domain.run import Mode, RunResult, Status
from tests.builders import MORNING, an_id
from tests.unit.runs.small_rig import SmallRig, copied, vendors

TOLD = "V001 and V009"


def put_twin(rig: SmallRig, **members: object) -> None:
    """Let another record of the id of the first stand at the end of the list."""
    rig.source.rows["twin"] = twin(**members)


def twin(**members: object) -> bytes:
    row = msgspec.json.decode(vendors(9, **members)[0])
    return msgspec.json.encode(row | {"id": an_id(1)})


def reconcile(rig: SmallRig, depth: Depth) -> RunResult:
    result = rig.run(Mode.RECONCILE, depth=depth)
    assert result.status is Status.SUCCEEDED, result
    return result


@pytest.mark.parametrize("depth", list(Depth))
def test_two_records_of_one_id_on_different_pages_are_told(depth: Depth) -> None:
    rig = copied(1, 2, 3, 4, 5)
    put_twin(rig, modified_at=MORNING - timedelta(days=1))
    assert reconcile(rig, depth).details["share_an_id"] == [TOLD]


@pytest.mark.parametrize("depth", list(Depth))
def test_a_record_that_is_listed_twice_because_the_list_moved_is_none(depth: Depth) -> None:
    rig = copied(1, 2, 3, 4, 5)
    rig.source.rows["again"] = rig.source.rows[an_id(1)]
    assert "share_an_id" not in reconcile(rig, depth).details


@pytest.mark.parametrize("depth", list(Depth))
def test_nor_is_one_that_was_renamed_while_the_list_was_read(depth: Depth) -> None:
    rig = copied(1, 2, 3, 4, 5)
    put_twin(rig, modified_at=rig.clock.now() + timedelta(seconds=1))
    assert "share_an_id" not in reconcile(rig, depth).details


@pytest.mark.parametrize("depth", list(Depth))
def test_without_twins_nothing_is_asked(depth: Depth) -> None:
    rig = copied(1, 2, 3, 4, 5)
    rig.warehouse.record_versions = None  # type: ignore[assignment, method-assign]
    assert "share_an_id" not in reconcile(rig, depth).details
