from typing import Any

import msgspec
import pytest

from connector.adapters.acumatica.swagger import VALUE_TYPES, Members, Swagger
from connector.domain.records.contract import Kind
from tests.real_instance import read_real_swagger
from tests.unit.adapters.acumatica.builders import a_swagger, a_type, ref


def fields_of(**members: object) -> dict[str, Kind]:
    return dict(a_swagger(Bill=a_type(**members)).members("Bill").fields)


@pytest.mark.parametrize(("name", "kind"), VALUE_TYPES.items())
def test_each_value_type_has_its_kind(name: str, kind: Kind) -> None:
    assert fields_of(X=ref(name)) == {"X": kind}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("StringSingleSelectValue", Kind.SELECT), ("IntSingleSelectValue", Kind.SELECT),
        ("StringMultiSelectValue", Kind.MULTISELECT), ("IntMultiSelectValue", Kind.MULTISELECT),
        ("GeographyValue", Kind.STRING),
    ],
)  # fmt: skip
def test_drop_downs_and_unknown_value_types_have_a_kind_too(name: str, kind: Kind) -> None:
    assert fields_of(X=ref(name)) == {"X": kind}


@pytest.mark.parametrize("version", [None, "", "1", "6", "v4", {"x": 1}])
@pytest.mark.parametrize(
    "name", ["DateOnlyValue", "StringSingleSelectValue", "IntSingleSelectValue", "StringMultiSelectValue"]
)
def test_where_no_contract_version_is_named_a_property_of_a_new_value_type_tells_contract_5(
    name: str, version: object
) -> None:
    new = {name: {"type": "object", "properties": {"value": {"type": "string"}}}}
    info = None if version is None else {"title": "Default/25.200.001", "version": version}
    assert a_swagger(info=info, Bill=a_type(), **new).grammar == 4
    for member in (
        ref(name),
        {"type": "array", "items": ref(name)},
        {"allOf": [ref(name)], "nullable": True},
    ):
        assert a_swagger(info=info, Bill=a_type(X=member), **new).grammar == 5
        assert a_swagger(info=info, Bill={"properties": {"X": member}}, **new).grammar == 5


@pytest.mark.parametrize(("version", "grammar"), [("3", 4), ("4", 4), ("5", 5), (4, 4), (5, 5), (" 5 ", 5)])
def test_the_contract_version_the_file_names_is_believed_whatever_its_types_are(
    version: object, grammar: int
) -> None:
    info = {"title": "Default/25.200.001", "version": version}
    new = {"DateOnlyValue": {"type": "object"}}
    assert a_swagger(info=info, Bill=a_type(), **new).grammar == grammar
    assert a_swagger(info=info, Bill=a_type(X=ref("DateOnlyValue")), **new).grammar == grammar


@pytest.mark.parametrize("version", ["24.200.001", "25.200.001"])
def test_a_real_endpoint_of_contract_4_is_one_though_it_announces_bare_days(version: str) -> None:
    body = read_real_swagger(version)
    assert b'"DateOnlyValue"' in body
    assert Swagger.parse(body).grammar == 4
    without_info = msgspec.json.decode(body) | {"info": {}}
    assert Swagger.parse(msgspec.json.encode(without_info)).grammar == 4


def test_an_unknown_type_that_holds_a_value_is_a_scalar() -> None:
    odd = {"type": "object", "properties": {"value": {"type": "number"}, "error": {"type": "string"}}}
    members = a_swagger(OddThing=odd, Bill=a_type(X=ref("OddThing"))).members("Bill")
    assert members == Members(fields={"X": Kind.DECIMAL})


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"type": "string"}, Kind.STRING),
        ({"type": "string", "format": "date-time"}, Kind.DATETIME),
        ({"type": "string", "format": "date"}, Kind.DATE),
        ({"type": "string", "format": "uuid"}, Kind.GUID),
        ({"type": "number", "format": "double"}, Kind.DECIMAL),
        ({"type": "integer", "format": "int64"}, Kind.INT),
        ({"type": "boolean"}, Kind.BOOL),
        ({"type": "object", "properties": {"id": {"type": "string"}}}, Kind.SELECT),
        ({"type": "array", "items": {"type": "object"}}, Kind.MULTISELECT),
        ({}, Kind.STRING),
        ({"type": "magic"}, Kind.STRING),
    ],
)
def test_a_scalar_written_out_in_place_is_understood(value: dict[str, object], kind: Kind) -> None:
    assert fields_of(X={"type": "object", "properties": {"value": value}}) == {"X": kind}


def test_a_bare_scalar_is_understood() -> None:
    assert fields_of(A={"type": "integer"}, B={"type": "string", "format": "date-time"}, C={}) == {
        "A": Kind.INT, "B": Kind.DATETIME, "C": Kind.STRING,
    }  # fmt: skip


def test_details_and_linked_entities_are_told_apart() -> None:
    swagger = a_swagger(
        Bill=a_type(
            Details={"type": "array", "items": ref("BillDetail")},
            Attributes={"type": "array", "items": ref("AttributeValue")},
            MainContact=ref("Contact"),
            Nullable={"allOf": [ref("Contact")], "nullable": True},
            Inline={"type": "object", "properties": {"City": ref("StringValue")}},
        ),
        BillDetail=a_type(Amount=ref("DecimalValue")),
        AttributeValue=a_type(Value=ref("StringValue")),
        Contact=a_type(Email=ref("StringValue")),
    )
    members = swagger.members("Bill")
    assert set(members.details) == {"Details", "Attributes"}
    assert set(members.linked) == {"MainContact", "Nullable", "Inline"}
    assert swagger.members(members.details["Details"]).fields == {"Amount": Kind.DECIMAL}
    assert swagger.members(members.details["Attributes"]).fields == {"Value": Kind.STRING}
    assert swagger.members(members.linked["Nullable"]).fields == {"Email": Kind.STRING}
    assert swagger.members(members.linked["Inline"]).fields == {"City": Kind.STRING}


def test_members_every_record_has_are_no_fields() -> None:
    flat = {
        "type": "object",
        "properties": {
            "id": {"type": "string"}, "rowNumber": {"type": "integer"}, "note": ref("StringValue"),
            "custom": {"type": "object"}, "_links": {"type": "object"}, "files": {"type": "array"},
            "error": {"type": "string"}, "Type": ref("StringValue"),
        },
    }  # fmt: skip
    assert a_swagger(Bill=flat).members("Bill") == Members(fields={"Type": Kind.STRING})


def test_inherited_members_are_members() -> None:
    swagger = a_swagger(
        Base=a_type(Inherited=ref("StringValue")),
        Bill={"allOf": [ref("Base"), {"properties": {"Own": ref("IntValue")}}]},
    )
    assert swagger.members("Bill").fields == {"Inherited": Kind.STRING, "Own": Kind.INT}


def test_a_type_that_contains_or_inherits_itself_ends() -> None:
    swagger = a_swagger(
        Loop={"allOf": [ref("Loop"), {"properties": {"Self": ref("Loop"), "X": ref("IntValue")}}]},
        Alias=ref("Alias"),
        Bill=a_type(Odd=ref("Alias")),
    )
    members = swagger.members("Loop")
    assert members.fields == {"X": Kind.INT}
    assert swagger.members(members.linked["Self"]).fields == {"X": Kind.INT}
    assert swagger.members("Bill").linked or swagger.members("Bill").fields


def test_an_entity_is_found_in_any_case_if_it_has_a_list() -> None:
    paths: dict[str, Any] = {"/Bill": {}, "/Bill/{ids}": {}, "/Bill/$adHocSchema": {}}
    swagger = a_swagger(paths, Bill=a_type(), BillDetail=a_type())
    assert swagger.entity("bill") == "Bill"
    assert swagger.entity("BillDetail") is None
    assert swagger.entity("Invoice") is None


def test_a_file_without_paths_is_enough() -> None:
    assert a_swagger(Bill=a_type()).entity("Bill") == "Bill"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"components": {}}', b'{"components": {"schemas": []}}']
)
def test_what_is_no_openapi_file_is_refused(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        Swagger.parse(body)
