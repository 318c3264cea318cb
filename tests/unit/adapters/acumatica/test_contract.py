from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from connector.adapters.acumatica.contract import (
    build_contract,
    choice_of,
    keys_choice,
    missing_choices,
    request_text,
)
from connector.adapters.acumatica.custom_fields import CustomFields
from connector.adapters.acumatica.odata import FieldSelection
from connector.domain.entity import Entity
from connector.domain.records.contract import Contract, Kind, Shape
from connector.errors import SourceSetupError
from tests.unit.adapters.acumatica.builders import a_swagger, a_type, an_entity, ref

SWAGGER = a_swagger(
    Bill=a_type(
        Type=ref("StringValue"),
        ReferenceNbr=ref("StringValue"),
        Amount=ref("DecimalValue"),
        Date=ref("DateTimeValue"),
        LastModifiedDateTime=ref("DateTimeValue"),
        Details={"type": "array", "items": ref("BillDetail")},
        TaxDetails={"type": "array", "items": ref("BillTaxDetail")},
        MainContact=ref("Contact"),
    ),
    BillDetail=a_type(
        Amount=ref("DecimalValue"),
        Promised=ref("DateTimeValue"),
        Allocations={"type": "array", "items": ref("Allocation")},
    ),
    BillTaxDetail=a_type(TaxID=ref("StringValue")),
    Allocation=a_type(Qty=ref("DecimalValue")),
    Contact=a_type(Email=ref("StringValue"), Phone=ref("StringValue"), Address=ref("Address")),
    Address=a_type(City=ref("StringValue")),
)
CUSTOM = CustomFields({"": {"Document.UsrA": Kind.DATETIME}, "details": {"Transactions.UsrB": Kind.INT}})


def contract_of(entity: Entity, custom: CustomFields | None = None) -> Contract:
    return build_contract(entity, "Default", "24.200.001", SWAGGER, custom)


def root_of(**choices: Any) -> Shape:
    return contract_of(an_entity(**choices)).root


def test_without_choices_the_scalars_are_read_and_everything_below_is_not() -> None:
    root = root_of()
    assert set(root.fields) == {"Type", "ReferenceNbr", "Amount", "Date", "LastModifiedDateTime"}
    assert (root.details, root.linked) == ({}, {})
    assert root.unread == {"Details", "TaxDetails", "MainContact"}


def test_what_is_expanded_is_read_to_the_depth_named() -> None:
    root = root_of(expand=("Details", "MainContact/Address"))
    assert set(root.details) == {"Details"}
    assert root.details["Details"].unread == {"Allocations"}
    assert root.linked["MainContact"].linked["Address"].fields == {"City": Kind.STRING}
    assert root.unread == {"TaxDetails"}


def test_what_is_excluded_is_not_read_at_any_level() -> None:
    root = root_of(
        expand=("Details", "TaxDetails", "MainContact/Address"),
        exclude=frozenset(
            ["Amount", "TaxDetails", "MainContact/Phone", "MainContact/Address", "Details/Promised"]
        ),
    )
    assert root.unread == {"Amount", "TaxDetails"}
    assert root.details["Details"].unread == {"Promised", "Allocations"}
    assert root.linked["MainContact"].unread == {"Phone", "Address"}


def test_a_selection_keeps_keys_and_the_modified_field_and_leaves_other_levels_whole() -> None:
    root = root_of(select=("Amount",), expand=("Details",))
    assert set(root.fields) == {"Type", "ReferenceNbr", "Amount", "LastModifiedDateTime"}
    assert "Date" in root.unread
    assert set(root.details["Details"].fields) == {"Amount", "Promised"}


def test_a_selection_may_name_fields_of_a_level() -> None:
    root = root_of(select=("Details/Amount",), expand=("Details",))
    assert set(root.details["Details"].fields) == {"Amount"}
    assert len(root.fields) == 5


def test_keys_and_the_modified_field_cannot_be_excluded() -> None:
    root = root_of(exclude=frozenset(["Type", "LastModifiedDateTime"]))
    assert {"Type", "LastModifiedDateTime"} <= set(root.fields)


def test_date_fields_become_dates_at_any_level() -> None:
    root = root_of(expand=("Details",), date_fields=frozenset(["Date", "Details/Promised"]))
    assert root.fields["Date"] is Kind.DATE
    assert root.fields["LastModifiedDateTime"] is Kind.DATETIME
    assert root.details["Details"].fields["Promised"] is Kind.DATE


def test_names_are_matched_without_case_and_kept_as_the_contract_spells_them() -> None:
    entity = an_entity(
        "bill",
        keys=("TYPE",),
        expand=("details",),
        select=("amount",),
        date_fields=frozenset(["details/promised"]),
    )
    contract = contract_of(entity)
    assert set(contract.root.fields) == {"Type", "Amount", "LastModifiedDateTime"}
    assert contract.root.details["Details"].fields["Promised"] is Kind.DATE
    assert keys_choice(entity, contract).select == ("Type", "LastModifiedDateTime")


@pytest.mark.parametrize(
    ("announced", "wanted", "found"),
    [
        (("LastModifiedDateTime", "LastModified"), None, "LastModifiedDateTime"),
        (("LastModified",), None, "LastModified"),
        (("lastmodifieddatetime",), None, "lastmodifieddatetime"),
        (("LastModifiedDateTime", "ChangedOn"), "ChangedOn", "ChangedOn"),
        (("LastModifiedDateTime",), "ChangedOn", "LastModifiedDateTime"),
        (("CreatedDateTime",), None, None),
    ],
)
def test_the_modified_field_is_found(
    announced: tuple[str, ...], wanted: str | None, found: str | None
) -> None:
    swagger = a_swagger(Sub=a_type(**{name: ref("DateTimeValue") for name in announced}))
    entity = an_entity("Sub", modified_field=wanted)
    contract = build_contract(entity, "Default", "1", swagger, None)
    assert contract.modified_field == found
    assert (wanted in missing_choices(entity, contract)) is (wanted not in (None, found))


@pytest.mark.parametrize(("kind", "dates"), [("StringValue", ()), ("DateTimeValue", ("changedon",))])
def test_a_modified_field_that_is_chosen_and_no_instant_is_refused(kind: str, dates: tuple[str, ...]) -> None:
    swagger = a_swagger(Sub=a_type(ChangedOn=ref(kind), LastModified=ref("DateTimeValue")))
    entity = an_entity("Sub", modified_field="ChangedOn", date_fields=frozenset(dates))
    with pytest.raises(SourceSetupError, match="ChangedOn of Sub is no point in time"):
        build_contract(entity, "Default", "1", swagger, None)


def test_a_modified_field_that_is_text_is_of_no_use() -> None:
    swagger = a_swagger(
        Sub=a_type(LastModifiedDateTime=ref("StringValue"), LastModified=ref("DateTimeValue"))
    )
    assert build_contract(an_entity("Sub"), "Default", "1", swagger, None).modified_field == "LastModified"


def test_custom_fields_are_typed_on_their_level_and_asked_for() -> None:
    entity = an_entity(
        expand=("Details",),
        custom=("Document.UsrA", "Details/Transactions.UsrB"),
        date_fields=frozenset(["Document.UsrA"]),
    )
    contract = contract_of(entity, CUSTOM)
    assert contract.root.custom == {"Document.UsrA": Kind.DATE}
    assert contract.root.details["Details"].custom == {"Transactions.UsrB": Kind.INT}
    assert choice_of(contract, selected=False) == FieldSelection(
        expand=("Details",), custom=("Document.UsrA", "Details/Transactions.UsrB")
    )


def test_a_selected_request_names_every_field_of_every_level() -> None:
    contract = contract_of(an_entity(select=("Amount",), expand=("TaxDetails",)))
    assert choice_of(contract, selected=True) == FieldSelection(
        expand=("TaxDetails",),
        select=("Type", "ReferenceNbr", "Amount", "LastModifiedDateTime", "TaxDetails/TaxID"),
    )


def test_keys_are_asked_for_without_anything_below() -> None:
    entity = an_entity(expand=("Details",), custom=("Document.UsrA",))
    assert keys_choice(entity, contract_of(entity, CUSTOM)) == FieldSelection(
        select=("Type", "ReferenceNbr", "LastModifiedDateTime")
    )


def test_choices_the_endpoint_does_not_offer_are_named() -> None:
    entity = an_entity(expand=("Details", "RetainageDocuments"), select=("Amount", "Project"))
    assert missing_choices(entity, contract_of(entity)) == ("RetainageDocuments", "Project")


def test_an_entity_the_endpoint_lacks_is_named() -> None:
    with pytest.raises(SourceSetupError, match=r"Default 24\.200\.001 does not expose the entity Invoice"):
        contract_of(an_entity("Invoice"))


def test_each_choice_shows_in_the_request_text() -> None:
    texts = {
        request_text(entity)
        for entity in (
            an_entity(), an_entity("Check"), an_entity(expand=("A",)), an_entity(select=("A",)),
            an_entity(exclude=frozenset(["A"])), an_entity(custom=("A.B",)), an_entity(keys=("A",)),
            an_entity(date_fields=frozenset(["A"])), an_entity(modified_field="A"),
        )
    }  # fmt: skip
    assert len(texts) == 9
    assert request_text(an_entity(exclude=frozenset("ABC"))) == request_text(
        an_entity(exclude=frozenset("CBA"))
    )


def test_requests_are_made_in_the_grammar_the_endpoint_speaks() -> None:
    newer = a_swagger(Bill=a_type(Date=ref("DateOnlyValue")), DateOnlyValue={"type": "object"})
    for swagger, grammar in ((SWAGGER, 4), (newer, 5)):
        contract = build_contract(an_entity(), "Mine", "1.0", swagger, None)
        assert choice_of(contract, selected=False).grammar == grammar
        assert keys_choice(an_entity(), contract).grammar == grammar


@pytest.mark.parametrize("grammar", [4, 5])
def test_a_contract_survives_the_state_store(grammar: int) -> None:
    described = contract_of(an_entity(expand=("Details",), custom=("Document.UsrA",)), CUSTOM)
    contract = replace(described, grammar=grammar)
    assert msgspec.json.decode(msgspec.json.encode(contract), type=Contract) == contract
