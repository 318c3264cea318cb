"""A check tells whatever fails as a line with a remedy, even what nobody expected, and goes on."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from typing_extensions import override

from connector.adapters.sqlite import SqliteStateStore
from connector.app.check import ACUMATICA, WAREHOUSE, check_everything
from connector.domain.check_line import CheckLine
from connector.domain.entity import Entity
from connector.domain.records.contract import Contract, Kind
from connector.domain.tables.schema import Table
from connector.ports import Ports
from connector.runs.run import Limits
from tests.builders import a_contract, a_memory_file, a_row, an_entity
from tests.stand_ins.clock import NOON, FakeClock
from tests.stand_ins.list_source import ListSource
from tests.stand_ins.warehouse import MemoryWarehouse
from tests.unit.runs.small_rig import SmallRig


class BrokenSource(ListSource):
    """Fails in a way no port announces, after its first line."""

    @override
    def check(self, *_: Any) -> Iterator[CheckLine]:
        yield CheckLine(subject="acumatica sign-in", ok=True, finding="signed in")
        raise TypeError("it had sent a password")


class BrokenWarehouse(MemoryWarehouse):
    """Fails in a way no port announces."""

    @override
    def check(self, tables: Sequence[Table]) -> Iterator[CheckLine]:
        raise KeyError("a password")


class BrokenState(SqliteStateStore):
    """Fails in a way no port announces."""

    @override
    def check(self) -> CheckLine:
        raise ZeroDivisionError


def fail() -> CheckLine:
    raise RuntimeError("a password")


def read_no_secret(_: str) -> object:
    raise IndexError("a password")


def check(try_queue: Callable[[], CheckLine] | None = None, **parts: Any) -> list[CheckLine]:
    clock = FakeClock()
    sound: dict[str, Any] = {
        "source": ListSource(entity=an_entity(), clock=clock, contract=a_contract()),
        "warehouse": MemoryWarehouse(),
        "state": SqliteStateStore(path=a_memory_file(), clock=clock),
    }
    read_secret = parts.pop("read_secret", lambda _: None)
    ports = Ports(**{**sound, **parts}, clock=clock)
    return list(
        check_everything(
            ports,
            [an_entity()],
            owner="check",
            limits=Limits(deadline=NOON),
            secrets={ACUMATICA: "env:A", WAREHOUSE: "env:W"},
            read_secret=read_secret,
            try_queue=try_queue,
        )
    )


@pytest.mark.parametrize(
    ("subject", "kind", "parts"),
    [
        (
            "acumatica",
            "TypeError",
            {"source": BrokenSource(entity=an_entity(), clock=FakeClock(), contract=a_contract())},
        ),
        ("warehouse", "KeyError", {"warehouse": BrokenWarehouse()}),
        (
            "state",
            "ZeroDivisionError",
            {"state": BrokenState(path=a_memory_file(), clock=FakeClock())},
        ),
        ("queue", "RuntimeError", {"try_queue": fail}),
        ("acumatica secret", "IndexError", {"read_secret": read_no_secret}),
    ],
)
def test_an_error_nobody_expected_is_one_line_and_the_others_are_tested_all_the_same(
    subject: str, kind: str, parts: dict[str, Any]
) -> None:
    sound = check()
    assert all(line.ok for line in sound)
    lines = check(**parts)
    (failed, *_) = [line for line in lines if not line.ok]
    assert (failed.subject, kind in failed.finding, "LOG_LEVEL=DEBUG" in failed.remedy) == (
        subject,
        True,
        True,
    )
    assert not any("password" in line.finding for line in lines)
    if subject != "acumatica secret":  # without which nothing is asked there
        assert sum(line.ok for line in lines) >= len(sound) - 1


class WatchedWarehouse(MemoryWarehouse):
    """Notes the tables it is to test."""

    def __init__(self) -> None:
        super().__init__()
        self.tested: list[Table] = []

    @override
    def check(self, tables: Sequence[Table]) -> Iterator[CheckLine]:
        self.tested.extend(tables)
        return super().check(tables)


class DescribingSource(ListSource):
    """Tells the contract of each entity, as Acumatica does."""

    @override
    def check(
        self, entities: Sequence[Entity], on_contract: Callable[[Entity, Contract], None]
    ) -> Iterator[CheckLine]:
        for entity in entities:
            on_contract(entity, self.contract)
        return super().check(entities, on_contract)


def test_the_tables_that_are_tested_have_the_columns_of_the_runs() -> None:
    names = ("USRCode", "UsrCode")
    rig = SmallRig(a_row(USRCode="x"), contract=a_contract(fields={"USRCode": Kind.STRING}))
    rig.run()
    wider = a_contract(fields=dict.fromkeys(names, Kind.STRING))
    warehouse = WatchedWarehouse()
    source = DescribingSource(entity=an_entity(), clock=FakeClock(), contract=wider)
    assert all(line.ok for line in check(warehouse=warehouse, source=source, state=rig.state))
    (table,) = warehouse.tested
    made_for = {column.name: column.description for column in table.columns}
    assert made_for["usr_code"].startswith("Vendor.USRCode ")
    assert made_for["usr_code_2"].startswith("Vendor.UsrCode ")
