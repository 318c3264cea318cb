"""An operator edits the catalogue, renames entities, drops what the docs allow and switches versions, while runs are killed:
after the next undisturbed runs every view shows the tenant, or a run says what it refuses.

Those runs are the ordinary ones: an incremental run makes every record that lives right, and a reconcile of keys takes away
what is gone. A reconcile of contents would hide what they miss.
"""

import os
from datetime import datetime

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from typing_extensions import override

from connector.domain.entity import CurrentForm
from connector.domain.run import Mode
from tests.property.catalogue_operator import Operator
from tests.property.edited_places import BigQueryPlace, Place, Rows
from tests.property.edited_tenant import SIZE
from tests.seed import SEED

HISTORIES = int(os.environ.get("CONNECTOR_CATALOGUES", "500"))
IN_BIGQUERY = int(os.environ.get("CONNECTOR_CATALOGUES_IN_BIGQUERY", "3"))
SEARCHES = 4
"""The histories are shared out among so many searches, which run side by side."""
COLUMNS = {
    "VendorID": "vendor_id",
    "Name": "name",
    "Amount": "amount",
    "Colour": "colour",
    "Terms": "terms",
    SIZE: "usr_size",
}


class ExactOperator(Operator):
    """An operator whose copy is judged at the end."""

    def teardown(self) -> None:
        for side in sorted(self.known):
            self.finish(side, Mode.INCREMENTAL)
        for side in sorted(self.known):
            self.assert_shows_tenant(side, is_checked=False)
        for side in sorted(self.known):
            self.check_deletions(side)
            if self.letters(self.blocks[side].name):
                self.finish(side, Mode.REPLAY)
            assert not self.letters(self.blocks[side].name) & self.tenants[side].records.keys()
            self.assert_shows_tenant(side, is_checked=True)
        self.place.close()

    def check_deletions(self, side: str) -> None:
        """Reconcile; once more if that ended a pass begun before, which tells of no deletion since it began."""
        began_at = self.clock.now()
        self.finish(side, Mode.RECONCILE)
        if not self._are_deletions_checked(side, began_at):
            self.finish(side, Mode.RECONCILE)
        assert self._are_deletions_checked(side, began_at)

    def _are_deletions_checked(self, side: str, since: datetime) -> bool:
        checked_at = self.state.entities.read(self.blocks[side].name).deletions_checked_at
        return checked_at is not None and checked_at >= since

    def assert_shows_tenant(self, side: str, *, is_checked: bool) -> None:
        """Fail unless the views show the side's records; `is_checked` says that no deleted one may be among them."""
        block, tenant = self.blocks[side], self.tenants[side]
        rows = self.place.rows(f"SELECT * FROM {block.current_view} ORDER BY _id")
        shown = {row["_id"]: row for row in rows}
        gone = shown.keys() - tenant.records.keys()
        assert shown.keys() - gone == tenant.records.keys()
        assert not (is_checked and gone)
        for record_id in tenant.records:
            self._assert_same(side, record_id, shown[record_id])
        lines = self.place.rows(f"SELECT _parent_id, account FROM {block.line_views[0].name}")
        assert sorted(
            (line["_parent_id"], line["account"]) for line in lines if line["_parent_id"] not in gone
        ) == sorted((record_id, tenant.read_account(record_id)) for record_id in tenant.records)
        current = [{"_id": row["_id"], "_version": row["_version"]} for row in rows]
        assert current == self._versions(f"{block.history_view} WHERE is_current")
        is_kept = block.current is CurrentForm.TABLE
        may_be_kept = block.current is CurrentForm.AUTO and self.place.merges_daily
        assert may_be_kept or (block.current_table in self.place.tables()) is is_kept
        if is_kept:
            assert current == self._versions(f"{block.current_table} WHERE NOT _deleted")

    def _assert_same(self, side: str, record_id: str, row: dict[str, object]) -> None:
        tenant = self.tenants[side]
        saved_at = tenant.records[record_id]["LastModifiedDateTime"]
        for field in COLUMNS.keys() & self.fields(side).keys():
            given_at = self.given_since[side].get(field)
            if given_at is not None and saved_at < given_at:
                continue
            wanted, found = tenant.read_value(record_id, field), row[COLUMNS[field]]
            is_set_aside = isinstance(wanted, str) and f'"{field}"' in str(row["_extra"])
            assert str(wanted) == str(found).removesuffix(".000000000") or (found is None and is_set_aside), (
                field,
                row,
            )

    def _versions(self, source: str) -> Rows:
        return self.place.rows(f"SELECT _id, _version FROM {source} ORDER BY _id")


def search(machine: type[Operator], histories: int, number: int = 0, *, steps: int = 6) -> None:
    options = settings(
        max_examples=histories,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=[*HealthCheck],
        print_blob=True,
    )
    run_state_machine_as_test(seed(SEED + number)(machine), settings=options)


@pytest.mark.parametrize("number", range(SEARCHES))
def test_after_ordinary_runs_every_view_shows_the_tenant(number: int) -> None:
    search(ExactOperator, -(-HISTORIES // SEARCHES), number)


@pytest.mark.emulator
def test_after_ordinary_runs_every_view_in_bigquery_shows_the_tenant(
    bigquery_url: str, bigquery_dataset: str
) -> None:
    opened: list[str] = []

    class InBigQuery(ExactOperator):
        @override
        def open_place(self) -> Place:
            opened.append(f"{bigquery_dataset}_{len(opened)}")
            return BigQueryPlace(bigquery_url, opened[-1], self.clock)

    search(InBigQuery, IN_BIGQUERY, steps=4)
