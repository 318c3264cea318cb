"""One run of the connector, as the function does it: `python -m benchmarks.connector_run ENTITY`, settings from the environment."""

import json
import os
import sys

from connector.app.service import build
from connector.app.settings import load_settings
from connector.domain.run import RunRequest
from connector.domain.tables.sync_runs import build_answer

if __name__ == "__main__":
    result = build(load_settings(os.environ)).run(RunRequest(entity=sys.argv[1]))
    print(json.dumps({"records": result.records_written, **build_answer(result)}))
    sys.exit(result.error is not None)
