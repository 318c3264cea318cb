"""The JSON schema of `entities.yaml`, which editors complete and check the file by: `python -m connector.app.catalogue_schema`."""

from typing import Any

import msgspec

from connector.domain.block_members import EntityName
from connector.domain.entity import Entity

REF = "#/$defs/{name}"


def build_schema() -> dict[str, Any]:
    """Return the schema of the whole file: entity names to blocks."""
    (root,), parts = msgspec.json.schema_components([dict[EntityName, Entity]], ref_template=REF)
    entity = parts["Entity"]
    del entity["properties"]["name"]  # what the block is called
    entity["required"].remove("name")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **root, "$defs": parts}


def render_schema() -> str:
    """Return the text of `entities.schema.json`."""
    return msgspec.json.format(msgspec.json.encode(build_schema()), indent=2).decode() + "\n"


if __name__ == "__main__":
    print(render_schema(), end="")
