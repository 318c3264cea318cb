"""The stand-ins answer, and are gone when their block ends."""

import socket
import sys
from datetime import timedelta

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery, firestore

from tests.stand_ins.clock import NOON, FakeClock
from tests.stand_ins.servers import HOST, StandInUnavailableError, running


def test_a_server_listens_inside_its_block_only() -> None:
    with running(lambda port: [sys.executable, "-m", "http.server", str(port), "--bind", HOST]) as port:
        socket.create_connection((HOST, port), timeout=5).close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((HOST, port), timeout=5)


def test_a_server_that_does_not_start_is_reported_with_its_last_words() -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such thing here')"]
    with pytest.raises(StandInUnavailableError, match="no such thing here"), running(lambda _: command):
        pytest.fail("it answered")


def test_sleeping_on_a_fake_clock_passes_at_once() -> None:
    clock = FakeClock()
    clock.sleep(timedelta(hours=2))
    clock.advance(timedelta(minutes=1))
    assert clock.now() == NOON + timedelta(hours=2, minutes=1)
    assert clock.sleeps == [timedelta(hours=2)]


@pytest.mark.emulator
def test_the_bigquery_stand_in_stores_what_is_inserted(bigquery_url: str, bigquery_dataset: str) -> None:
    client = bigquery.Client(
        project="demo", credentials=AnonymousCredentials(), client_options={"api_endpoint": bigquery_url}
    )
    table = bigquery.Table(f"demo.{bigquery_dataset}.t", schema=[bigquery.SchemaField("name", "STRING")])
    client.create_dataset(bigquery_dataset)
    client.create_table(table)
    assert client.insert_rows_json(table, [{"name": "x"}]) == []
    assert [row["name"] for row in client.list_rows(table)] == ["x"]
    client.close()


@pytest.mark.emulator
def test_the_firestore_emulator_stores_what_is_set(firestore_project: str) -> None:
    client = firestore.Client(project=firestore_project)
    client.document("a/b").set({"name": "x"})
    assert client.document("a/b").get().to_dict() == {"name": "x"}
    client.close()
