"""Every switch of the simulated tenant, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import yaml

from .clock import FIXED_START

ALL_VERSIONS = ("20.200.001", "22.200.001", "23.200.001", "24.200.001", "25.200.001", "26.200.001")

SeatDialect = Literal["json", "text", "redirect"]
NotFoundBody = Literal["empty", "html", "json"]
Maintenance = Literal["", "redirect", "html"]
ApplicationFlow = Literal["", "password", "authorization_code"]
NoSuchFlow = Literal["unauthorized_client", "unsupported_grant_type"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where push notifications go: any entity of `entities` that changes is posted to `url`."""

    url: str
    header: str = "X-Acumatica-Secret"
    secret: str = field(default="sandbox-webhook-secret", repr=False)
    entities: tuple[str, ...] = ()
    """Empty means every entity."""
    duplicate: bool = False
    """Send each notification twice, as happens when the first reply got lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxOptions:
    """How this tenant behaves; the defaults are a healthy single-tenant SaaS site of 2026 R2."""

    seed: int = 7
    size: Literal["demo", "tiny", "empty"] = "demo"
    virtual_directory: str = "AcmeERP"
    """Path of the instance; empty for an instance at the root of its site."""
    tenant: str = "ACME"
    other_tenants: tuple[str, ...] = ()
    """With any, signing in by cookie to an unknown tenant is refused; otherwise every name is accepted."""
    branch: str = "MAIN"
    """The one branch there is; signing in by cookie to another one is refused."""
    build: str = "26.200.0117"

    endpoint_versions: tuple[str, ...] = ALL_VERSIONS
    custom_endpoints: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    custom_fields: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Per entity `View.Field` (or `Details/View.Field`) and its type, such as `CustomStringField`."""

    username: str = "connector"
    password: str = field(default="Sandbox-Passw0rd!", repr=False)
    client_guid: str = "6F1B1F0E-7C0A-4A5B-9D0C-3B1A5E9F2C11"
    client_secret: str = field(default="sandbox-client-secret", repr=False)
    application_flow: ApplicationFlow = ""
    """The one flow the connected application is registered for; empty takes any, so that both kinds of secret work."""
    no_client_credentials: NoSuchFlow = "unauthorized_client"
    """How the flow that Acumatica does not offer is refused."""
    token_seconds: int = 3600
    refresh_days: int = 30
    expires_in_as_text: bool = False
    lockout_attempts: int = 5
    """Wrong passwords in a row after which the account is locked; 0 never locks."""
    idle_seconds: int = 600
    """After how long an unused cookie session ends by itself."""

    real_time: bool = False
    start: datetime = FIXED_START
    """Where the clock begins when it does not follow real time."""
    clock_skew_seconds: float = 0.0
    request_seconds: float = 0.0
    """How much a request moves the simulated clock."""
    server_zone: str = "UTC"
    literal_zone: str = "UTC"
    """The zone of an instant without offset in a filter."""
    date_header: bool = True
    noise_cookies: bool = True

    seat_limit: int | None = None
    seat_dialect: SeatDialect = "json"
    requests_per_minute: int | None = None
    concurrent_requests: int | None = None
    queue_limit: int = 20
    queue_seconds: float = 600.0
    """How long a request may wait in the queue before it is declined."""
    queued_elsewhere: int = 0
    """Requests of other integrations waiting in the queue that all share."""
    real_delays: bool = False
    """Whether delays take real time; otherwise they move the simulated clock."""
    latency_seconds: float = 0.0
    """Real or simulated time every answer of the API takes."""
    skip_seconds: float = 0.0
    """What a list takes longer for each row that it skips, as of a server that counts through them."""
    first_call_seconds: float = 0.0
    """What the very first request takes longer: a cold site."""

    not_optimizable: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Per entity the fields or collections no list can hold, each with the view that is to blame."""
    forbidden: tuple[str, ...] = ()
    not_set_up: Mapping[str, str] = field(default_factory=dict)
    """Entities whose module is not configured, each with the name of the preferences form."""
    silently_empty: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Per entity the fields that make any filter on them answer an empty list."""
    select_ignored: tuple[str, ...] = ()
    """Entities that answer all fields whatever `$select` says."""
    unstable_line_ids: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Per entity the collections whose rows have no NoteID: their ids are new in every session."""
    session_ids: tuple[str, ...] = ()
    """Entities whose records have no NoteID: their ids are new in every session."""
    query_limit: int | None = None
    """Characters of a query string from which on the web server refuses it."""
    not_found_body: NotFoundBody = "empty"
    endpoint_list: Literal["object", "array"] = "object"
    """Whether `/entity` answers as documented, or as some OEM builds do: with the bare list."""
    maintenance: Maintenance = ""
    tracked_deletions: tuple[str, ...] = ()
    """Entities whose deletions `px.GetDeletedRecords` reports."""
    deletions_page_size: int | None = None
    """How many rows one of its answers holds; a link leads to the next ones."""
    unexposed_inquiries: tuple[str, ...] = ()
    """Generic inquiries that are not exposed via OData."""
    forbidden_inquiries: tuple[str, ...] = ()
    """Generic inquiries that are listed, but whose screen the user may not open; or data access classes."""
    has_odata4_role: bool = True
    """Whether the user has the role without which no data access class can be read."""
    made_up_classes: int = 0
    """Data access classes more that nobody reads: a real catalogue has thousands, in 20 MB."""
    captions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Per inquiry the properties that someone gave another name, by editing captions."""
    select_top: Mapping[str, int] = field(default_factory=dict)
    """Per inquiry the number of rows that its definition cuts it off after."""
    odata_page_size: int | None = None
    """How many rows one answer of a feed holds; a link leads to the next ones."""
    odata_top_limit: int | None = None
    """The most rows a feed gives, whatever `$top` says."""
    webhook: Webhook | None = None
    faults: tuple[Mapping[str, Any], ...] = ()
    """Faults scripted from the start, in the form of the control call."""
    bulk: Mapping[str, int] = field(default_factory=dict)
    """Entities that hold this many made-up, unchangeable records, computed when they are asked for."""

    @property
    def base_path(self) -> str:
        """The path every URL of the instance begins with, without a slash at its end."""
        return f"/{self.virtual_directory}" if self.virtual_directory else ""

    def tenant_named(self, name: str) -> str | None:
        """The tenant a sign-in with this name reaches: on a single-tenant site any name reaches the one there is."""
        if not self.other_tenants:
            return self.tenant
        tenants = (self.tenant, *self.other_tenants)
        return next((item for item in tenants if item.casefold() == name.casefold()), None)

    @property
    def client_id(self) -> str:
        """The identifier of the connected application; what follows the `@` decides the tenant."""
        return f"{self.client_guid}@{self.tenant}"


def read_options(values: Mapping[str, Any]) -> dict[str, Any]:
    """Option values from plain data (a YAML file or a control call), or ValueError naming what is unknown."""
    known = {item.name for item in fields(SandboxOptions)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise ValueError(
            f"unknown sandbox options: {', '.join(unknown)}; there are {', '.join(sorted(known))}"
        )
    return {name: _plain(name, value) for name, value in values.items()}


def _plain(name: str, value: Any) -> Any:
    if name == "webhook" and isinstance(value, Mapping):
        return Webhook(**{key: _plain(key, part) for key, part in value.items()})
    if name == "start" and isinstance(value, str):
        return datetime.fromisoformat(value)
    return tuple(value) if isinstance(value, list) else value


def options_file(path: Path) -> SandboxOptions:
    """The options of a YAML or JSON file."""
    return SandboxOptions(**read_options(yaml.safe_load(path.read_text("utf-8")) or {}))
