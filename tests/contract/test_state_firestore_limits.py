"""What Firestore bounds: bytes and index entries of a document, and names."""

import os
import random
import uuid
from collections.abc import Iterator

import pytest
from google.cloud import firestore
from msgspec.structs import replace

from connector.adapters.firestore import FirestoreStateStore
from connector.adapters.retrying import Retry
from connector.domain.entity_state import Checkpoint, Outcome
from connector.domain.records.contract import Contract, Kind, Shape
from connector.domain.seen_records import pack_seen
from tests.contract.state_builders import (
    MORNING,
    a_contract,
    a_dead_letter,
    an_audit_entry,
    an_entity_state,
    taken,
)
from tests.contract.state_firestore_probe import MOST_BYTES, MOST_INDEX_ENTRIES, documents, index_entries
from tests.stand_ins.clock import FakeClock

pytestmark = pytest.mark.emulator


@pytest.fixture
def client(firestore_project: str) -> Iterator[firestore.Client]:
    client = firestore.Client(project=firestore_project)
    yield client
    client.close()


@pytest.fixture
def store(client: firestore.Client, clock: FakeClock) -> FirestoreStateStore:
    return FirestoreStateStore(
        connect=lambda: client, prefix="acumatica", clock=clock, retry=Retry(clock=clock)
    )


def test_a_stream_stays_within_bounds_and_keeps_the_newest_of_what_is_too_much(
    store: FirestoreStateStore, client: firestore.Client
) -> None:
    recent_versions = {str(uuid.uuid4()): uuid.uuid4().hex for _ in range(20_000)}
    known = tuple(f"{random.getrandbits(64):016x}" for _ in range(20_000))
    checkpoint = Checkpoint(
        changed_since=None,
        source_time_at_start=MORNING,
        offset=1,
        known=known,
        highest_stamp=None,
        recent_versions=recent_versions,
    )
    fields = {f"Field{uuid.uuid4().hex}": Kind.STRING for _ in range(20_000)}
    contract = Contract(
        endpoint="Default", version="1", request="", root=Shape(fields=fields), modified_field=None
    )
    lease = taken(store)
    for mode in ("incremental", "backfill"):
        store.entities.save_checkpoint(lease, mode, checkpoint)
    for mode in ("reconcile", "reconcile keys"):
        flags = os.urandom(1_000_000).translate(bytes([0, 1] * 128))
        seen = pack_seen(MORNING, "of the ids", flags)
        point = replace(checkpoint, recent_versions={}, seen=seen)
        store.entities.save_checkpoint(lease, mode, point)
        assert store.entities.read("vendors").checkpoints[mode].seen == seen
    store.entities.save_contract(lease, contract)
    checkpoints = dict(store.entities.read("vendors").checkpoints)
    store.entities.commit(lease, an_entity_state(recent_versions=recent_versions, checkpoints=checkpoints))

    assert_within_bounds(client)
    kept = store.entities.read("vendors")
    assert not kept.recent_versions_complete
    assert not kept.checkpoints["backfill"].recent_versions_complete
    assert list(kept.recent_versions.items()) == list(recent_versions.items())[-len(kept.recent_versions) :]
    assert len(kept.recent_versions) > 2500
    rows = kept.checkpoints["backfill"].known
    assert rows == known[-len(rows) :]
    assert len(rows) > 4000


def test_three_thousand_versions_and_two_pages_of_rows_are_kept_whole(store: FirestoreStateStore) -> None:
    recent_versions = {str(uuid.uuid4()): uuid.uuid4().hex for _ in range(3000)}
    known = tuple(f"{random.getrandbits(64):016x}" for _ in range(2000))
    checkpoint = Checkpoint(
        changed_since=None,
        source_time_at_start=MORNING,
        offset=1,
        known=known,
        highest_stamp=None,
        recent_versions=recent_versions,
    )
    entity_state = an_entity_state(recent_versions=recent_versions, checkpoints={"incremental": checkpoint})
    store.entities.commit(taken(store), entity_state)
    assert store.entities.read("vendors") == entity_state


def test_a_contract_too_large_to_remember_is_forgotten(store: FirestoreStateStore) -> None:
    fields = {f"Field{uuid.uuid4().hex}": Kind.STRING for _ in range(5000)}
    lease = taken(store)
    store.entities.save_contract(lease, a_contract())
    store.entities.save_contract(
        lease,
        Contract(endpoint="D", version="1", request="", root=Shape(fields=fields), modified_field=None),
    )
    assert store.entities.read("vendors").contract is None


@pytest.mark.parametrize(
    ("count", "length"), [(10_000, 10), (3_000, 2_000), (3, 3_000_000)], ids=["many", "long", "huge"]
)
def test_pages_stay_within_bounds(
    store: FirestoreStateStore, client: firestore.Client, count: int, length: int
) -> None:
    page = [
        an_audit_entry(
            record_id=f"{n}é" * (length // 4),
            key=f"k{n}" * (length // 4),
            outcome=Outcome.REJECTED,
            reason="é" * length,
        )
        for n in range(count)
    ]
    store.audit.record_page("run-1", "vendors", "backfill", 1, page)
    assert_within_bounds(client)
    for entry in (page[0], page[-1]):
        (found,) = store.audit.read_trail("vendors", entry.record_id)
        assert found.entry.outcome is Outcome.REJECTED
        assert entry.reason.startswith(found.entry.reason)
        (record_id,) = store.audit.find_records("vendors", entry.key)
        assert [page.entry for page in store.audit.read_trail("vendors", record_id)] == [found.entry]


def test_a_page_document_has_at_most_a_thousand_records(
    store: FirestoreStateStore, client: firestore.Client
) -> None:
    page = [an_audit_entry(record_id=f"id-{n}") for n in range(2001)]
    store.audit.record_page("run-1", "vendors", "backfill", 1, page)
    parts = client.collection("acumatica_runs/run-1/pages").stream()
    assert [len(part.get("record_ids")) for part in parts] == [1000, 1000, 1]


def test_dead_letters_stay_within_bounds(store: FirestoreStateStore, client: firestore.Client) -> None:
    payload = random.Random(7).randbytes(5 * 1024 * 1024)  # noqa: S311 - not a secret
    letter = a_dead_letter(
        payload=payload, record_id="r" * 100_000, key="k" * 100_000, reason="é" * 2_000_000
    )
    store.dead_letters.add(letter)
    assert_within_bounds(client)
    assert [found.payload for found in store.dead_letters.read("vendors", letter.record_id)] == [payload]
    (found,) = store.dead_letters.read("vendors")
    store.dead_letters.remove("vendors", found.record_id, found.rejected_at)
    assert not list(documents(client)), "no part of a letter outlives it"


def test_the_parts_of_a_letter_that_is_replaced_are_removed(
    store: FirestoreStateStore, client: firestore.Client
) -> None:
    generator = random.Random(7)  # noqa: S311 - not a secret
    for size in (3_000_000, 2_000_000, 10):
        store.dead_letters.add(a_dead_letter(payload=generator.randbytes(size)))
    assert len(list(documents(client))) == 1


def test_run_entries_stay_within_bounds(store: FirestoreStateStore, client: firestore.Client) -> None:
    entry = {
        "entity": "vendors",
        "error": "x" * 3_000_000,
        "noise": random.Random(7).randbytes(400_000).hex(),  # noqa: S311 - not a secret
        "ids": [str(uuid.uuid4()) for _ in range(50_000)],
        "by_id": {str(n): [n] for n in range(1000)},
    }
    store.audit.close_run("run-1", entry)
    assert_within_bounds(client)
    last = store.statuses(["vendors"])[0].last_run
    assert last is not None
    assert last["error"] == entry["error"]
    assert last["by_id"] == entry["by_id"]
    assert "left out" in str(last["noise"])


def test_entries_readable_by_people_are_stored_readable(
    store: FirestoreStateStore, client: firestore.Client
) -> None:
    store.audit.open_run(
        "run-1", {"entity": "vendors", "started_at": MORNING, "details": {"matched": [1, 2]}}
    )
    stored = client.document("acumatica_runs/run-1").get().to_dict() or {}
    assert stored["details"] == {"matched": [1, 2]}
    assert stored["started_at"] == MORNING


def test_audit_documents_carry_the_instant_at_which_they_expire(
    store: FirestoreStateStore, client: firestore.Client, clock: FakeClock
) -> None:
    store.audit.open_run("run-1", {"entity": "vendors"})
    store.audit.record_page("run-1", "vendors", "backfill", 1, [an_audit_entry()])
    for path in ("acumatica_runs/run-1", "acumatica_runs/run-1/pages/00000001"):
        assert client.document(path).get().get("expires_at") > clock.now()


@pytest.mark.parametrize("name", ["a/b", ".", "..", "__x__", "%", "a`b"])
def test_any_text_can_name_an_entity(store: FirestoreStateStore, name: str) -> None:
    store.entities.commit(taken(store, name), an_entity_state(entity=name))
    store.audit.close_run("run-1", {"entity": name})
    (status,) = store.statuses([name])
    assert status.entity_state == an_entity_state(entity=name)
    assert status.last_run == {"entity": name}


@pytest.mark.parametrize("run_id", ["a/b", ".", "..", "__x__", "%", "é" * 1000])
def test_any_text_can_name_a_run(store: FirestoreStateStore, run_id: str) -> None:
    store.audit.open_run(run_id, {"entity": "vendors"})
    store.audit.record_page(run_id, "vendors", "backfill", 1, [an_audit_entry()])
    store.audit.close_run(run_id, {})
    assert store.statuses(["vendors"])[0].last_run == {"entity": "vendors"}
    assert [page.run_id for page in store.audit.read_trail("vendors", "id-1")] == [run_id]


def test_prefixes_keep_connectors_in_one_database_apart(client: firestore.Client, clock: FakeClock) -> None:
    one, other = (
        FirestoreStateStore(connect=lambda: client, prefix=prefix, clock=clock, retry=Retry(clock=clock))
        for prefix in ("one", "other")
    )
    one.entities.commit(taken(one), an_entity_state())
    one.audit.record_page("run-1", "vendors", "backfill", 1, [an_audit_entry()])
    one.dead_letters.add(a_dead_letter())
    assert taken(other).fence == 1
    assert list(other.audit.read_trail("vendors", "id-1")) == []
    assert list(other.dead_letters.read("vendors")) == []


def assert_within_bounds(client: firestore.Client) -> None:
    for document in documents(client):
        assert document.ByteSize() < 0.96 * MOST_BYTES, document.name
        assert index_entries(document) < MOST_INDEX_ENTRIES, document.name
