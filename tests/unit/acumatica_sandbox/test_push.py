"""Push notifications, delivered to a real webhook."""

import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from acumatica_sandbox import Sandbox, Webhook
from tests.unit.acumatica_sandbox.calls import a_sandbox


class Hook(ThreadingHTTPServer):
    """A webhook that keeps what it gets and answers with the statuses it is given, then 204."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), HookHandler)
        self.received: list[tuple[dict[str, str], Any]] = []
        self.statuses: list[int] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/notify"


class HookHandler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((dict(self.headers.items()), json.loads(body, parse_float=Decimal)))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 204)
        self.end_headers()

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def hook() -> Iterator[Hook]:
    server = Hook()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def a_pushing_sandbox(hook: Hook, **webhook: Any) -> Sandbox:
    return a_sandbox(webhook=Webhook(url=hook.url, secret="s3cret", **webhook))


def test_a_change_is_posted_as_a_pair_of_deleted_and_inserted(hook: Hook) -> None:
    sandbox = a_pushing_sandbox(hook)
    record = sandbox.tenant.records("Bill")[0]
    sandbox.tenant.change("Bill", record.id, {"Description": "after"})
    sandbox.push.drain()
    headers, body = hook.received[0]
    assert headers["X-Acumatica-Secret"] == "s3cret"
    assert headers["Content-Type"] == "application/json"
    assert set(body) == {"Inserted", "Deleted", "Query", "CompanyId", "Id", "TimeStamp", "AdditionalInfo"}
    assert (body["Query"], body["CompanyId"]) == ("BQ-Bill", "ACME")
    assert body["TimeStamp"] > 2**53
    assert body["Inserted"][0]["NoteID"] == body["Deleted"][0]["NoteID"] == record.id
    assert body["Inserted"][0]["Description"] == "after"
    assert body["Inserted"][0]["LastModifiedDateTime"] == "2026-03-16T14:30:00.000"
    assert body["Deleted"][0].get("Description") == record.fields.get("Description")


def test_amounts_are_bare_numbers_with_all_their_digits(hook: Hook) -> None:
    sandbox = a_pushing_sandbox(hook)
    record = sandbox.tenant.records("Bill")[0]
    sandbox.tenant.change("Bill", record.id, {"Amount": Decimal("12345678901234.5678")})
    sandbox.push.drain()
    assert hook.received[0][1]["Inserted"][0]["Amount"] == Decimal("12345678901234.5678")


def test_insertions_and_deletions_come_without_the_other_half(hook: Hook) -> None:
    sandbox = a_pushing_sandbox(hook)
    made = sandbox.tenant.insert("Ledger", {"LedgerID": "NEW"})
    sandbox.tenant.delete("Ledger", made)
    sandbox.push.drain()
    inserted, deleted = (body for _, body in hook.received)
    assert (len(inserted["Inserted"]), len(inserted["Deleted"])) == (1, 0)
    assert (len(deleted["Inserted"]), len(deleted["Deleted"])) == (0, 1)
    assert inserted["Id"] != deleted["Id"]


def test_a_transaction_is_one_message_per_entity(hook: Hook) -> None:
    sandbox = a_pushing_sandbox(hook, entities=("Ledger",))
    with sandbox.tenant.begin() as transaction:
        transaction.insert("Ledger", {"LedgerID": "L1"})
        transaction.insert("Ledger", {"LedgerID": "L2"})
        transaction.insert("Subaccount", {"SubaccountCD": "S1"})
    sandbox.push.drain()
    assert [len(body["Inserted"]) for _, body in hook.received] == [2]


def test_a_message_is_sent_again_until_it_is_acknowledged(hook: Hook) -> None:
    hook.statuses = [500, 401, 302]
    sandbox = a_pushing_sandbox(hook)
    sandbox.tenant.insert("Ledger", {"LedgerID": "NEW"})
    sandbox.push.drain()
    notification = sandbox.push.sent[0]
    assert (notification.attempts, notification.is_acknowledged) == (4, True)
    assert len({body["Id"] for _, body in hook.received}) == 1


def test_after_five_attempts_a_message_is_given_up_and_can_be_sent_by_hand(hook: Hook) -> None:
    hook.statuses = [500] * 5
    sandbox = a_pushing_sandbox(hook)
    sandbox.tenant.insert("Ledger", {"LedgerID": "NEW"})
    sandbox.push.drain()
    assert (sandbox.push.sent[0].attempts, sandbox.push.sent[0].is_acknowledged) == (5, False)
    sandbox.push.resend(sandbox.push.sent[0])
    sandbox.push.drain()
    assert sandbox.push.sent[0].is_acknowledged
    assert len(hook.received) == 6


def test_duplicates_have_the_same_id(hook: Hook) -> None:
    sandbox = a_pushing_sandbox(hook, duplicate=True)
    sandbox.tenant.insert("Ledger", {"LedgerID": "NEW"})
    sandbox.push.drain()
    assert len(hook.received) == 2
    assert hook.received[0][1] == hook.received[1][1]


def test_nobody_listening_is_no_trouble_for_the_tenant() -> None:
    sandbox = a_sandbox(webhook=Webhook(url="http://127.0.0.1:9/notify"))
    sandbox.tenant.insert("Ledger", {"LedgerID": "NEW"})
    sandbox.push.drain()
    assert sandbox.push.sent[0].attempts == 5


def test_without_a_webhook_nothing_is_sent() -> None:
    sandbox = a_sandbox()
    sandbox.tenant.insert("Ledger", {"LedgerID": "NEW"})
    assert sandbox.push.sent == []


def test_the_webhook_can_be_set_while_running(hook: Hook) -> None:
    sandbox = a_sandbox()
    sandbox.configure(webhook=Webhook(url=hook.url))
    sandbox.tenant.insert("Ledger", {"LedgerID": "NEW"})
    sandbox.push.drain()
    assert len(hook.received) == 1
