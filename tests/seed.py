"""Where the random tests of this run begin: CONNECTOR_SEED, or a number drawn once for all processes of the run."""

import os
import random

DRAWN = str(random.SystemRandom().randrange(10**9))
SEED = int(os.environ.get("CONNECTOR_SEED") or DRAWN)
os.environ["CONNECTOR_SEED"] = str(SEED)  # the processes that run tests side by side inherit it
