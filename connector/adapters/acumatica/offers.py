"""What `GET /entity` offers, and the error that says it."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from connector.adapters.acumatica.address import Address
from connector.errors import EndpointVersionError


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """The endpoints of the instance, each with its versions, and the instance's build when it says it."""

    build: str = ""
    versions: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def parse(cls, body: bytes) -> "Offers":
        """Return the offers; some builds answer the bare list. Raises msgspec.DecodeError for anything else."""
        document = msgspec.json.decode(body)
        version = document.get("version") if isinstance(document, dict) else None
        listed = document.get("endpoints") if isinstance(document, dict) else document
        if not isinstance(listed, list):
            raise msgspec.DecodeError("no list of endpoints")
        return cls(
            build=str(version.get("acumaticaBuildVersion", "")) if isinstance(version, dict) else "",
            versions=_by_name(listed),
        )

    def offers(self, address: Address) -> bool:
        """Whether the configured endpoint is there in the configured version."""
        versions = self._versions_of(address.endpoint)
        return address.version.casefold() in (version.casefold() for version in versions)

    def refusal(self, address: Address) -> EndpointVersionError:
        """Return the error that says what is offered instead."""
        versions = self._versions_of(address.endpoint)
        if versions:
            return EndpointVersionError(
                f"The endpoint {address.endpoint} is not offered in version {address.version}; "
                f"offered are {', '.join(versions)}.",
                action="Set ACUMATICA_ENDPOINT_VERSION to one of them.",
            )
        listed = "; ".join(f"{name} {', '.join(items)}" for name, items in sorted(self.versions.items()))
        return EndpointVersionError(
            f"There is no endpoint {address.endpoint} (version {address.version}) here; offered are {listed or 'none'}.",
            action="Set ACUMATICA_ENDPOINT and ACUMATICA_ENDPOINT_VERSION to an offered pair.",
        )

    def _versions_of(self, endpoint: str) -> tuple[str, ...]:
        folded = {name.casefold(): versions for name, versions in self.versions.items()}
        return folded.get(endpoint.casefold(), ())


def _by_name(listed: list[Any]) -> dict[str, tuple[str, ...]]:
    versions: dict[str, tuple[str, ...]] = {}
    for item in listed:
        if isinstance(item, dict) and item.get("name") and item.get("version"):
            name = str(item["name"])
            versions[name] = tuple(sorted({*versions.get(name, ()), str(item["version"])}))
    return versions
