"""What a person would write: requests, unwrap, insert_rows_json. `python -m benchmarks.plain_script`, environment as the connector's."""

import json
import os
from pathlib import Path
from typing import Any

import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

PAGE = 1000
ROWS_AT_ONCE = 500


def unwrap(value: Any) -> Any:
    """Return the bare value."""
    if isinstance(value, dict):
        if set(value) <= {"value"}:
            return value.get("value")
        return {
            name: unwrap(inner) for name, inner in value.items() if name not in ("custom", "_links", "files")
        }
    if isinstance(value, list):
        return [unwrap(inner) for inner in value]
    return value


def main() -> None:
    """Copy every bill with its lines."""
    url, version = os.environ["ACUMATICA_URL"], os.environ["ACUMATICA_ENDPOINT_VERSION"]
    secret = json.loads(Path(os.environ["ACUMATICA_CREDENTIALS"].removeprefix("file:")).read_text())
    form = {key: secret[key] for key in ("client_id", "client_secret", "username", "password")}
    session = requests.Session()
    token = session.post(
        f"{url}/identity/connect/token", data={**form, "grant_type": "password", "scope": "api"}, timeout=60
    )
    session.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
    client = bigquery.Client(
        project="p",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": os.environ["BIGQUERY_EMULATOR_HOST"]},
    )
    skip = read = 0
    while True:
        query = {"$top": str(PAGE), "$skip": str(skip), "$expand": "Details"}
        bills = session.get(f"{url}/entity/Default/{version}/Bill", params=query, timeout=300).json()
        rows = [unwrap(bill) for bill in bills]
        for start in range(0, len(rows), ROWS_AT_ONCE):
            batch = rows[start : start + ROWS_AT_ONCE]
            errors = client.insert_rows_json("p.d.bills", batch, row_ids=[row["id"] for row in batch])
            if errors:
                raise RuntimeError(errors)
        read += len(rows)
        if len(bills) < PAGE:
            break
        skip += PAGE
    session.post(f"{url}/entity/auth/logout", data=b"", timeout=60)
    print(json.dumps({"records": read}))


if __name__ == "__main__":
    main()
