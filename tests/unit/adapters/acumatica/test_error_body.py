import pytest

from connector.adapters.acumatica.error_body import SENTENCE_LIMIT, Fault
from tests.unit.adapters.acumatica.builders import a_fault, an_answer


def parse(body: object) -> Fault:
    return Fault.parse(an_answer(500, body).body)


def test_the_telling_message_is_found_and_the_stack_trace_dropped() -> None:
    fault = parse(a_fault(text="The document\r\n is locked."))
    assert fault.sentence == "The document is locked."
    assert "Internals" not in f"{fault}"


def test_a_generic_type_is_known_by_its_short_name() -> None:
    fault = parse(a_fault("PX.Data.PXSetupNotEnteredException`1[[PX.Objects.GL.GLSetup, PX.Objects]]"))
    assert fault.types == ("PXSetupNotEnteredException",)
    assert fault.is_a("PXSetupNotEntered")


def test_an_inner_exception_counts() -> None:
    inner = a_fault(
        "PX.Api.ContractBased.NoEntitySatisfiesTheConditionException", "No entity satisfies the condition."
    )
    assert parse({**a_fault(), "innerException": inner}).record_absent


@pytest.mark.parametrize(
    "body",
    [
        a_fault("PX.Api.ContractBased.NoEntitySatisfiesTheConditionException", "Nichts gefunden"),
        a_fault("System.Exception", "No entity satisfies the condition."),
    ],
)
def test_an_absent_record_is_known_by_type_or_by_text(body: dict[str, str]) -> None:
    assert parse(body).record_absent


def test_the_fields_an_export_fails_for_are_named() -> None:
    text = (
        "Optimization cannot be performed.The following fields cause the error:\r\n"
        "RealGainAcctID: View CuryRecords has BQL delegate\r\nOther: View V has BQL delegate"
    )
    by_text = parse(a_fault("Some.Unknown.Type", text))
    assert by_text.unoptimised == ("RealGainAcctID (view CuryRecords)", "Other (view V)")
    assert parse(a_fault("Any.Namespace.CannotOptimizeException", "?")).unoptimised == (
        "a field Acumatica does not name",
    )


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[1]", b"null", b'"text"', b"\xff", b'{"message": 5, "innerException": 3}']
)
def test_any_other_body_is_no_fault(body: bytes) -> None:
    fault = Fault.parse(body)
    assert (fault.types, fault.sentence, fault.unoptimised, fault.record_absent) == ((), "", (), False)


def test_a_general_message_gives_way_to_what_an_inner_exception_says() -> None:
    outer = {"message": "An error has occurred.", "innerException": a_fault(text="The document is locked.")}
    assert parse(outer).sentence == "The document is locked."
    assert parse({"message": "The request is invalid."}).sentence == "The request is invalid."


def test_a_long_message_is_cut() -> None:
    assert len(parse(a_fault(text="x" * 5000)).sentence) == SENTENCE_LIMIT


def test_exceptions_within_exceptions_end() -> None:
    body = a_fault()
    for _ in range(50):
        body = {**a_fault(), "innerException": body}
    assert len(parse(body).types) == 10
