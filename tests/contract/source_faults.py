"""Failures that pass, as parts of a scripted fault of the sandbox."""

from typing import Any

HTML = {"Content-Type": "text/html; charset=utf-8"}
JSON = {"Content-Type": "application/json"}
SEATS_PAGE = {
    "Location": "/AcmeERP/Frames/Error.aspx?exceptionID=1&message=The%20number%20of%20concurrent%20API%20logins%20has%20been%20reached."
}
MAINTENANCE_PAGE = {"Location": "/AcmeERP/Frames/Maintenance.aspx"}

PASSING: dict[str, dict[str, Any]] = {
    "429": {"status": 429},
    "429 in plain text": {"status": 429, "body": b"The custom error module does not recognize this error."},
    "500 without a body": {"status": 500},
    "502": {"status": 502},
    "503 page": {"status": 503, "body": b"<html>down</html>", "headers": HTML},
    "504": {"status": 504},
    "deadlock": {
        "status": 500,
        "headers": JSON,
        "body": b'{"exceptionType": "System.Data.SqlClient.SqlException", "exceptionMessage": "deadlock"}',
    },
    "no seat, as a page": {"status": 302, "headers": SEATS_PAGE},
    "no seat, as an error": {
        "status": 500,
        "headers": JSON,
        "body": b'{"exceptionMessage": "API Login Limit"}',
    },
    "maintenance, redirected": {"status": 302, "headers": MAINTENANCE_PAGE},
    "page instead of JSON": {"html": "<html><title>Acumatica</title></html>"},
    "empty 200": {"status": 200, "headers": JSON},
    "204": {"status": 204},
    "broken JSON": {"status": 200, "headers": JSON, "body": b'[{"id": "x", '},
    "connection reset before": {"reset_before": True},
    "connection reset after": {"reset_after": True},
    "body cut": {"cut_body": True},
}
