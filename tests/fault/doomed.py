"""A run that kills its own process (SIGKILL) at a chosen moment.

python -m tests.fault.doomed FOLDER URL CLOCK MOMENT ORDINAL
"""

import os
import signal
import sys
from datetime import datetime
from pathlib import Path

from acumatica_sandbox import Sandbox, SandboxOptions
from tests.builders import Rig
from tests.fault.mortal import Life

PAGE_SIZE = 15


def main(folder: str, url: str, clock: str, moment: str, ordinal: str) -> None:
    """Run the invoices of the tenant at the URL, a batch per page, until the moment comes."""

    def decide(at: str, count: int) -> None:
        if (at, count) == (moment, int(ordinal)):
            os.kill(os.getpid(), signal.SIGKILL)

    rig = Rig(Path(folder), Sandbox(SandboxOptions(size="tiny")), url=url)
    rig.clock.set(datetime.fromisoformat(clock))
    result = rig.run("invoices", life=Life(decide), page_size=PAGE_SIZE, batch_bytes=1)
    print(f"the moment never came: {result.status}")


if __name__ == "__main__":
    main(*sys.argv[1:])
