"""Every scheduled entity, end to end, by the contracts that are the newest and the most real ones there are."""

from collections.abc import Iterator

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.app.catalogue import load_catalogue
from tests.e2e.profiles import Profile, shown_ids, stored_ids, succeed
from tests.real_instance import read_real_swagger

SCHEDULED = load_catalogue().enabled
JSON = {"Content-Type": "application/json; charset=utf-8"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny")) as tenant:
        yield tenant


def sync_everything_twice(embedded: Profile, sandbox: Sandbox) -> None:
    """Copy each entity, change a record, and copy what changed; the views show just what the tenant holds."""
    for entity in SCHEDULED:
        name = entity.acumatica_entity
        assert succeed(embedded, entity.name)["records_rejected"] == 0, name
        record = sandbox.tenant.records(name)[-1]
        sandbox.tenant.clock.advance(3600)
        sandbox.tenant.change(name, record.id, fields={})
        again = succeed(embedded, entity.name)
        assert again["records_read"] < len(sandbox.tenant.records(name)) or again["records_read"] == 1, again
        assert again["records_written"] == 1, again
        assert shown_ids(embedded, entity.current_view) == stored_ids(sandbox, name)


def test_the_newest_endpoint_of_contract_5(
    embedded: Profile, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACUMATICA_ENDPOINT_VERSION", "26.200.001")
    sync_everything_twice(embedded, sandbox)
    assert all(request.status < 400 for request in sandbox.requests)
    rows = embedded.rows("SELECT DISTINCT type, type_id FROM invoices")
    assert {"type": "Bill", "type_id": "INV"} in rows


def test_the_whole_swagger_json_of_a_real_instance(
    embedded: Profile, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = "25.200.001"
    monkeypatch.setenv("ACUMATICA_ENDPOINT_VERSION", version)
    sandbox.faults.add(
        path="/swagger.json", status=200, headers=JSON, body=read_real_swagger(version), times=99
    )
    sync_everything_twice(embedded, sandbox)
    assert all(request.status < 400 for request in sandbox.requests)
    answer = embedded.function.call(mode="check")
    assert answer.status == 200, answer.json
    assert all(line["ok"] for line in answer.json["checks"]), answer.json
