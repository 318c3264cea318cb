"""What an instance offers: versions, 401 before routing, 404s, rights, maintenance, headers of every answer."""

import pytest

from tests.unit.acumatica_sandbox.calls import NEWEST, Caller, a_caller, a_sandbox, the_error


def test_the_version_list_is_there_for_anyone() -> None:
    caller = Caller(a_sandbox())
    body = caller.send("GET", "/AcmeERP/entity").json()
    assert body["version"] == {"acumaticaBuildVersion": "26.200.0117", "databaseVersion": "26.200.0117"}
    assert body["endpoints"][0] == {
        "name": "Default",
        "version": "20.200.001",
        "href": "/AcmeERP/entity/Default/20.200.001/",
    }
    assert [item["version"] for item in body["endpoints"]] == list(NEWEST)


def test_custom_endpoints_are_listed_for_the_signed_in_only() -> None:
    caller = Caller(a_sandbox(custom_endpoints={"Finance": {"version": "1.0", "base": "24.200.001"}}))
    names = [item["name"] for item in caller.send("GET", "/AcmeERP/entity").json()["endpoints"]]
    assert "Finance" not in names
    caller.sign_in()
    names = [item["name"] for item in caller.send("GET", "/AcmeERP/entity/").json()["endpoints"]]
    assert "Finance" in names


def test_some_builds_answer_the_bare_list() -> None:
    caller = Caller(a_sandbox(endpoint_list="array"))
    assert isinstance(caller.send("GET", "/AcmeERP/entity").json(), list)


def test_an_instance_at_the_root_of_its_site_has_no_virtual_directory() -> None:
    caller = a_caller(virtual_directory="")
    assert caller.endpoint == "/entity/Default/24.200.001"
    row = caller.list("Bill", top="1")[0]
    assert row["_links"]["self"].startswith("/entity/Default/24.200.001/Bill/")


@pytest.mark.parametrize(
    "path",
    [
        "/AcmeERP/entity/Default/24.200.001/Bill",
        "/AcmeERP/entity/Default/99.999.999/Bill",
        "/AcmeERP/entity/Nothing/1/Nothing",
        "/AcmeERP/entity/Default/24.200.001/swagger.json",
        "/AcmeERP/t/ACME/api/odata/dac/PX_Objects_AP_APInvoice/px.GetDeletedRecords()",
    ],
)
def test_whoever_is_not_signed_in_gets_an_empty_401_before_any_routing(path: str) -> None:
    response = Caller(a_sandbox()).send("GET", path)
    assert (response.status, response.body) == (401, b"")


@pytest.mark.parametrize(
    ("style", "start"), [("empty", b""), ("html", b"<!DOCTYPE html>"), ("json", b'{"message":')]
)
def test_an_unknown_endpoint_or_entity_is_a_404_for_the_signed_in(style: str, start: bytes) -> None:
    caller = a_caller(not_found_body=style)
    for path in ("Default/21.200.001/Bill", "Other/24.200.001/Bill", "Default/24.200.001/Nothing"):
        response = caller.send("GET", f"/AcmeERP/entity/{path}")
        assert response.status == 404
        assert response.body.startswith(start)
        assert bool(response.body) == bool(start)


def test_names_in_the_url_have_no_case() -> None:
    caller = a_caller()
    assert caller.send("GET", "/AcmeERP/entity/default/24.200.001/bill", "$top=1").status == 200


def test_outside_the_virtual_directory_there_is_nothing() -> None:
    assert Caller(a_sandbox()).send("GET", "/entity").status == 404


def test_a_form_without_rights_is_a_403_that_names_it() -> None:
    caller = a_caller(forbidden=("Vendor",))
    response = caller.get("Vendor")
    assert response.status == 403
    assert response.json() == {
        "message": "You have insufficient rights to access the Vendor (AP303000) form."
    }


def test_rights_are_those_at_sign_in() -> None:
    caller = a_caller(forbidden=("Vendor",))
    assert caller.get("Vendor").status == 403
    caller.sandbox.configure(forbidden=())
    assert caller.get("Vendor").status == 403
    caller.log_out()
    assert caller.get("Vendor").status == 200


def test_a_module_that_is_not_set_up_is_a_500_that_names_the_form() -> None:
    response = a_caller(not_set_up={"Project": "Projects Preferences"}).get("Project")
    expected = "The required configuration data is not entered on the Projects Preferences form."
    assert the_error(response) == expected
    assert response.json()["exceptionType"].startswith("PX.Data.PXSetupNotEnteredException`1[[")


def test_a_query_longer_than_the_web_server_takes_is_a_404_in_html() -> None:
    caller = a_caller(query_limit=2048)
    response = caller.get("Bill", filter="Type eq 'Bill' and " * 200 + "Amount gt 0")
    assert response.status == 404
    assert "html" in response.header("Content-Type")


def test_every_answer_carries_the_clock_and_the_cookies_of_a_real_site() -> None:
    response = a_caller().get("Bill", top="1")
    assert response.header("Content-Type") == "application/json; charset=utf-8"
    assert response.header("Date") == "Mon, 16 Mar 2026 14:30:00 GMT"
    cookies = [value for name, value in response.headers if name == "Set-Cookie"]
    assert "Locale=Culture=en-US&TimeZone=GMTM0800A; path=/" in cookies
    assert len([text for text in cookies if text.startswith("requestid=")]) == 2
    assert any("~/entity/default/24.200.001/bill+start:" in text for text in cookies)


def test_the_date_header_follows_the_tenants_clock_and_can_be_missing() -> None:
    caller = a_caller(clock_skew_seconds=-3600.0)
    assert caller.get("Bill", top="1").header("Date") == "Mon, 16 Mar 2026 13:30:00 GMT"
    caller.sandbox.tenant.clock.advance(90)
    assert caller.get("Bill", top="1").header("Date") == "Mon, 16 Mar 2026 13:31:30 GMT"
    caller.sandbox.configure(date_header=False, noise_cookies=False)
    assert [name for name, _ in caller.get("Bill", top="1").headers] == ["Content-Type"]


@pytest.mark.parametrize("path", ["/AcmeERP/entity", "/AcmeERP/entity/Default/24.200.001/Bill"])
def test_maintenance_answers_html_or_a_redirect_to_every_request(path: str) -> None:
    caller = a_caller()
    caller.sandbox.configure(maintenance="html")
    page = caller.send("GET", path)
    assert (page.status, page.header("Content-Type")) == (503, "text/html; charset=utf-8")
    caller.sandbox.configure(maintenance="redirect")
    moved = caller.send("GET", path)
    assert (moved.status, moved.header("Location")) == (302, "/AcmeERP/Frames/Maintenance.aspx")


def test_the_data_is_read_only_through_the_api() -> None:
    caller = a_caller()
    assert caller.send("PUT", f"{caller.endpoint}/Bill", body=b"{}").status == 400
