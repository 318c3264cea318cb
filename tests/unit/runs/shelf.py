"""A list held in memory, and a reader of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from connector.domain.cursor import Plan
from connector.domain.entity import Entity
from connector.domain.list_query import ListAnswer, ListQuery
from connector.domain.records.contract import Contract
from connector.runs.interpreting import Interpreter
from connector.runs.reading import ListReader, Page
from tests.builders import MORNING, a_contract, a_row, an_entity
from tests.stand_ins.clock import FakeClock


@dataclass
class Shelf:
    """A list held in memory; `before` is called with every request and may change it."""

    rows: list[bytes]
    contract: Contract = field(default_factory=a_contract)
    asked_by: Contract | None = None
    before: Any = None
    queries: list[ListQuery] = field(default_factory=list)
    described: int = 0

    def read_list(self, query: ListQuery) -> ListAnswer:
        self.queries.append(query)
        if self.before is not None:
            self.before(self, query)
        page = self.rows[query.skip : query.skip + query.top]
        server_time = MORNING + timedelta(seconds=len(self.queries))
        return ListAnswer(rows=page, server_time=server_time, contract=self.asked_by)

    def describe(self, entity: Entity) -> Contract:
        assert entity == an_entity()
        self.described += 1
        return self.contract

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


def rows(*numbers: int) -> list[bytes]:
    return [a_row(number=number, key=f"V{number:03}") for number in numbers]


def a_reader(shelf: Any, **parts: Any) -> ListReader:
    defaults: dict[str, Any] = {
        "interpreter": Interpreter(shelf, an_entity(), a_contract()),
        "plan": Plan(changed_since=None),
        "page_size": 3,
        "page_bytes": 2**20,
    }
    return ListReader(source=shelf, clock=FakeClock(), **{**defaults, **parts})


def ids(pages: Sequence[Page]) -> list[list[int]]:
    return [[int(reading.record.id[-12:], 16) for reading in page.readings] for page in pages]
