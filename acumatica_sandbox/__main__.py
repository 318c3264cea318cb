"""`python -m acumatica_sandbox`: the simulated tenant in the foreground."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

from .options import SandboxOptions, options_file
from .sandbox import Sandbox

MAX_PORT = 65_535


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted; the exit code is 0 then, 1 when the port cannot be used."""
    chosen = _parser().parse_args(arguments)
    options = options_file(chosen.config) if chosen.config else SandboxOptions(real_time=True)
    changes = {"seed": chosen.seed, "size": chosen.size}
    if chosen.version:
        changes["endpoint_versions"] = tuple(chosen.version)
    options = replace(options, **{name: value for name, value in changes.items() if value is not None})
    sandbox = Sandbox(options, chosen.port)
    try:
        sandbox.start()
    except OSError as exc:
        print(
            f"Port {chosen.port} of 127.0.0.1 cannot be used ({exc.strerror}): name another with --port, or 0 for a free one.",
            file=sys.stderr,
        )
        return 1
    with sandbox:
        where = "come with --credentials FILE"
        if chosen.credentials:
            chosen.credentials.touch(mode=0o600)
            chosen.credentials.write_text(json.dumps(sandbox.credentials(chosen.auth)), "utf-8")
            where = f"are in {chosen.credentials}"
        print(f"Sandbox tenant {options.tenant} at {sandbox.url}; its credentials {where}", flush=True)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m acumatica_sandbox", description=__doc__)
    parser.add_argument("--port", type=_parse_port, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--seed", type=int, help="another seed makes another company")
    parser.add_argument("--size", choices=("demo", "tiny", "empty"), help="how much data there is")
    parser.add_argument("--version", action="append", help="an endpoint version to offer; may be repeated")
    parser.add_argument("--config", type=Path, help="a YAML file with any of the sandbox's options")
    parser.add_argument("--credentials", type=Path, help="write the connector's credentials to this file")
    parser.add_argument(
        "--auth",
        choices=("password", "refresh_token", "cookie"),
        default="password",
        help="the form of these credentials",
    )
    return parser


def _parse_port(text: str) -> int:
    if not text.isdecimal() or int(text) > MAX_PORT:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to {MAX_PORT}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
