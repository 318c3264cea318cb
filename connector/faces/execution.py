"""Carries out one command: settings from the folder, signals, and every error said in one sentence."""

import argparse
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dotenv import dotenv_values
from rich.console import Console

from connector.app.settings import load_log_settings
from connector.domain.run import RunFailure
from connector.errors import BadRequestError, ConfigurationError, ConnectorError
from connector.faces.exit_codes import FAILED, USAGE
from connector.faces.output import Output, close_output, describe_unwritable
from connector.faces.stop_signals import StopSignals
from connector.faces.terminal import write_json, write_note
from connector.logs import configure_logging

logger = logging.getLogger(__name__)


def execute(options: argparse.Namespace) -> int:
    """Carry out the command that was called; return its exit code."""
    has_width = sys.stdout.isatty() or "COLUMNS" in os.environ
    console = Output(soft_wrap=True, emoji=False, width=None if has_width else 120)
    signals = StopSignals()
    try:
        _read_env_file(Path(".env"))
        with _logging(), signals.taken():
            code: int = options.run(options, console, signals)
            sys.stdout.flush()
    except ConnectorError as exc:
        _show_failure(RunFailure.from_error(exc), options)
        return USAGE if isinstance(exc, BadRequestError) else FAILED
    except KeyboardInterrupt:
        write_note(signals.note)
        return signals.exit_code
    except BrokenPipeError:
        close_output()  # the reader of the output left, as `head` does
        return FAILED
    except Exception as exc:
        logger.debug("the command failed", exc_info=exc)
        unwritable = describe_unwritable(exc)
        if unwritable is not None:
            close_output()
        _show_failure(unwritable or _describe_unknown(exc), options)
        return FAILED
    return code


def _read_env_file(path: Path) -> None:
    """Take variables from a file in the current folder; what the environment has already stays.

    Raises ConfigurationError if the file cannot be read or holds what no variable can.
    """
    try:
        for name, value in dotenv_values(path, interpolate=False).items():
            os.environ.setdefault(name, value or "")
    except (OSError, ValueError) as exc:
        raise ConfigurationError(
            f"The file {path} in this folder cannot be read as lines of NAME='value' in UTF-8.",
            action="Write it anew as plain text in UTF-8, or move it away and call init.",
        ) from exc


@contextmanager
def _logging() -> Iterator[None]:
    """Log problems; log a run's own line only on request (LOG_LEVEL), because its result is printed anyway."""
    chosen = "LOG_LEVEL" in os.environ
    configure_logging(json=False, level=load_log_settings(os.environ).level if chosen else "WARNING")
    runs_logger = logging.getLogger("connector.run")
    before = runs_logger.level
    if not chosen:
        runs_logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        runs_logger.setLevel(before)


def _describe_unknown(exc: Exception) -> RunFailure:
    """Return the failure of an error nobody expected, without its text, which may contain a secret."""
    return RunFailure(
        type="UnknownError",
        message=f"The command ended with an error the connector does not know ({type(exc).__name__}).",
        action="Run it again with LOG_LEVEL=DEBUG, and report what it prints.",
        http_status=500,
    )


def _show_failure(failure: RunFailure, options: argparse.Namespace) -> None:
    if options.json:
        write_json({"status": "failed", "error": failure.describe()})
        return
    errors = Console(stderr=True, soft_wrap=True, emoji=False)
    errors.print(f"{failure.message} {failure.action}", highlight=False, markup=False)
