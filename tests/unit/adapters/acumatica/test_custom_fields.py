import msgspec
import pytest

from connector.adapters.acumatica.custom_fields import KINDS, CustomFields
from connector.domain.records.contract import Kind
from connector.errors import SourceSetupError
from tests.unit.adapters.acumatica.builders import an_entity

TEMPLATE = {
    "rowNumber": 1,
    "Type": {},
    "custom": {"Document": {"UsrNote": {"type": "CustomStringField", "value": None}}},
    "Details": [{"custom": {"Transactions": {"UsrQty": {"type": "CustomDecimalField"}}}}],
    "MainContact": {"custom": {}, "Address": {"custom": {"Addr": {"UsrGeo": {"type": "CustomGeoField"}}}}},
    "Empty": [],
}


def kinds(path: str, *custom: str, template: object = TEMPLATE) -> dict[str, Kind]:
    fields = CustomFields.parse(msgspec.json.encode(template), an_entity(custom=custom))
    return dict(fields.kinds(path))


def test_fields_are_found_on_every_level() -> None:
    custom = ("Document.UsrNote", "Details/Transactions.UsrQty", "MainContact/Address/Addr.UsrGeo")
    assert kinds("", *custom) == {"Document.UsrNote": Kind.STRING}
    assert kinds("Details", *custom) == {"Transactions.UsrQty": Kind.DECIMAL}
    assert kinds("MainContact/Address", *custom) == {"Addr.UsrGeo": Kind.STRING}
    assert kinds("MainContact", *custom) == {}


def test_the_forms_own_spelling_is_kept() -> None:
    assert kinds("Details", "details/transactions.usrqty") == {"Transactions.UsrQty": Kind.DECIMAL}


@pytest.mark.parametrize(
    ("name", "kind"),
    [*KINDS.items(), ("StringSingleSelect", Kind.SELECT), ("StringMultiSelect", Kind.MULTISELECT)],
)
def test_each_type_has_its_kind(name: str, kind: Kind) -> None:
    template = {"custom": {"V": {"F": {"type": f"Custom{name}Field", "value": None}}}}
    assert kinds("", "V.F", template=template) == {"V.F": kind}


@pytest.mark.parametrize(
    "path", ["Document.UsrOther", "Other.UsrNote", "Empty/V.F", "Nothing/V.F", "Type/V.F"]
)
def test_a_field_the_form_lacks_is_named(path: str) -> None:
    with pytest.raises(SourceSetupError, match=path):
        kinds("", "Document.UsrNote", path)


def test_what_is_no_schema_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        CustomFields.parse(b"[]", an_entity(custom=("V.F",)))
