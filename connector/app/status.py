"""How every entity stands: as JSON for machines, as a page for people."""

from collections.abc import Callable
from datetime import datetime, timedelta
from html import escape
from typing import Any

from connector.app.service import Connector
from connector.domain.entity_state import EntityStatus
from connector.domain.instants import to_text

STALE_AFTER = timedelta(hours=26)
"""A nightly entity is late after a day and two hours of grace."""


def render_status(
    connector: Connector, *, report: Callable[[EntityStatus, datetime], None] = lambda _status, _now: None
) -> dict[str, Any]:
    """Return all entities' standing; raise StateStoreUnavailableError when the state cannot be read.

    `report` is told each one, as the function does to write the lines that the alerts for late data read.
    """
    now = connector.clock.now()
    entities = connector.catalogue.entities
    statuses = connector.statuses()
    for status in statuses:
        report(status, now)
    return {
        "now": to_text(now),
        "entities": [
            {
                "entity": entity.name,
                "enabled": entity.enabled,
                "schedule": entity.schedule,
                **_describe(status, now),
            }
            for entity, status in zip(entities.values(), statuses, strict=True)
        ],
    }


def _describe(status: EntityStatus, now: datetime) -> dict[str, Any]:
    entity_state, lease = status.entity_state, status.lease
    lag = (
        None
        if entity_state.last_success_at is None
        else int((now - entity_state.last_success_at).total_seconds())
    )
    return {
        "watermark": _text(entity_state.watermark),
        "last_success_at": _text(entity_state.last_success_at),
        "lag_seconds": lag,
        "dead_letters": status.dead_letters,
        "in_progress": sorted(entity_state.checkpoints),
        "due": entity_state.reported_at_fence is not None,
        "running": None
        if lease is None
        else {"run_id": lease.owner, "lease_ends_at": to_text(lease.expires_at)},
        "last_run": _plain(status.last_run),
    }


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else to_text(instant)


def _plain(entry: Any) -> Any:
    if isinstance(entry, datetime):
        return to_text(entry)
    if isinstance(entry, dict):
        return {name: _plain(value) for name, value in entry.items()}
    return entry


def render_page(connector: Connector) -> str:
    """Return the status as a page of its own: no script, nothing loaded from elsewhere."""
    status = render_status(connector)
    rows = "\n".join(
        _render_row(entry) for entry in status["entities"] if entry["enabled"] or entry["last_run"]
    )
    late = [e["entity"] for e in status["entities"] if e["enabled"] and judge(e)[0] in ("late", "failed")]
    summary = f"{len(late)} need a look: {', '.join(late)}" if late else "All entities are up to date"
    if letters := sum(entry["dead_letters"] for entry in status["entities"]):
        summary += f"; {letters:,} dead letter{'s' if letters > 1 else ''}"
    return PAGE.format(summary=escape(summary), rows=rows, now=show_instant(status["now"]), css=CSS)


def judge(entry: dict[str, Any]) -> tuple[str, str]:
    """Return a class (`ok`, `running`, `late`, `failed`, `off`) and a word for an entity's standing."""
    last = entry["last_run"] or {}
    if entry["running"]:
        return "running", "running"
    if last.get("status") == "failed":
        return "failed", "failed"
    if entry["lag_seconds"] is None:
        word = "in progress" if entry["in_progress"] else "never synced"
        return "late" if entry["enabled"] else "off", word
    if timedelta(seconds=entry["lag_seconds"]) > STALE_AFTER:
        return "late", "late"
    return ("ok", "in progress") if entry["in_progress"] else ("ok", "ok")


def _render_row(entry: dict[str, Any]) -> str:
    last = entry["last_run"] or {}
    error = last.get("error") or {}
    kind, word = judge(entry)
    cells = [
        f"<th scope=row>{escape(entry['entity'])}</th>",
        f'<td><span class="{kind}">{word}</span></td>',
        f"<td>{describe_age(entry['lag_seconds'])}</td>",
        f"<td class=when>{show_instant(entry['watermark']) or '–'}</td>",  # noqa: RUF001 - a dash for people
        f"<td>{escape(describe_run(last))}</td>",
        f'<td class="number{" failed" if entry["dead_letters"] else ""}">{entry["dead_letters"]}</td>',
    ]
    row = f"<tr>{''.join(cells)}</tr>"
    if error:
        text = f"{error.get('message', '')} {error.get('action', '')}"
        row += f"<tr class=error><td></td><td colspan=5>{escape(text)}</td></tr>"
    return row


def describe_run(last: dict[str, Any]) -> str:
    """Return mode, outcome and counts of the last run, as far as they are known; "" if there was none."""
    if "records_read" not in last:
        return " ".join(str(last[name]) for name in ("mode", "status") if last.get(name))
    counts = f"{last['records_read']:,} read, {last['records_written']:,} written"
    return f"{last['mode']} {last['status']}: {counts}"


def show_instant(text: str | None) -> str:
    """Return an instant of the JSON to the second, for people: `2026-01-31 06:00:00`; "" for none."""
    return (text or "")[:19].replace("T", " ")


def describe_age(seconds: int | None) -> str:
    """Return how long ago a success was, in the largest whole unit."""
    if seconds is None:
        return "never"
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


CSS = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1c2733;background:#fff;color-scheme:light dark}
h1{font-size:1.3rem;margin:0}p{margin:.3rem 0 1.2rem;color:#52606d}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.5rem .8rem;border-bottom:1px solid #e4e9ee;vertical-align:top}
thead th{color:#52606d;font-weight:600;font-size:.85rem}.number{text-align:right}.when{font-variant-numeric:tabular-nums;white-space:nowrap}
span{padding:.1rem .6rem;border-radius:1rem;font-size:.85rem;white-space:nowrap}
.ok{background:#e3f6ea;color:#14632f}.running{background:#e3effb;color:#14487f}.late{background:#fdf1d6;color:#7a4d00}
.failed{background:#fde4e1;color:#97180c}.off{background:#eef1f4;color:#52606d}.error td{color:#97180c;font-size:.9rem}td.failed{background:none;color:#97180c;font-weight:600}main{overflow-x:auto}
@media(prefers-color-scheme:dark){body{background:#12181f;color:#dde5ec}th,td,.error td{border-color:#2a343e}p,thead th{color:#93a1ae}.error td,td.failed{color:#ff9d92}td.failed{background:none}}
"""

PAGE = """<!doctype html>
<html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width">
<title>Acumatica to BigQuery</title><style>{css}</style>
<h1>Acumatica to BigQuery</h1><p>{summary}. As of {now} UTC. The same as <a href="status">JSON</a>.</p>
<main><table><thead><tr><th>Entity<th>State<th>Last success<th>Watermark (UTC)<th>Last run<th class=number>Dead letters</tr></thead>
<tbody>
{rows}
</tbody></table></main></html>
"""
