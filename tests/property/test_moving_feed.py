"""The same histories over OData: an inquiry or a class of the tenant that moves, kills runs and lets them overlap."""

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from acumatica_sandbox.rows import Record
from connector.adapters.acumatica.transport import Request
from connector.domain.entity import Entity
from connector.errors import SourceUnavailableError
from connector.ports import Source
from tests.property.test_moving_list import MovingList
from tests.seed import SEED
from tests.stand_ins.in_process import open_source
from tests.stand_ins.list_source import failure

EXAMPLES = int(os.environ.get("CONNECTOR_EXAMPLES", "1000")) // 25
"""A twenty-fifth of the others: each history signs in, reads metadata and rows through the whole client."""
SEARCHES = 2


def a_block(**parts: Any) -> Entity:
    return Entity(
        name="vendors",
        inquiry="AP-Vendors",
        keys=("VendorID",),
        current_view="vendors",
        schedule="2 * * * *",
        **parts,
    )


class MovingInquiry(MovingList):
    """Every request goes through the real client into the simulated tenant."""

    entity = a_block(modified_field="LastModifiedOn")

    def open_source(self) -> Source:
        """Return a client of its own for each run: a killed one never signs out."""
        return open_source(
            self.sandbox, self.clock, lambda _: self.move_meanwhile(), self.fail_request, attempts=1
        )

    def _run(self, *arguments: Any) -> Any:
        before, self.source = self.source, self.open_source()
        try:
            return super()._run(*arguments)
        finally:
            self.source = before

    def id_of(self, record: Record) -> str:
        return record.keys[0]

    def name_of(self, record: Record) -> object:
        """Return the name without the blanks that pad texts in an inquiry."""
        return str(record.fields["VendorName"]).rstrip(" ")

    def fail_request(self, request: Request) -> None:
        """Fail as Acumatica does, on requests for rows."""
        if "$top" not in request.query:
            return
        with self.turn:
            kind = self.weather.pop(0) if self.weather else "fair"
        if kind == "page":
            raise failure("a page")
        if kind in ("down", "late"):
            error = SourceUnavailableError("Acumatica is down.", action="Wait.")
            error.is_out_of_time = kind == "late"
            raise error


class CountedInquiry(MovingInquiry):
    """Sorted by another column first, an inquiry is read by counting its rows."""

    entity = a_block(modified_field="LastModifiedOn", order_by=("Status",))


class MovingClass(MovingInquiry):
    """A class whose rows are told apart by their NoteID, and paged by their keys."""

    entity = Entity(
        name="vendors",
        dac="PX_Objects_AP_Vendor",
        columns={
            "AcctCD": "string",
            "AcctName": "string",
            "LastModifiedDateTime": "datetime",
            "NoteID": "guid",
        },
        keys=("AcctCD",),
        current_view="vendors",
        schedule="2 * * * *",
        modified_field="LastModifiedDateTime",
    )
    key_column, name_column = "acct_cd", "acct_name"

    def id_of(self, record: Record) -> str:
        return record.id


@pytest.mark.parametrize("machine", [MovingInquiry, CountedInquiry, MovingClass])
@pytest.mark.parametrize("search", range(SEARCHES))
def test_a_feed_that_moves_while_it_is_read_loses_nothing(search: int, machine: type[MovingInquiry]) -> None:
    options = settings(
        max_examples=-(-EXAMPLES // SEARCHES),
        stateful_step_count=15,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    run_state_machine_as_test(seed(SEED + search)(machine), settings=options)
