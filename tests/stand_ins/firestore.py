"""Google's own Firestore emulator on this machine."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.stand_ins.servers import HOST, StandInUnavailableError, running

JAR = Path("platform/cloud-firestore-emulator/cloud-firestore-emulator.jar")
MAIN = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
SHORT_LIVED = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""Half its time it would compile for a long life, and collect side by side."""


@contextmanager
def running_firestore(*, heap: str = "512m") -> Iterator[str]:
    """Yield `host:port` of an emulator of this process's own, empty at first."""
    java = shutil.which("java")
    if java is None:
        raise StandInUnavailableError("it needs Java 11 or newer on the PATH")
    program = [java, *SHORT_LIVED, "-Duser.language=en", f"-Xmx{heap}", "-cp", str(_jar()), MAIN]
    with running(lambda port: [*program, f"--host={HOST}", f"--port={port}"]) as port:
        yield f"{HOST}:{port}"


def _jar() -> Path:
    """Return the emulator's archive; Java is started directly because `gcloud` takes a second longer."""
    root = find_sdk(JAR)
    if root is None:
        raise StandInUnavailableError(
            "it needs the Google Cloud SDK with its component cloud-firestore-emulator"
        )
    return root / JAR


def find_sdk(holding: Path | str) -> Path | None:
    """Return the Google Cloud SDK that has this file; None when there is none."""
    for root in (os.environ.get("CLOUDSDK_ROOT"), "/usr/lib/google-cloud-sdk", _sdk_root()):
        if root and (Path(root) / holding).exists():
            return Path(root)
    return None


def _sdk_root() -> str | None:
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        return None
    answer = subprocess.run(
        [gcloud, "info", "--format=value(installation.sdk_root)"], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip()
