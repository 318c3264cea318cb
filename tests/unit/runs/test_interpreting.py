"""Rows of a list turned into records, by a contract that may change on the way."""

from typing import Any

from msgspec.structs import replace

from connector.domain.list_query import ListQuery
from connector.domain.records.codec import Record
from connector.domain.records.contract import Kind
from connector.domain.records.rejected import Rejected, unwrap_keys
from connector.runs.interpreting import Interpreter
from tests.builders import MORNING, a_contract, a_row, an_entity, an_id, named
from tests.unit.runs.shelf import Shelf, a_reader, ids, rows


class TestInterpreter:
    def test_a_new_field_is_asked_about_once_a_run(self) -> None:
        shelf: Any = Shelf([])
        interpreter = Interpreter(shelf, an_entity(), a_contract())
        for _ in range(2):
            batch = interpreter.interpret([a_row(Colour="red")], read_at=MORNING)
            assert (batch.contract, batch.read_at) == (None, MORNING)
            record = batch.readings[0].record
            assert isinstance(record, Record)
            assert record.extra == b'{"Colour":"red"}'
        assert shelf.described == 1

    def test_a_contract_that_has_grown_makes_a_column_of_it(self) -> None:
        wider = a_contract(fields={"Colour": Kind.STRING})
        shelf: Any = Shelf([], contract=wider)
        interpreter = Interpreter(shelf, an_entity(), a_contract())
        assert interpreter.interpret([a_row()], read_at=MORNING).contract is None
        assert shelf.described == 0
        batch = interpreter.interpret([a_row(number=1), a_row(number=2, Colour="red")], read_at=MORNING)
        assert batch.contract == named(wider)
        assert interpreter.codec.contract == named(wider)
        record = batch.readings[1].record
        assert isinstance(record, Record)
        assert (record.extra, b'"colour":"red"' in record.body) == (b"", True)
        assert interpreter.interpret([a_row(Colour="blue")], read_at=MORNING).contract is None

    def test_an_unusable_row_is_kept_whole_with_its_reason(self) -> None:
        shelf: Any = Shelf([])
        raw = b'{"id":"","VendorID":{"value":"V9"}}'
        (reading,) = Interpreter(shelf, an_entity(), a_contract()).interpret([raw], read_at=MORNING).readings
        found = reading.record
        assert isinstance(found, Rejected)
        assert (found.key, found.payload, reading.raw) == ("V9", raw, raw)
        assert found.reason == "cannot be normalised: it has no id. Look at the record in Acumatica."

    def test_of_a_row_that_cannot_be_read_keys_and_stamp_are_kept_with_the_reason(self) -> None:
        shelf: Any = Shelf([])
        listed = [a_row(number=1, key="V1"), a_row(number=2, key="V2")]
        interpreter = Interpreter(shelf, an_entity(), a_contract())
        good, bad = (
            reading.record
            for reading in interpreter.interpret(
                listed, read_at=MORNING, unreadable={1: "too large"}
            ).readings
        )
        assert isinstance(good, Record)
        assert isinstance(bad, Rejected)
        record = interpreter.codec.decode(listed[1])
        assert (bad.id, bad.key, bad.modified_at) == (an_id(2), "V2", MORNING)
        assert (unwrap_keys(bad.payload), bad.listed_as) == (listed[1], record.row_fingerprint)
        assert "too large" in bad.reason


class TestRepeatedIds:
    def interpret(self, *raws: bytes) -> list[Record | Rejected]:
        shelf: Any = Shelf([])
        batch = Interpreter(shelf, an_entity(), a_contract()).interpret(raws, read_at=MORNING)
        assert [reading.raw for reading in batch.readings] == [*raws]
        return [reading.record for reading in batch.readings]

    def test_of_two_records_with_one_id_the_second_is_rejected_with_the_key_of_the_first(self) -> None:
        raws = a_row(number=1, key="V1"), a_row(number=2, key="V2"), a_row(number=1, key="V3")
        first, second, third = self.interpret(*raws)
        assert isinstance(first, Record)
        assert isinstance(second, Record)
        assert isinstance(third, Rejected)
        assert (third.id, third.key, third.payload, third.modified_at) == (first.id, "V3", raws[2], MORNING)
        assert third.reason == (
            "has the id of another record in the same answer, V1, and only one of them can be shown. Look at both in Acumatica;"
            " this one is left out until they have ids of their own."
        )

    def test_one_record_that_is_listed_twice_is_one(self) -> None:
        found = self.interpret(a_row(number=1, rowNumber=1), a_row(number=1, rowNumber=2))
        assert [type(each) for each in found] == [Record, Record]

    def test_what_cannot_be_read_stands_in_nobodys_way(self) -> None:
        broken = a_row(number=1).replace(b"V001", b"\xff")
        found = self.interpret(broken, a_row(number=1))
        assert [type(each) for each in found] == [Rejected, Record]

    def test_rows_of_two_answers_are_versions_of_one_record(self) -> None:
        shelf: Any = Shelf([])
        interpreter = Interpreter(shelf, an_entity(), a_contract())
        for key in ("V1", "V2"):
            (reading,) = interpreter.interpret([a_row(number=1, key=key)], read_at=MORNING).readings
            assert isinstance(reading.record, Record)


class TestContracts:
    def test_a_page_brings_the_contract_that_changed_with_it(self) -> None:
        wider = a_contract(fields={"Colour": Kind.STRING})
        shelf = Shelf([*rows(1, 2, 3), a_row(number=4, Colour="red")], contract=wider)
        assert [page.contract for page in a_reader(shelf).read()] == [None, named(wider)]

    def test_a_list_asked_for_by_another_contract_is_read_by_it_from_that_page_on(self) -> None:
        wider = a_contract(fields={"Colour": Kind.STRING})
        shelf = Shelf([*rows(1, 2, 3), a_row(number=4, Colour="red")])

        def change(shelf: Shelf, _: ListQuery) -> None:
            shelf.asked_by = wider if len(shelf.queries) > 1 else a_contract()

        shelf.before = change
        first, second = a_reader(shelf).read()
        assert (first.contract, second.contract) == (None, named(wider))
        record = second.readings[0].record
        assert isinstance(record, Record)
        assert b'"colour":"red"' in record.body
        assert shelf.described == 0

    def test_what_was_retyped_before_the_contract_changed_is_still_told(self) -> None:
        shelf: Any = Shelf([])
        interpreter = Interpreter(shelf, an_entity(), a_contract(fields={"Terms": Kind.INT}))
        interpreter.interpret([a_row(Terms="thirty")], read_at=MORNING)
        interpreter.interpret([a_row(number=2)], read_at=MORNING, asked_by=a_contract())
        assert interpreter.codec.mistyped_members == {"Terms"}

    def test_a_contract_that_changed_on_a_page_without_new_rows_is_told_with_the_next_one(self) -> None:
        wider = a_contract(fields={"Colour": Kind.STRING})

        def shift(shelf: Shelf, _: ListQuery) -> None:
            if len(shelf.queries) == 2:
                shelf.rows = rows(*range(11, 16))
                shelf.asked_by = wider

        pages = list(a_reader(Shelf(rows(1, 2, 3, 4), before=shift)).read())
        assert [page.contract for page in pages] == [None, named(wider), None]
        assert ids(pages) == [[1, 2, 3], [11, 12, 13], [14, 15]]

    def test_a_column_that_stays_narrow_does_so_under_the_new_contract_too(self) -> None:
        fields = {"Amount": Kind.DECIMAL}
        wider = a_contract(fields={**fields, "Colour": Kind.STRING})
        shelf: Any = Shelf([])
        entity = an_entity(bignumeric_fields=frozenset({"Amount"}))
        narrow = frozenset({"amount"})
        interpreter = Interpreter(shelf, entity, a_contract(fields=fields), numeric_not_widened=narrow)
        interpreter.interpret([], read_at=MORNING, asked_by=wider)
        assert "Colour" in interpreter.codec.contract.root.fields
        (reading,) = interpreter.interpret([a_row(Amount=10**35)], read_at=MORNING).readings
        assert isinstance(reading.record, Rejected)
        assert "cannot be widened in place" in reading.record.reason

    def test_a_column_that_keeps_its_type_keeps_it_under_the_new_contract_too(self) -> None:
        wider = a_contract(fields={"Terms": Kind.INT, "Colour": Kind.STRING})
        shelf: Any = Shelf([], contract=wider)
        old = a_contract(fields={"Terms": Kind.INT})
        interpreter = Interpreter(shelf, an_entity(), old, frozenset({"terms"}))
        for row in (a_row(Terms=30), a_row(Terms=30, Colour="red")):
            (reading,) = interpreter.interpret([row], read_at=MORNING).readings
            assert isinstance(reading.record, Record)
            assert reading.record.extra == b'{"Terms":"30"}'

    def test_a_grammar_put_right_on_the_way_is_the_one_that_is_remembered(self) -> None:
        right = replace(a_contract(), grammar=5)
        shelf = Shelf(rows(1, 2, 3, 4))
        shelf.asked_by = right
        reader = a_reader(shelf)
        assert [page.contract for page in reader.read()] == [named(right), None]
