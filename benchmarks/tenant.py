"""A tenant that holds nothing but bills with four lines: `python -m benchmarks.tenant BILLS [LATENCY_SECONDS]`."""

import json
import sys
import time
from datetime import date
from decimal import Decimal
from typing import Any

from connector.sandbox import Sandbox, SandboxOptions
from connector.sandbox.contract import system_endpoint

VERSION = "24.200.001"


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


if __name__ == "__main__":
    latency = float(sys.argv[2]) if len(sys.argv) > 2 else 0.0
    options = SandboxOptions(size="empty", real_time=True, real_delays=latency > 0, latency_seconds=latency)
    with Sandbox(options) as tenant:
        fill(tenant, int(sys.argv[1]))
        print(json.dumps({"url": tenant.url, "credentials": tenant.credentials("password")}), flush=True)
        while True:
            time.sleep(3600)
