"""Bodies and versions as they have always been: a record that looks changed after an upgrade would be written again."""

import pytest

from connector.domain.records.codec import Codec
from connector.domain.records.contract import Kind, Shape
from tests.builders import a_contract, an_entity, an_id

EVERY_KIND = {f"A{kind.value.title()}": kind for kind in Kind}
LOT = Shape(fields={"LotNbr": Kind.STRING, "Qty": Kind.DECIMAL})
LINE = Shape(
    fields={"Account": Kind.STRING, "Amount": Kind.DECIMAL, "Qty": Kind.DECIMAL, "Taxable": Kind.BOOL},
    linked={"Item": Shape(fields={"Cost": Kind.DECIMAL, "Since": Kind.DATE})},
    custom={"Transactions.UsrRate": Kind.DECIMAL},
)
CONTRACT = a_contract(
    fields={**EVERY_KIND, "Wide": Kind.DECIMAL, "Total": Kind.DECIMAL},
    details={
        "Details": LINE,
        "Splits": Shape(fields={"Line": Kind.INT}, details={"Lots": LOT}),
        "Taxes": Shape(fields={"TaxID": Kind.STRING}),
    },
    linked={
        "Contact": Shape(fields={"Email": Kind.STRING, "Born": Kind.DATE}, details={"Phones": LOT}),
    },
    custom={"Document.UsrColour": Kind.STRING, "Document.UsrSize": Kind.DECIMAL},
    unread=frozenset({"Files2"}),
)
ENTITY = an_entity(bignumeric_fields=frozenset({"Wide"}))

HEAD = (
    b'{"id":"%b","rowNumber":7,"note":null,"_links":{"self":"/x"},"files":[],"VendorID":{"value":"V001"},'
    % (an_id(1).encode())
)
FULL = HEAD + (
    b'"LastModifiedDateTime":{"value":"2026-11-22T06:00:00.837+02:00"},"AString":{"value":"\\u00e9 \\"q\\" \\n\xe2\x82\xac"},'
    b'"ADecimal":{"value":-12.3400},"ADouble":{"value":1.50e3},"AInt":{"value":-7},"ABool":{"value":false},'
    b'"AGuid":{"value":"%b"},"ADatetime":{"value":"2026-03-13T23:30:00.123457-04:00"},"ADate":{"value":"2026-03-13T00:00:00-04:00"},'
    b'"ASelect":{"value":{"id":7,"description":"Net 30"}},"AMultiselect":{"value":[{"id":"a","description":"A"},{"id":"b"}]},'
    b'"Wide":{"value":0.12345678901234567890},"Total":{"value":12E2},'
    b'"custom":{"Document":{"UsrColour":{"type":"CustomStringField","value":"red"},"UsrSize":{"type":"CustomDecimalField","value":4.50}}},'
    b'"Contact":{"id":"c","Email":{"value":"a@b"},"Born":{"value":"1970-01-01T00:00:00+00:00"},"Phones":[{"id":"p","LotNbr":{"value":"1"}}]},'
    b'"Details":[{"id":"%b","rowNumber":1,"Account":{"value":"1000"},"Amount":{"value":100.0000},"Qty":{"value":1.0},"Taxable":{"value":true},'
    b'"Item":{"Cost":{"value":0.5},"Since":{"value":"2020-02-29"}},"custom":{"Transactions":{"UsrRate":{"type":"D","value":2.50}}}},'
    b'{"id":"l\\"2","Account":{},"Amount":{"value":null},"Qty":{"value":-0.00}},{"rowNumber":3},{"id":"","Item":null,"Amount":{"value":0.0000}}],'
    b'"Splits":[{"id":"s1","Line":{"value":1},"Lots":[{"id":"x","LotNbr":{"value":"L1"},"Qty":{"value":3.000}},{"Qty":{"value":4}}]},'
    b'{"id":"s2","Lots":[]},{"id":"s3","Lots":[{"id":"y"}]}],"Taxes":[{"id":"t","TaxID":{"value":"VAT"}}]}'
) % (an_id(2).encode(), an_id(3).encode())
EMPTY = b'{"id":"%b"}' % an_id(1).encode()
ONLY_LINES = b'{"id":"%b","Details":[{}],"Taxes":[]}' % an_id(1).encode()
ODD = HEAD + (
    b'"AString":{"value":"x"},"ADecimal":{"value":10.0},"Colour":{"value":"red"},"Taxes":[{"TaxID":{"value":5}},{"TaxID":{"value":"VAT"}}]}'
)


@pytest.mark.parametrize(
    ("raw", "version", "body", "extra"),
    [
        (
            FULL,
            "64f7d59d301aa2a264955fb8efee2600",
            (
                b'{"a_bool":false,"a_date":"2026-03-13","a_datetime":"2026-03-14T03:30:00.123457Z","a_decimal":"-12.34","a_double":1.50e3,"a_guid":"00000000-0000-4000-a000-000000000002",'
                b'"a_int":-7,"a_multiselect":"A, b","a_select":"Net 30","a_select_id":"7","a_string":"\xc3\xa9 \\"q\\" \\n\xe2\x82\xac",'
                b'"last_modified_date_time":"2026-11-22T04:00:00.837000Z",'
                b'"total":"1200","vendor_id":"V001","wide":"0.1234567890123456789","usr_colour":"red","usr_size":"4.5","contact_born":"1970-01-01","contact_email":"a@b",'
                b'"details":[{"_id":"00000000-0000-4000-a000-000000000003","_position":1,"account":"1000","amount":"100","qty":"1","taxable":true,"usr_rate":"2.5","item_cost":"0.5","item_since":"2020-02-29"},'
                b'{"_id":"l\\"2","_position":2,"qty":"0"},{"_id":null,"_position":3},'
                b'{"_id":null,"_position":4,"amount":"0"}],'
                b'"splits":[{"_id":"s1","_position":1,"line":1,"lots":[{"_id":"x","_position":1,"lot_nbr":"L1","qty":"3"},'
                b'{"_id":null,"_position":2,"qty":"4"}]},{"_id":"s2","_position":2},'
                b'{"_id":"s3","_position":3,"lots":[{"_id":"y","_position":1}]}],'
                b'"taxes":[{"_id":"t","_position":1,"tax_id":"VAT"}],'
                b'"contact_phones":[{"_id":"p","_position":1,"lot_nbr":"1"}]}'
            ),
            b"",
        ),
        (EMPTY, "2afb9b83f9314e5d029766197f539792", b"{}", b""),
        (ONLY_LINES, "5cab2b5de4eff6b5813b2918efe6616f", b'{"details":[{"_id":null,"_position":1}]}', b""),
        (
            ODD,
            "8d8e2e0cc270c03cf558055df6fa0cb4",
            (
                b'{"a_decimal":"10","a_string":"x","vendor_id":"V001","taxes":[{"_id":null,"_position":1,"tax_id":"5"},'
                b'{"_id":null,"_position":2,"tax_id":"VAT"}]}'
            ),
            b'{"Colour":"red"}',
        ),
    ],
    ids=["full", "empty", "only lines", "odd"],
)
def test_a_record_has_the_body_and_the_version_it_always_had(
    raw: bytes, version: str, body: bytes, extra: bytes
) -> None:
    record = Codec(ENTITY, CONTRACT).decode(raw)
    assert (record.body, record.extra) == (body, extra)
    assert record.version == version
