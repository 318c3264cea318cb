"""The status page, for people."""

from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from connector.app.status import judge
from connector.faces.wording import describe_age, describe_run, show_instant

FILTERS = {"age": describe_age, "instant": show_instant, "judge": judge, "run": describe_run}


def render_page(status: dict[str, Any]) -> str:
    """Return the status as a page of its own: no script, nothing loaded from elsewhere, all text escaped."""
    entries = [entry for entry in status["entities"] if entry["enabled"] or entry["last_run"]]
    return _load_template().render(
        summary=_summarise(status), now=status["now"], version=status["version"], entries=entries
    )


@cache
def _load_template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        undefined=jinja2.ChainableUndefined,
    )
    environment.filters.update(FILTERS)
    return environment.get_template("page.html")


def _summarise(status: dict[str, Any]) -> str:
    late = [e["entity"] for e in status["entities"] if e["enabled"] and judge(e)[0] in ("late", "failed")]
    summary = f"{len(late)} need a look: {', '.join(late)}" if late else "All entities are up to date"
    if letters := sum(entry["dead_letters"] for entry in status["entities"]):
        summary += f"; {letters:,} dead letter{'s' if letters > 1 else ''}"
    return summary
