"""Dead letters processed again: one or all, in many runs if need be, and never so that a deleted record comes back."""

from datetime import timedelta
from decimal import Decimal

from msgspec.structs import replace

from connector.domain.entity_state import DeadLetter, Outcome
from connector.domain.instants import to_text
from connector.domain.run import Mode, RunResult, Status, got_further
from tests.builders import Rig
from tests.fault.mortal import Life
from tests.oracle import assert_shows_tenant

TOO_LONG = Decimal("1234567890123456789012345678901.5")
FOREVER = 10_000
READ = timedelta(seconds=10)


def _keep_all(rig: Rig, *, good: int) -> None:
    """Let all 40 bills be rejected; the last ones, so many, can be used by now."""
    rig.run("invoices")
    rig.pass_time(timedelta(hours=1))
    tenant = rig.sandbox.tenant
    ids = sorted(bill.id for bill in tenant.records("Bill"))
    for number, bill in enumerate(ids):
        changed = {"Amount": TOO_LONG} if number < 40 - good else {"Description": "mended"}
        tenant.change("Bill", bill, changed)
        rig.reject("invoices", bill)
    rig.pass_time(timedelta(hours=1))


def _letters(rig: Rig) -> dict[str, DeadLetter]:
    return {letter.record_id: letter for letter in rig.state.dead_letters.read("invoices")}


def _replay(rig: Rig, *, budget: timedelta = READ * 1000) -> RunResult:
    """Replay with reads of ten seconds each."""

    def decide(moment: str, _: int) -> None:
        if moment == "after source.read_record":
            rig.clock.advance(READ)

    return rig.run("invoices", Mode.REPLAY, life=Life(decide), budget=budget, max_sessions=2)


def test_one_letter_alone_is_replayed(rig: Rig) -> None:
    one, other, *_ = [bill.id for bill in rig.sandbox.tenant.records("Bill")]
    rig.reject("invoices", one, other)
    result = rig.run("invoices", Mode.REPLAY, record_id=one)
    assert (result.status, result.records_read, result.records_written) == (Status.SUCCEEDED, 1, 1)
    assert list(_letters(rig)) == [other]
    assert [row["_id"] for row in rig.query("SELECT _id FROM invoices")] == [one]


def test_many_letters_are_written_in_batches(rig: Rig) -> None:
    tenant = rig.sandbox.tenant
    for number in range(80):
        tenant.insert("Bill", {"Type": "Bill", "ReferenceNbr": f"9{number:05}", "Vendor": "V000001"})
    rig.reject("invoices", *(bill.id for bill in tenant.records("Bill")))
    life = Life(lambda *_: None)
    result = rig.run("invoices", Mode.REPLAY, life=life)
    assert (result.status, result.records_written, result.pages) == (Status.SUCCEEDED, 120, 120)
    assert life.moments["before state.audit.record_page"] == 120
    assert life.moments["before warehouse.append"] == 3 + 1, "three batches, and the row of sync_runs"
    assert _letters(rig) == {}
    assert_shows_tenant(rig, "invoices")


def test_a_replay_in_several_runs_tries_every_letter_once(rig: Rig) -> None:
    _keep_all(rig, good=6)
    results = [_replay(rig, budget=READ * 12)]
    while results[-1].status is Status.PARTIAL:
        assert got_further(results[-1])
        results.append(_replay(rig, budget=READ * 12))
    assert [result.records_read for result in results] == [12, 12, 12, 4]
    assert sum(result.records_written for result in results) == 6
    assert [letter.attempts for letter in _letters(rig).values()] == [2] * 34
    assert rig.state.entities.read("invoices").checkpoints == {}
    again = _replay(rig)
    assert (again.status, again.records_read) == (Status.SUCCEEDED, 34), "a new replay tries them again"


def test_a_replay_that_was_left_for_hours_begins_anew(rig: Rig) -> None:
    _keep_all(rig, good=0)
    assert _replay(rig, budget=READ * 12).records_read == 12
    rig.pass_time(timedelta(hours=2))
    result = _replay(rig)
    assert (result.status, result.records_read) == (Status.SUCCEEDED, 40)


def test_one_letter_is_tried_whatever_a_replay_of_all_is_up_to(rig: Rig) -> None:
    _keep_all(rig, good=0)
    assert _replay(rig, budget=READ * 12).status is Status.PARTIAL
    tried = next(letter for letter in _letters(rig).values() if letter.attempts == 2)
    result = rig.run("invoices", Mode.REPLAY, record_id=tried.record_id)
    assert (result.status, result.records_read) == (Status.SUCCEEDED, 1)
    assert list(rig.state.entities.read("invoices").checkpoints) == ["replay"]


def test_what_was_read_before_time_ran_out_in_a_request_is_written(rig: Rig) -> None:
    _keep_all(rig, good=40)
    rig.sandbox.faults.add(path="/Bill/", skip=7, times=FOREVER, status=429)
    first = rig.run("invoices", Mode.REPLAY, budget=timedelta(minutes=20))
    assert (first.status, first.records_written) == (Status.PARTIAL, 7)
    rig.sandbox.faults.clear()
    second = rig.run("invoices", Mode.REPLAY)
    assert (second.status, second.records_written) == (Status.SUCCEEDED, 33)
    assert_shows_tenant(rig, "invoices")


def test_a_record_that_is_gone_stays_gone_and_its_last_version_is_in_the_history(rig: Rig) -> None:
    tenant = rig.sandbox.tenant
    bill = tenant.records("Bill")[3].id
    rig.run("invoices")
    rig.pass_time(timedelta(hours=1))
    tenant.change("Bill", bill, {"Description": "the last version"})
    rig.reject("invoices", bill)
    rejected_at = rig.clock.now()
    tenant.delete("Bill", bill)
    rig.pass_time(timedelta(hours=1))
    assert rig.run("invoices", Mode.RECONCILE).details["deleted"] == 1
    rig.pass_time(timedelta(hours=1))

    result = rig.run("invoices", Mode.REPLAY)

    assert (result.status, result.details["deleted"]) == (Status.SUCCEEDED, 1)
    assert _letters(rig) == {}
    assert_shows_tenant(rig, "invoices")
    *_, last = rig.query(
        f"SELECT description, _synced_at, is_current FROM invoices_history WHERE _id = '{bill}' ORDER BY valid_from"
    )
    assert (last["description"], last["is_current"]) == ("the last version", False)
    assert to_text(last["_synced_at"]) == to_text(rejected_at), "it was read when it was rejected"
    outcomes = {page.entry.outcome for page in rig.state.audit.read_trail("invoices", bill)}
    assert outcomes == {Outcome.WRITTEN, Outcome.TOMBSTONED}
    assert rig.run("invoices", Mode.RECONCILE).details["repaired"] == 0


def test_a_record_that_is_gone_before_it_was_ever_stored_is_in_the_history_alone(rig: Rig) -> None:
    tenant = rig.sandbox.tenant
    bill = tenant.records("Bill")[3].id
    rig.reject("invoices", bill)
    tenant.delete("Bill", bill)
    rig.pass_time(timedelta(hours=1))
    assert rig.run("invoices", Mode.REPLAY).status is Status.SUCCEEDED
    assert rig.count("invoices") == 0
    assert rig.query("SELECT _id, is_current FROM invoices_history") == [{"_id": bill, "is_current": False}]


def test_a_record_without_an_id_is_replayed_as_it_was_kept(rig: Rig) -> None:
    """Whether it is gone cannot be asked, so it is not said."""
    rig.reject("invoices", rig.sandbox.tenant.records("Bill")[3].id)
    (letter,) = _letters(rig).values()
    rig.state.dead_letters.remove("invoices", letter.record_id, letter.rejected_at)
    rig.state.dead_letters.add(replace(letter, record_id="unidentified-1"))
    result = rig.run("invoices", Mode.REPLAY)
    assert (result.records_written, result.details["deleted"]) == (1, 0)
    assert [row["_id"] for row in rig.query("SELECT _id FROM invoices")] == [letter.record_id]
    assert _letters(rig) == {}
