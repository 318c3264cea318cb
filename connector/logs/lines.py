"""How a log record becomes a line: JSON for Cloud Logging, or text for a terminal."""

import json
import logging
import math
import sys
from collections.abc import Mapping
from copy import copy
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, TextIO

from typing_extensions import override

from connector.domain import instants
from connector.logs.context import Trace, current_context
from connector.redaction import SECRETS

LABELS = "logging.googleapis.com/labels"
TRACE = "logging.googleapis.com/trace"
SPAN = "logging.googleapis.com/spanId"
SAMPLED = "logging.googleapis.com/trace_sampled"

FIXED = frozenset({"time", "severity", "event", "mode", "status"})
"""Members with fixed values, never redacted: a password that happens to be `run` must not break the alerts."""

ORDINARY = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every LogRecord has; anything else was given as `extra`."""


class JsonFormatter(logging.Formatter):
    """One JSON object a line. `project` is the Google Cloud project that traces belong to."""

    def __init__(self, project: str | None = None) -> None:
        super().__init__()
        self._project = project

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; what was given as `extra` becomes members of it."""
        context = current_context()
        entry = {name: value for name, value in vars(record).items() if name not in ORDINARY}
        entry |= {
            "severity": record.levelname,
            "time": instants.to_text(datetime.fromtimestamp(record.created, UTC)),
            "message": record.getMessage(),
            "logger": record.name,
            LABELS: context.labels,
        }
        if record.exc_info:
            entry["stack_trace"] = self.formatException(record.exc_info)
        if context.trace:
            entry |= self._describe(context.trace)
        return json.dumps({name: value if name in FIXED else _redact(value) for name, value in entry.items()})

    def _describe(self, trace: Trace) -> dict[str, Any]:
        name = f"projects/{self._project}/traces/{trace.trace_id}" if self._project else trace.trace_id
        span = {SPAN: trace.span_id} if trace.span_id else {}
        return {TRACE: name, SAMPLED: trace.sampled, **span}


class TextFormatter(logging.Formatter):
    """A short line for a person: time, severity when it matters, message.

    Of an exception it names the class; with `with_traces`, the stack trace stands below.
    """

    def __init__(self, *, with_traces: bool = False) -> None:
        super().__init__("%(asctime)s %(notice)s%(message)s%(error)s", "%H:%M:%S")
        self._with_traces = with_traces

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        record = copy(record)
        record.notice = f"{record.levelname}: " if record.levelno >= logging.WARNING else ""
        kind = record.exc_info[0] if record.exc_info else None
        record.error = f" ({kind.__name__}; LOG_LEVEL=DEBUG shows where)" if kind else ""
        if self._with_traces:
            record.error = ""
        else:
            record.exc_info = record.exc_text = None
        return SECRETS.redact(super().format(record))


class ConnectorHandler(logging.StreamHandler[TextIO]):
    """Ours, so that configuring twice does not write twice."""


class TerminalHandler(ConnectorHandler):
    """Writes to standard error as it is at that moment: a progress display takes it over, to write lines above itself."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def configure_logging(
    *, json: bool = True, level: str = "INFO", project: str | None = None, stream: TextIO | None = None
) -> None:
    """Send our lines to standard output as JSON, or to standard error as text; may be called again.

    `level` is for our own lines; libraries are heard from WARNING up. A plain stream handler that a framework has put
    on the root logger is replaced, or each line would appear twice.
    """
    handler = TerminalHandler() if not (json or stream) else ConnectorHandler(stream or sys.stdout)
    with_traces = level.upper() == "DEBUG"
    handler.setFormatter(JsonFormatter(project) if json else TextFormatter(with_traces=with_traces))
    root = logging.getLogger()
    for old in list(root.handlers):
        if isinstance(old, ConnectorHandler) or type(old) is logging.StreamHandler:
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("connector").setLevel(level.upper())


def _redact(value: Any) -> Any:
    """Return the value as JSON can hold it, without anything hidden."""
    if isinstance(value, Enum):
        return _redact(value.value)
    if isinstance(value, datetime):
        return instants.to_text(value) if value.tzinfo else value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return {SECRETS.redact(str(name)): _redact(member) for name, member in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redact(member) for member in value]
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return SECRETS.redact(str(value))
