"""What is remembered of an entity."""

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from connector.domain.entity_state import FINDINGS, EntityState, ListTrial, PageLimit, WrittenSince
from connector.domain.run import RunKind
from connector.domain.seen_records import pack_seen
from connector.errors import LeaseLostError
from connector.ports import StateStore
from tests.contract.state_builders import (
    MORNING,
    TTL,
    a_checkpoint,
    a_contract,
    a_dead_letter,
    an_audit_entry,
    an_entity_state,
    taken,
)


class StreamContract:
    """The promises about streams."""

    def test_an_unknown_entity_has_an_empty_stream(self, store: StateStore) -> None:
        assert store.entities.read("vendors") == EntityState(entity="vendors")

    @pytest.mark.parametrize(
        "entity_state",
        [
            an_entity_state(),
            EntityState(entity="vendors"),
            an_entity_state(recent_versions={}, checkpoints={}),
            an_entity_state(
                checkpoints={
                    "incremental": replace(a_checkpoint(), changed_since=None, highest_stamp=None, known=())
                }
            ),
            an_entity_state(recent_versions={'a"b\\': "é", "": "x/y.z", "`": "$"}),
        ],
        ids=["full", "empty", "at rest", "nothing seen", "odd texts"],
    )
    def test_a_committed_stream_is_read_back_whole(
        self, store: StateStore, second_store: StateStore, entity_state: EntityState
    ) -> None:
        store.entities.commit(taken(store), entity_state)
        assert second_store.entities.read("vendors") == entity_state
        answer = second_store.entities.acquire_lease("vendors", "run-2", TTL)
        assert isinstance(answer, tuple)
        assert answer[1] == entity_state

    def test_a_commit_replaces_everything_before_it(self, store: StateStore) -> None:
        store.entities.commit(taken(store), an_entity_state())
        later = EntityState(entity="vendors", watermark=MORNING + TTL)
        store.entities.commit(taken(store, owner="run-2"), later)
        assert store.entities.read("vendors") == later

    def test_a_commit_gives_the_lease_back(self, store: StateStore, second_store: StateStore) -> None:
        store.entities.commit(taken(store), an_entity_state())
        taken(second_store, owner="run-2")

    def test_a_commit_may_be_repeated_until_another_takes_over(self, store: StateStore) -> None:
        lease = taken(store)
        store.entities.commit(lease, an_entity_state())
        store.entities.commit(lease, an_entity_state())
        assert store.entities.read("vendors") == an_entity_state()

    @pytest.mark.parametrize("older", [None, MORNING - timedelta(microseconds=1)])
    def test_the_watermark_never_goes_back(self, store: StateStore, older: datetime | None) -> None:
        store.entities.commit(taken(store), an_entity_state())
        store.entities.commit(
            taken(store, owner="run-2"), replace(an_entity_state(watermark=older), records_seen=9)
        )
        assert store.entities.read("vendors") == replace(an_entity_state(), records_seen=9)

    def test_each_mode_has_its_own_checkpoint(self, store: StateStore, second_store: StateStore) -> None:
        lease = taken(store)
        for offset, mode in enumerate(("incremental", "backfill", "reconcile")):
            store.entities.save_checkpoint(lease, mode, a_checkpoint(offset=offset))
        store.entities.save_checkpoint(lease, "backfill", None)
        store.entities.save_checkpoint(lease, "incremental", a_checkpoint(offset=9, known=("z",)))
        assert second_store.entities.read("vendors").checkpoints == {
            "incremental": a_checkpoint(offset=9, known=("z",)),
            "reconcile": a_checkpoint(offset=2),
        }

    def test_forgetting_a_checkpoint_there_is_not_does_nothing(self, store: StateStore) -> None:
        store.entities.save_checkpoint(taken(store), "backfill", None)
        assert store.entities.read("vendors") == EntityState(entity="vendors")

    def test_a_checkpoint_changes_nothing_else(self, store: StateStore) -> None:
        store.entities.commit(taken(store), an_entity_state())
        store.entities.save_checkpoint(taken(store, owner="run-2"), "reconcile", a_checkpoint(offset=5))
        both = {"backfill": a_checkpoint(), "reconcile": a_checkpoint(offset=5)}
        assert store.entities.read("vendors") == an_entity_state(checkpoints=both)

    def test_what_a_reconcile_has_seen_is_remembered(self, store: StateStore) -> None:
        lease = taken(store)
        for flags in (bytes([0, 0, 1, 0] * 3), b""):
            seen = pack_seen(MORNING, "of the ids", flags)
            point = replace(a_checkpoint(), seen=seen)
            store.entities.save_checkpoint(lease, "reconcile keys", point)
            kept = store.entities.read("vendors").checkpoints["reconcile keys"]
            assert kept == point
            assert kept.seen is not None
            assert kept.seen.unpack() == flags

    def test_a_contract_is_remembered(self, store: StateStore) -> None:
        lease = taken(store)
        store.entities.save_contract(lease, a_contract(version="23.200.001"))
        store.entities.save_contract(lease, a_contract())
        assert store.entities.read("vendors") == EntityState(entity="vendors", contract=a_contract())

    def test_how_an_entity_has_to_be_read_is_remembered_and_forgotten(self, store: StateStore) -> None:
        lease = taken(store)
        nothing = EntityState(entity="vendors")
        for rows in (250, 125):
            found = replace(
                nothing,
                read_one_by_one=True,
                list_trial=ListTrial(again_at=MORNING, left_out=("Details",)),
                compared_for='{"expand":["Details"]}',
                page_limit=PageLimit(rows=rows, larger_again_at=MORNING),
                record_bytes=rows * 1024,
                proven_identity="Default 24.200.001 id",
                written_since=WrittenSince(highest_stamp=MORNING if rows == 250 else None),
            )
            store.entities.save_findings(lease, found)
            assert store.entities.read("vendors") == found
        store.entities.save_findings(lease, nothing)
        assert store.entities.read("vendors") == nothing

    def test_how_an_entity_has_to_be_read_changes_nothing_else(self, store: StateStore) -> None:
        store.entities.commit(taken(store), an_entity_state())
        store.entities.save_findings(taken(store, owner="run-2"), EntityState(entity="vendors"))
        without = replace(an_entity_state(), **{**dict.fromkeys(FINDINGS), "read_one_by_one": False})
        assert store.entities.read("vendors") == without

    def test_the_bounds_of_what_is_in_the_warehouse_are_remembered_until_they_are_forgotten(
        self, store: StateStore
    ) -> None:
        store.entities.commit(taken(store), an_entity_state())
        lease = taken(store)
        store.entities.save_bounds(lease, complete_until=MORNING, deletions_checked_at=MORNING - TTL)
        known = replace(an_entity_state(), complete_until=MORNING, deletions_checked_at=MORNING - TTL)
        assert store.entities.read("vendors") == known
        store.entities.save_bounds(lease, complete_until=None, deletions_checked_at=None)
        assert store.entities.read("vendors") == an_entity_state()

    def test_an_entity_is_renamed_with_everything_that_is_stored_of_it(self, store: StateStore) -> None:
        stored = replace(
            an_entity_state(checkpoints={"backfill": a_checkpoint()}), deletions_checked_at=MORNING
        )
        store.entities.commit(taken(store), stored)
        store.entities.save_checkpoint(
            taken(store, "suppliers", owner="other"), "incremental", a_checkpoint()
        )
        store.entities.release_lease(taken(store, "suppliers", owner="other"))
        store.entities.commit(taken(store, "items"), replace(stored, entity="items"))
        store.dead_letters.add(a_dead_letter())
        store.audit.open_run("run-1", {"entity": "vendors", "mode": "incremental"})
        store.audit.record_page("run-1", "vendors", "incremental", 1, [an_audit_entry()])
        store.audit.close_run("run-1", {"entity": "vendors", "kind": "incremental", "status": "succeeded"})
        old, new = taken(store, owner="rename"), taken(store, "suppliers", owner="rename")
        for _ in range(2):
            store.rename_entity(old, new)
            assert store.entities.read("suppliers") == replace(stored, entity="suppliers")
            assert store.entities.read("vendors") == EntityState(entity="vendors")
        assert store.entities.read("items") == replace(stored, entity="items")
        assert [letter.entity for letter in store.dead_letters.read("suppliers")] == ["suppliers"]
        assert list(store.dead_letters.read("vendors")) == []
        assert len(list(store.audit.read_trail("suppliers", "id-1"))) == 1
        assert list(store.audit.read_trail("vendors", "id-1")) == []
        successes = {
            name: len(list(store.audit.read_successes(name, RunKind.INCREMENTAL)))
            for name in ("vendors", "suppliers")
        }
        assert successes == {"vendors": 0, "suppliers": 1}
        (vendors, suppliers) = store.statuses(["vendors", "suppliers"])
        assert (vendors.last_run, suppliers.last_run and suppliers.last_run["entity"]) == (None, "suppliers")
        store.entities.release_lease(new)
        with pytest.raises(LeaseLostError):
            store.rename_entity(old, replace(new, fence=new.fence + 1))

    def test_entities_do_not_mix(self, store: StateStore) -> None:
        store.entities.commit(taken(store, "vendors"), an_entity_state())
        store.entities.save_checkpoint(taken(store, "vendor"), "backfill", a_checkpoint(offset=3))
        assert store.entities.read("vendors") == an_entity_state()
        assert store.entities.read("vendor").checkpoints == {"backfill": a_checkpoint(offset=3)}

    def test_a_store_works_again_after_it_was_closed(self, store: StateStore) -> None:
        store.entities.commit(taken(store), an_entity_state())
        store.close()
        store.close()
        assert store.entities.read("vendors") == an_entity_state()

    def test_a_check_leaves_nothing_and_says_what_it_did(self, store: StateStore) -> None:
        line = store.check()
        assert line.ok, line
        assert "removed" in line.finding
        assert store.seats.acquire("run-1", 1, TTL) is not None
