"""Headless Chromium, as people look at the pages: found on this machine, or installed by Debian's packages or Playwright."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Error, sync_playwright

from tests.stand_ins.servers import StandInUnavailableError

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
PACKAGE = "chromium-headless-shell"
ALONE = ("--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
"""In a container there is no sandbox; and no name leads to another host."""


def install_browser() -> str:
    """Return the path of a Chromium, installed if this machine has none; raise StandInUnavailableError."""
    if path := _find():
        return path
    if os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get"):
        _run(["apt-get", "update", "-qq"])
        _run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", PACKAGE])
    else:
        _run([sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"])
    if path := _find():
        return path
    raise StandInUnavailableError(f"no Chromium was found; install one of {', '.join(NAMES)}")


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Run the Chromium of this machine, without a window; raise StandInUnavailableError if it has none or cannot start it."""
    path = _find()
    if path is None:
        raise StandInUnavailableError("there is none; `python -m tests.stand_ins.install` installs it")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=ALONE)
        except Error as exc:
            raise StandInUnavailableError(f"{path} does not start: {exc.message[-1000:]}") from exc
        try:
            yield browser
        finally:
            browser.close()


def _find() -> str | None:
    """Return the first Chromium on the PATH, or Playwright's own."""
    if found := next(filter(None, map(shutil.which, NAMES)), None):
        return found
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def _run(command: Sequence[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=300
        )
    except subprocess.TimeoutExpired:
        raise StandInUnavailableError(f"{' '.join(command[:3])} did not end in 5 minutes") from None
    if done.returncode:
        tail = (done.stderr or done.stdout)[-1000:]
        raise StandInUnavailableError(f"it could not be installed ({' '.join(command[:3])} …):\n{tail}")
