"""The audit trail: nothing that happened to a record is silent."""

from datetime import timedelta

from connector.domain.entity_state import AuditedPage, Outcome
from connector.domain.run import RunKind
from connector.ports import StateStore
from tests.contract.state_builders import MORNING, an_audit_entry
from tests.stand_ins.clock import FakeClock


class RunContract:
    """The promises about the audit entries of runs, as the last run shows them."""

    def test_closing_merges_the_outcome_into_the_entry(self, store: StateStore) -> None:
        opened = {
            "entity": "vendors",
            "mode": "incremental",
            "status": "running",
            "started_at": MORNING,
            "records_read": 0,
        }
        closed = {
            "status": "failed",
            "records_read": 812,
            "watermark_after": None,
            "duration_seconds": 3.25,
            "error": {"type": "X", "http_status": 503},
            "finished_at": MORNING + timedelta(microseconds=1),
        }
        store.audit.open_run("run-1", opened)
        store.audit.close_run("run-1", closed)
        assert store.statuses(["vendors"])[0].last_run == {**opened, **closed}

    def test_a_nested_value_is_replaced_whole(self, store: StateStore) -> None:
        store.audit.open_run("run-1", {"entity": "vendors", "details": {"matched": 1, "stale": 2}})
        store.audit.close_run("run-1", {"details": {"matched": 3}})
        assert store.statuses(["vendors"])[0].last_run == {"entity": "vendors", "details": {"matched": 3}}

    def test_every_plain_value_comes_back(self, store: StateStore) -> None:
        entry = {
            "entity": "vendors",
            "text": 'é "quoted" \\ `tick` 😀',
            "numbers": [0, -1, 2**62, 2**70, 1.5],
            "flags": {"yes": True, "no": False, "none": None},
            "nested": [[1, [2, 3]], {"deep": {"at": ["", {"x": []}]}}],
            "odd names": {"a.b": 1, "__x__": 2, "`": 3, "1": {}},
            "many": {f"name {n}": n for n in range(1000)},
            "long": "x" * 50_000,
            "a.b-c": "dotted",
        }
        store.audit.open_run("run-1", {"entity": "vendors"})
        store.audit.close_run("run-1", entry)
        assert store.statuses(["vendors"])[0].last_run == entry

    def test_a_run_may_be_closed_that_was_never_opened(self, store: StateStore) -> None:
        store.audit.close_run("run-1", {"entity": "vendors", "status": "failed"})
        assert store.statuses(["vendors"])[0].last_run == {"entity": "vendors", "status": "failed"}

    def test_a_run_is_read_by_its_id_closed_or_not(self, store: StateStore, second_store: StateStore) -> None:
        store.audit.open_run("run/1", {"entity": "vendors", "status": "running", "started_at": MORNING})
        assert second_store.audit.read_run("run/1") == {
            "entity": "vendors",
            "status": "running",
            "started_at": MORNING,
        }
        store.audit.close_run("run/1", {"status": "succeeded", "kind": "incremental"})
        closed = second_store.audit.read_run("run/1")
        assert closed is not None
        assert (closed["status"], closed["started_at"]) == ("succeeded", MORNING)
        assert set(closed) == {"entity", "status", "started_at", "kind"}
        assert store.audit.read_run("run-2") is None

    def test_the_successes_of_a_kind_are_read_whatever_else_there_was(
        self, store: StateStore, clock: FakeClock
    ) -> None:
        kinds = (RunKind.RECONCILE_CONTENT, RunKind.RECONCILE_KEYS, RunKind.INCREMENTAL)
        for number in range(40):
            status = "failed" if number % 5 == 0 else "succeeded"
            entity = "vendor" if number % 7 == 0 else "vendors"
            entry = {"entity": entity, "kind": kinds[number % 3].value, "status": status}
            store.audit.open_run(f"run-{number}", {**entry, "status": "running"})
            if number % 11:
                clock.advance(timedelta(minutes=1))
                store.audit.close_run(
                    f"run-{number}", {**entry, "run_id": f"run-{number}", "at": clock.now()}
                )
        found = {
            entry["run_id"]: entry
            for entry in store.audit.read_successes("vendors", RunKind.RECONCILE_CONTENT)
        }
        wanted = [n for n in range(0, 40, 3) if n % 5 and n % 7 and n % 11]
        assert set(found) == {f"run-{number}" for number in wanted}
        assert found["run-3"]["status"] == "succeeded"


class PageContract:
    """The promises about what became of each record."""

    def test_a_record_is_followed_through_all_runs_oldest_first(
        self, store: StateStore, second_store: StateStore, clock: FakeClock
    ) -> None:
        expected = []
        outcomes = [Outcome.WRITTEN, Outcome.UNCHANGED, Outcome.REJECTED, Outcome.TOMBSTONED]
        for number, outcome in enumerate(outcomes):
            entry = an_audit_entry(outcome=outcome, reason="why" if outcome is Outcome.REJECTED else "")
            run_id = f"run-{9 - number}"
            others = [an_audit_entry(record_id=f"other-{n}", key=f"V{n}") for n in range(3)]
            store.audit.record_page(run_id, "vendors", "incremental", 1, [*others, entry])
            expected.append(
                AuditedPage(run_id=run_id, mode="incremental", recorded_at=clock.now(), entry=entry)
            )
            clock.advance(timedelta(minutes=1))
        assert list(second_store.audit.read_trail("vendors", "id-1")) == expected

    def test_an_unknown_record_has_no_trail(self, store: StateStore) -> None:
        store.audit.record_page("run-1", "vendors", "incremental", 1, [an_audit_entry(record_id="id-10")])
        assert list(store.audit.read_trail("vendors", "id-1")) == []
        assert list(store.audit.read_trail("vendors", "V001")) == []
        assert list(store.audit.find_records("vendors", "id-10")) == []

    def test_trails_of_entities_do_not_mix(self, store: StateStore) -> None:
        store.audit.record_page("run-1", "vendors", "incremental", 1, [an_audit_entry()])
        assert list(store.audit.read_trail("items", "id-1")) == []
        assert list(store.audit.find_records("items", "V001")) == []

    def test_a_page_recorded_again_replaces_itself(self, store: StateStore) -> None:
        store.audit.record_page(
            "run-1", "vendors", "backfill", 1, [an_audit_entry(), an_audit_entry(record_id="b")]
        )
        store.audit.record_page("run-1", "vendors", "backfill", 2, [an_audit_entry(record_id="c")])
        changed = an_audit_entry(outcome=Outcome.REJECTED, reason="late")
        store.audit.record_page("run-1", "vendors", "backfill", 1, [changed])
        assert [page.entry for page in store.audit.read_trail("vendors", "id-1")] == [changed]
        assert list(store.audit.read_trail("vendors", "b")) == []
        assert len(list(store.audit.read_trail("vendors", "c"))) == 1

    def test_a_large_page_is_kept_whole_and_replaced_whole(self, store: StateStore) -> None:
        many = [an_audit_entry(record_id=f"id-{n}", key=f"V{n}") for n in range(2500)]
        store.audit.record_page("run-1", "vendors", "backfill", 1, many)
        for n in (0, 999, 1000, 2499):
            assert [page.entry for page in store.audit.read_trail("vendors", f"id-{n}")] == [many[n]]
        store.audit.record_page("run-1", "vendors", "backfill", 1, many[:10])
        assert len(list(store.audit.read_trail("vendors", "id-9"))) == 1
        for n in (10, 999, 1000, 2499):
            assert list(store.audit.read_trail("vendors", f"id-{n}")) == []

    def test_an_empty_page_may_be_recorded(self, store: StateStore) -> None:
        store.audit.record_page("run-1", "vendors", "backfill", 1, [an_audit_entry()])
        store.audit.record_page("run-1", "vendors", "backfill", 1, [])
        assert list(store.audit.read_trail("vendors", "id-1")) == []

    def test_a_record_read_twice_in_one_page_is_in_the_trail_twice(self, store: StateStore) -> None:
        twice = [an_audit_entry(), an_audit_entry(outcome=Outcome.UNCHANGED)]
        store.audit.record_page("run-1", "vendors", "backfill", 1, twice)
        assert [page.entry for page in store.audit.read_trail("vendors", "id-1")] == twice

    def test_ids_and_keys_may_hold_any_character(self, store: StateStore) -> None:
        odd = 'a/b "c" \\ é % . \ud83d 😀'
        store.audit.record_page("run/1", "vendors", "backfill", 1, [an_audit_entry(record_id="é/1", key=odd)])
        assert list(store.audit.find_records("vendors", odd)) == ["é/1"]
        assert [page.run_id for page in store.audit.read_trail("vendors", "é/1")] == ["run/1"]

    def test_records_are_found_by_key_most_recent_first_and_once(
        self, store: StateStore, clock: FakeClock
    ) -> None:
        for number, record_id in enumerate(["old", "new", "old", "other"]):
            key = "V002" if record_id == "other" else "V001"
            store.audit.record_page(
                f"run-{number}", "vendors", "backfill", 1, [an_audit_entry(record_id=record_id, key=key)]
            )
            clock.advance(timedelta(minutes=1))
        assert list(store.audit.find_records("vendors", "V001")) == ["old", "new"]

    def test_at_most_ten_records_are_found_by_key(self, store: StateStore, clock: FakeClock) -> None:
        for number in range(12):
            store.audit.record_page(
                "run-1", "vendors", "backfill", number, [an_audit_entry(record_id=f"id-{number}")]
            )
            clock.advance(timedelta(minutes=1))
        assert list(store.audit.find_records("vendors", "V001")) == [f"id-{n}" for n in range(11, 1, -1)]

    def test_a_run_s_pages_are_read_one_after_the_other(self, store: StateStore) -> None:
        pages = {
            number: [an_audit_entry(record_id=f"{number}-{n}", key=f"V{n}") for n in range(count)]
            for number, count in ((3, 2), (1, 1200), (2, 0))
        }
        for number, entries in pages.items():
            store.audit.record_page("run-1", "vendors", "backfill", number, entries)
        store.audit.record_page("run-2", "vendors", "backfill", 1, [an_audit_entry()])
        read, after = {}, -1
        while page := store.audit.read_run_page("run-1", after):
            read[page.number] = list(page.entries)
            assert page.has_next == (page.number < 3)
            after = page.number
        assert read == dict(sorted(pages.items()))
        assert store.audit.read_run_page("run-3") is None
