"""One run of the connector, as the function does it: `python -m benchmarks.connector_run ENTITY`, settings from the environment."""

import json
import os
import sys

from connector.bootstrap import build
from connector.config import load_settings
from connector.domain.journal import to_plain
from connector.domain.run import RunRequest

if __name__ == "__main__":
    result = build(load_settings(os.environ)).run(RunRequest(entity=sys.argv[1]))
    print(json.dumps({"records": result.records_written, **to_plain(result)}))
    sys.exit(result.error is not None)
