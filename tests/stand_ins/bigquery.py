"""BigQuery's REST API on this machine."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.stand_ins.install import BIGQUERY_HOME, install_bigquery
from tests.stand_ins.servers import HOST, free_port, running

PROJECT = "demo"
"""The one project of all tests: the stand-in looks through everything of every project at each request."""


SERVER = Path(__file__).with_name("bigquery_server.py")


def drop_dataset(url: str, dataset: str) -> None:
    """Remove a dataset with its contents, if there is one, so that the next test's requests need not look through them."""
    address = f"{url}/bigquery/v2/projects/{PROJECT}/datasets/{dataset}"
    requests.delete(address, params={"deleteContents": "true"}, timeout=60)


@contextmanager
def running_bigquery() -> Iterator[str]:
    """Yield the base URL of a BigQuery of this process's own, empty at first."""
    commands = install_bigquery()
    with tempfile.TemporaryDirectory() as data:

        def command(port: int) -> list[str]:
            ports = ["--port", str(port), "--grpc-port", str(free_port())]
            return [
                str(commands / "python"),
                str(SERVER),
                "--host",
                HOST,
                *ports,
                "--data-dir",
                data,
                "serve",
            ]

        with running(command, environment={"HOME": str(BIGQUERY_HOME)}) as port:
            yield f"http://{HOST}:{port}"
