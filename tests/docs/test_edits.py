"""Each member of a block is edited under a log with records, and the run does what the runbook says."""

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.app.catalogue import load_catalogue
from connector.app.catalogue_schema import build_schema
from connector.domain.entity import CurrentForm, Entity, Identity, Parameter, ReconcileSchedule
from connector.domain.run import Status
from tests.builders import Rig
from tests.docs.configuration import ROOT
from tests.unit.runs.feed_rig import DOCUMENT_COLUMNS, a_class

SECTION = (ROOT / "docs" / "runbook.md").read_text().split("## Edit the catalogue")[1].split("\n## ")[0]
ROWS: list[tuple[str, str, str]] = re.findall(
    r"^\| (`.+?) \| (followed|read anew|refused)(.*?) \| .+ \|$", SECTION, re.MULTILINE
)
INVOICES = load_catalogue().find("invoices")
LINES = INVOICES.line_views[0]
DOCUMENTS = Entity(
    name="ap_documents",
    inquiry="AP-Bills and Adjustments",
    keys=("Type", "ReferenceNbr"),
    modified_field="LastModifiedOn",
    date_fields=frozenset({"Date", "DueDate"}),
    current_view="ap_documents",
    schedule="12 * * * *",
)
BLOCKS: dict[str, Entity] = {
    "invoices": INVOICES,
    "vendors": load_catalogue().find("vendors"),
    "undated": structs.replace(
        INVOICES, name="undated", current_view="undated", line_views=(), date_fields=frozenset()
    ),
    "ap_documents": DOCUMENTS,
    "storage": structs.replace(
        DOCUMENTS,
        name="storage",
        inquiry="DB-StorageDetails",
        acumatica_entity="",
        keys=("InventoryID", "Warehouse"),
        parameters=(Parameter(name="Warehouse", value="MAIN"),),
        modified_field=None,
        date_fields=frozenset(),
        current_view="storage",
    ),
}

BLOCKS["ap_register"] = a_class()

FEW = 5
"""More than a run reads of these blocks an hour later, unless it reads everything."""
Edit = tuple[str, dict[str, Any]]


def _line(**parts: Any) -> dict[str, Any]:
    return {"line_views": (structs.replace(LINES, **parts),)}


def _expand(*more: str) -> dict[str, Any]:
    return {"expand": (*INVOICES.expand, *more)}


EDITS: Mapping[str, Sequence[Edit]] = {
    "`acumatica_entity`": [("invoices", {"acumatica_entity": "Check"})],
    "`inquiry`": [
        ("ap_documents", {"inquiry": "AR-Invoices and Memos", "acumatica_entity": ""}),
        ("ap_documents", {"inquiry": None, "acumatica_entity": "Bill"}),
    ],
    "`keys`": [("invoices", {"keys": ("ReferenceNbr", "Type")})],
    "`keys` with `identity: keys`, or of an inquiry": [
        ("ap_documents", {"keys": ("Type", "ReferenceNbr", "Vendor")}),
    ],
    "`identity`": [("invoices", {"identity": Identity.KEYS})],
    "`modified_field`": [("vendors", {"modified_field": "CreatedDateTime"})],
    "`filter`": [("ap_documents", {"filter": "Status eq 'Open'"})],
    "`parameters`": [("storage", {"parameters": (Parameter(name="Warehouse", value="EAST"),)})],
    "`order_by`": [("ap_documents", {"order_by": ("Vendor",)})],
    "`expand`": [("invoices", _expand("Applications")), ("invoices", {"expand": ("Details",)})],
    "`select`": [("invoices", {"select": ("Status", "Balance")})],
    "`exclude`": [("invoices", {"exclude": frozenset({"Description", "Details/Subaccount"})})],
    "`custom`": [("invoices", {"custom": ("Document.UsrRegion",)})],
    "`date_fields`": [
        ("invoices", {"date_fields": frozenset({"DueDate"})}),
        ("undated", {"date_fields": frozenset({"Date", "DueDate"})}),
    ],
    "`bignumeric_fields`": [("invoices", {"bignumeric_fields": frozenset({"Amount", "Details/Amount"})})],
    "`dac` beside `acumatica_entity`": [("invoices", {"dac": "PX_Objects_AP_APInvoice"})],
    "`dac` of a class": [
        ("ap_register", {"dac": "PX_Objects_AP_APInvoice", "acumatica_entity": ""}),
        ("ap_register", {"dac": None, "columns": {}, "acumatica_entity": "Bill"}),
    ],
    "`columns`": [
        ("ap_register", {"columns": {**DOCUMENT_COLUMNS, "CuryID": "string"}}),
        ("ap_register", {"columns": {name: DOCUMENT_COLUMNS[name] for name in DOCUMENT_COLUMNS if name != "VendorID"}}),
    ],
    "`lookback_seconds`": [("invoices", {"lookback_seconds": 60})],
    "`late_after_hours`": [("invoices", {"late_after_hours": 5})],
    "`current_view`": [("invoices", {"current_view": "my_bills"})],
    "`line_views`": [("invoices", {"line_views": ()})],
    "`line_views.name`": [("invoices", _line(name="my_lines"))],
    "`line_views.details`": [("invoices", _line(details=("TaxDetails",)))],
    "`line_views.prefix`": [("invoices", _line(prefix="bill_"))],
    "`line_views.parent`": [("invoices", _line(parent="all")), ("invoices", _line(parent=("Vendor",)))],
    "`line_views.enabled`": [("invoices", {"line_views": ()})],
    "`current`": [("invoices", {"current": CurrentForm.TABLE})],
    "`schedule`": [("invoices", {"schedule": "1 2 * * *"})],
    "`reconcile`": [("invoices", {"reconcile": ReconcileSchedule(keys="1 3 * * *")})],
    "`enabled`": [("invoices", {"enabled": False})],
}  # fmt: skip
"""By the first cell of the table: which block is edited, and how."""


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """The blocks, each copied once as it was before the edit."""
    folder = tmp_path_factory.mktemp("edits")
    options = SandboxOptions(size="tiny", custom_fields={"Bill": {"Document.UsrRegion": "CustomStringField"}})
    rig = Rig(folder, Sandbox(options).start())
    rig.catalogue = dict(BLOCKS)
    for name in BLOCKS:
        result = rig.run(name, page_size=500)
        assert (result.status, result.records_rejected) == (Status.SUCCEEDED, 0)
        assert result.records_written > 1
    rig.pass_time(timedelta(hours=1))
    yield rig
    rig.close()


def test_every_member_of_a_block_is_in_the_table() -> None:
    parts = build_schema()["$defs"]
    members = set(parts["Entity"]["properties"])
    members |= {f"line_views.{member}" for member in parts["LineView"]["properties"]}
    told = {name for cell, *_ in ROWS for name in re.findall(r"`([\w.]+)`", cell)}
    assert told == members | {"name"}
    assert len(ROWS) == SECTION.count("\n| `")
    assert {cell for cell, *_ in ROWS if cell != "`name`"} == set(EDITS)


CASES = [(cell, number) for cell, edits in EDITS.items() for number in range(len(edits))]


@pytest.mark.parametrize(("cell", "number"), CASES)
def test_an_edit_does_what_the_table_says(copied: Rig, tmp_path: Path, cell: str, number: int) -> None:
    [(outcome, error)] = [(outcome, error) for row, outcome, error in ROWS if row == cell]
    name, edit = EDITS[cell][number]
    for file in ("state.db", "warehouse.duckdb"):
        shutil.copy(copied.folder / file, tmp_path / file)
    rig = Rig(tmp_path, copied.sandbox)
    rig.catalogue = BLOCKS | {name: structs.replace(BLOCKS[name], **edit)}
    before = copied.count(BLOCKS[name].current_view)
    logged = rig.count(BLOCKS[name].log_table)

    result = rig.run(name, page_size=500)

    if outcome == "refused":
        assert result.error is not None
        assert result.error.type in error
        assert result.error.action
        assert rig.count(BLOCKS[name].log_table) == logged
        return
    assert result.status is Status.SUCCEEDED, result.error
    is_narrower = (name, cell) == ("invoices", "`date_fields`")
    assert result.details.get("columns_set_aside", []) == (["date"] if is_narrower else [])
    assert (result.records_read > FEW) is (outcome == "read anew")
    assert rig.count(rig.catalogue[name].current_view) >= before
    views = {view.name: [column.name for column in view.columns] for view in rig.build_table(name).views}
    assert _show_views(rig) == _show_views(copied) | views


def _show_views(rig: Rig) -> dict[str, list[str]]:
    """Return the columns of every view."""
    found = rig.query(
        "SELECT table_name, list(column_name ORDER BY column_index) AS columns FROM duckdb_columns()"
        " WHERE schema_name = 'main' AND table_name IN"
        " (SELECT view_name FROM duckdb_views() WHERE schema_name = 'main' AND NOT internal) GROUP BY table_name"
    )
    return {row["table_name"]: row["columns"] for row in found}
