"""A value of the state file that cannot be read is told with its place."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from connector.adapters.sqlite import SqliteStateStore
from connector.domain.entity_state import RefusedSignIn
from connector.errors import (
    TerminalError,
)
from tests.contract.state_builders import (
    MORNING,
    TTL,
    a_dead_letter,
    an_audit_entry,
    an_entity_state,
    taken,
)

BROKEN = {
    "UPDATE streams SET contract = '{'": "streams of vendors, contract: Input data was truncated",
    "UPDATE streams SET contract = '{}'": "streams of vendors, contract: Object missing required field `endpoint`",
    "UPDATE streams SET watermark = 'yesterday'": "streams of vendors: Invalid RFC3339 encoded datetime - at `$.watermark`",
    "UPDATE streams SET edge = '[]'": "streams of vendors, edge: Expected `object`, got `array`",
    "UPDATE streams SET records_seen = 'many'": "streams of vendors: Expected `int`, got `str` - at `$.records_seen`",
    "UPDATE checkpoints SET progress = 7": "checkpoints of vendors, backfill: Expected `object`, got `int`",
    "UPDATE leases SET expires_at = 'soon'": "leases of vendors: Invalid RFC3339 encoded datetime - at `$.expires_at`",
    "UPDATE runs SET entry = 'x'": "runs of vendors: JSON is malformed",
}


@pytest.mark.parametrize(("damage", "told"), BROKEN.items(), ids=BROKEN)
def test_a_broken_column_is_told_with_its_place(
    path: Path, store: SqliteStateStore, damage: str, told: str
) -> None:
    store.entities.commit(taken(store), an_entity_state())
    store.audit.close_run("run-1", {"entity": "vendors"})
    store.close()
    with closing(sqlite3.connect(path)) as other:
        other.execute(damage)
        other.commit()
    with pytest.raises(TerminalError) as caught:
        store.statuses(["vendors"])
    assert caught.value.message.startswith(f"The state file {path} holds a value that cannot be read: {told}")
    assert "delete that row" in caught.value.action


@pytest.mark.parametrize(
    ("damage", "call"),
    [
        ("UPDATE dead_letters SET rejected_at = ''", lambda store: list(store.dead_letters.read("vendors"))),
        (
            "UPDATE pages SET entries = '[[1, \"id-1\"]]'",
            lambda store: list(store.audit.read_trail("vendors", "id-1")),
        ),
        ("UPDATE sessions SET expires_at = 'soon'", lambda store: store.seats.acquire("run-2", 1, TTL)),
        ("UPDATE refused_sign_in SET refused_at = ''", lambda store: store.seats.acquire("run-1", 1, TTL)),
    ],
    ids=["dead letter", "page", "seat", "refused sign-in"],
)
def test_so_is_a_broken_column_of_any_other_table(
    path: Path, store: SqliteStateStore, damage: str, call: Callable[[SqliteStateStore], object]
) -> None:
    store.dead_letters.add(a_dead_letter())
    store.audit.record_page("run-1", "vendors", "backfill", 1, [an_audit_entry()])
    store.seats.acquire("run-1", 1, TTL)
    store.seats.remember_refused_sign_in(
        RefusedSignIn(credential_fingerprint="of a password", refused_at=MORNING)
    )
    store.close()
    with closing(sqlite3.connect(path)) as other:
        other.execute(damage)
        other.commit()
    with pytest.raises(TerminalError, match="holds a value that cannot be read"):
        call(store)
