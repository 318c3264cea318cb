"""Commands that show what there is: entities, their status, the story of a record; and how they fit the terminal."""

import pytest

from connector.app.catalogue import load_catalogue
from tests.unit.faces.shell import Shell


def test_status_shows_every_entity_and_a_shared_reason_once(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shell.run("sync", "gl_accounts") == 0
    monkeypatch.setenv("ACUMATICA_ENDPOINT", "Finance")
    for entity in ("vendors", "items"):
        assert shell.run("sync", entity) == 1
    assert shell.run("status") == 0
    rows = {line.split()[0]: line for line in shell.out.splitlines()}
    assert "fresh" in rows["gl_accounts"]
    assert "just now" in rows["gl_accounts"]
    assert "failed" in rows["items"]
    assert "never synced" in rows["invoices"]
    assert "customers" not in rows
    assert shell.out.count("There is no endpoint Finance here") == 1
    assert "vendors, items: There is no endpoint" in shell.out
    assert shell.run("status", "--json") == 0
    (document,) = shell.documents()
    assert len(document["entities"]) == 16


def test_audit_tells_a_records_story_by_key_and_by_id(shell: Shell) -> None:
    assert shell.run("sync", "invoices") == 0
    ((key, record_id),) = shell.query("SELECT type || '/' || reference_nbr, _id FROM invoices LIMIT 1")
    assert shell.run("audit", "invoices", key) == 0
    assert "version stored" in shell.out
    assert "incremental: written" in shell.out
    assert shell.run("audit", "invoices", record_id, "--json") == 0
    (lines,) = shell.documents()
    assert {line["record_id"] for line in lines} == {record_id}


def test_audit_of_an_unknown_key_ends_with_1_and_says_how_to_write_it(shell: Shell) -> None:
    assert shell.run("audit", "invoices", "000001[/bold]") == 1
    assert "Nothing is known of 000001[/bold] in invoices." in shell.out
    assert "(Type/ReferenceNbr)" in shell.out
    assert shell.run("audit", "invoices", "000001", "--json") == 1
    assert shell.documents() == [[]]


class TestEntities:
    """What the catalogue has; nothing else need be configured."""

    def test_every_entity_is_listed_with_its_keys_schedule_and_views(
        self, shell: Shell, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("ACUMATICA_URL")
        assert shell.run("entities", "--json") == 0
        (listed,) = shell.documents()
        assert [entry["entity"] for entry in listed] == list(load_catalogue().entities)
        invoices = next(entry for entry in listed if entry["entity"] == "invoices")
        assert (invoices["acumatica_entity"], invoices["keys"]) == ("Bill", ["Type", "ReferenceNbr"])
        assert {"invoices", "invoice_lines", "invoices_history"} <= set(invoices["views"])

    def test_a_person_sees_which_are_off(self, shell: Shell) -> None:
        assert shell.run("entities") == 0
        entity = next(e for e in load_catalogue().entities.values() if not e.enabled)
        assert any(
            line.split()[0] == entity.name and " off" in line
            for line in shell.out.splitlines()
            if line.strip()
        )


def test_what_is_narrow_shows_every_name_whole(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shell.run("status") == 0
    assert "purchase_orders" in shell.out
    wide = shell.out
    for width in (50, 70, 80, 100):
        monkeypatch.setenv("COLUMNS", str(width))
        assert shell.run("status") == 0
        assert shell.out != wide or width == 100, "the width that the environment tells is kept"
        assert max(map(len, shell.out.splitlines())) <= width
        assert "…" not in shell.out
        for name in load_catalogue().enabled:
            assert name.name in shell.out.split()


def test_a_time_zone_that_is_none_is_told(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATUS_TIME_ZONE", "Europe/Berlni")
    assert shell.run("status") == 0
    assert "STATUS_TIME_ZONE is no time zone" in shell.err
