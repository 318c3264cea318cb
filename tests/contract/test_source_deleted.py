"""The tenant's own list of deletions: asked for in its grammar, and never a reason to fail."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import unquote

import pytest

from connector.errors import SourceUnavailableError
from connector.sandbox import Sandbox, SandboxOptions
from tests.contract.source_setup import FORMS, Vault, an_entity, open_source
from tests.stand_ins.clock import FakeClock

ORDERS = an_entity("PurchaseOrder", dac="POOrder", keys=("Type", "OrderNbr"))


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    options = SandboxOptions(size="tiny", tenant="Acme Trading", tracked_deletions=("PurchaseOrder",))
    with Sandbox(options) as tenant:
        yield tenant


@pytest.mark.parametrize("form", FORMS)
def test_what_was_deleted_since_is_told(sandbox: Sandbox, form: str) -> None:
    before, after, *_ = [order.id for order in sandbox.tenant.records("PurchaseOrder")]
    sandbox.tenant.delete("PurchaseOrder", before)
    sandbox.tenant.clock.advance(60)
    since = sandbox.tenant.clock.now()
    sandbox.tenant.delete("PurchaseOrder", after)
    vault = Vault(sandbox.credentials(form))  # type: ignore[arg-type]
    with open_source(sandbox, vault) as source:
        assert source.read_deleted(ORDERS, since) == [after]
        assert source.read_deleted(ORDERS, since - timedelta(hours=1)) == [before, after]
    asked = [request for request in sandbox.requests if "GetDeletedRecords" in request.path]
    assert unquote(asked[0].path).endswith("/t/Acme Trading/api/odata/dac/POOrder/px.GetDeletedRecords()")
    assert unquote(asked[0].query).startswith("$filter=DeleteDate ge 20")
    assert unquote(asked[0].query).endswith("Z")


def test_an_entity_without_a_table_is_not_asked_about(sandbox: Sandbox) -> None:
    with open_source(sandbox) as source:
        assert source.read_deleted(an_entity("PurchaseOrder"), sandbox.tenant.clock.now()) is None
    assert not sandbox.requests


@pytest.mark.parametrize("status", [400, 403, 404, 405])
def test_a_tenant_that_refuses_tells_nothing_and_fails_nothing(sandbox: Sandbox, status: int) -> None:
    sandbox.faults.add(path="GetDeletedRecords", status=status, times=9)
    with open_source(sandbox) as source:
        assert source.read_deleted(ORDERS, sandbox.tenant.clock.now()) is None


def test_a_table_that_is_not_tracked_tells_nothing(sandbox: Sandbox) -> None:
    with open_source(sandbox) as source:
        now = sandbox.tenant.clock.now()
        assert source.read_deleted(an_entity("Bill", dac="APInvoice"), now) is None


def test_a_server_that_fails_is_tried_again_like_any_other_time(sandbox: Sandbox) -> None:
    sandbox.faults.add(path="GetDeletedRecords", status=503, times=2)
    with open_source(sandbox) as source:
        assert source.read_deleted(ORDERS, sandbox.tenant.clock.now()) == []
    sandbox.faults.add(path="GetDeletedRecords", status=503, times=99)
    with open_source(sandbox, clock=FakeClock()) as source, pytest.raises(SourceUnavailableError):
        source.read_deleted(ORDERS, sandbox.tenant.clock.now())


def test_an_answer_that_is_something_else_is_no_list(sandbox: Sandbox) -> None:
    page = "<html><title>Welcome</title></html>"
    sandbox.faults.add(path="GetDeletedRecords", html=page, times=1)
    with open_source(sandbox) as source:
        assert source.read_deleted(ORDERS, sandbox.tenant.clock.now()) == []
