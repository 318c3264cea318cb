"""No endpoint version configured: the newest one that is proven is used, and an upgrade of the instance is followed."""

from collections.abc import Iterator

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.errors import EndpointVersionError
from tests.contract.source_setup import BILLS, a_query, count, open_source, reads_a_page

CUSTOM = {
    "Acme": {"version": "9.0", "base": "24.200.001"},
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    versions = ("20.200.001", "22.200.001", "23.200.001")
    with Sandbox(SandboxOptions(size="tiny", endpoint_versions=versions, custom_endpoints=CUSTOM)) as tenant:
        yield tenant


def test_the_newest_offered_version_is_used_and_asked_for_once(sandbox: Sandbox) -> None:
    with open_source(sandbox, version="") as source:
        assert source.describe(BILLS).version == "23.200.001"
        reads_a_page(source)
        assert source.contract_matches(BILLS, source.describe(BILLS))
        assert source.data_requests == 4
    assert sum(request.path.endswith("/entity") for request in sandbox.requests) == 1


def test_a_version_newer_than_proven_is_not_taken_unasked(sandbox: Sandbox) -> None:
    sandbox.configure(endpoint_versions=("25.200.001", "26.200.001"))
    with open_source(sandbox, version="") as source:
        assert source.describe(BILLS).version == "25.200.001"
        reads_a_page(source)
    sandbox.configure(endpoint_versions=("26.200.001",))
    with (
        open_source(sandbox, version="") as source,
        pytest.raises(EndpointVersionError, match=r"26\.200\.001"),
    ):
        source.read_list(a_query())


def test_an_upgrade_is_followed_and_the_old_contract_does_not_match_any_more(sandbox: Sandbox) -> None:
    with open_source(sandbox, version="") as source:
        old = source.describe(BILLS)
    sandbox.configure(endpoint_versions=("22.200.001", "23.200.001", "24.200.001"))
    with open_source(sandbox, version="") as source:
        assert not source.contract_matches(BILLS, old)
        new = source.describe(BILLS)
        assert source.contract_matches(BILLS, new)
        reads_a_page(source)
    assert (old.version, new.version) == ("23.200.001", "24.200.001")


def test_a_configured_version_stays_and_is_not_asked_for(sandbox: Sandbox) -> None:
    with open_source(sandbox, version="20.200.001") as source:
        reads_a_page(source)
    assert not any(request.path.endswith("/entity") for request in sandbox.requests)


def test_an_endpoint_of_the_customers_own_is_used_in_its_newest_version(sandbox: Sandbox) -> None:
    with open_source(sandbox, endpoint="acme", version="") as source:
        assert source.describe(BILLS).version == "9.0"


@pytest.mark.parametrize("form", ["object", "array"])
def test_check_says_which_version_is_used_without_asking_twice(sandbox: Sandbox, form: str) -> None:
    sandbox.configure(endpoint_list=form)
    with open_source(sandbox, version="") as source:
        lines = {line.subject: line for line in source.check([BILLS])}
    assert "Default 23.200.001" in lines["acumatica endpoint"].finding
    assert lines["acumatica bill"].ok
    assert count(sandbox, "/entity") - count(sandbox, "/entity/") == 1
