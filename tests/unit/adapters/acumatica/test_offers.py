import msgspec
import pytest

from connector.adapters.acumatica.address import Address
from connector.adapters.acumatica.offers import Offers

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
