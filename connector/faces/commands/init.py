"""`init`: asks for an Acumatica instance and credentials, tries them, and writes what the other commands read."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from getpass import getpass
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from rich.console import Console

from connector.app.check import check_connector
from connector.app.service import build
from connector.app.settings import load_settings
from connector.domain.check_line import CheckLine
from connector.errors import BadRequestError
from connector.faces.commands.parser import Commands
from connector.faces.exit_codes import FAILED, OK
from connector.faces.stop_signals import StopSignals
from connector.faces.terminal import show_checks, write_json, write_note

ENVIRONMENT = Path(".env")
SECRET = Path("acumatica-credentials.json")
SIGN_INS = {"password": "a connected application and an API user (OAuth 2.0)", "cookie": "an API user alone"}
QUESTIONS = {
    "password": {
        "client_id": "Client ID (…@Tenant)",
        "client_secret": "Client secret",
        "username": "User name",
        "password": "Password",
    },
    "cookie": {"username": "User name", "password": "Password", "tenant": "Tenant (empty if there is one)"},
}
HIDDEN = frozenset({"client_secret", "password"})


def register(commands: Commands) -> None:
    """Add the command."""
    commands.add(
        "init",
        _init,
        examples=["init"],
    )


def _init(options: argparse.Namespace, console: Console, _: StopSignals) -> int:
    for path in (ENVIRONMENT, SECRET):
        if path.exists():
            raise BadRequestError(
                f"{path} is here already.", action="Edit it, or move it away and call init again."
            )
    variables = {
        "ACUMATICA_URL": _ask("URL of the instance (https://…/AcmeERP)"),
        "ACUMATICA_ENDPOINT_VERSION": _ask("Version of the endpoint Default (empty: the newest one proven)"),
        "ACUMATICA_CREDENTIALS": f"file:{SECRET}",
        "WAREHOUSE": "duckdb:acumatica.duckdb",
        "STATE": "sqlite:state.db",
    }
    secret = _ask_secret()
    _write(SECRET, msgspec.json.format(msgspec.json.encode(secret), indent=2).decode())
    tried = False
    try:
        lines = _try(variables)
        tried = all(line.ok for line in lines)
    except KeyboardInterrupt:
        write_note("Nothing is written.")
        raise
    finally:
        if not tried:
            SECRET.unlink()
    if options.json:
        write_json([asdict(line) for line in lines])
    else:
        show_checks(lines, console)
    if not tried:
        write_note("Nothing is written. Mend what failed and call init again.")
        return FAILED
    _write(ENVIRONMENT, "".join(f"{name}='{value}'\n" for name, value in variables.items() if value))
    write_note(f"{ENVIRONMENT} and {SECRET} are written. Next: python -m connector sync --all")
    return OK


def _try(variables: Mapping[str, str]) -> Sequence[CheckLine]:
    """Try every system, with the state kept elsewhere: a failed try leaves nothing in this folder."""
    with TemporaryDirectory() as elsewhere:
        tried = {**os.environ, **variables, "STATE": f"sqlite:{Path(elsewhere) / 'state.db'}"}
        return list(check_connector(build(load_settings(tried))))


def _ask_secret() -> Mapping[str, str]:
    told = "; ".join(f"{name}: {text}" for name, text in SIGN_INS.items())
    form = _ask(f"How to sign in ({told}) [password]") or "password"
    if form not in QUESTIONS:
        raise BadRequestError(f"{form[:20]!r} is no way to sign in.", action=f"Use {' or '.join(QUESTIONS)}.")
    answers = {name: _ask(text, hidden=name in HIDDEN) for name, text in QUESTIONS[form].items()}
    return {"auth": form, **answers}


def _ask(text: str, *, hidden: bool = False) -> str:
    """Return an answer from the terminal, or the next line of what is piped in."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    try:
        return (getpass(f"{text}: ") if hidden else input(f"{text}: ")).strip()
    except EOFError:
        raise BadRequestError(
            "The answers ended before the last question.", action="Nothing is written; call init again."
        ) from None


def _write(path: Path, text: str) -> None:
    """Make a file that its owner alone can read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
