"""Makes the schemas of this folder anew: `python -m tests.docs.provider.extract`. It downloads 450 MB from PyPI."""

import base64
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from tests.docs.configuration import FOLDER, parse_blocks
from tests.docs.provider.bindings import read_schema

HERE = Path(__file__).parent

PACKAGES = {
    "google-6.50.0": ("cdktf-cdktf-provider-google==16.12.1", "google"),
    "google-7.46.1": ("cdktn-provider-google==20.3.1", "google"),
    "google-8.7.0": ("cdktn-provider-google==21.1.0", "google"),
    "google-beta-6.50.0": ("cdktf-cdktf-provider-google-beta==16.12.1", "google-beta"),
    "google-beta-7.46.1": ("cdktn-provider-google-beta==20.3.1", "google-beta"),
    "google-beta-8.7.0": ("cdktn-provider-google-beta==21.1.0", "google-beta"),
    "archive-2.7.1": ("cdktf-cdktf-provider-archive==11.0.1", "archive"),
}
"""What a package carries is what its name ends with; its own package.json is compared with that."""


def list_used_types() -> Iterator[tuple[str, str]]:
    """Yield kind and type of everything the configuration makes or asks for, in any of its folders."""
    for file in sorted(FOLDER.rglob("*.tf")):
        for kind in ("resource", "data"):
            for type_, _, _ in parse_blocks(file, kind):
                yield kind, type_


def download(requirement: str, folder: Path) -> zipfile.ZipFile:
    """Return the wheel of a package."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--dest",
        str(folder),
        requirement,
    ]
    subprocess.run(command, check=True)
    [wheel] = folder.glob("*.whl")
    return zipfile.ZipFile(wheel)


def open_sources(wheel: zipfile.ZipFile) -> tarfile.TarFile:
    """Return the npm package that the wheel holds."""
    [name] = [name for name in wheel.namelist() if name.endswith(".jsii.tgz")]
    return tarfile.open(fileobj=io.BytesIO(wheel.read(name)))


def read_sources(sources: tarfile.TarFile, wanted: Collection[str]) -> dict[str, str]:
    """Return of each file that is wanted and there its text, in one pass over the archive."""
    texts = {}
    for member in sources:
        name = member.name.removeprefix("package/")
        if name in wanted and (file := sources.extractfile(member)):
            texts[name] = file.read().decode()
    return texts


def find_typescript(script: str) -> str:
    """Return the TypeScript that a script was made of, which its source map holds."""
    encoded = re.search(r"sourceMappingURL=data:application/json;base64,(\S+)", script)
    assert encoded is not None
    text: str = json.loads(base64.b64decode(encoded[1]))["sourcesContent"][0]
    return text


def extract(name: str, requirement: str, provider: str, types: Collection[tuple[str, str]]) -> dict[str, Any]:
    """Return the schemas of those of the types that the provider has."""
    files = {
        f"lib/{folder}/index.js": (kind, type_)
        for kind, type_ in types
        for folder in list_folders(kind, type_, provider)
    }
    own = "lib/provider/index.js"
    with tempfile.TemporaryDirectory() as folder:
        sources = open_sources(download(requirement, Path(folder)))
        texts = read_sources(sources, {"package.json", own, *files})
    version = json.loads(texts["package.json"])["cdktf"]["provider"]["version"]
    assert f"{provider}-{version}" == name, f"{requirement} carries {provider} {version}"
    schema: dict[str, Any] = {
        "from": requirement,
        "version": version,
        "provider": read_schema(find_typescript(texts[own]), provider),
        "resource": {},
        "data": {},
    }
    for file, (kind, type_) in files.items():
        if file in texts:
            schema[kind][type_] = read_schema(find_typescript(texts[file]), type_)
    return schema


def list_folders(kind: str, type_: str, provider: str) -> tuple[str, ...]:
    """Return where a type may be: resources of google have its name left out, those of google-beta have it."""
    whole = type_.replace("_", "-")
    return (f"data-{whole}",) if kind == "data" else (whole, whole.removeprefix(f"{provider}-"))


def main() -> None:
    """Write every schema; what the stable provider has is not asked of the other one."""
    types = set(list_used_types())
    stable: set[tuple[str, str]] = set()
    for name, (requirement, provider) in PACKAGES.items():
        schema = extract(name, requirement, provider, types - stable if "beta" in name else types)
        if provider == "google":
            stable |= {(kind, type_) for kind in ("resource", "data") for type_ in schema[kind]}
        text = json.dumps(schema, separators=(",", ":"), sort_keys=True)
        (HERE / f"{name}.json").write_text(re.sub(r',(?="\w+_\w+":\{"a")', ",\n", text) + "\n")
        print(name, len(schema["resource"]), "resources,", len(schema["data"]), "data sources")


if __name__ == "__main__":
    main()
