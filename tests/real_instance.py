"""Files of a real instance, which may lie beside the project; none of it is part of the project."""

import lzma
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]


def read_real_swagger(version: str) -> bytes:
    """Return the whole `swagger.json` of a real `Default` endpoint of build 25R2, or skip the test, loudly."""
    name = f"shared/acumatica/real/Default-{version}.swagger.json.xz"
    for folder in PROJECT.parents:
        if (folder / name).exists():
            with lzma.open(folder / name) as file:
                return file.read()
    pytest.skip(
        f"NOT TESTED: no file of a real instance (../{name}); it is optional, and no part of the project"
    )
