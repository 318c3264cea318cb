"""The pages for people: no script, nothing loaded from elsewhere, all text escaped."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from connector import __version__
from connector.app.status import judge, judge_at_rest
from connector.faces.charts import build_chart
from connector.faces.wording import (
    RUN_CLASSES,
    describe_age,
    describe_counts,
    describe_findings,
    describe_span,
    list_figures,
    name_kind,
    show_instant,
)

TEMPLATES = Path(__file__).parent / "templates"
CSS = (TEMPLATES / "style.css").read_text()
CSS_DIGEST = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{CSS_DIGEST}'; img-src data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
"""A browser runs no script, loads nothing and sends forms nowhere else, even if a text got past the escaping."""
FILTERS = {
    "age": describe_age,
    "counts": describe_counts,
    "figures": list_figures,
    "findings": describe_findings,
    "instant": show_instant,
    "judge": judge,
    "judge_at_rest": judge_at_rest,
    "kind": name_kind,
    "large_chart": partial(build_chart, width=720, height=120),
    "run_class": lambda status: RUN_CLASSES.get(status, "off"),
    "small_chart": partial(build_chart, width=105, height=34),
    "span": describe_span,
}


def render_page(template: str, values: Mapping[str, Any]) -> str:
    """Return a page; `values` hold what its template names, `root` among them: the way to the first page."""
    return _load_templates().get_template(f"{template}.html").render(values)


def render_overview(status: Mapping[str, Any], **values: Any) -> str:
    """Return the page of all entities that are scheduled or ever ran."""
    entities = status["entities"]
    shown = [entry for entry in entities if _is_shown(entry)]
    overview = {
        "verdict": summarise(status),
        "errors": group_failures(entities),
        "entries": shown,
        "hidden": [entry["entity"] for entry in entities if not _is_shown(entry)],
    }
    return render_page("overview", {**status, **overview, **values})


def summarise(status: Mapping[str, Any]) -> dict[str, Any]:
    """Return the verdict over all entities: a class, a sentence, and further sentences."""
    shown = [entry for entry in status["entities"] if _is_shown(entry)]
    need_look = [entry["entity"] for entry in shown if judge_at_rest(entry)[0] in ("late", "failed")]
    dead_letters = sum(entry["dead_letters"] for entry in shown)
    has_failed = any(entry["failures"] for entry in shown)
    lines = [f"What to do: docs/runbook.md, section {section}." for section in _find_sections(shown)]
    if dead_letters:
        lines.append(
            f"{dead_letters:,} dead letter{'s wait' if dead_letters > 1 else ' waits'} for a replay."
        )
    if status["paused"]:
        lines.append("The schedule is paused: nothing runs by itself.")
    if need_look:
        count = len(need_look)
        text = f"{count} {'entity needs' if count == 1 else 'entities need'} a look: {', '.join(need_look)}"
        return {"kind": "failed" if has_failed else "late", "text": text, "lines": lines}
    return {"kind": "late" if lines else "ok", "text": "All entities are up to date", "lines": lines}


def group_failures(entities: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return each failure that stands once, with the entities and kinds of run that it concerns."""
    grouped: dict[tuple[str, str], dict[str, Any]] = {}
    for entry in entities:
        for kind, error in entry["failures"].items():
            found = grouped.setdefault((error["message"], error["action"]), {**error, "places": []})
            found["places"].append({"entity": entry["entity"], "kind": kind})
    return list(grouped.values())


def _find_sections(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the sections of the runbook for what is late although nothing failed, each named as its alert."""
    words = {word for kind, word in map(judge_at_rest, entries) if kind == "late" and word.endswith("late")}
    return ["entity_late"] * ("late" in words) + ["reconcile_overdue"] * bool(words - {"late"})


def _is_shown(entry: Mapping[str, Any]) -> bool:
    return bool(entry["enabled"] or entry["last_run"])


@cache
def _load_templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.ChainableUndefined,
    )
    environment.filters.update(FILTERS)
    environment.globals |= {"css": Markup(CSS), "version": __version__}  # noqa: S704 - the style sheet is ours
    return environment
