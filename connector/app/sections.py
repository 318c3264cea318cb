"""The sections of the settings: each field with its type, unit, bound and description."""

from datetime import timedelta
from typing import Annotated

from msgspec import Meta, Struct

from connector.domain.block_members import CRON
from connector.domain.run import WritePolicy

SECRET = Meta(pattern=r"^(env:\w+|file:.+|projects/[^/]+/secrets/[^/]+(/versions/[^/]+)?)$")
SecretReference = Annotated[str, SECRET]
SCHEDULED = rf"\w+(/keys|/content)?\s*=\s*{CRON.strip('^$')}"
Seconds = Annotated[int, Meta(ge=0, le=86_400)]


class AcumaticaSettings(Struct, frozen=True, kw_only=True):
    """The ERP."""

    url: Annotated[
        str,
        Meta(
            description="instance URL, with its virtual directory if any; https unless the host is loopback"
        ),
    ]
    endpoint: Annotated[str, Meta(description="name of the contract-based endpoint")] = "Default"
    endpoint_version: Annotated[
        str,
        Meta(
            description="its version, e.g. `24.200.001`; empty = the newest one offered that the connector is proven with",
            pattern=r"^[0-9A-Za-z.]+$",
        ),
    ] = ""
    credentials: Annotated[SecretReference, Meta(description="secret reference to the credentials")]
    page_size: Annotated[
        int,
        Meta(
            ge=2,
            le=5000,
            description="most records asked for at once (`$top`); of large records fewer, about 12 MB",
        ),
    ] = 1000
    max_sessions: Annotated[
        int,
        Meta(ge=1, le=50, description="API sessions (licensed seats) held at once, all entities together"),
    ] = 1
    max_requests_per_minute: Annotated[int, Meta(ge=1, description="own pace; empty = no limit")] | None = (
        None
    )


class BigQuerySettings(Struct, frozen=True, kw_only=True):
    """The warehouse in the cloud."""

    project: Annotated[str, Meta(description="project of the dataset; needed for `bigquery`")] = ""
    dataset: Annotated[str, Meta(description="dataset, created if missing", pattern=r"^\w{1,1024}$")] = (
        "acumatica"
    )
    location: Annotated[
        str, Meta(description="location of the dataset when it is created; empty = BigQuery's default")
    ] = ""
    emulator_host: Annotated[
        str, Meta(description="address of a stand-in, e.g. `http://127.0.0.1:9050`, without credentials")
    ] = ""
    credentials: (
        Annotated[
            SecretReference,
            Meta(description="secret reference to a service-account key; empty = the attached identity"),
        ]
        | None
    ) = None


class FirestoreSettings(Struct, frozen=True, kw_only=True):
    """The state in the cloud."""

    project: Annotated[str, Meta(description="project of the database; empty = BIGQUERY_PROJECT")] = ""
    database: Annotated[str, Meta(description="database id")] = "(default)"
    prefix: Annotated[str, Meta(description="prefix of the collections", pattern=r"^[A-Za-z]\w*$")] = (
        "acumatica"
    )


class SyncSettings(Struct, frozen=True, kw_only=True):
    """How a run behaves."""

    lookback_seconds: Annotated[
        Seconds, Meta(description="margin for records committed later than they are stamped")
    ] = 900
    time_budget_seconds: Annotated[
        int,
        Meta(ge=1, le=3500, description="a run stops between pages after this time and answers `partial`"),
    ] = 1500
    write_method: Annotated[WritePolicy, Meta(description="`auto`, `streaming` or `load`")] = WritePolicy.AUTO

    @property
    def lookback(self) -> timedelta:
        """The lookback as a duration."""
        return timedelta(seconds=self.lookback_seconds)

    @property
    def time_budget(self) -> timedelta:
        """The time budget as a duration."""
        return timedelta(seconds=self.time_budget_seconds)


class ContinuationSettings(Struct, frozen=True, kw_only=True):
    """How a run that ran out of time continues by itself."""

    queue: Annotated[
        str,
        Meta(
            description="Cloud Tasks queue for the next call (`projects/P/locations/L/queues/Q`); empty = the next tick goes on",
            pattern=r"^projects/[^/]+/locations/[^/]+/queues/[^/]+$",
        ),
    ] = ""
    url: Annotated[
        str, Meta(description="address of the function, called by that queue", pattern="^https?://")
    ] = ""
    service_account: Annotated[str, Meta(description="identity that the queue calls with")] = ""
    emulator_host: Annotated[str, Meta(description="`host:port` of a stand-in for Cloud Tasks")] = ""


class NotifySettings(Struct, frozen=True, kw_only=True):
    """Push notifications of Acumatica, taken as hints at `POST /notify`."""

    secret: (
        Annotated[
            SecretReference,
            Meta(description="secret reference to the value of their header; empty = `POST /notify` is off"),
        ]
        | None
    ) = None
    header: Annotated[
        str, Meta(description="name of that header, as in the push destination", pattern=r"^[A-Za-z0-9-]+$")
    ] = "X-Notify-Secret"
    queries: Annotated[
        str,
        Meta(
            description="`inquiry=entity; inquiry=entity` for inquiries not named like an entity",
            pattern=r"^[^=;]+=\s*\w+\s*(;[^=;]+=\s*\w+\s*)*;?$",
        ),
    ] = ""
    collect_seconds: Annotated[
        int, Meta(ge=1, le=3600, description="notifications of one entity within this time start one run")
    ] = 60


class StatusSettings(Struct, frozen=True, kw_only=True):
    """When runs are scheduled and data counts as late, if not as in the catalogue, and who may act on the pages."""

    late_after: Annotated[
        str,
        Meta(
            description="`entity=seconds; entity=seconds`: from which age on an entity's data is late; empty = as its block says",
            pattern=r"^\s*\w+\s*=\s*\d{1,9}\s*(;\s*\w+\s*=\s*\d{1,9}\s*)*;?$",
        ),
    ] = ""
    schedules: Annotated[
        str,
        Meta(
            description="`entity=CRON; entity/keys=CRON; entity/content=CRON`: when its runs are scheduled; empty = as in the catalogue",
            pattern=rf"^\s*{SCHEDULED}\s*(;\s*{SCHEDULED}\s*)*;?$",
        ),
    ] = ""
    time_zone: Annotated[
        str, Meta(description="time zone of these schedules, as `Europe/Berlin`", pattern=r"^[\w+/-]+$")
    ] = "UTC"
    paused: Annotated[bool, Meta(description="`true` if the schedules stand still")] = False
    operators: Annotated[
        str,
        Meta(
            description="`a@example.com; b@example.com`: who may start runs through Identity-Aware Proxy; all others who come through it may only look",
            pattern=r"^[^;\s]+@[^;\s]+(\s*;\s*[^;\s]+@[^;\s]+)*\s*;?$",
        ),
    ] = ""


class LogSettings(Struct, frozen=True, kw_only=True):
    """What is logged, and how."""

    level: Annotated[
        str, Meta(description="`DEBUG`, `INFO`, `WARNING` or `ERROR`", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    ] = "INFO"
    format: Annotated[
        str, Meta(description="`json` for Cloud Logging, `text` for people", pattern="^(json|text)$")
    ] = "json"
    project: Annotated[
        str,
        Meta(
            description="Google Cloud project that traces belong to; empty = lines are not linked to traces"
        ),
    ] = ""


class BackendSettings(Struct, frozen=True, kw_only=True):
    """Which adapters are used."""

    warehouse: Annotated[
        str, Meta(description="`bigquery` or `duckdb:PATH`", pattern="^(bigquery|duckdb:.+)$")
    ] = "bigquery"
    state: Annotated[
        str, Meta(description="`firestore` or `sqlite:PATH`", pattern="^(firestore|sqlite:.+)$")
    ] = "firestore"
    entities_file: Annotated[str, Meta(description="a catalogue to use in place of the bundled one")] = ""
