"""A laptop with a clone of the project, on which the commands of the pages are run by bash."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.adapters.clock import SystemClock
from connector.adapters.sqlite import SqliteStateStore
from connector.app.settings import list_variables
from connector.domain.entity_state import DeadLetter
from tests.docs.configuration import ROOT

SCRIPTED = ("gcloud", "bq", "terraform", "curl", "git", "make")
SHELL = shutil.which("bash") or "bash"


@dataclass
class Laptop:
    """A folder with the files of a clone, a simulated tenant, and programs that keep what they are told."""

    folder: Path
    tenant: Sandbox
    environment: dict[str, str]
    answers: str
    spoken: Mapping[str, str] = field(default_factory=dict)
    """What stands in the pages, with what is said in its place."""
    catalogue: str = ""
    """The catalogue, with the block that CONTRIBUTING has one add."""

    def run(self, text: str, *, configured: bool = False) -> "subprocess.CompletedProcess[str]":
        """Run commands, with a configuration in the environment or without."""
        for placeholder, value in self.spoken.items():
            text = text.replace(placeholder, value)
        return subprocess.run(
            [SHELL, "-euo", "pipefail", "-c", text],
            cwd=self.folder,
            env=self._configure() if configured else self.environment,
            input=self.answers,
            capture_output=True,
            text=True,
            check=False,
        )

    def reject(self, key: str) -> None:
        """Keep a dead letter of the vendor with this key."""
        record_id = next(r.id for r in self.tenant.tenant.records("Vendor") if r.fields["VendorID"] == key)
        state = SqliteStateStore(path=self.folder / "state.db", clock=SystemClock())
        state.dead_letters.add(
            DeadLetter(
                entity="vendors",
                record_id=record_id,
                key=key,
                reason="too long",
                payload=b"{}",
                run_id="run-1",
                rejected_at=datetime.now(UTC),
            )
        )
        state.close()

    def _configure(self) -> dict[str, str]:
        """Return the environment of a laptop that has copied the vendors: only the README begins with nothing."""
        (self.folder / "credentials.json").write_text(json.dumps(self.tenant.credentials("password")))
        (self.folder / "catalogue.yaml").write_text(self.catalogue)
        configured = {
            **self.environment,
            "ACUMATICA_URL": self.tenant.url,
            "ACUMATICA_CREDENTIALS": "file:credentials.json",
            "WAREHOUSE": "duckdb:acumatica.duckdb",
            "STATE": "sqlite:state.db",
            "ENTITIES_FILE": "catalogue.yaml",
        }
        if not (self.folder / "acumatica.duckdb").exists():
            command = [sys.executable, "-m", "connector", "sync", "vendors"]
            subprocess.run(command, cwd=self.folder, env=configured, capture_output=True, check=True)
        return configured

    def read_calls(self) -> list[tuple[str, ...]]:
        """Return what the programs were told, in order."""
        log = self.folder / "calls"
        texts = log.read_text().split("\x01\n") if log.exists() else []
        return [tuple(text.rstrip("\x00").split("\x00")) for text in texts if text]


@contextmanager
def open_laptop(folder: Path, catalogue: str) -> Iterator[Laptop]:
    """Set a laptop up in this folder, with a small company's tenant."""
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / "terraform").mkdir()
    shutil.copy(ROOT / "terraform" / "terraform.tfvars.example", folder / "terraform")
    with Sandbox(SandboxOptions(size="tiny", real_time=True)) as tenant:
        secret = tenant.credentials("password")
        names = ("client_id", "client_secret", "username", "password")
        own = {variable.name for variable in list_variables()}
        environment = {name: value for name, value in os.environ.items() if name not in own}
        environment |= {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
        (folder / "bin").mkdir()
        for name in ("bin/python", ".venv/bin/python"):
            _write_program(folder / name, f'exec {sys.executable} "$@"')
        for name in SCRIPTED:
            _write_program(folder / "bin" / name, _keep(name, folder, tenant))
        yield Laptop(
            folder=folder,
            tenant=tenant,
            environment=environment,
            answers="\n".join([tenant.url, "", "", *(secret[name] for name in names)]) + "\n",
            spoken={
                "https://erp.example.com/Instance": tenant.url,
                '{"auth": "password", "client_id": "GUID@Tenant", "client_secret": "…", "username": "…", '
                '"password": "…"}': json.dumps(secret),
                "V000123": str(tenant.tenant.records("Vendor")[0].fields["VendorID"]),
            },
            catalogue=catalogue,
        )


def _keep(name: str, folder: Path, tenant: Sandbox) -> str:
    """Return a program that writes down what it is told, and prints what Terraform would for a laptop."""
    script = f"printf '%s\\0' {name} \"$@\" >> {folder}/calls; printf '\\001\\n' >> {folder}/calls"
    if name == "terraform":
        script += (
            f'\ncase "$*" in *environment) echo "export ACUMATICA_URL={tenant.url} ACUMATICA_CREDENTIALS=file:'
            'credentials.json WAREHOUSE=duckdb:acumatica.duckdb STATE=sqlite:state.db";; esac'
        )
    if name == "make":
        script += f'\nexec {shutil.which("make")} --silent --dry-run -C {ROOT} "$@" > /dev/null'
    return script


def _write_program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
