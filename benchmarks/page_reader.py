"""Asks for all pages of bills, one after the other, and throws them away: `python -m benchmarks.page_reader`."""

import json
import os
from pathlib import Path

import msgspec
import requests


def main() -> None:
    """Read until a page is short, as a script would."""
    page = int(os.environ["ACUMATICA_PAGE_SIZE"])
    url, version = os.environ["ACUMATICA_URL"], os.environ["ACUMATICA_ENDPOINT_VERSION"]
    secret = json.loads(Path(os.environ["ACUMATICA_CREDENTIALS"].removeprefix("file:")).read_text())
    form = {key: secret[key] for key in ("client_id", "client_secret", "username", "password")}
    session = requests.Session()
    token = session.post(
        f"{url}/identity/connect/token", data={**form, "grant_type": "password", "scope": "api"}, timeout=60
    )
    session.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
    read = 0
    while True:
        query = {"$top": str(page), "$skip": str(read), "$expand": "Details,TaxDetails"}
        answer = session.get(f"{url}/entity/Default/{version}/Bill", params=query, timeout=300)
        rows = len(msgspec.json.decode(answer.content, type=list[msgspec.Raw]))
        read += rows
        if rows < page:
            break
    session.post(f"{url}/entity/auth/logout", data=b"", timeout=60)
    print(json.dumps({"records": read}))


if __name__ == "__main__":
    main()
