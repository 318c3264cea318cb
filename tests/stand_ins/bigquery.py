"""BigQuery's REST API on this machine."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from tests.stand_ins.install import BIGQUERY_HOME, install_bigquery
from tests.stand_ins.servers import HOST, free_port, running


@contextmanager
def running_bigquery() -> Iterator[str]:
    """Yield the base URL of a BigQuery of this process's own, empty at first."""
    commands = install_bigquery()
    with tempfile.TemporaryDirectory() as data:

        def command(port: int) -> list[str]:
            ports = ["--port", str(port), "--grpc-port", str(free_port())]
            return [str(commands / "local-bigquery"), "--host", HOST, *ports, "--data-dir", data, "serve"]

        with running(command, environment={"HOME": str(BIGQUERY_HOME)}) as port:
            yield f"http://{HOST}:{port}"
