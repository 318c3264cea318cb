"""Log lines that Cloud Logging understands: one JSON object each, labelled with the run they belong to.

Every run ends with exactly one line (`event` = `run`) that holds every figure of its result. The alerts of `terraform/`
are filters over these lines, so a member renamed here is renamed there.
"""

from connector.logs.context import RunContext, Trace, find_trace, run_context
from connector.logs.events import log_freshness, log_refused, log_run
from connector.logs.lines import configure_logging
from connector.redaction import register_secret

__all__ = [
    "RunContext",
    "Trace",
    "configure_logging",
    "find_trace",
    "log_freshness",
    "log_refused",
    "log_run",
    "register_secret",
    "run_context",
]
