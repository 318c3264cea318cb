"""Installs what tests need beside Python packages, once: `python -m tests.stand_ins.install`.

The BigQuery stand-in goes into `.stand-ins/`: it runs on Python 3.13 only, so it has a virtual environment of its own. About
20 seconds and 770 MB. So does GoogleSQL's engine, compiled. A Chromium is installed for the whole machine, if it has none.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.stand_ins.browser import install_browser
from tests.stand_ins.servers import StandInUnavailableError

ROOT = Path(__file__).parents[2] / ".stand-ins"
BIGQUERY = ROOT / "bigquery"
BIGQUERY_HOME = BIGQUERY / "home"
"""DuckDB looks for its extensions below HOME; the developer's own is left alone."""

INSTALLED = BIGQUERY / "installed"

PINS = (
    "local-bigquery==0.3.2",
    "duckdb==1.5.5",
    "duckdb-extensions==1.5.5",
    "duckdb-extension-icu==1.5.5",
    "duckdb-extension-spatial==1.5.5",
    "duckdb-extension-ducklake==1.5.5",
)
"""Newer releases want an extension that must be downloaded at run time."""

EXTENSIONS = (
    "from duckdb_extensions import import_extension as add\nfor e in ('icu', 'spatial', 'ducklake'): add(e)"
)


def install_bigquery() -> Path:
    """Return the folder of the stand-in's commands, installed if it is not; raise StandInUnavailableError."""
    ROOT.mkdir(exist_ok=True)
    with (ROOT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test workers that start at once install once
        if not INSTALLED.exists() or INSTALLED.read_text() != "\n".join(PINS):
            _install()
    return BIGQUERY / "bin"


def _install() -> None:
    shutil.rmtree(BIGQUERY, ignore_errors=True)
    python = BIGQUERY / "bin" / "python"
    _run([_python_3_13(), "-m", "venv", str(BIGQUERY)])
    _run([str(python), "-m", "pip", "install", "--quiet", *PINS])
    BIGQUERY_HOME.mkdir()
    _run([str(python), "-c", EXTENSIONS], home=BIGQUERY_HOME)
    INSTALLED.write_text("\n".join(PINS))


def _python_3_13() -> str:
    """Return an interpreter that runs; a name on the PATH may be a shim that leads nowhere."""
    names = [sys.executable, shutil.which("python3.13"), _pyenv_python(), shutil.which("python3")]
    for name in names:
        if name and _output([name, "-c", "import sys; print(*sys.version_info[:2])"]) == "3 13":
            return name
    raise StandInUnavailableError("it needs Python 3.13, and none was found on the PATH or with pyenv")


def _pyenv_python() -> str | None:
    if not shutil.which("pyenv"):
        return None
    versions = _output(["pyenv", "versions", "--bare"]).split()
    newest = max((v for v in versions if v.startswith("3.13.")), default=None)
    return f"{_output(['pyenv', 'prefix', newest])}/bin/python" if newest else None


def _output(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _run(command: list[str], *, home: Path | None = None) -> None:
    environment = {**os.environ, "HOME": str(home)} if home else None
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = (done.stderr or done.stdout)[-1000:]
        raise StandInUnavailableError(f"it could not be installed ({' '.join(command[:4])} …):\n{tail}")


def install_googlesql() -> str:
    """Return the release of the engine, compiled if it is not, before the processes of the tests would wait for it."""
    from tests.stand_ins import googlesql_engine

    return googlesql_engine.install()


if __name__ == "__main__":
    for name, install in (
        ("BigQuery stand-in", install_bigquery),
        ("Chromium", install_browser),
        ("GoogleSQL", install_googlesql),
    ):
        try:
            print(f"{name}: {install()}")
        except StandInUnavailableError as missing:
            print(f"{name}: {missing}. The tests that need it will say so.")
