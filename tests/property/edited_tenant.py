"""An endpoint that answers whatever block of the catalogue asks it, by the version it is at: a list in memory with lines."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from typing_extensions import override

from connector.domain.entity import Entity, LineView
from connector.domain.list_query import ListAnswer, ListQuery
from connector.domain.records.contract import Contract, Kind, Shape
from connector.ports import Clock
from tests.builders import a_contract, an_entity, an_id
from tests.stand_ins.list_source import ListSource

STAMPS = ("LastModifiedDateTime", "Changed")
SIZE = "Document.UsrSize"
"""The one custom field."""
BEHIND = timedelta(days=30)
"""How much older one stamp is than the other."""
VERSIONS = {"1": {"Colour": Kind.STRING}, "2": {"Colour": Kind.INT, "Terms": Kind.STRING}}


def a_block(name: str, acumatica_entity: str) -> Entity:
    lines = LineView(name=f"{name}_lines", details=("Details",), prefix="record_")
    return an_entity(
        name=name,
        acumatica_entity=acumatica_entity,
        current_view=name,
        line_views=(lines,),
        expand=("Details",),
    )


class EditedTenant(ListSource):
    """The records of one Acumatica entity. `version` decides which fields there are and what type they have."""

    def __init__(self, entity: Entity, clock: Clock) -> None:
        super().__init__(entity=entity, clock=clock, contract=a_contract())
        self.version = "1"
        self.records: dict[str, dict[str, Any]] = {}
        self.made = 0

    def save(self, number: int, now: datetime) -> None:
        """Insert a record, or change one."""
        self.made += 1
        self.records[an_id(number)] = {
            "VendorID": f"V{number:03}",
            "Name": f"name {self.made}",
            "Amount": self.made,
            "Terms": f"terms {self.made}",
            "LastModifiedDateTime": now,
            "Changed": now - BEHIND,
        }

    def read_value(self, record_id: str, field: str) -> Any:
        """Return a field as this version gives it."""
        record = self.records[record_id]
        if field == "Colour":
            return record["Amount"] if self.version == "2" else f"colour {record['Amount']}"
        return f"size {record['Amount']}" if field == SIZE else record[field]

    def build_contract(self, entity: Entity) -> Contract:
        """Return what this version says of the block's choices."""
        fields = {"VendorID": Kind.STRING, "Name": Kind.STRING, "Amount": Kind.DECIMAL} | VERSIONS[
            self.version
        ]
        stamp = entity.modified_field or STAMPS[0]
        kept = {
            name: kind
            for name, kind in fields.items()
            if name in entity.keys
            or (name not in entity.exclude and (not entity.select or name in entity.select))
        }
        lines = {"Details": Shape(fields={"Account": Kind.STRING})} if entity.expand else {}
        return Contract(
            endpoint="Default",
            version=self.version,
            request=self._spell(entity),
            root=Shape(
                fields={**kept, stamp: Kind.DATETIME},
                details=lines,
                custom=dict.fromkeys(entity.custom, Kind.STRING),
                unread=frozenset({*fields, *STAMPS} - {*kept, stamp}),
            ),
            modified_field=stamp,
        )

    @override
    def describe(self, entity: Entity) -> Contract:
        self.serve(entity, self.build_contract(entity))
        return self.contract

    @override
    def contract_matches(self, entity: Entity, contract: Contract) -> bool:
        self.serve(entity, self.build_contract(entity))
        return (contract.version, contract.request) == (self.version, self._spell(entity))

    @override
    def read_list(self, query: ListQuery) -> ListAnswer:
        self._write_rows(query.entity)
        return super().read_list(query)

    @override
    def read_record(self, entity: Entity, record_id: str) -> bytes | None:
        self._write_rows(entity)
        return super().read_record(entity, record_id)

    def _spell(self, entity: Entity) -> str:
        parts = (entity.acumatica_entity, entity.keys, entity.expand, entity.select, sorted(entity.exclude))
        return f"{parts} {entity.modified_field} {entity.custom}"

    def _write_rows(self, entity: Entity) -> None:
        self.serve(entity, self.build_contract(entity))
        self.rows = {record_id: self.write_row(record_id) for record_id in sorted(self.records)}

    def write_row(self, record_id: str) -> bytes:
        """Return a record as the list last asked for would give it."""
        root = self.contract.root
        row: dict[str, Any] = {"id": record_id}
        for field in root.fields:
            value = self.read_value(record_id, field)
            row[field] = {"value": value.isoformat() if isinstance(value, datetime) else value}
        if root.details:
            row["Details"] = [{"id": "l", "Account": {"value": self.read_account(record_id)}}]
        if root.custom:
            size = {"type": "CustomStringField", "value": self.read_value(record_id, SIZE)}
            row["custom"] = {"Document": {"UsrSize": size}}
        return msgspec.json.encode(row)

    def read_account(self, record_id: str) -> str:
        """Return what the one line of a record has."""
        return f"account {self.records[record_id]['Amount']}"
