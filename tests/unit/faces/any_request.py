"""Requests of every kind to the HTTP face, well-formed or not."""

import json

from hypothesis import strategies as st

from connector.domain.run import Mode

SECRET, HEADER = "a secret of the notifications", "X-Notify-Secret"
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = st.fixed_dictionaries(
    {},
    optional={
        "entity": st.sampled_from(["vendors", "invoices", "", "x"]) | st.text(max_size=10),
        "mode": st.sampled_from([mode.value for mode in Mode if mode is not Mode.CHECK]) | JSON_VALUES,
        "since": st.datetimes().map(lambda at: f"{at.isoformat()}Z") | st.text(max_size=30),
        "record_id": st.text(max_size=210),
        "depth": st.sampled_from(["keys", "content"]) | JSON_VALUES,
        "force": st.booleans() | JSON_VALUES,
        "Query": st.text(max_size=10),
        "Id": st.text(max_size=10),
        "Deleted": JSON_VALUES,
    },
)
BODIES = (
    MEMBERS.map(lambda members: json.dumps(members).encode())
    | JSON_VALUES.map(lambda value: json.dumps(value).encode())
    | st.binary(max_size=60)
    | st.sampled_from(
        [b"[" * 50_000, b'{"a":' * 9_000, b"{" + b'"entity":"vendors",' * 2 + b'"force":false}']
    )
)
CONTENT_TYPES = [
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "text/plain; charset=utf-16",
    "\x7f/;;=",
    "",
]
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Content-Type": st.sampled_from(CONTENT_TYPES),
        "Content-Encoding": st.sampled_from(["gzip", "identity"]),
        "Content-Length": st.sampled_from(["0", "7", "-1", "x", "99999999999999999999"]),
        "Traceparent": st.text("0123456789abcdef-", max_size=60),
        "X-Cloud-Trace-Context": st.text("0123456789abcdef/;o=", max_size=60),
        "Accept": st.sampled_from(["text/html,*/*;q=0.8", "application/json", "\xff"]),
        "Origin": st.sampled_from(
            ["http://localhost", "https://evil.example.com", "null", "http://[", "\xff"]
        ),
        "Sec-Fetch-Site": st.sampled_from(["same-origin", "cross-site", "none", ""]),
        "X-Forwarded-Prefix": st.sampled_from(["/acumatica/", "//evil.example.com", "\xff"]),
        "X-Goog-Authenticated-User-Email": st.sampled_from(["accounts.google.com:ada@example.com", "\xff"]),
        HEADER: st.sampled_from([SECRET, "", "guessed", "\xe9\xff"]),
    },
)
METHODS = ["GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "BREW"]
PATHS = st.sampled_from(
    [
        "/",
        "/status",
        "/status/",
        "/notify",
        "/x",
        "/\xff",
        "/../x",
        "//.",
        "/entities/vendors",
        "/entities/\xff",
        "/entities/vendors/replay",
        "/runs/x",
        "/records",
        "/status/entities/vendors",
        "/status/runs/x",
        "/status/records",
    ]
)
