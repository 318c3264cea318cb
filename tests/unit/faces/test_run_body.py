"""The JSON of `POST /`: what each member becomes, and that nothing wrong is taken for something else."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connector.app.run_request import OPTIONS, build_request, parse_since
from connector.domain.entity import Depth
from connector.domain.run import Mode, RunRequest
from connector.errors import BadRequestError
from connector.faces.cli import build_parser
from connector.faces.run_body import MAX_BODY_BYTES, RunBody, parse_run_body

VALUES: dict[str, Any] = {
    "since": "2026-01-31T00:00:00Z",
    "record_id": "0f2b3f5e-7c0a-4a5b-9d0c-000000000001",
    "depth": "content",
    "force": True,
}


def parse(**members: Any) -> RunRequest:
    return parse_run_body(json.dumps({"entity": "vendors", **members}).encode())


def refuse(body: bytes) -> str:
    with pytest.raises(BadRequestError) as caught:
        parse_run_body(body)
    assert caught.value.action
    return caught.value.message


def test_an_entity_alone_is_an_incremental_run() -> None:
    assert parse() == RunRequest(entity="vendors", mode=Mode.INCREMENTAL)


def test_every_option_arrives() -> None:
    assert parse(mode="backfill", since=VALUES["since"]).since == datetime(2026, 1, 31, tzinfo=UTC)
    assert parse(mode="replay", record_id="x").record_id == "x"
    reconcile = parse(mode="reconcile", depth="content", force=True)
    assert (reconcile.depth, reconcile.force) == (Depth.CONTENT, True)
    assert parse_run_body(b'{"mode": "check", "force": true}') == RunRequest(
        entity="", mode=Mode.CHECK, force=True
    )


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("option", list(OPTIONS))
def test_an_option_is_taken_with_its_modes_alone(mode: Mode, option: str) -> None:
    members = {"mode": mode.value, option: VALUES[option]}
    if mode in OPTIONS[option]:
        parse(**members)
    else:
        told = refuse(json.dumps({"entity": "vendors", **members}).encode())
        assert told.startswith(f"{option} belongs to mode ")
        assert told.endswith(f", not to {mode.value}.")


def test_a_misplaced_option_is_told_as_its_face_spells_it() -> None:
    with pytest.raises(BadRequestError) as caught:
        build_request("vendors", Mode.INCREMENTAL, {"force": True}, spelling="--{}")
    assert caught.value.message == "--force belongs to mode reconcile or check, not to incremental."
    assert caught.value.action == "Leave --force out."


def test_an_instant_that_is_none_is_told_cut_short_and_with_a_good_one() -> None:
    with pytest.raises(BadRequestError) as caught:
        parse_since("x" * 60)
    assert caught.value.message == f"since is not a timestamp: {'x' * 40!r}."
    assert caught.value.action == "Write it as 2026-01-31T00:00:00Z, with Z or an offset."
    with pytest.raises(BadRequestError) as caught:
        parse_since("1752-12-31T23:59:59Z")
    assert caught.value.message == (
        "since is beyond what Acumatica's database can hold: '1752-12-31T23:59:59Z'."
    )
    assert caught.value.action == "Name an instant from 1753 on, or leave since out to read everything."


def test_an_option_that_is_not_given_is_no_mistake() -> None:
    absent = {"since": None, "record_id": None, "depth": None, "force": False}
    assert parse(**absent) == RunRequest(entity="vendors")


def test_the_body_and_the_command_line_know_the_same_options() -> None:
    assert set(OPTIONS) == set(RunBody.__struct_fields__) - {"entity", "mode"}
    parser = build_parser()
    commands = {Mode.BACKFILL: ["sync"], Mode.REPLAY: ["replay", "x"], Mode.RECONCILE: ["reconcile"]}
    for mode, command in {**commands, Mode.CHECK: ["check"]}.items():
        options = vars(parser.parse_args(command))
        missing = [name for name, owners in OPTIONS.items() if mode in owners and name not in options]
        assert not missing, f"{command[0]} lacks {missing}"


@pytest.mark.parametrize(
    "since",
    [
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "0001-01-01T00:00:00Z",
        "1752-12-31T23:59:59Z",
        "9999-12-31T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-01-31T00:00:00",
        "2026-01-31",
        "yesterday",
        "",
        "2026-01-31T00:00:00+99:00",
        "٢٠٢٦-01-31T00:00:00Z",
    ],
)
def test_an_instant_that_no_record_can_bear_is_refused(since: str) -> None:
    told = refuse(json.dumps({"entity": "vendors", "mode": "backfill", "since": since}).encode())
    assert told.startswith(
        ("since is not a timestamp: ", "since is beyond what Acumatica's database can hold: ")
    )


@pytest.mark.parametrize(
    "since", ["1753-01-01T00:00:00Z", "1753-01-01T14:00:00+14:00", "9999-12-30T00:00:00Z"]
)
def test_every_other_instant_is_taken(since: str) -> None:
    assert parse(mode="backfill", since=since).since == datetime.fromisoformat(since)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"entity": "vendors", "entity": "items"}', "'entity' is given twice in the body."),
        (b'{"entity": "vendors", "mode": "check", "mode": "replay"}', "'mode' is given twice"),
        (b'{"entity": "vendors", "x": {"a": 1, "a": 2}}', "'a' is given twice"),
        (b"[" * 30_000, "The body is not JSON."),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "The body is not JSON."),
        (b"\xef\xbb\xbf{}", "The body is not JSON."),
        ('{"entity": "vendors"}'.encode("utf-16"), "The body is not JSON."),
        (b"\xff\xfe", "The body is not JSON."),
        (b"", "The body is not JSON."),
        (b"null", "The request is not valid: "),
        (b"NaN", "The body is not JSON."),
        (b'{"entity": NaN}', "The body is not JSON."),
        (b'{"entity": ' + b"9" * 5000 + b"}", "The body is not JSON."),
        (b'{"entity": "vendors", "force": 1}', "The request is not valid: "),
        (b'{"entity": "vendors", "force": "true"}', "The request is not valid: "),
        (b'{"entity": "vendors", "\\ud800": 1}', "The body is not JSON."),
        (b'{"entity": "vendors", "mode": "replay", "record_id": "\\ud800"}', "The body is not JSON."),
        (b'{"entity": "vendors", "mode": "replay", "record_id": ""}', "The request is not valid: "),
        (b'{"mode": "incremental"}', "The request names no entity."),
        (b"entity=vendors", "The body is not JSON."),
        (b" " * (MAX_BODY_BYTES + 1), f"The body has more than {MAX_BODY_BYTES} bytes."),
    ],
)
def test_what_is_no_request_is_told(body: bytes, told: str) -> None:
    assert refuse(body).startswith(told)
