"""Reads what `GET /entity` offers, and chooses a version if none is configured."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from connector.adapters.acumatica.address import Address
from connector.adapters.acumatica.json_body import decode_body
from connector.errors import EndpointVersionError

PROVEN = {"default": ("20.200.001", "25.200.001")}
"""Oldest and newest version of each endpoint that may be chosen automatically. Endpoints not listed have no bounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """The endpoints of the instance with their versions, and the instance's build if given."""

    build: str = ""
    versions: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def parse(cls, body: bytes) -> "Offers":
        """Return the offers; some builds answer the bare list. Raises msgspec.DecodeError for anything else."""
        document = decode_body(body)
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

    def choose_version(self, endpoint: str) -> str:
        """Return the newest version of the endpoint that this connector is proven with.

        Raises EndpointVersionError when there is none: a newer one is for the operator to choose, knowingly.
        """
        versions = sorted(self._versions_of(endpoint), key=_rank)
        oldest, newest = PROVEN.get(endpoint.casefold(), ("", ""))
        proven = [item for item in versions if not newest or _rank(oldest) <= _rank(item) <= _rank(newest)]
        if proven:
            return proven[-1]
        if not versions:
            raise self._no_endpoint(endpoint)
        raise EndpointVersionError(
            f"Of the endpoint {endpoint} only {', '.join(versions)} is offered; "
            f"this connector is proven with {oldest} to {newest}.",
            action="Set ACUMATICA_ENDPOINT_VERSION to an offered one to try it all the same, then run check.",
        )

    def refusal(self, address: Address) -> EndpointVersionError:
        """Return the error that lists what is offered."""
        versions = self._versions_of(address.endpoint)
        if versions:
            return EndpointVersionError(
                f"The endpoint {address.endpoint} is not offered in version {address.version}; "
                f"offered are {', '.join(versions)}.",
                action="Set ACUMATICA_ENDPOINT_VERSION to one of them, or leave it empty for the newest.",
            )
        return self._no_endpoint(f"{address.endpoint} (version {address.version})")

    def _no_endpoint(self, wanted: str) -> EndpointVersionError:
        listed = "; ".join(f"{name} {', '.join(items)}" for name, items in sorted(self.versions.items()))
        return EndpointVersionError(
            f"There is no endpoint {wanted} here; offered are {listed or 'none'}.",
            action="Set ACUMATICA_ENDPOINT and ACUMATICA_ENDPOINT_VERSION to an offered pair.",
        )

    def _versions_of(self, endpoint: str) -> tuple[str, ...]:
        folded = {name.casefold(): versions for name, versions in self.versions.items()}
        return folded.get(endpoint.casefold(), ())


def _rank(version: str) -> tuple[tuple[int, str], ...]:
    """Return what orders versions: numbers by their size (9 before 10), other parts as text, after all numbers."""
    return tuple((int(part), "") if part.isdecimal() else (10**9, part) for part in version.split("."))


def _by_name(listed: list[Any]) -> dict[str, tuple[str, ...]]:
    versions: dict[str, tuple[str, ...]] = {}
    for item in listed:
        if isinstance(item, dict) and item.get("name") and item.get("version"):
            name = str(item["name"])
            versions[name] = tuple(sorted({*versions.get(name, ()), str(item["version"])}))
    return versions
