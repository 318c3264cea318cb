import pytest

from connector.adapters.acumatica.address import Address
from connector.errors import ConfigurationError


def parse(url: str, endpoint: str = "Default", version: str = "24.200.001") -> Address:
    return Address.parse(url, endpoint, version)


@pytest.mark.parametrize("url", ["https://erp.example.com/AcmeERP", "https://erp.example.com/AcmeERP/"])
def test_the_virtual_directory_is_kept_and_a_slash_at_the_end_is_not(url: str) -> None:
    address = parse(url)
    assert address.data("Bill") == "https://erp.example.com/AcmeERP/entity/Default/24.200.001/Bill"
    assert address.token == "https://erp.example.com/AcmeERP/identity/connect/token"
    assert address.logout == "https://erp.example.com/AcmeERP/entity/auth/logout"


def test_an_instance_at_the_root_of_its_site_is_reached() -> None:
    assert parse("https://erp.example.com/").offers == "https://erp.example.com/entity"


@pytest.mark.parametrize(
    ("url", "instance"),
    [
        ("https://ERP.Example.com/AcmeERP/", "https://erp.example.com/AcmeERP"),
        ("https://erp.example.com:443", "https://erp.example.com"),
        ("https://erp.example.com:8443/A", "https://erp.example.com:8443/A"),
        ("http://127.0.0.1:4711/AcmeERP", "http://localhost/AcmeERP"),
        ("http://[::1]:4712/AcmeERP", "http://localhost/AcmeERP"),
    ],
)
def test_an_instance_has_one_spelling(url: str, instance: str) -> None:
    assert parse(url).instance == instance


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1:1234", "127.3.2.1", "[::1]:8080"])
def test_plain_http_is_allowed_on_this_machine(host: str) -> None:
    assert parse(f"http://{host}/AcmeERP").loopback


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://erp.example.com", "https"),
        ("http://localhost.example.com", "https"),
        ("ftp://localhost", "https"),
        ("erp.example.com/AcmeERP", "host"),
        ("https://", "host"),
        ("https://user:pa55@erp.example.com", "secret"),
        ("https://erp.example.com/?company=X", "query"),
        ("https://erp.example.com/#top", "fragment"),
        ("https://erp.example.com:port", "URL"),
        ("https://[::1", "URL"),
    ],
)
def test_a_url_that_would_leak_or_cannot_work_is_refused_with_the_reason(url: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason) as caught:
        parse(url)
    assert "pa55" not in str(caught.value)
    assert "ACUMATICA_URL" in str(caught.value)


@pytest.mark.parametrize(
    ("endpoint", "version"), [("", "24.200.001"), ("Default", " "), ("De/fault", "1"), ("D", "1?x")]
)
def test_an_endpoint_or_version_that_is_no_name_is_refused(endpoint: str, version: str) -> None:
    with pytest.raises(ConfigurationError, match="ACUMATICA_ENDPOINT"):
        parse("https://erp.example.com", endpoint, version)


def test_names_are_encoded_in_the_path() -> None:
    assert (
        parse("https://e.example", "My Endpoint")
        .data("Bill", "a/b")
        .endswith("/entity/My%20Endpoint/24.200.001/Bill/a%2Fb")
    )


def test_a_version_may_be_left_open() -> None:
    assert parse("https://erp.example.com", version="").version == ""
