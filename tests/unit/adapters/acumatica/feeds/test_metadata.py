"""The catalogue of inquiries, as `$metadata` has it."""

import msgspec
import pytest

from acumatica_sandbox.odata.dialect import NEW, OLD, Dialect
from acumatica_sandbox.odata.inquiries import INQUIRIES
from acumatica_sandbox.odata.metadata import build_metadata
from connector.adapters.acumatica.feeds.metadata import parse_metadata
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
