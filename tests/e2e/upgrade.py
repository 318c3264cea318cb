"""A connector whose endpoint and catalogue change between two runs."""

from pathlib import Path
from typing import Any

import pytest

from acumatica_sandbox import Sandbox
from connector.app.catalogue import BUNDLED
from tests.e2e.profiles import Profile, set_environment


class Upgrade:
    """One connector over one tenant, and what an operator does between two runs."""

    def __init__(
        self, sandbox: Sandbox, profile: Profile, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.sandbox = sandbox
        self.folder = folder
        self._monkeypatch = monkeypatch
        self._profile = profile

    def use(self, version: str, endpoint: str = "Default") -> None:
        """What an operator does for an upgrade: set two variables."""
        values = {"ACUMATICA_ENDPOINT": endpoint, "ACUMATICA_ENDPOINT_VERSION": version}
        set_environment(self._monkeypatch, values)

    def choose(self, entity: str, line: str) -> None:
        """Add a line to an entity's block of the catalogue."""
        path = self.folder / "entities.yaml"
        text = (path if path.exists() else BUNDLED).read_text(encoding="utf-8")
        path.write_text(text.replace(f"\n{entity}:\n", f"\n{entity}:\n  {line}\n"), encoding="utf-8")
        self._monkeypatch.setenv("ENTITIES_FILE", str(path))

    def sync(self, entity: str, **members: Any) -> dict[str, Any]:
        """Do a run that must succeed."""
        answer = self._profile.function.call(entity=entity, **members)
        assert (answer.status, answer.json["status"]) == (200, "succeeded"), answer.json
        return answer.json

    def fail(self, entity: str, **members: Any) -> dict[str, Any]:
        """Do a run that must fail because of something the operator has to mend; return its error."""
        answer = self._profile.function.call(entity=entity, **members)
        assert (answer.status, answer.json["status"]) == (500, "failed"), answer.json
        error: dict[str, Any] = answer.json["error"]
        return error

    def rows(self, sql: str) -> list[dict[str, Any]]:
        return self._profile.rows(sql)

    def columns(self, table: str) -> dict[str, str]:
        return {row["column_name"]: row["column_type"] for row in self.rows(f"DESCRIBE {table}")}

    def pass_an_hour(self) -> None:
        self.sandbox.tenant.clock.advance(seconds=3600)

    def extend(self, *, lines: dict[str, str] | None = None, **fields: str) -> None:
        """Give the tenant's own endpoint these extra fields of bills and of their lines."""
        extra = {"Bill": fields, "BillDetail": lines or {}}
        definition = {"version": "1.0", "base": "24.200.001", "extra_fields": extra}
        self.sandbox.configure(custom_endpoints={"Finance": definition})

    def lose(self, **members: list[str]) -> None:
        """Take members of these types away from the tenant's own endpoint, whose version stays as it is."""
        definition = {"version": "1.0", "base": "24.200.001", "without": members}
        self.sandbox.configure(custom_endpoints={"Finance": definition})
