"""The catalogue of inquiries, as `$metadata` has it."""

import msgspec
import pytest

from acumatica_sandbox.odata.dialect import NEW, OLD, Dialect
from acumatica_sandbox.odata.inquiries import INQUIRIES
from acumatica_sandbox.odata.metadata import build_metadata
from connector.adapters.acumatica.feeds.metadata import FeedType, parse_metadata
from connector.domain.records.contract import Kind


def a_catalogue(types: str, sets: str) -> bytes:
    return (
        '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
        f'<Schema Namespace="GenericInquiry" xmlns="http://docs.oasis-open.org/odata/ns/edm">{types}'
        f'<EntityContainer Name="Default">{sets}</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>'
    ).encode()


def a_type(keys: str, *columns: str) -> bytes:
    references = "".join(f'<PropertyRef Name="{key}"/>' for key in keys)
    properties = "".join(f'<Property Name="{name}" Type="Edm.String"/>' for name in columns)
    kind = f'<EntityType Name="T"><Key>{references}</Key>{properties}</EntityType>'
    return a_catalogue(kind, '<EntitySet Name="T 1" EntityType="GenericInquiry.T"/>')


@pytest.mark.parametrize("dialect", [OLD, NEW])
def test_every_inquiry_of_a_tenant_is_read_in_both_generations(dialect: Dialect) -> None:
    found = parse_metadata(build_metadata(INQUIRIES, "GenericInquiry", dialect).encode())
    assert list(found) == [inquiry.title for inquiry in INQUIRIES]
    lines = found["GL-Journal Transactions"]
    assert (lines.columns["DebitAmount"], lines.columns["LineNbr"], lines.columns["TransactionDate"]) == (
        Kind.DECIMAL,
        Kind.INT,
        Kind.DATETIME,
    )
    assert lines.join_keys == ("LedgerID",)
    assert lines.declared_keys == ("Module", "BatchNbr", "LineNbr")
    storage = found["DB-StorageDetails"]
    assert (storage.function, storage.parameters) == (
        "DBStorageDetails_WithParameters",
        {"Warehouse": Kind.STRING},
    )


@pytest.mark.parametrize(
    ("keys", "columns", "join_keys"),
    [
        ("AB", "ABC", ()),
        ("AD", "ABCD", ("D",)),
        ("ACD", "ABCD", ("C", "D")),
        ("AB", "AB", ()),  # keys alone: nothing tells which are results
        ("", "AB", ()),
    ],
)
def test_keys_behind_the_results_are_those_of_joined_tables(
    keys: str, columns: str, join_keys: tuple[str, ...]
) -> None:
    kind = parse_metadata(a_type(keys, *columns))["T 1"]
    assert kind.join_keys == join_keys
    assert [*kind.columns, *join_keys] == list(columns)


def test_only_an_edit_of_the_inquiry_itself_changes_its_digest() -> None:
    one = parse_metadata(a_type("A", "A", "B"))["T 1"].digest
    assert parse_metadata(a_type("A", "A", "B"))["T 1"].digest == one
    assert parse_metadata(a_type("A", "A", "C"))["T 1"].digest != one
    assert parse_metadata(a_type("A", "B", "A"))["T 1"].digest != one


@pytest.mark.parametrize(
    "body",
    [b"", b"<html/>", b"{}", b"<edmx:Edmx", b'<!DOCTYPE x [<!ENTITY a "b">]><Edmx/>', b"\xff\xfe\x00"],
)
def test_anything_else_is_no_catalogue(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        parse_metadata(body)


def test_a_tenant_may_expose_none() -> None:
    assert parse_metadata(a_catalogue("", "")) == {}


def test_a_class_has_the_columns_and_keys_of_what_it_is_derived_from() -> None:
    """No key of a class is one of a joined table, wherever it stands; names of their namespaces may have dots."""
    base = (
        '<EntityType Name="PX_AP_Register"><Key><PropertyRef Name="DocType"/><PropertyRef Name="RefNbr"/></Key>'
        '<Property Name="DocBal" Type="Edm.Decimal"/><Property Name="DocType" Type="Edm.String"/>'
        '<Property Name="RefNbr" Type="Edm.String"/></EntityType>'
    )
    derived = (
        '<EntityType Name="PX_AP_Invoice" BaseType="PX.Data.PX_AP_Register"><Property Name="DueDate" Type="Edm.DateTimeOffset"/>'
        "</EntityType>"
    )
    body = a_catalogue(derived + base, '<EntitySet Name="PX_AP_Invoice" EntityType="PX.Data.PX_AP_Invoice"/>')
    kind = parse_metadata(body, of_inquiries=False)["PX_AP_Invoice"]
    assert list(kind.columns) == ["DocBal", "DocType", "RefNbr", "DueDate"]
    assert (kind.declared_keys, kind.join_keys) == (("DocType", "RefNbr"), ())


def test_types_that_are_derived_in_a_circle_end() -> None:
    types = "".join(
        f'<EntityType Name="{name}" BaseType="N.{base}"><Property Name="{name}1" Type="Edm.String"/></EntityType>'
        for name, base in (("A", "B"), ("B", "A"))
    )
    kind = parse_metadata(a_catalogue(types, '<EntitySet Name="A" EntityType="N.A"/>'), of_inquiries=False)[
        "A"
    ]
    assert set(kind.columns) == {"A1", "B1"}


ACCOUNT = (
    '<EntityType Name="PX_GL_Account"><Key><PropertyRef Name="AccountCD"/></Key><Property Name="AccountCD" Type="Edm.String"/>'
    '<Property Name="AccountID" Type="Edm.Int32"/></EntityType>'
)


def a_class(members: str, sets: str, others: str = ACCOUNT) -> FeedType:
    kind = (
        '<EntityType Name="PX_GL_Tran"><Key><PropertyRef Name="LineNbr"/></Key>'
        f'<Property Name="LineNbr" Type="Edm.Int32"/>{members}</EntityType>'
    )
    found = parse_metadata(a_catalogue(kind + others, sets), of_inquiries=False)
    return next(item for item in found.values() if "LineNbr" in item.columns)


def navigation(name: str, target: str) -> str:
    return f'<NavigationProperty Name="{name}" Type="{target}"/>'


def test_a_class_is_named_once_by_the_name_that_is_its_alone() -> None:
    sets = "".join(
        f'<EntitySet Name="{name}" EntityType="PX.Data.PX_GL_Tran"/>'
        for name in ("Tran", "PX_GL_Tran", "Line1")
    )
    found = a_class("", sets)
    assert (found.title, found.aliases, found.refusal) == ("PX_GL_Tran", ("Tran", "Line1"), "")
    assert "no list" in a_class("", "").refusal


@pytest.mark.parametrize(
    ("members", "found"),
    [
        (navigation("AccountByAccountID", "PX.Data.PX_GL_Account"), {"AccountByAccountID"}),
        ('<Property Name="AccountID" Type="Edm.Int32"/>' + navigation("AccountByAccountID", "N.PX_GL_Account"), {"AccountByAccountID"}),
        ('<Property Name="AccountID" Type="Edm.String"/>' + navigation("AccountByAccountID", "N.PX_GL_Account"), set()),
        (navigation("AccountCollection", "Collection(PX.Data.PX_GL_Account)"), set()),
        (navigation("UserByCreatedByID", "PX.Data.Unknown"), set()),
        (navigation("TranByLineNbr", "PX.Data.PX_GL_Tran"), set()),
    ],
)  # fmt: skip
def test_codes_are_looked_for_where_a_class_has_a_number_or_nothing(members: str, found: set[str]) -> None:
    assert a_class(members, "").references.keys() == found


def test_columns_that_cannot_be_asked_for_are_left_out_wherever_that_is_said() -> None:
    members = "".join(f'<Property Name="{name}" Type="Edm.String"/>' for name in "ABC")
    members += '<Property Name="tstamp" Type="Edm.Binary"/>'
    told = (
        '<Annotation Term="Org.OData.Capabilities.V1.FilterRestrictions"><Record><PropertyValue Property="NonFilterableProperties">'
        "<Collection><PropertyPath>{}</PropertyPath></Collection></PropertyValue></Record></Annotation>"
    )
    sets = f'<EntitySet Name="PX_GL_Tran" EntityType="N.PX_GL_Tran">{told.format("A")}</EntitySet>'
    apart = f'<Annotations Target="N.Default/PX_GL_Tran">{told.format("B")}</Annotations>'
    assert list(a_class(members, sets, apart).columns) == ["LineNbr", "C"]


def test_a_class_of_which_nothing_can_be_asked_for_says_so() -> None:
    told = (
        '<EntitySet Name="PX_GL_Tran" EntityType="N.PX_GL_Tran"><Annotation Term="Org.OData.Capabilities.V1.FilterRestrictions">'
        '<Record><PropertyValue Property="Filterable" Bool="false"/></Record></Annotation></EntitySet>'
    )
    assert "neither filtered nor selected" in a_class("", told).refusal
