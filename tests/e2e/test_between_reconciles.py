"""What reaches the warehouse between two reconciles: tracked deletions, changes behind an ignored filter, an upgrade."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.app.catalogue import BUNDLED
from tests.e2e.profiles import Profile, shown_ids, stored_ids, succeed


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny")) as tenant:
        yield tenant


def with_member(folder: Path, entity: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = BUNDLED.read_text(encoding="utf-8")
    path = folder / "entities.yaml"
    path.write_text(text.replace(f"\n{entity}:\n", f"\n{entity}:\n  {line}\n"), encoding="utf-8")
    monkeypatch.setenv("ENTITIES_FILE", str(path))


class TestTrackedDeletions:
    """Where the tenant tracks deletions, they are seen between reconciles."""

    @pytest.fixture
    def tracked(
        self, sandbox: Sandbox, embedded: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Profile:
        with_member(tmp_path, "items", "dac: PX_Objects_IN_InventoryItem", monkeypatch)
        sandbox.configure(tracked_deletions=("StockItem", "NonStockItem"))
        succeed(embedded, "items")
        sandbox.tenant.clock.advance(3600)
        return embedded

    def test_the_next_incremental_run_marks_what_is_gone(self, sandbox: Sandbox, tracked: Profile) -> None:
        succeed(tracked, "items")
        sandbox.tenant.delete("StockItem", sandbox.tenant.records("StockItem")[0].id)
        sandbox.tenant.delete(
            "NonStockItem", sandbox.tenant.records("NonStockItem")[0].id
        )  # shares the table
        result = succeed(tracked, "items")
        assert (result["reported_deleted"], result["deleted"]) == (2, 1)
        assert shown_ids(tracked, "items") == stored_ids(sandbox, "StockItem")
        again = succeed(tracked, "items")
        assert again.get("deleted", 0) == 0
        rows = tracked.rows("SELECT count(*) AS n FROM items_log WHERE _deleted")
        assert rows == [{"n": 1}]

    def test_it_costs_one_request(self, sandbox: Sandbox, tracked: Profile) -> None:
        since = len(sandbox.requests)
        succeed(tracked, "items")
        asked = [request.path for request in sandbox.requests[since:]]
        assert sum("px.GetDeletedRecords" in path for path in asked) == 1
        assert len([path for path in asked if "/connect/" not in path and "/auth/" not in path]) == 3

    def test_a_record_that_is_only_said_to_be_gone_stays(self, sandbox: Sandbox, tracked: Profile) -> None:
        there = sandbox.tenant.records("StockItem")[0].id
        told = json.dumps({"value": [{"RefNoteID": there.upper(), "DeleteDate": "2026-11-22T12:00:00Z"}]})
        sandbox.faults.add(
            path="GetDeletedRecords", status=200, headers={"Content-Type": "application/json"}, body=told
        )
        assert succeed(tracked, "items")["deleted"] == 0
        assert there in shown_ids(tracked, "items")

    @pytest.mark.parametrize("status", [400, 403, 404, 500, 501])
    def test_a_tenant_that_does_not_tell_fails_nothing(
        self, sandbox: Sandbox, tracked: Profile, monkeypatch: pytest.MonkeyPatch, status: int
    ) -> None:
        monkeypatch.setenv("SYNC_TIME_BUDGET_SECONDS", "2")
        sandbox.tenant.delete("StockItem", sandbox.tenant.records("StockItem")[0].id)
        fault = sandbox.faults.add(
            path="GetDeletedRecords", status=status, times=99, headers={"Content-Type": "application/json"},
            body='{"error": {"message": "no"}}',
        )  # fmt: skip
        assert "deleted" not in succeed(tracked, "items")
        fault.times = 0
        assert succeed(tracked, "items")["deleted"] == 1, "the cursor stayed where it was"

    def test_what_further_pages_of_the_list_tell_is_marked_too(
        self, sandbox: Sandbox, tracked: Profile
    ) -> None:
        succeed(tracked, "items")
        sandbox.configure(deletions_page_size=2)
        for item in sandbox.tenant.records("StockItem")[:5]:
            sandbox.tenant.delete("StockItem", item.id)
        assert succeed(tracked, "items")["deleted"] == 5
        assert shown_ids(tracked, "items") == stored_ids(sandbox, "StockItem")

    def test_a_list_that_could_not_be_read_whole_is_asked_for_again(
        self, sandbox: Sandbox, tracked: Profile
    ) -> None:
        first, second = [item.id for item in sandbox.tenant.records("StockItem")[:2]]
        for item in (first, second):
            sandbox.tenant.delete("StockItem", item)
        row = {"RefNoteID": first, "DeleteDate": "2026-11-22T12:00:00Z"}
        part = json.dumps({"value": [row], "@odata.nextLink": "https://elsewhere.example.com/?$skiptoken=1"})
        sandbox.faults.add(
            path="GetDeletedRecords", status=200, headers={"Content-Type": "application/json"}, body=part
        )
        assert succeed(tracked, "items")["deleted"] == 1
        assert second in shown_ids(tracked, "items")
        sandbox.tenant.clock.advance(7200)
        assert succeed(tracked, "items")["deleted"] == 1, "the cursor stayed where it was"
        assert shown_ids(tracked, "items") == stored_ids(sandbox, "StockItem")

    def test_it_is_not_asked_for_by_default(self, sandbox: Sandbox, embedded: Profile) -> None:
        succeed(embedded, "items")
        succeed(embedded, "items")
        assert not any("odata" in request.path for request in sandbox.requests)


class TestFilterIgnored:
    """A filter on a computed field may answer an empty list without an error."""

    def test_records_are_read_all_the_same(self, sandbox: Sandbox, embedded: Profile) -> None:
        succeed(embedded, "purchase_orders")
        sandbox.configure(silently_empty={"PurchaseOrder": ("LastModifiedDateTime",)})
        for number in range(2):
            sandbox.tenant.clock.advance(3600)
            order = sandbox.tenant.records("PurchaseOrder")[-1]
            sandbox.tenant.change("PurchaseOrder", order.id, {"Description": f"late {number}"})
            result = succeed(embedded, "purchase_orders")
            assert result["filter_ignored"] == "LastModifiedDateTime"
            assert (result["records_written"], result["records_read"]) == (
                1, len(sandbox.tenant.records("PurchaseOrder")),
            )  # fmt: skip
            row = embedded.rows(f"SELECT description FROM purchase_orders WHERE _id = '{order.id}'")
            assert row == [{"description": f"late {number}"}]

    def test_an_idle_hour_is_believed_with_one_more_request(
        self, sandbox: Sandbox, embedded: Profile
    ) -> None:
        succeed(embedded, "purchase_orders")
        sandbox.tenant.clock.advance(3600)
        since = len(sandbox.requests)
        result = succeed(embedded, "purchase_orders")
        assert result["records_read"] == 0
        assert "filter_ignored" not in result
        assert sum("/PurchaseOrder" in request.path for request in sandbox.requests[since:]) == 2


class TestNoVersionConfigured:
    """The newest version is used, and an upgrade is followed."""

    def test_an_upgrade_of_the_instance_is_followed_by_itself(
        self, sandbox: Sandbox, embedded: Profile, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("ACUMATICA_ENDPOINT_VERSION")
        sandbox.configure(endpoint_versions=("20.200.001", "22.200.001"))
        succeed(embedded, "items")
        sandbox.tenant.clock.advance(3600)
        sandbox.configure(endpoint_versions=("22.200.001", "24.200.001", "26.200.001"))
        since = len(sandbox.requests)
        succeed(embedded, "items")
        paths = [request.path for request in sandbox.requests[since:] if "/Default/" in request.path]
        assert paths
        assert all("/24.200.001/" in path for path in paths)
        assert any(path.endswith("swagger.json") for path in paths)
        sandbox.tenant.clock.advance(3600)
        since = len(sandbox.requests)
        succeed(embedded, "items")
        data = [
            r.path for r in sandbox.requests[since:] if "/connect/" not in r.path and "/auth/" not in r.path
        ]
        assert len(data) <= 3, "a run with nothing to do asks three times at most"
        assert not any(path.endswith("swagger.json") for path in data)
