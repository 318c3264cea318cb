"""What the pages of one entity, one run and one record show, as plain values. Every list is bounded."""

from dataclasses import asdict
from itertools import islice
from typing import Any

import msgspec

from connector.app.audit import audit_record
from connector.app.plain_values import as_plain
from connector.app.service import Connector
from connector.app.standings import judge_kinds
from connector.app.status import describe_copy, describe_entity
from connector.app.timetable import Timetable
from connector.domain.instants import to_text
from connector.errors import BadRequestError

MAX_DEAD_LETTERS = 50
MAX_RECORDS = 1000
"""How many dead letters an entity's page shows, and how many records of one audited page a run's."""

SET_ASIDE = ("columns_set_aside", "retyped", "unannounced", "left_out")
"""The details of a run that name columns or members which are not where one looks for them."""


def render_entity(connector: Connector, name: str) -> dict[str, Any]:
    """Return the status of one entity with its newest dead letters; raise BadRequestError for an unknown one."""
    entity = connector.catalogue.find(name)
    now = connector.clock.now()
    timetable = Timetable.from_settings(connector.settings.status)
    with connector.open_state() as state:
        [status] = state.statuses([entity.name])
        origin = state.seats.read_origin()
        dead_letters = list(islice(state.dead_letters.read(entity.name), MAX_DEAD_LETTERS))
    kinds = judge_kinds(entity, status, timetable, now)
    recent = [as_plain(run) for run in status.recent_runs]
    return {
        "now": to_text(now),
        "copy": describe_copy(connector, origin, [status.entity_state]),
        "paused": timetable.is_paused,
        **describe_entity(entity, status, kinds, timetable, now),
        "keys": list(entity.keys),
        "identity": entity.identity.value,
        "current_view": entity.current_view,
        "set_aside": {name: found for name in SET_ASIDE if (found := _find_newest(recent, name))},
        "recent_runs": recent,
        "letters": [
            {
                "record_id": letter.record_id,
                "key": letter.key,
                "reason": letter.reason,
                "run_id": letter.run_id,
                "rejected_at": to_text(letter.rejected_at),
                "attempts": letter.attempts,
            }
            for letter in dead_letters
        ],
    }


def _find_newest(recent: list[dict[str, Any]], name: str) -> Any:
    """Return a detail as the newest run that read something tells it: an idle run tells nothing."""
    told = (run.get(name) for run in recent if run.get("records_read"))
    return next(told, None)


def render_run(connector: Connector, run_id: str, after: int = -1) -> dict[str, Any]:
    """Return a run's audit entry and its first audited page whose number is above `after`.

    Raises BadRequestError for a run that is unknown, or whose audit entry has expired.
    """
    with connector.open_state() as state:
        entry = state.audit.read_run(run_id)
        if entry is None:
            raise BadRequestError(
                f"No run {run_id[:60]!r} is known.",
                action="Audit entries are kept for 400 days; the warehouse's sync_runs keeps every run.",
            )
        page = state.audit.read_run_page(run_id, after)
        origin = state.seats.read_origin()
    return {
        "now": to_text(connector.clock.now()),
        "copy": describe_copy(connector, origin, []),
        "run": {"run_id": run_id, **as_plain(entry)},
        "page": page
        and {
            "number": page.number,
            "records": [msgspec.structs.asdict(record) for record in page.entries[:MAX_RECORDS]],
            "left_out": max(0, len(page.entries) - MAX_RECORDS),
            "has_next": page.has_next,
        },
    }


def render_record(connector: Connector, name: str, key: str) -> dict[str, Any]:
    """Return everything that happened to the records with this key or id, oldest first; `trail` is empty if nothing is known."""
    entity = connector.catalogue.find(name)
    trail = audit_record(connector, name, key)
    with connector.open_state() as state:
        origin = state.seats.read_origin()
    return {
        "now": to_text(connector.clock.now()),
        "copy": describe_copy(connector, origin, []),
        "entity": name,
        "keys": list(entity.keys),
        "key": key,
        "trail": [as_plain(asdict(line)) for line in trail],
    }
