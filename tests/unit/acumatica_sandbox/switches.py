"""Every switch of the sandbox with a value other than its default, and what can be seen of it from outside."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from acumatica_sandbox import Sandbox, Webhook
from tests.unit.acumatica_sandbox import looks

MOVED: Any = object()
"""Seen is only that it is not as before."""


@dataclass(frozen=True, kw_only=True)
class Switch:
    """The value it is set to, how to look, what is seen then, and other switches that have to be set to see it."""

    value: Any
    look: Callable[[Sandbox], object]
    shows: Any
    beside: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


COMPANY = {
    "seed": Switch(value=8, look=looks.vendor_names, shows=MOVED),
    "size": Switch(value="empty", look=looks.count_of_bills, shows=0),
    "bulk": Switch(value={"Bill": 1000}, look=looks.count_of_bills, shows=1000),
}
SITE = {
    "virtual_directory": Switch(value="Other", look=looks.offers_below("/Other"), shows=200),
    "build": Switch(value="26.100.0123", look=looks.build, shows="26.100.0123"),
    "endpoint_versions": Switch(
        value=("22.200.001",), look=looks.versions, shows=["Default 22.200.001"],
    ),
    "custom_endpoints": Switch(
        value={"Finance": {"version": "1.0", "base": "24.200.001"}},
        look=looks.list_on("Finance", "1.0"), shows=200,
    ),
    "custom_fields": Switch(
        value={"Bill": {"Document.UsrA": "CustomIntField"}}, look=looks.custom_fields_of_bills,
        shows={"Document": {"UsrA": {"type": "CustomIntField", "value": None}}},
    ),
    "endpoint_list": Switch(value="array", look=looks.kind_of_offers, shows="list"),
    "not_found_body": Switch(value="json", look=looks.body_of_nothing, shows=b'{"message":"No HTTP'),
    "maintenance": Switch(value="html", look=looks.list_status, shows=503),
    "query_limit": Switch(value=5, look=looks.list_status, shows=404),
    "date_header": Switch(value=False, look=looks.date_header, shows=""),
    "noise_cookies": Switch(value=False, look=looks.names_of_cookies, shows=set()),
    "faults": Switch(value=({"path": "/Bill", "status": 503},), look=looks.list_status, shows=503),
}  # fmt: skip
ACCOUNTS = {
    "tenant": Switch(
        value="Trading", look=looks.token_for(client_id=f"{looks.GUID}@Trading"), shows="granted",
    ),
    "other_tenants": Switch(value=("TEST",), look=looks.log_in(tenant="NOBODY"), shows=500),
    "branch": Switch(value="WEST", look=looks.log_in(branch="MAIN"), shows=500),
    "username": Switch(value="ann", look=looks.token_for(username="ann"), shows="granted"),
    "password": Switch(value="open", look=looks.token_for(password="open"), shows="granted"),
    "client_guid": Switch(value="A-1", look=looks.token_for(client_id="A-1@ACME"), shows="granted"),
    "client_secret": Switch(value="shh", look=looks.token_for(client_secret="shh"), shows="granted"),
    "application_flow": Switch(
        value="authorization_code", look=looks.token_for(), shows="unauthorized_client",
    ),
    "no_client_credentials": Switch(
        value="unsupported_grant_type", look=looks.token_for(grant_type="client_credentials"),
        shows="unsupported_grant_type",
    ),
    "token_seconds": Switch(value=60, look=looks.list_after(60), shows=401),
    "expires_in_as_text": Switch(value=True, look=looks.lifetime, shows="3600"),
    "refresh_days": Switch(value=1, look=looks.refresh_after(86_400), shows="invalid_grant"),
    "lockout_attempts": Switch(value=1, look=looks.log_in_after_a_mistake, shows=500),
    "idle_seconds": Switch(value=60, look=looks.seats_of_an_idle_login(60), shows=0),
}  # fmt: skip
TIME = {
    "real_time": Switch(value=True, look=lambda sandbox: sandbox.tenant.clock.is_real, shows=True),
    "start": Switch(
        value=datetime(2024, 2, 29, 12, tzinfo=UTC), look=looks.date_header, shows="Thu, 29 Feb 2024 12:00:00 GMT",
    ),
    "clock_skew_seconds": Switch(
        value=-3600.0, look=looks.date_header, shows="Mon, 16 Mar 2026 13:30:00 GMT",
    ),
    "request_seconds": Switch(value=0.5, look=looks.duration_of_a_list, shows=0.5),
    "server_zone": Switch(value="America/New_York", look=looks.offset_of_a_stamp, shows="-04:00"),
    "literal_zone": Switch(value="America/New_York", look=looks.listed_since_half_past_two, shows=0),
    "latency_seconds": Switch(value=2.0, look=looks.duration_of_a_list, shows=2.0),
    "skip_seconds": Switch(value=0.25, look=looks.duration_of_a_deep_page, shows=2.5),
    "first_call_seconds": Switch(value=30.0, look=looks.duration_of_the_first_call, shows=30.0),
    "real_delays": Switch(
        value=True, look=looks.duration_of_a_list, shows=0.0, beside={"latency_seconds": 2.0},
    ),
}  # fmt: skip
LICENCE = {
    "seat_limit": Switch(value=0, look=looks.list_status, shows=500),
    "seat_dialect": Switch(value="text", look=looks.list_status, shows=429, beside={"seat_limit": 0}),
    "requests_per_minute": Switch(value=2, look=looks.is_the_second_list_held_back, shows=True),
    "concurrent_requests": Switch(
        value=0, look=looks.list_status, shows=429, beside={"queue_seconds": 0.0},
    ),
    "queue_limit": Switch(value=5, look=looks.list_status, shows=429, beside={"queued_elsewhere": 6}),
    "queue_seconds": Switch(
        value=0.0, look=looks.list_beside_a_slow_one, shows=429, beside={"concurrent_requests": 1},
    ),
    "queued_elsewhere": Switch(value=21, look=looks.list_status, shows=429),
}  # fmt: skip
DATA = {
    "not_optimizable": Switch(
        value={"Bill": {"Amount": "View"}}, look=looks.list_error, shows="CannotOptimizeException",
    ),
    "forbidden": Switch(value=("Bill",), look=looks.list_status, shows=403),
    "not_set_up": Switch(value={"Bill": "Payables"}, look=looks.list_status, shows=500),
    "silently_empty": Switch(
        value={"Bill": ("LastModifiedDateTime",)}, look=looks.count_of_filtered_bills, shows=0,
    ),
    "select_ignored": Switch(value=("Bill",), look=looks.is_more_than_selected_answered, shows=True),
    "unstable_line_ids": Switch(
        value={"Bill": ("Details",)}, look=looks.do_line_ids_stay_in_another_session, shows=False,
    ),
    "session_ids": Switch(value=("Bill",), look=looks.do_ids_stay_in_another_session, shows=False),
    "tracked_deletions": Switch(value=("Bill",), look=looks.deletions_told, shows=2),
    "deletions_page_size": Switch(
        value=1, look=looks.deletions_told, shows=1, beside={"tracked_deletions": ("Bill",)},
    ),
    "webhook": Switch(value=Webhook(url="http://127.0.0.1:1/"), look=looks.notifications_of_a_change, shows=1),
}  # fmt: skip
INQUIRY = "AP-Bills and Adjustments"
INQUIRIES = {
    "unexposed_inquiries": Switch(value=(INQUIRY,), look=looks.inquiry_status, shows=404),
    "forbidden_inquiries": Switch(value=(INQUIRY,), look=looks.inquiry_status, shows=403),
    "has_odata4_role": Switch(value=False, look=looks.class_status, shows=403),
    "made_up_classes": Switch(value=30, look=looks.count_of_classes, shows=MOVED),
    "captions": Switch(
        value={INQUIRY: {"Balance": "OpenBalance"}}, look=looks.is_a_balance_in_the_inquiry, shows=False,
    ),
    "select_top": Switch(value={INQUIRY: 3}, look=looks.count_of_inquiry_rows, shows=3),
    "odata_page_size": Switch(value=4, look=looks.count_of_inquiry_rows, shows=4),
    "odata_top_limit": Switch(value=5, look=looks.count_of_inquiry_rows, shows=5),
}  # fmt: skip

SWITCHES: dict[str, Switch] = {**COMPANY, **SITE, **ACCOUNTS, **TIME, **LICENCE, **DATA, **INQUIRIES}
