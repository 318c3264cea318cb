"""Who we are to BigQuery: a service-account key in any spelling, traded for tokens that never expire under our hands."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from google.auth.credentials import Credentials
from google.oauth2 import service_account

from connector.adapters.bigquery import credentials
from connector.adapters.bigquery.warehouse import BigQueryWarehouse
from connector.domain.run import WriteMethod
from connector.errors import ConfigurationError, CredentialsError
from connector.redaction import redact
from tests.contract.warehouse_faults.conftest import open_warehouse
from tests.contract.warehouse_rows import a_log, a_row, an_append
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.scripted_bigquery_state import BigQueryState
from tests.stand_ins.token_endpoint import AUDIENCE, Account, running_token_endpoint


@pytest.fixture
def account() -> Iterator[Account]:
    with running_token_endpoint() as account:
        yield account


@pytest.fixture
def identity(account: Account) -> Credentials:
    return credentials.from_key(json.dumps(account.key_file()).encode())


@pytest.fixture
def warehouse(
    scripted: tuple[str, BigQueryState], clock: FakeClock, identity: Credentials
) -> Iterator[BigQueryWarehouse]:
    opened = open_warehouse(scripted[0], clock, credentials=lambda: identity)
    yield opened
    opened.close()


def spell(account: Account, line_break: str) -> bytes:
    """The key file with another spelling of the line breaks inside the PEM."""
    return json.dumps(account.key_file(private_key=account.pem.replace("\n", line_break))).encode()


def describe_email(identity: Credentials) -> str:
    assert isinstance(identity, service_account.Credentials)
    return str(identity.service_account_email)


class TestToken:
    def test_the_key_is_traded_for_a_token_that_every_call_carries(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState, account: Account
    ) -> None:
        warehouse.prepare(a_log())
        warehouse.append(an_append(a_row("r1")))
        warehouse.append(an_append(a_row("r2"), method=WriteMethod.STREAMING))
        assert account.complaints == []
        assert set(bigquery.authorizations) == {"Bearer token-1"}
        assert redact("refused with token-1") == "refused with [hidden]", "a granted token is a secret"

    def test_the_assertion_asks_for_bigquery_alone_and_for_an_hour_at_most(
        self, warehouse: BigQueryWarehouse, account: Account
    ) -> None:
        warehouse.prepare(a_log())
        (claims,) = account.claims
        assert claims["scope"] == "https://www.googleapis.com/auth/bigquery"
        assert claims["aud"] == AUDIENCE
        assert 0 < claims["exp"] - claims["iat"] <= 3600

    def test_a_token_is_renewed_before_it_expires(
        self,
        warehouse: BigQueryWarehouse,
        bigquery: BigQueryState,
        account: Account,
        identity: Credentials,
    ) -> None:
        warehouse.prepare(a_log())
        assert isinstance(identity.expiry, datetime)
        identity.expiry -= timedelta(seconds=3600 - 60)  # a minute is left
        warehouse.append(an_append(a_row("r1"), method=WriteMethod.STREAMING))
        assert len(account.claims) == 2
        assert bigquery.authorizations[-1] == "Bearer token-2"

    def test_a_key_that_google_does_not_know_is_a_credentials_error_that_tells_no_secret(
        self, scripted: tuple[str, BigQueryState], clock: FakeClock, account: Account
    ) -> None:
        stranger = account.key_file(private_key=Account().pem)
        key = json.dumps(stranger).encode()
        opened = open_warehouse(scripted[0], clock, credentials=lambda: credentials.from_key(key))
        with pytest.raises(CredentialsError, match="invalid_grant") as caught:
            opened.prepare(a_log())
        opened.close()
        assert account.complaints == ["Invalid JWT Signature."]
        assert clock.sleeps == []
        assert "PRIVATE" not in caught.value.message + caught.value.action


class TestSpellings:
    @pytest.mark.parametrize("line_break", ["\n", "\\n", "\r\n", "\\r\\n"])
    def test_the_pem_may_have_any_line_breaks(
        self, scripted: tuple[str, BigQueryState], clock: FakeClock, account: Account, line_break: str
    ) -> None:
        key = spell(account, line_break)
        opened = open_warehouse(scripted[0], clock, credentials=lambda: credentials.from_key(key))
        opened.prepare(a_log())
        opened.close()
        assert (len(account.claims), account.complaints) == (1, [])

    def test_the_json_may_hold_raw_line_breaks(self, account: Account) -> None:
        key = spell(account, "\n").replace(b"\\n", b"\n")
        assert describe_email(credentials.from_key(key)) == account.email

    @pytest.mark.parametrize(
        ("key", "complaint"),
        [
            (b"", "not JSON"),
            (b"-----BEGIN PRIVATE KEY-----", "not JSON"),
            (b"[]", "service_account"),
            (b'{"type": "authorized_user"}', "service_account"),
            (b'{"type": "service_account", "client_email": "x"}', "lacks private_key, token_uri"),
            (
                b'{"type": "service_account", "client_email": "x", "private_key": "y", "token_uri": "z"}',
                "no valid PEM",
            ),
        ],
    )
    def test_a_malformed_key_is_named_without_being_shown(self, key: bytes, complaint: str) -> None:
        with pytest.raises(CredentialsError, match=complaint) as caught:
            credentials.from_key(key)
        assert "BIGQUERY_CREDENTIALS" in caught.value.action


class TestAttachedIdentity:
    def test_a_key_file_named_by_google_s_own_variable_is_the_attached_identity(
        self, account: Account, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path_factory.mktemp("identity") / "key.json"
        path.write_text(json.dumps(account.key_file()))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
        assert describe_email(credentials.attached()) == account.email

    def test_a_machine_without_one_says_what_to_do(
        self, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        empty = tmp_path_factory.mktemp("nobody")
        monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
        monkeypatch.setenv("CLOUDSDK_CONFIG", str(empty))
        monkeypatch.setenv("NO_GCE_CHECK", "true")
        with pytest.raises(ConfigurationError) as caught:
            credentials.attached()
        assert "BIGQUERY_CREDENTIALS" in caught.value.action
