"""The policy scan's exceptions: each one is explained."""

import re

from tests.docs.configuration import FOLDER

EXCEPTIONS = FOLDER / ".checkov.yaml"


def test_every_exception_says_why() -> None:
    lines = EXCEPTIONS.read_text().splitlines()
    exceptions = [at for at, line in enumerate(lines) if re.match(r"\s+- CKV", line)]
    assert exceptions
    for at in exceptions:
        reason = [line for line in lines[max(at - 4, 0) : at] if line.strip().startswith("#")]
        assert lines[at - 1].strip().startswith("#"), lines[at]
        assert len(" ".join(reason)) > 80, lines[at]


def test_nothing_is_excepted_beside_the_list() -> None:
    files = [
        file for file in FOLDER.rglob("*.tf") if re.search("checkov:skip|tfsec:ignore", file.read_text())
    ]
    assert not files
