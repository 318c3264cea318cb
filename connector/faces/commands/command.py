"""What every command works with: the connector that the environment configures."""

import os
from collections.abc import Callable
from datetime import timedelta

from connector.app.service import Connector, build
from connector.app.settings import load_settings
from connector.errors import ConfigurationError


def open_connector(
    *,
    is_stopping: Callable[[], bool] = lambda: False,
    pause: Callable[[timedelta], None] | None = None,
) -> Connector:
    """Return the connector that the environment configures; raise ConfigurationError if it does not."""
    try:
        settings = load_settings(os.environ)
    except ConfigurationError as exc:
        if os.environ.get("ACUMATICA_URL"):
            raise
        action = f"{exc.action} Or call init, which asks for what is needed and writes it into a .env here."
        raise ConfigurationError(exc.message, action=action) from exc
    return build(settings, is_stopping=is_stopping, pause=pause)
