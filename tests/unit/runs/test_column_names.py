"""A column keeps its field through contracts, idle runs, an upgrade and a lost state."""

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from connector.adapters.sqlite import SqliteStateStore
from connector.domain.entity import Depth, Identity
from connector.domain.records.codec import Codec
from connector.domain.records.contract import Contract, Kind, Shape
from connector.domain.records.names import NO_NAMES
from connector.domain.records.rejected import identify
from connector.domain.run import Mode, Status
from tests.builders import a_contract, a_memory_file, a_row, an_entity
from tests.unit.runs.small_rig import SmallRig, remember

OLD = a_contract(fields={"UsrCode": Kind.STRING})
WIDER = a_contract(fields={"USRCode": Kind.STRING, "UsrCode": Kind.STRING})
OTHER = a_contract(fields={"USRCode": Kind.STRING})


@pytest.fixture
def rig() -> SmallRig:
    rig = SmallRig(a_row(UsrCode="old"), contract=OLD)
    assert rig.run().status is Status.SUCCEEDED
    return rig


def follow(rig: SmallRig, contract: Contract, *, is_told: bool = True, **members: Any) -> None:
    """Let the endpoint change, and the record with it; the new version may be known only by the record."""
    rig.source.contract, rig.source.knows_contract = contract, not is_told
    rig.clock.advance(timedelta(hours=1))
    rig.source.put(a_row(modified_at=rig.clock.now(), **members))
    assert rig.run(Mode.RECONCILE, depth=Depth.CONTENT).status is Status.SUCCEEDED
    rig.source.knows_contract = True


def lose_state(rig: SmallRig) -> None:
    rig.state = SqliteStateStore(path=a_memory_file(), clock=rig.clock)


def forget_names(rig: SmallRig) -> None:
    """What is remembered is what a version before wrote."""
    contract = rig.entity_state.contract
    assert contract is not None
    remember(rig, contract=replace(contract, names=NO_NAMES))


def shown(rig: SmallRig) -> tuple[object, object]:
    columns = (rig.shown("usr_code"), rig.shown("usr_code_2"))
    one, two = (next(iter(column.values())) for column in columns)
    return one, two


@pytest.mark.parametrize("is_told", [True, False], ids=["told", "noticed"])
@pytest.mark.parametrize(
    "forget", [lambda _: None, lose_state, forget_names], ids=["remembered", "lost", "before"]
)
def test_the_newcomer_gets_the_number(rig: SmallRig, forget: object, is_told: bool) -> None:
    forget(rig)  # type: ignore[operator]
    follow(rig, WIDER, is_told=is_told, USRCode="new", UsrCode="old")
    assert shown(rig) == ("old", "new")
    lose_state(rig)
    follow(rig, WIDER, USRCode="newer", UsrCode="older")
    assert shown(rig) == ("older", "newer")


@pytest.mark.parametrize("forget", [lambda _: None, lose_state], ids=["remembered", "lost"])
def test_a_field_that_comes_back_gets_its_old_column(rig: SmallRig, forget: object) -> None:
    follow(rig, OTHER, USRCode="other")
    assert set(rig.shown("usr_code_2").values()) == {"other"}
    forget(rig)  # type: ignore[operator]
    follow(rig, WIDER, USRCode="other", UsrCode="back")
    assert shown(rig) == ("back", "other")


@pytest.mark.parametrize("is_told", [True, False], ids=["told", "noticed"])
def test_a_field_spelled_in_another_case_is_told_because_it_fills_another_column(
    rig: SmallRig, is_told: bool
) -> None:
    rig.source.contract, rig.source.knows_contract = OTHER, not is_told
    rig.source.put(a_row(modified_at=rig.clock.now(), USRCode="new"))
    result = rig.run()
    assert result.details["fields_respelled"] == ["UsrCode (usr_code) is USRCode (usr_code_2) now"]
    rig.source.knows_contract = True
    assert "fields_respelled" not in rig.run().details
    rig.source.contract, rig.source.knows_contract = OLD, False
    assert rig.run().details["fields_respelled"] == ["USRCode (usr_code_2) is UsrCode (usr_code) now"]


def test_a_newcomer_beside_the_field_of_another_case_is_no_such_thing(rig: SmallRig) -> None:
    rig.source.contract, rig.source.knows_contract = WIDER, False
    assert "fields_respelled" not in rig.run().details


@pytest.mark.parametrize("identity", list(Identity))
def test_a_key_is_found_in_whatever_case_the_endpoint_spells_it(identity: Identity) -> None:
    contract = Contract(
        endpoint="Default",
        version="24.200.001",
        request="",
        root=Shape(fields={"VendorId": Kind.STRING, "LastModifiedDateTime": Kind.DATETIME}),
        modified_field="LastModifiedDateTime",
    )
    row = a_row(key="V001").replace(b"VendorID", b"VendorId")
    record = Codec(an_entity(identity=identity), contract).decode(row)
    assert record.key == "V001"
    rejected = identify(row, an_entity(identity=identity), None, "why")
    assert (rejected.id, rejected.key) == (record.id, "V001")


def test_nothing_is_asked_of_the_warehouse_once_the_names_are_known(rig: SmallRig) -> None:
    def fail(name: str) -> None:
        raise AssertionError(name)

    rig.warehouse.read_columns = fail  # type: ignore[assignment, method-assign]
    state = rig.entity_state
    for mode in (Mode.INCREMENTAL, Mode.RECONCILE, Mode.REPLAY):
        assert rig.run(mode).status is Status.SUCCEEDED
    assert rig.entity_state.contract == state.contract


def test_a_value_of_another_type_makes_the_contract_be_read_once_a_run() -> None:
    rig = SmallRig(
        a_row(UsrCode="soon"),
        a_row(number=2, key="V002", UsrCode="late"),
        contract=a_contract(fields={"UsrCode": Kind.INT}),
    )
    result = rig.run()
    assert result.details["retyped"] == ["UsrCode"]
    assert len(rig.source.described) == 2  # the first contract, and once more


def test_a_type_that_changed_unannounced_is_followed_in_the_same_run() -> None:
    rig = SmallRig(a_row(UsrCode="text"), contract=OLD)
    rig.run()
    rig.source.contract = a_contract(fields={"UsrCode": Kind.BOOL})
    rig.clock.advance(timedelta(hours=1))
    rig.source.put(a_row(modified_at=rig.clock.now(), UsrCode=True))
    result = rig.run()
    assert (result.records_written, result.records_rejected, "retyped" in result.details) == (1, 0, False)
    assert rig.entity_state.contract is not None
    assert rig.entity_state.contract.root.fields["UsrCode"] is Kind.BOOL
    assert set(rig.shown("usr_code").values()) == {"true"}


@pytest.mark.parametrize("mode", [Mode.INCREMENTAL, Mode.BACKFILL, Mode.RECONCILE, Mode.REPLAY])
def test_names_of_another_log_are_not_used_but_learned_from_this_one(rig: SmallRig, mode: Mode) -> None:
    """The state was restored, or is used with another dataset."""
    other = SmallRig(a_row(USRCode="x"), contract=OTHER)
    other.run()
    follow(other, WIDER, USRCode="x", UsrCode="y")
    names = other.entity_state.contract
    assert names is not None
    assert names.names.log["usr_code"] == "USRCode"
    remember(rig, contract=names)
    rig.source.contract = WIDER
    rig.clock.advance(timedelta(hours=1))
    rig.source.put(a_row(modified_at=rig.clock.now(), USRCode="new", UsrCode="old"))
    result = rig.run(mode)
    assert result.status is Status.SUCCEEDED, result
    assert result.details["columns_learned_anew"] == ["usr_code"]
    again = rig.run()
    assert "columns_learned_anew" not in again.details
    assert shown(rig) == ("old", "new")


def test_a_state_from_before_a_field_was_added_gives_no_column_to_another(rig: SmallRig) -> None:
    before = rig.entity_state.contract
    follow(rig, WIDER, USRCode="new", UsrCode="old")
    remember(rig, contract=before)
    widest = a_contract(fields=dict.fromkeys(("Usr_Code", "USRCode", "UsrCode"), Kind.STRING))
    follow(rig, widest, Usr_Code="newest", USRCode="new", UsrCode="old")
    assert shown(rig) == ("old", "new")
    assert set(rig.shown("usr_code_3").values()) == {"newest"}


def test_columns_whose_descriptions_contradict_each_other_are_not_written_to(rig: SmallRig) -> None:
    """Not even after they were read: the run says what to do."""
    rig.warehouse.read_columns = lambda _: ()  # type: ignore[assignment, method-assign]
    columns = rig.warehouse.columns["vendors_log"]
    rig.warehouse.columns["vendors_log"] = tuple(
        dataclasses.replace(column, description="Vendor.Other (string)")
        if column.name == "usr_code"
        else column
        for column in columns
    )
    error = rig.run().error
    assert error is not None
    assert (error.type, "usr_code" in error.message) == ("WarehouseRefusedError", True)
    assert "rename vendors_log" in error.action
