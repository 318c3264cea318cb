"""Log lines as Cloud Logging gets them."""

import io

import pytest

from connector.logs import configure_logging


@pytest.fixture
def written() -> io.StringIO:
    """What was logged, one JSON object a line."""
    stream = io.StringIO()
    configure_logging(json=True, level="INFO", project="p1", stream=stream)
    return stream
