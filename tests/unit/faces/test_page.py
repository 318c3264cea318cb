"""The pages: what they show of every state, and that text from outside stays text."""

import re
from datetime import timedelta

import pytest

from connector import __version__
from connector.app.details import MAX_DEAD_LETTERS
from connector.app.status import judge
from connector.domain.entity_state import Origin
from connector.faces.charts import build_chart
from connector.faces.wording import describe_age, describe_findings, list_figures
from tests.builders import a_checkpoint
from tests.docs.configuration import ROOT
from tests.unit.app.board import Board


def test_the_page_names_the_version(board: Board) -> None:
    assert f"version {__version__}" in board.page()


def test_the_page_says_what_is_copied_from_where(board: Board) -> None:
    assert "not read yet" in board.page()
    board.state.seats.remember_origin(Origin(instance="https://erp.example.com/Books", tenant="ACME"))
    page = board.page()
    assert "<h1>ACME</h1>" in page
    assert "<dd>https://erp.example.com/Books</dd>" in page
    assert "<dd>Default (version not read yet)</dd>" in page
    assert "erp.duckdb</dd>" in page


def test_a_fresh_deployment_shows_every_enabled_entity_as_never_synced(board: Board) -> None:
    page = board.page()
    assert page.count("never synced") == 9
    assert 'id="customers"' not in page
    assert "Not scheduled and never run: customers" in page
    assert board.entry()["last_success_at"] is None
    assert judge(board.entry("customers")) == ("off", "never synced")


def test_a_success_is_fresh_with_its_counts_its_age_and_its_next_run(board: Board) -> None:
    board.succeed()
    board.clock.advance(timedelta(hours=2, minutes=5))
    assert judge(board.entry()) == ("ok", "fresh")
    assert board.entry()["lag_seconds"] == 7500
    row = board.row()
    assert "2 hours ago" in row
    assert "late after 3 hours" in row
    assert "incremental succeeded" in row
    assert "1,234 read, 1,200 written" in row
    assert "2026-11-23 00:02" not in row
    assert "2026-11-22 15:02" in row


def test_a_reason_that_several_entities_share_is_shown_once_with_what_to_do(board: Board) -> None:
    for entity in ("vendors", "items"):
        board.succeed(entity)
        board.fail("The endpoint is gone.", "Publish it again.", entity=entity)
    board.fail("Many are gone.", "Check the rights.", entity="items", kind="reconcile keys")
    page = board.page()
    assert page.count("The endpoint is gone.") == page.count("Publish it again.") == 1
    first, second = re.findall(r'<article class="card error">(.*?)</article>', page, re.DOTALL)
    assert re.findall(r">(vendors|items)</a>", first) == ["vendors", "items"]
    assert "(reconcile keys)" in second
    assert page.count("✕") == 2


def test_a_success_after_a_failure_shows_no_reason_any_more(board: Board) -> None:
    board.fail("The endpoint is gone.")
    board.clock.advance(timedelta(minutes=1))
    board.succeed()
    assert judge(board.entry()) == ("ok", "fresh")
    assert "The endpoint is gone." not in board.page()


def test_a_run_at_work_hides_no_failure(board: Board) -> None:
    board.succeed()
    board.fail("The endpoint is gone.")
    lease = board.run()
    opened = {"entity": "vendors", "mode": "incremental", "kind": "incremental", "status": "running"}
    board.state.audit.open_run(lease.owner, opened)
    board.state.entities.save_checkpoint(lease, "incremental", a_checkpoint(offset=4000))
    row = board.row()
    assert "▶" in row
    assert "✕" in row
    assert "since <time datetime=" in row
    assert "4,000" in row
    assert "The endpoint is gone." in board.page()
    assert "vendors" in board.page().split("need a look:")[1].split("</strong>")[0]


def test_dead_letters_are_counted_per_entity_and_in_all(board: Board) -> None:
    for entity in ("vendors", "items"):
        board.succeed(entity)
    for number in range(2):
        board.reject(f"r{number}")
    board.reject("r9", "items")
    assert board.entry()["dead_letters"] == 2
    assert ">2</a>" in board.row()
    assert "3 dead letters wait for a replay." in board.page()


def test_a_page_without_trouble_says_so(board: Board) -> None:
    for entity in board.connector.catalogue.enabled:
        board.succeed(entity.name)
    page = board.page()
    assert '<div class="verdict ok"' in page
    assert "All entities are up to date." in page
    assert "dead letters wait" not in page


def test_an_entity_off_by_default_is_shown_once_it_has_run(board: Board) -> None:
    board.succeed("customers")
    assert "Customer" in board.row("customers")


def test_a_late_reconcile_is_late_on_the_page(board: Board) -> None:
    board.succeed()
    board.clock.advance(timedelta(days=3))
    board.succeed()
    assert judge(board.entry()) == ("late", "reconcile keys late")
    assert '<span class="keep warn">deletions' in board.row()
    assert "reconcile keys late" in board.row()


def test_what_is_late_though_nothing_failed_leads_to_the_section_of_its_alert(board: Board) -> None:
    board.succeed()
    assert "docs/runbook.md" not in board.page()
    board.clock.advance(timedelta(hours=4))
    assert "What to do: docs/runbook.md, section entity_late." in board.page()
    board.clock.advance(timedelta(days=3))
    board.succeed()
    page = board.page()
    assert "What to do: docs/runbook.md, section reconcile_overdue." in page
    assert "entity_late" not in page
    runbook = (ROOT / "docs" / "runbook.md").read_text()
    assert "### entity_late\n" in runbook
    assert "### reconcile_overdue\n" in runbook


def test_an_entity_s_page_has_its_runs_kinds_and_dead_letters(board: Board) -> None:
    board.succeed()
    board.close_run(
        "vendors", status="succeeded", records_read=7, retyped=["Terms"], columns_set_aside=["terms"]
    )
    board.close_run("vendors", kind="reconcile keys", status="succeeded", matched=5, deleted=2)
    board.reject("r1", key="V1", reason="Amount has more digits than its column holds.")
    page = board.entity_page()
    for text in (
        "1,234",
        "2 deleted, 5 as they were",
        "Columns set aside",
        "<code>terms</code>",
        "Amount has more digits than its column holds.",
        'href="../records?entity=vendors&amp;key=r1"',
        'action="../entities/vendors/replay"',
        "<code>12 3 * * *</code>",
        "The last 3 runs:",
    ):
        assert text in page
    only_looking = board.entity_page(may_act=False)
    assert "<button" not in only_looking
    assert "not among the operators" in only_looking


def test_an_entity_s_page_shows_a_bounded_number_of_dead_letters(board: Board) -> None:
    for number in range(MAX_DEAD_LETTERS + 1):
        board.reject(f"r{number}")
    page = board.entity_page()
    assert page.count('name="record_id"') == MAX_DEAD_LETTERS
    assert f"Dead letters ({MAX_DEAD_LETTERS + 1})" in page
    assert f"Shown are {MAX_DEAD_LETTERS}." in page


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</td></table>",
    "{{ css }}{0}",
    "' onclick='x",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_text_from_outside_is_shown_as_text(board: Board, hostile: str) -> None:
    board.fail(f"Acumatica said {hostile}", hostile)
    board.reject(hostile, key=hostile, reason=hostile)
    board.state.seats.remember_origin(Origin(instance=hostile, tenant=hostile))
    harmless = board.page(), board.entity_page()
    for page in harmless:
        assert "Acumatica said" in page
        assert page.count("<table") == page.count("</table>")
        for tag in ("<script", "<img", " onclick='x", "onerror=alert(1)>"):
            assert tag not in page
        if "{" in hostile:
            assert page.count(hostile) > 2


def test_the_pages_load_nothing_from_elsewhere(board: Board) -> None:
    board.succeed()
    for page in (board.page(), board.entity_page()):
        page = re.sub(r'<link rel="icon" href="data:[^"]*">', "", page)
        for word in ("http:", "https:", "<script", "src=", "@import", "url(", "style="):
            assert word not in page


def test_a_chart_has_a_pair_of_bars_a_run_with_the_newest_on_the_right() -> None:
    runs = [
        {"status": "failed", "records_read": 0, "duration_seconds": 2.0},
        {"status": "succeeded", "records_read": 100, "duration_seconds": 8.0},
    ]
    chart = build_chart(runs, width=150, height=40)
    newest, older = chart.bars
    assert newest.x > older.x
    assert (newest.kind, older.kind) == ("failed", "")
    assert (older.read_height, newest.read_height) == (19.0, 1.0)
    assert (older.seconds_height, newest.seconds_height) == (19.0, 4.75)
    assert chart.label.startswith("The last 2 runs: 50 records in the middle, 100 at most; 5.0 seconds")
    assert chart.label.endswith("1 failed")


def test_a_run_s_figures_are_told_in_words() -> None:
    run = {
        "run_id": "r1",
        "records_read": 1234,
        "watermark_after": "2026-01-31T06:00:00.837Z",
        "retyped": ["Terms", "Status"],
        "read_one_by_one": True,
        "write_method": None,
    }
    assert dict(list_figures(run)) == {
        "records read": "1,234",
        "watermark after": "2026-01-31 06:00:00",
        "retyped": "Terms, Status",
        "read one by one": "yes",
    }
    assert describe_findings({"error": {"message": "It broke."}}) == "It broke."
    assert describe_findings({"reason": "Another run."}) == "Another run."


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "never"),
        (0, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (3_599, "59 minutes ago"),
        (3_600, "1 hour ago"),
        (86_399, "23 hours ago"),
        (172_800, "2 days ago"),
    ],
)
def test_an_age_is_told_in_its_largest_whole_unit(seconds: int | None, text: str) -> None:
    assert describe_age(seconds) == text
