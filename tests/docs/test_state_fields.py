"""How Firestore indexes the state: what the code never asks for has no index, what it asks for has one."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from connector.adapters.firestore import documents, open_firestore
from connector.adapters.firestore.audit import PAGES
from connector.adapters.firestore.dead_letters import DEAD_LETTERS, MAX_PIECE_BYTES, PARTS
from connector.adapters.firestore.documents import STREAMS
from connector.adapters.firestore.notifications import NOTIFICATIONS
from connector.adapters.firestore.pages import split_page
from connector.adapters.firestore.runs import CLOSED, KIND_CLOSED, KIND_SUCCEEDED, OWN_FIELDS, RUNS
from connector.adapters.firestore.seats import SESSIONS
from connector.adapters.retrying import Retry
from connector.domain.entity_state import AuditEntry, Checkpoint, DeadLetter, EntityState, Outcome
from tests.docs.configuration import ROOT, Configuration, find_resource
from tests.stand_ins.clock import NOON, FakeClock

PREFIX = "acumatica"
HERE: dict[str, Any] = {"module": "database", "prefixes": [PREFIX]}


@pytest.fixture
def without_index(configuration: Configuration) -> dict[str, set[str]]:
    found = configuration.evaluate("local.fields_without_index", **HERE)
    return {collection: set(fields) for collection, fields in found.items()}


def test_the_big_fields_of_a_stream_have_no_index(without_index: dict[str, set[str]]) -> None:
    checkpoint = Checkpoint(
        changed_since=None, source_time_at_start=NOON, offset=0, known=(), highest_stamp=None
    )
    fields = documents.stream_fields(
        EntityState(entity="vendors", checkpoints={"incremental": checkpoint}), None
    )
    packed = {name for name, value in fields.items() if isinstance(value, bytes | dict)}
    assert packed | {"contract", "suspects", "suspects_at"} == without_index[f"{PREFIX}_{STREAMS}"]


def test_of_a_page_only_ids_and_keys_have_an_index(
    configuration: Configuration, without_index: dict[str, set[str]]
) -> None:
    about = {"run_id": "r", "entity": "e", "mode": "m", "number": 1, "recorded_at": NOON, "expires_at": NOON}
    entry = AuditEntry(record_id="i", key="k", version="v", outcome=Outcome.REJECTED, reason="why")
    [part] = split_page(about, [entry])
    searched = set(configuration.evaluate("local.fields_with_array_index", **HERE))
    assert searched == {"record_ids", "keys"}
    assert without_index[PAGES] | searched | {"expires_at"} == set(part.values)
    assert not without_index[PAGES] & (searched | {"expires_at"})


def test_ids_and_keys_are_found_over_all_runs() -> None:
    field = find_resource("google_firestore_field", "array_index").body
    [index] = field["index_config"][0]["indexes"]
    assert index["array_config"].strip('"') == "CONTAINS"
    assert index["query_scope"].strip('"') == "COLLECTION_GROUP"


def test_of_a_run_only_what_is_asked_for_has_an_index(configuration: Configuration) -> None:
    searched = configuration.evaluate("values(local.run_fields_with_index)", **HERE)
    assert {field["collection"] for field in searched} == {f"{PREFIX}_{RUNS}"}
    assert (
        {field["field"] for field in searched} == find_asked_for() == {"entity", *OWN_FIELDS} - {"expires_at"}
    )
    kept = find_resource("google_firestore_field", "run_searched").body["index_config"][0]["indexes"]
    assert [index["order"].strip('"') for index in kept] == ["ASCENDING", "DESCENDING"]
    others = find_resource("google_firestore_field", "run_default")
    assert others.text("field") == "*"
    assert "indexes" not in others.body["index_config"][0]


def find_asked_for() -> set[str]:
    """Return the fields by which the code looks for documents of runs."""
    code = "".join(path.read_text() for path in (ROOT / "connector/adapters/firestore").glob("*.py"))
    asked = re.findall(r'collection\(RUNS\)\.where\(filter=FieldFilter\("?(\w+)"?,', code)
    assert set(asked) == {"entity", "field"}, "a new query needs its field here and in terraform/database"
    terms = re.findall(r"self\._(?:find|first)\((\w+), ", code, re.IGNORECASE)
    constants = {"CLOSED": CLOSED, "KIND_CLOSED": KIND_CLOSED, "KIND_SUCCEEDED": KIND_SUCCEEDED}
    return {"entity", *(constants[term] for term in terms if term != "field")}


def test_audit_entries_expire(configuration: Configuration) -> None:
    assert set(configuration.evaluate("local.collections_that_expire", **HERE)) == {
        f"{PREFIX}_{NOTIFICATIONS}",
        f"{PREFIX}_{RUNS}",
        PAGES,
    }
    field = find_resource("google_firestore_field", "expiry")
    assert field.text("field") == "expires_at"
    assert "ttl_config" in field.body


def test_the_prefix_is_the_one_the_function_uses(configuration: Configuration) -> None:
    named = configuration.evaluate("keys(local.fields_without_index)", module="database", prefixes=["erp"])
    assert {f"erp_{STREAMS}", f"erp_{DEAD_LETTERS}", PAGES, PARTS} == set(named)
    environment = configuration.evaluate("local.environment", firestore={"prefix": "erp"})
    assert environment["FIRESTORE_PREFIX"] == "erp"


@pytest.mark.emulator
def test_nothing_packed_and_no_list_is_indexed_in_vain(
    configuration: Configuration, without_index: dict[str, set[str]], firestore_project: str
) -> None:
    """Every document the store writes: bytes and arrays are either without index or searched."""
    write_one_of_each(firestore_project)
    client = firestore.Client(project=firestore_project, credentials=AnonymousCredentials())
    searched = set(configuration.evaluate("local.fields_with_array_index", **HERE))
    unasked = {
        f"{collection}.{field}"
        for collection, fields in walk(client.collections())
        for field, value in fields.items()
        if isinstance(value, bytes | list) and not (field in searched and collection == PAGES)
    }
    exempt = {f"{collection}.{field}" for collection, fields in without_index.items() for field in fields}
    lists_of_letters = {f"{PREFIX}_{DEAD_LETTERS}.parts"}  # a handful of names of part documents
    assert {f"{PREFIX}_{DEAD_LETTERS}.payload", f"{PARTS}.piece", f"{PAGES}.versions"} <= unasked
    assert unasked - lists_of_letters <= exempt


@pytest.mark.emulator
def test_a_tenant_is_removed_from_the_state_by_the_commands_of_the_page(
    firestore_project: str, firestore_host: str
) -> None:
    page = (ROOT / "docs" / "deploy.md").read_text()
    for prefix in (PREFIX, "erp_west"):
        write_one_of_each(firestore_project, prefix)
    [command] = re.findall(r'^ +python -c "(.+recursive_delete.+)"$', page, re.MULTILINE)
    subprocess.run(
        [sys.executable, "-c", command.replace("PROJECT", firestore_project)],
        env={**os.environ, "FIRESTORE_EMULATOR_HOST": firestore_host},
        check=True,
    )
    [deleted] = re.findall(r"bulk-delete --collection-ids=(\S+)", page)
    client = firestore.Client(project=firestore_project, credentials=AnonymousCredentials())
    for collection in deleted.split(","):
        for document in client.collection(collection).stream():
            document.reference.delete()
    left = {collection for collection, _ in walk(c for c in client.collections() if "west" in c.id)}
    assert left == {f"erp_west_{RUNS}", PAGES}, "pages expire"
    others = {collection for collection, _ in walk(c for c in client.collections() if PREFIX in c.id)}
    assert {PARTS, f"{PREFIX}_{SESSIONS}", f"{PREFIX}_{STREAMS}"} <= others


def write_one_of_each(project: str, prefix: str = PREFIX) -> None:
    clock = FakeClock()
    store = open_firestore(
        project=project, database="(default)", prefix=prefix, clock=clock, retry=Retry(clock=clock)
    )
    taken = store.entities.acquire_lease("vendors", "r1", timedelta(minutes=5))
    assert isinstance(taken, tuple)
    checkpoint = Checkpoint(
        changed_since=None, source_time_at_start=NOON, offset=0, known=("a",), highest_stamp=None
    )
    store.entities.commit(taken[0], EntityState(entity="vendors", checkpoints={"incremental": checkpoint}))
    assert store.seats.acquire("r1", 1, timedelta(minutes=5)) is not None
    store.notifications.note("vendors", "n1", ["gone"], timedelta(days=3))
    store.audit.open_run("r1", {"entity": "vendors", "status": "running"})
    entry = AuditEntry(record_id="i", key="k", version="v", outcome=Outcome.REJECTED, reason="why")
    store.audit.record_page("r1", "vendors", "incremental", 1, [entry])
    for number, payload in enumerate((b"{}", os.urandom(2 * MAX_PIECE_BYTES))):
        store.dead_letters.add(a_letter(record_id=f"i{number}", payload=payload))
    store.close()


def a_letter(*, record_id: str, payload: bytes) -> DeadLetter:
    return DeadLetter(
        entity="vendors",
        record_id=record_id,
        key="k",
        reason="why",
        payload=payload,
        run_id="r1",
        rejected_at=NOON,
    )


def walk(collections: Iterator[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for collection in collections:
        for reference in collection.list_documents():
            yield collection.id, reference.get().to_dict() or {}
            yield from walk(reference.collections())
