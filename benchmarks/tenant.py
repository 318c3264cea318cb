"""A tenant of one kind of record, or of several: `python -m benchmarks.tenant --entity Bill --records 10000 [--latency SECONDS] [--lines N] [--odd KIND]`.

Bills have four lines each and a value in every field. Records of other entities are variations of the demo company's, made
when a page asks for them, so that a million cost no memory. With `--lines`, GL batches get so many more lines, of about 290
bytes each: they are put into every answer as it is sent. `--odd` names what is not as announced in the lines of bills.
"""

import argparse
import json
import time
from datetime import date
from decimal import Decimal
from typing import Any

from acumatica_sandbox import Sandbox, SandboxOptions
from acumatica_sandbox.contract import system_endpoint

VERSION = "24.200.001"
BILL = "Bill"
GL_BATCH = "JournalTransaction"
ODD = {
    "unannounced": [(b'"NonBillable":{', b'"Unannounced":{"value":"so"},"NonBillable":{')],
    "mistyped": [
        (b'"NonBillable":{"value":true}', b'"NonBillable":{"value":"yes"}'),
        (b'"NonBillable":{"value":false}', b'"NonBillable":{"value":"no"}'),
    ],
}
"""What is rewritten in every line of a bill, so that one member of it is not as the contract announces."""


def build_fields(kinds: dict[str, str], number: int) -> dict[str, Any]:
    """Return a value for every field that a contract names."""
    samples: dict[str, Any] = {
        "decimal": Decimal(number * 7919 % 1_000_000) / 100,
        "bool": number % 3 == 0,
        "datetime": date(2026, 1 + number % 12, 1 + number % 28),
        "int": number,
        "short": number % 100,
        "long": number,
        "guid": None,
    }
    return {name: samples.get(kind, f"{name} {number % 500}") for name, kind in kinds.items()}


def fill(sandbox: Sandbox, bills: int) -> None:
    """Insert the bills in one transaction."""
    types = system_endpoint(VERSION).types
    bill, line_type = types["Bill"], types["BillDetail"]
    transaction = sandbox.tenant.begin()
    for number in range(bills):
        fields = build_fields(bill.fields, number)
        fields |= {"Type": "Bill", "ReferenceNbr": f"{number:06}"}
        fields.pop("LastModifiedDateTime", None)
        lines = [build_fields(line_type.fields, number * 4 + line) for line in range(4)]
        transaction.insert("Bill", fields, {"Details": lines})
    transaction.commit()


def render_lines(count: int) -> bytes:
    """Return the JSON of so many lines of a GL batch, each followed by a comma."""
    lines = [
        {
            "id": f"{number:08x}-11e5-4000-a000-000000000000",
            "rowNumber": number + 1,
            "note": "",
            "Account": {"value": f"{40000 + number % 500}"},
            "BranchID": {"value": "MAIN"},
            "CreditAmount": {"value": number * 7919 % 1_000_000 / 100},
            "DebitAmount": {"value": 0.0},
            "Description": {"value": f"Cost of goods sold {number}"},
            "ReferenceNbr": {"value": f"{number % 5000:06}"},
            "Subaccount": {"value": "000-000"},
        }
        for number in range(count)
    ]
    return b"".join(json.dumps(line, separators=(",", ":")).encode() + b"," for line in lines)


def main() -> None:
    """Serve until the end of the process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--entity", nargs="+", default=[BILL])
    parser.add_argument("--records", type=int, required=True)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--lines", type=int, default=0)
    parser.add_argument("--odd", choices=ODD)
    arguments = parser.parse_args()
    is_bulk = arguments.entity != [BILL]
    options = SandboxOptions(
        size="empty",
        bulk=dict.fromkeys(arguments.entity, arguments.records) if is_bulk else {},
        real_time=True,
        real_delays=arguments.latency > 0,
        latency_seconds=arguments.latency,
    )
    with Sandbox(options) as tenant:
        if not is_bulk:
            fill(tenant, arguments.records)
        for rewrite in ODD.get(arguments.odd, ()):
            tenant.faults.add(path=f"/{BILL}", rewrite=rewrite, times=10**9)
        if arguments.lines:
            start = b'"Details":['
            rewrite = (start, start + render_lines(arguments.lines))
            tenant.faults.add(path=f"/{GL_BATCH}", rewrite=rewrite, times=10**9)
        print(json.dumps({"url": tenant.url, "credentials": tenant.credentials("password")}), flush=True)
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main()
