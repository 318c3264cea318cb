"""A whole connector over an inquiry or a class of a simulated tenant, without sockets and files."""

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.adapters.acumatica.transport import Request
from connector.adapters.sqlite import SqliteStateStore
from connector.domain.entity import Entity, Parameter
from connector.domain.run import Mode, RunRequest, RunResult
from connector.ports import Ports
from connector.runs.run import Limits, Run
from tests.builders import WORK, a_memory_file
from tests.stand_ins.in_process import open_source
from tests.stand_ins.sandbox_source import TenantTime
from tests.stand_ins.warehouse import MemoryWarehouse

BILLS = "AP-Bills and Adjustments"
STOCK = "IN-Stock by Warehouse"
LINES = "GL-Journal Transactions"
WAREHOUSE = Parameter(name="Warehouse", value="MAIN")


def an_inquiry(**parts: Any) -> Entity:
    """Return a block that reads the bills by an inquiry."""
    block = {
        "name": "ap_documents",
        "inquiry": BILLS,
        "keys": ("Type", "ReferenceNbr"),
        "current_view": "ap_documents",
        "schedule": "2 * * * *",
        "modified_field": "LastModifiedOn",
        "date_fields": frozenset({"Date", "DueDate"}),
    }
    return Entity(**{**block, **parts})


LINE_COLUMNS = {
    "Module": "string",
    "BatchNbr": "string",
    "LineNbr": "int",
    "FinPeriodID": "string",
    "TranDate": "date",
    "AccountByAccountID/AccountCD": "string",
    "SubBySubID/SubCD": "string",
    "DebitAmt": "decimal",
    "CreditAmt": "decimal",
    "Posted": "bool",
    "LastModifiedDateTime": "datetime",
    "NoteID": "guid",
}
DOCUMENT_COLUMNS = {
    "DocType": "string",
    "RefNbr": "string",
    "VendorID": "int",
    "VendorByVendorID/AcctCD": "string",
    "Status": "string",
    "DocDate": "date",
    "DocBal": "decimal",
    "LastModifiedDateTime": "datetime",
    "NoteID": "guid",
}


def a_class(**parts: Any) -> Entity:
    """Return a block that reads the bills by their class."""
    block = {
        "name": "ap_register",
        "dac": "PX_Objects_AP_APRegister",
        "columns": DOCUMENT_COLUMNS,
        "keys": ("DocType", "RefNbr"),
        "current_view": "ap_register",
        "schedule": "2 * * * *",
        "modified_field": "LastModifiedDateTime",
    }
    return Entity(**{**block, **parts})


class FeedRig:
    """One block, copied into a warehouse in memory; pages have seven rows."""

    def __init__(self, entity: Entity | None = None, **options: Any) -> None:
        self.sandbox = Sandbox(SandboxOptions(**{"size": "tiny", **options}))
        self.tenant = self.sandbox.tenant
        self.entity = entity or an_inquiry()
        self.clock = TenantTime(self.sandbox)
        self.warehouse = MemoryWarehouse()
        self.state = SqliteStateStore(path=a_memory_file(), clock=self.clock)
        self.runs = 0
        self.asked: list[Request] = []

    def edit(self, **parts: Any) -> None:
        """Let an operator edit the block of the catalogue."""
        self.entity = replace(self.entity, **parts)

    def run(self, mode: Mode = Mode.INCREMENTAL, *, page_size: int = 7, **parts: Any) -> RunResult:
        self.runs += 1
        source = open_source(self.sandbox, self.clock, self.asked.append)
        ports = Ports(source=source, warehouse=self.warehouse, state=self.state, clock=self.clock)
        run = Run(
            run_id=f"run-{self.runs}",
            entity=self.entity,
            request=RunRequest(entity=self.entity.name, mode=mode, **parts),
            ports=ports,
            limits=Limits(deadline=self.clock.now() + timedelta(hours=1), page_size=page_size),
        )
        return run.execute(WORK[mode])

    @property
    def queries(self) -> list[str]:
        """The queries for rows, each once."""
        return [request.query for request in self.asked[::2] if "$top" in request.query]

    @property
    def rows(self) -> dict[str, dict[str, Any]]:
        """The current rows by id."""
        import msgspec

        current = self.warehouse.current(self.entity.log_table)
        return {i: msgspec.json.decode(row.data) for i, row in sorted(current.items())}
