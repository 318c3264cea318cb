"""A connector whose state is set by hand: nothing but the state is asked for a status."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from connector.app.details import render_entity
from connector.app.service import Connector, build
from connector.app.settings import load_settings
from connector.app.status import render_status
from connector.domain.entity_state import DeadLetter, Lease
from connector.faces.page import render_overview, render_page
from connector.ports import StateStore
from tests.builders import a_checkpoint, an_entity_state
from tests.stand_ins.clock import FakeClock

TTL = timedelta(minutes=10)


class Board:
    """A connector whose state is set by hand; nothing but the state is asked for a status."""

    def __init__(self, folder: Path, clock: FakeClock) -> None:
        environment = {
            "ACUMATICA_URL": "https://erp.example.com/Books",
            "ACUMATICA_CREDENTIALS": "env:UNUSED",
            "WAREHOUSE": f"duckdb:{folder / 'erp.duckdb'}",
            "STATE": f"sqlite:{folder / 'state.db'}",
        }
        self.clock = clock
        self._runs = 0
        self.connector: Connector = build(load_settings(environment), clock=clock)
        self.state: StateStore = self.connector.wiring.open_state()

    def succeed(self, entity: str = "vendors") -> None:
        """Leave the state as a successful run does."""
        lease = self._lease(entity)
        self.state.entities.commit(lease, an_entity_state(entity=entity, last_success_at=self.clock.now()))
        self.close_run(entity, status="succeeded", records_read=1_234, records_written=1_200)

    def fail(
        self,
        message: str = "It broke.",
        action: str = "Mend it.",
        entity: str = "vendors",
        kind: str = "incremental",
    ) -> None:
        """Leave the state as a failed run does."""
        error = {"type": "SourceRefusedError", "message": message, "action": action}
        self.close_run(entity, kind=kind, status="failed", error=error, records_read=0, records_written=0)

    def close_run(self, entity: str, **outcome: Any) -> None:
        """Write down a run's end."""
        self._runs += 1
        run_id = f"{entity}-{self._runs}"
        outcome = {"kind": "incremental", **outcome}
        mode = outcome["kind"].split()[0]
        outcome = {"run_id": run_id, **outcome}
        opened = {"entity": entity, "mode": mode, "kind": outcome["kind"], "started_at": self.clock.now()}
        self.state.audit.open_run(run_id, opened)
        self.state.audit.close_run(run_id, outcome)

    def run(self, entity: str = "vendors") -> Lease:
        """Leave the state as a run that is still at work does."""
        return self._lease(entity)

    def stop_halfway(self, entity: str = "vendors") -> None:
        """Leave the state as a run does that ran out of time in its first pass."""
        lease = self._lease(entity)
        self.state.entities.save_checkpoint(lease, "incremental", a_checkpoint())
        self.state.entities.release_lease(lease)
        self.close_run(entity, status="partial", records_read=10, records_written=10)

    def reject(
        self, record_id: str, entity: str = "vendors", *, key: str = "V1", reason: str = "no id"
    ) -> None:
        """Keep a dead letter."""
        letter = DeadLetter(
            entity=entity,
            record_id=record_id,
            key=key,
            reason=reason,
            payload=b"{}",
            run_id="run-1",
            rejected_at=self.clock.now(),
        )
        self.state.dead_letters.add(letter)

    def entry(self, entity: str = "vendors") -> dict[str, Any]:
        """Return an entity's part of the JSON."""
        entries: list[dict[str, Any]] = render_status(self.connector)["entities"]
        (found,) = [entry for entry in entries if entry["entity"] == entity]
        return found

    def page(self) -> str:
        """Return the page of all entities."""
        return render_overview(render_status(self.connector), root="./")

    def row(self, entity: str = "vendors") -> str:
        """Return an entity's row of the page."""
        return self.page().split(f' id="{entity}">')[1].split("</tr>")[0]

    def entity_page(self, entity: str = "vendors", **values: Any) -> str:
        """Return the page of one entity, as an operator sees it."""
        here = render_entity(self.connector, entity)
        return render_page("entity", {"may_act": True, **here, "here": here, "root": "../", **values})

    def _lease(self, entity: str) -> Lease:
        taken = self.state.entities.acquire_lease(entity, "run-1", TTL)
        assert not isinstance(taken, Lease)
        return taken[0]
