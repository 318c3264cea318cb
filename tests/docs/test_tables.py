"""The map of the tables is the one that the command writes, and every line on it does what it says."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.app.catalogue import BUNDLED, Catalogue, load_catalogue
from connector.domain.run import Status
from connector.domain.tables.schema import Column
from tests.builders import Rig
from tests.docs.tables import PAGE, build, find_versions, render_page

TEXT = PAGE.read_text()
SECTIONS = {
    section.partition("\n")[0]: section
    for section in TEXT.split("\n## ")
    if section.partition("\n")[0] in load_catalogue().entities
}
LEFT = re.compile(r"^\| `(\S+)` \| `(\S+)` \| (`(?:expand|exclude): .+`) \| (.*) \|$", re.MULTILINE)
OFF = re.compile(r"^`(\w+)`, .+ Off: `(.+)` has it made\.$", re.MULTILINE)
COPIED_LINES = [(name, *row) for name, section in SECTIONS.items() for row in LEFT.findall(section)]
READY_VIEWS = [(name, *row) for name, section in SECTIONS.items() for row in OFF.findall(section)]


def edit(name: str, line: str, file: Path) -> Catalogue:
    """Put a line into a block, in place of the one that begins alike, as an operator does; return the catalogue."""
    text = file.read_text() if file.exists() else BUNDLED.read_text()
    before, block = re.split(rf"^{name}:\n", text, maxsplit=1, flags=re.MULTILINE)
    block, *after = block.split("\n\n", 1)
    begin = line.partition(",")[0] if line.startswith("-") else line.partition(" ")[0]
    same = [old for old in block.split("\n") if old.strip().startswith(begin)]
    if same:
        block = block.replace(same[0], same[0].partition(begin)[0] + line)
    else:
        block += f"\n  {line}"
    file.write_text("\n\n".join([f"{before}{name}:\n{block.rstrip()}", *after]))
    return load_catalogue(file)


def list_names(columns: tuple[Column, ...], prefix: str = "") -> Iterator[str]:
    for column in columns:
        yield prefix + column.name
        yield from list_names(column.fields, f"{prefix}{column.name}.")


def test_the_page_is_what_the_command_writes() -> None:
    assert render_page() == TEXT, "run: make tables"


def test_every_entity_is_on_the_page() -> None:
    assert list(SECTIONS) == list(load_catalogue().entities)
    assert len(COPIED_LINES) > 50
    assert {name for name, *_ in READY_VIEWS} == {
        "vendors", "invoices", "items", "non_stock_items", "customers", "projects",
    }  # fmt: skip


@pytest.mark.parametrize("name", SECTIONS)
def test_what_is_not_copied_is_copied_once_its_line_stands_in_the_block(name: str, tmp_path: Path) -> None:
    entity = load_catalogue().find(name)
    for number, (_, path, column, lines, only_in) in enumerate(row for row in COPIED_LINES if row[0] == name):
        version = (re.findall(r"[\d.]+", only_in) or find_versions(entity))[-1]
        for line in re.findall(r"`([^`]+)`", lines):
            edited = edit(name, line, tmp_path / f"{number}.yaml").find(name)
        before = set(list_names(build(entity, version).columns))
        new = set(list_names(build(edited, version).columns)) - before
        assert new, path
        assert all(found.startswith(column.rstrip("…")) for found in new), path
        assert column in new or column.endswith("_…"), path


@pytest.mark.parametrize(("name", "view", "line"), READY_VIEWS, ids=[view for _, view, _ in READY_VIEWS])
def test_a_ready_view_is_made_once_its_line_stands_in_the_block(
    name: str, view: str, line: str, tmp_path: Path
) -> None:
    edited = edit(name, line, tmp_path / "mine.yaml").find(name)
    for version in find_versions(edited):
        assert view not in {made.name for made in build(load_catalogue().find(name), version).views}
        assert view in {made.name for made in build(edited, version).views}


def test_ready_views_show_what_the_tenant_has(tmp_path: Path) -> None:
    rig = Rig(tmp_path, Sandbox(SandboxOptions(size="tiny")).start())
    for name, _, line in READY_VIEWS:
        rig.catalogue = dict(edit(name, line, tmp_path / "mine.yaml").entities)
    for name in ("vendors", "items"):
        assert rig.run(name).status is Status.SUCCEEDED
    attributes, warehouses = rig.query_all(
        "SELECT vendor_id, attribute_id, value FROM vendor_attributes",
        "SELECT inventory_id, warehouse_id, qty_on_hand FROM item_warehouses",
    )
    rig.close()
    for rows, entity, collection in (
        (attributes, "Vendor", "Attributes"),
        (warehouses, "StockItem", "WarehouseDetails"),
    ):
        held = sum(len(record.details.get(collection, ())) for record in rig.sandbox.tenant.records(entity))
        assert len(rows) == held > 0
        assert all(value is not None for row in rows for value in row.values())
