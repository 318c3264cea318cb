"""What every command works with: the connector that the environment configures."""

import os
from collections.abc import Callable

from connector.app.service import Connector, build
from connector.app.settings import load_settings


def open_connector(*, is_stopping: Callable[[], bool] = lambda: False) -> Connector:
    """Return the connector that the environment configures; raise ConfigurationError if it does not."""
    return build(load_settings(os.environ), is_stopping=is_stopping)
