"""A sign-in whose outcome is not known: it is sent twice at most, lest the account gets locked."""

from datetime import timedelta
from typing import Any

import pytest

from acumatica_sandbox import Sandbox
from acumatica_sandbox.sandbox import CredentialKind
from connector.errors import (
    SourceInMaintenanceError,
    SourceUnavailableError,
    TransientError,
)
from tests.contract.source_setup import (
    BILLS,
    Vault,
    open_source,
    outcome,
    reads_a_page,
    sign_ins,
)
from tests.fault.test_source_refused_sign_in import JSON, WITH_PASSWORD
from tests.fault.test_source_sign_in import SIGN_INS
from tests.stand_ins.clock import FakeClock


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500, "body": '{"message": "An error has occurred."}', "headers": JSON},
        {"status": 500, "html": "<html><title>Runtime Error</title></html>"},
        {"status": 400, "html": "<html>Bad Request - Request Too Long</html>"},
        {"status": 403, "html": "<html><title>Attention Required! | Cloudflare</title></html>"},
        {"status": 401},
        {"status": 302, "headers": {"Location": "/Frames/Elsewhere.aspx"}},
        {"status": 500},
    ],
    ids=["bare error", "error page", "proxy's 400", "firewall's 403", "bare 401", "redirect", "empty"],
)
def test_a_cookie_sign_in_whose_refusal_is_not_understood_is_sent_twice_at_most(
    sandbox: Sandbox, answer: dict[str, Any]
) -> None:
    clock = FakeClock()
    sandbox.faults.add(path="/auth/login", times=99, **answer)
    with open_source(sandbox, Vault(sandbox.credentials("cookie")), clock) as source:
        for _ in range(3):
            error = outcome(lambda: source.describe(BILLS))
    assert isinstance(error, TransientError)
    assert "with an unknown outcome" in error.message
    assert "could lock the account" in error.action
    assert error.retry_after is not None
    assert sum(clock.sleeps, timedelta(0)) < error.retry_after
    assert sign_ins(sandbox) == 2


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 503, "html": "<html>Down for maintenance</html>"},
        {"status": 200, "html": "<html>Down for maintenance</html>"},
        {"status": 302, "headers": {"Location": "/Frames/Maintenance.aspx"}},
        {"status": 500, "body": '{"exceptionType": "PX.Data.PXUnderMaintenanceException"}', "headers": JSON},
    ],
    ids=["503", "200", "redirect", "exception"],
)
@pytest.mark.parametrize("form", WITH_PASSWORD)
def test_a_site_in_maintenance_is_said_to_be_in_it_and_judges_nobody(
    sandbox: Sandbox, form: CredentialKind, answer: dict[str, Any]
) -> None:
    sandbox.faults.add(path=SIGN_INS[form], times=99, **answer)
    with open_source(sandbox, Vault(sandbox.credentials(form))) as source:
        error = outcome(lambda: source.describe(BILLS))
        assert source.refused_sign_in() is None
    assert isinstance(error, SourceInMaintenanceError)
    assert "whether it was refused" not in error.message


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_page_before_the_identity_server_is_met_twice_a_run_at_most(sandbox: Sandbox, status: int) -> None:
    sandbox.faults.add(path="/connect/token", times=99, status=status, html="<html>Blocked</html>")
    with open_source(sandbox) as source:
        for _ in range(3):
            error = outcome(lambda: source.describe(BILLS))
        assert source.refused_sign_in() is None
    assert isinstance(error, TransientError)
    assert "with an unknown outcome" in error.message
    assert sign_ins(sandbox) == 2


def test_a_sign_in_that_succeeded_makes_the_ones_before_it_forgotten(sandbox: Sandbox) -> None:
    with open_source(sandbox, Vault(sandbox.credentials("cookie"))) as source:
        for _ in range(3):
            sandbox.faults.add(path="/auth/login", status=500)
            reads_a_page(source)
            source.close()
    assert sign_ins(sandbox) == 6


@pytest.mark.parametrize("form", WITH_PASSWORD)
def test_sign_ins_without_an_answer_are_few_lest_the_account_gets_locked(
    sandbox: Sandbox, form: CredentialKind
) -> None:
    clock = FakeClock()
    vault = Vault(sandbox.credentials(form))
    vault.change(password="wrong")
    sandbox.faults.add(path=SIGN_INS[form], breakage="reset_after", times=99)
    with open_source(sandbox, vault, clock) as source:
        error = outcome(lambda: source.describe(BILLS))
    assert isinstance(error, SourceUnavailableError)
    assert error.retry_after is not None
    assert error.retry_after >= timedelta(minutes=10)
    assert sum(clock.sleeps, timedelta(0)) < timedelta(minutes=1), "a run that waits holds its seat"
    assert sign_ins(sandbox) == 2
