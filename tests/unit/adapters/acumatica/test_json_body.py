import msgspec
import pytest

from connector.adapters.acumatica.error_body import Fault
from connector.adapters.acumatica.json_body import decode_body
from connector.adapters.acumatica.secret import parse_secret
from connector.adapters.acumatica.sign_in_verdict import Verdict, judge
from connector.errors import SecretUnavailableError
from tests.unit.adapters.acumatica.builders import an_answer

LEVELS = b'{"message":' + b"[" * 50_000 + b"]" * 50_000 + b"}"


@pytest.mark.parametrize(
    "body", [b"", b"[", b"\xff", b'"\xff"', LEVELS], ids=["empty", "open", "no text", "no UTF-8", "levels"]
)
def test_whatever_is_wrong_with_a_body_is_one_error(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_body(body)


def test_a_byte_order_mark_is_no_part_of_a_body() -> None:
    assert decode_body(b"\xef\xbb\xbf[1]", list[int]) == [1]


def test_levels_without_end_are_no_error_object_and_no_secret() -> None:
    assert Fault.parse(LEVELS) == Fault()
    with pytest.raises(SecretUnavailableError):
        parse_secret(LEVELS)


def test_a_long_refusal_that_says_nothing_is_judged_as_such() -> None:
    assert judge(an_answer(400, LEVELS)) is Verdict.UNKNOWN
