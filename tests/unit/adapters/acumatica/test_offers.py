import msgspec
import pytest

from connector.adapters.acumatica.address import Address
from connector.adapters.acumatica.offers import Offers
from connector.errors import EndpointVersionError

LISTED = [
    {"name": "Default", "version": "24.200.001", "href": "/AcmeERP/entity/Default/24.200.001/"},
    {"name": "Default", "version": "20.200.001", "href": "/AcmeERP/entity/Default/20.200.001/"},
    {"name": "eCommerce", "version": "23.200.001", "href": "/x/"},
]
DOCUMENT = {
    "version": {"acumaticaBuildVersion": "25.093.0036", "databaseVersion": "25.093.0036"},
    "endpoints": LISTED,
}


def offers(document: object = DOCUMENT) -> Offers:
    return Offers.parse(msgspec.json.encode(document))


def address(endpoint: str = "Default", version: str = "24.200.001") -> Address:
    return Address.parse("https://erp.example.com", endpoint, version)


@pytest.mark.parametrize("document", [DOCUMENT, LISTED])
def test_what_is_offered_is_known_in_any_case(document: object) -> None:
    assert offers(document).offers(address())
    assert offers(document).offers(address("default"))
    assert not offers(document).offers(address(version="25.200.001"))
    assert not offers(document).offers(address("Mine"))


def test_the_build_is_read() -> None:
    assert offers().build == "25.093.0036"
    assert offers(LISTED).build == ""


def test_the_offered_versions_are_listed_in_order() -> None:
    error = offers().refusal(address(version="25.200.001"))
    assert (
        "Default is not offered in version 25.200.001; offered are 20.200.001, 24.200.001." in error.message
    )


def test_the_offered_endpoints_are_listed_when_the_name_is_wrong() -> None:
    error = offers().refusal(address("Mine", "1"))
    assert "Default 20.200.001, 24.200.001; eCommerce 23.200.001" in error.message


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b'{"endpoints": {}}', b"<html>"])
def test_what_is_no_list_of_endpoints_is_refused(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        Offers.parse(body)


def test_odd_items_of_the_list_are_passed_over() -> None:
    assert offers([*LISTED, "x", {}, {"name": "N"}]).versions == offers(LISTED).versions


def listed(*versions: str, name: str = "Default") -> Offers:
    return offers([{"name": name, "version": version} for version in versions])


@pytest.mark.parametrize(
    ("versions", "chosen"),
    [
        (("20.200.001", "24.200.001", "23.200.001"), "24.200.001"),
        (("25.200.001", "26.200.001"), "25.200.001"),
        (("17.200.001", "18.200.001", "20.200.001"), "20.200.001"),
        (("20.200.001", "24.200.001", "mine"), "24.200.001"),
    ],
)
def test_the_newest_version_that_is_proven_is_chosen(versions: tuple[str, ...], chosen: str) -> None:
    assert listed(*versions).choose_version("default") == chosen


@pytest.mark.parametrize(
    ("versions", "chosen"), [(("9.0", "10.0", "2.1"), "10.0"), (("1.0", "1.0.1"), "1.0.1"), (("A", "B"), "B")]
)
def test_of_another_endpoint_the_newest_version_is_chosen(versions: tuple[str, ...], chosen: str) -> None:
    assert listed(*versions, name="Acme").choose_version("Acme") == chosen


def test_a_version_nobody_has_proven_is_left_for_the_operator_to_choose() -> None:
    with pytest.raises(
        EndpointVersionError, match=r"only 18\.200\.001, 26\.200\.001 .* 20\.200\.001 to 25"
    ) as caught:
        listed("18.200.001", "26.200.001").choose_version("Default")
    assert "ACUMATICA_ENDPOINT_VERSION" in caught.value.action


def test_no_version_can_be_chosen_of_an_endpoint_that_is_not_there() -> None:
    with pytest.raises(EndpointVersionError, match="no endpoint Mine here; offered are Default 20"):
        offers().choose_version("Mine")
