"""One run of the connector, as the function does it: `python -m benchmarks.connector_run ENTITY [MODE] [DEPTH]`, settings from the environment."""

import argparse
import json
import os
import sys

from connector.app.run_entity import run_entity
from connector.app.service import build
from connector.app.settings import load_settings
from connector.domain.entity import Depth
from connector.domain.run import Mode, RunRequest
from connector.domain.tables.sync_runs import build_answer

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("entity")
    parser.add_argument("mode", nargs="?", type=Mode, default=Mode.INCREMENTAL)
    parser.add_argument("depth", nargs="?", type=Depth, default=Depth.KEYS)
    request = RunRequest(**vars(parser.parse_args()))
    result = run_entity(build(load_settings(os.environ)), request)
    print(json.dumps({"records": result.records_written, **build_answer(result)}))
    sys.exit(result.error is not None)
