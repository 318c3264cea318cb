"""Settings, read from the environment only here. All mistakes are reported together, before any work."""

import logging
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
from msgspec import Meta, Struct

from connector.app.sections import (
    SECRET,
    AcumaticaSettings,
    BackendSettings,
    BigQuerySettings,
    ContinuationSettings,
    FirestoreSettings,
    LogSettings,
    NotifySettings,
    StatusSettings,
    SyncSettings,
)
from connector.app.timetable import find_zone
from connector.errors import ConfigurationError
from connector.redaction import register_misplaced

logger = logging.getLogger(__name__)

SECTIONS: dict[str, tuple[str, type[Struct]]] = {
    "acumatica": ("ACUMATICA_", AcumaticaSettings),
    "backend": ("", BackendSettings),
    "bigquery": ("BIGQUERY_", BigQuerySettings),
    "firestore": ("FIRESTORE_", FirestoreSettings),
    "sync": ("SYNC_", SyncSettings),
    "continuation": ("CONTINUATION_", ContinuationSettings),
    "notify": ("NOTIFY_", NotifySettings),
    "status": ("STATUS_", StatusSettings),
    "log": ("LOG_", LogSettings),
}

OWN_PREFIXES = ("ACUMATICA_", "SYNC_", "CONTINUATION_")
"""Prefixes that nobody else uses: a variable with one of them is meant for the connector, whatever follows."""
READ_BY_LIBRARIES = frozenset({"FIRESTORE_EMULATOR_HOST", "SECRET_MANAGER_EMULATOR_HOST"})
"""Variables that the README names beside the connector's own."""


class Settings(Struct, frozen=True, kw_only=True):
    """The settings from the environment."""

    acumatica: AcumaticaSettings
    backend: BackendSettings
    bigquery: BigQuerySettings
    firestore: FirestoreSettings
    sync: SyncSettings
    continuation: ContinuationSettings
    notify: NotifySettings
    status: StatusSettings
    log: LogSettings

    @property
    def entities_file(self) -> Path | None:
        """The catalogue to read; None means the bundled one."""
        return Path(self.backend.entities_file) if self.backend.entities_file else None


class Variable(Struct, frozen=True, kw_only=True):
    """One environment variable, for the documentation and for Terraform's tests."""

    name: str
    default: str
    is_required: bool
    description: str


def list_variables() -> Iterator[Variable]:
    """Yield every variable the connector reads, in the order of the documentation."""
    for prefix, section in SECTIONS.values():
        hints = get_type_hints(section, include_extras=True)
        for field in msgspec.structs.fields(section):
            default = "" if field.default in (msgspec.NODEFAULT, None, False) else str(field.default)
            yield Variable(
                name=prefix + field.name.upper(),
                default=default,
                is_required=field.required,
                description=_find_description(hints[field.name]),
            )


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings, or raise ConfigurationError that names every wrong or missing variable at once."""
    for variable in list_variables():
        register_misplaced(environment.get(variable.name, ""))
    mistakes: list[str] = []
    misspelt = list(find_misspelt(environment))
    sections = {
        name: _load(prefix, section, environment, mistakes) for name, (prefix, section) in SECTIONS.items()
    }
    bigquery, backend, continuation = sections["bigquery"], sections["backend"], sections["continuation"]
    if backend and backend.warehouse == "bigquery" and bigquery and not bigquery.project:
        mistakes.append("BIGQUERY_PROJECT is missing, which WAREHOUSE=bigquery needs")
    if continuation and continuation.queue and not continuation.url:
        mistakes.append("CONTINUATION_URL is missing, which CONTINUATION_QUEUE needs")
    if mistakes:
        raise ConfigurationError(
            f"The configuration is not valid: {'; '.join([*mistakes, *misspelt])}.",
            action="Set these environment variables; the README's table explains each.",
        )
    for text in misspelt:
        logger.warning("%s", text)
    settings = Settings(**sections)
    if find_zone(settings.status.time_zone) is None:
        logger.warning(
            "STATUS_TIME_ZONE is no time zone that this machine knows, so no next run is shown; write it as Europe/Berlin"
        )
    return settings


def find_misspelt(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each variable that looks like one of ours and is none; its value is not told."""
    known = [variable.name for variable in list_variables()]
    named = {environment.get(name, "").removeprefix("env:") for name in known}  # what a reference leads to
    for name in sorted(set(environment) - set(known) - READ_BY_LIBRARIES - named):
        is_ours = name.startswith(OWN_PREFIXES)
        nearest = get_close_matches(name, known, n=1, cutoff=0.6 if is_ours else 0.85)
        if nearest:
            yield f"{name} is no variable of the connector and has no effect; did you mean {nearest[0]}?"
        elif is_ours:
            yield f"{name} is no variable of the connector and has no effect"


def load_backend(environment: Mapping[str, str]) -> BackendSettings:
    """Return which adapters and catalogue are used, even if the settings of Acumatica are missing."""
    mistakes: list[str] = []
    found = _load("", BackendSettings, environment, mistakes)
    if mistakes:
        raise ConfigurationError(
            f"The configuration is not valid: {'; '.join(mistakes)}.",
            action="Set these environment variables; the README's table explains each.",
        )
    backend: BackendSettings = found
    return backend


def load_log_settings(environment: Mapping[str, str]) -> LogSettings:
    """Return the log settings even if others are wrong; a wrong value counts as missing."""
    prefix, _ = SECTIONS["log"]
    return LogSettings(**_read(prefix, LogSettings, environment, []))


def _load(prefix: str, section: type[Struct], environment: Mapping[str, str], mistakes: list[str]) -> Any:
    """Return the section, or None when it has mistakes."""
    known = len(mistakes)
    values = _read(prefix, section, environment, mistakes)
    return section(**values) if len(mistakes) == known else None


def _read(
    prefix: str, section: type[Struct], environment: Mapping[str, str], mistakes: list[str]
) -> dict[str, Any]:
    """Return the values of a section that are given and right."""
    hints = get_type_hints(section, include_extras=True)
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(section):
        name = prefix + field.name.upper()
        text = environment.get(name, "").strip()
        if not text:
            if field.required:
                mistakes.append(f"{name} is missing ({_find_description(hints[field.name])})")
            continue
        try:
            values[field.name] = msgspec.convert(text, hints[field.name], strict=False)
        except msgspec.ValidationError:
            mistakes.append(f"{name} must be {_explain(hints[field.name])}")
    return values


def _walk_meta(hint: Any) -> Iterator[Meta]:
    for part in get_args(hint):
        if isinstance(part, Meta):
            yield part
        else:
            yield from _walk_meta(part)


def _find_description(hint: Any) -> str:
    return next((meta.description for meta in _walk_meta(hint) if meta.description), "")


def _explain(hint: Any) -> str:
    """Describe what a value must be, never what it was: it may be a secret put in the wrong place."""
    metas = list(_walk_meta(hint))
    if any(meta is SECRET for meta in metas):
        return "a secret reference: projects/P/secrets/S[/versions/V], env:NAME or file:PATH"
    low = next((meta.ge for meta in metas if meta.ge is not None), None)
    high = next((meta.le for meta in metas if meta.le is not None), None)
    if low is not None:
        return f"a whole number from {low}" + (f" to {high}" if high is not None else " on")
    return re.sub(r"`", "", _find_description(hint))
