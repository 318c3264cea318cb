"""What a run reads is what the copy shows afterwards, whatever ran before it and whatever any clock said then.

One history: runs of every mode, some of them killed, while records change, vanish and reappear, with stamps that are missing, set back
or in the future, and while both clocks jump. After each run that succeeds, every record that it read is shown as it read it.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from connector.domain.entity import Depth, Entity
from connector.domain.list_query import ListAnswer, ListQuery
from connector.domain.records.contract import Kind
from connector.domain.run import Mode, Status
from tests.builders import a_contract, an_id
from tests.fault.mortal import Killed, Life
from tests.stand_ins.list_source import ListSource
from tests.unit.runs.small_rig import PROVEN, SmallRig, remember, vendors

CONTRACT = a_contract(fields={"Number": Kind.INT})
MINUTE = timedelta(minutes=1)
LAST = datetime(9999, 12, 31, 23, 59, 59, 997_000, tzinfo=UTC)
JUMPS = st.sampled_from([*[0] * 12, 2, 20, 600, 100_000, -2, -20, -600, -100_000])
"""Minutes."""
STEPS = st.fixed_dictionaries(
    {
        "passed": st.sampled_from([1, 5, 8, 16, 60]),
        "source_jump": JUMPS,
        "our_jump": JUMPS,
        "record": st.integers(1, 2),
        "event": st.sampled_from(["change", "change", "change", "change", "vanish", "return"]),
        "stamp": st.sampled_from(["now", "now", "back", "none", "last"]),
        "refused": st.sampled_from([False, False, False, True]),
        "mode": st.sampled_from(
            ["incremental", "incremental", "incremental", "keys", "content", "backfill", "replay", "notify"]
        ),
        "killed_at": st.sampled_from([*[None] * 40, *range(1, 40)]),
    }
)


class WatchedSource(ListSource):
    """Notes what each run reads: the last row of each record, None where it is said to be gone."""

    def __init__(self, source: ListSource, entity: Entity) -> None:
        super().__init__(entity=entity, clock=source._clock, contract=source.contract)
        self.read: dict[str, bytes | None] = {}
        self.is_probing = False
        """Whether records are read by their ids only to see that they are there."""

    @override
    def read_list(self, query: ListQuery) -> ListAnswer:
        answer = super().read_list(query)
        if (
            query.top > 1 and not query.keys_only
        ):  # a list of one row is only asked for to see whether there is any
            self.read |= {str(msgspec.json.decode(row)["id"]): row for row in answer.rows}
        return answer

    @override
    def read_record(self, entity: Entity, record_id: str) -> bytes | None:
        found = super().read_record(entity, record_id)
        if found is None or not self.is_probing:
            self.read[record_id] = found
        return found


class History:
    def __init__(self) -> None:
        self.rig = SmallRig(contract=CONTRACT)
        self.source = self.rig.source = WatchedSource(self.rig.source, self.rig.entity)
        self.number = self.notices = 0
        self.vanished: dict[str, bytes] = {}
        for record in (1, 2, 3):
            self.change(record, "now")
        assert self.rig.run().status is Status.SUCCEEDED
        remember(self.rig, proven_identity=PROVEN)

    def live(self, step: dict[str, Any]) -> None:
        self.move_clocks(step)
        self.happen(step)
        is_refusing = step["refused"]
        self.rig.warehouse.refuse = lambda row: "too large" if is_refusing and b'"number"' in row else None
        if step["mode"] == "notify":
            self.notices += 1
            noted = [an_id(step["record"])]
            self.rig.state.notifications.note("vendors", f"n{self.notices}", noted, timedelta(hours=1))
        if step["killed_at"] is not None and self.is_killed(step):
            self.rig.clock.advance(40 * MINUTE)
        self.run(step)

    def move_clocks(self, step: dict[str, Any]) -> None:
        ours, theirs = step["our_jump"] * MINUTE, step["source_jump"] * MINUTE
        self.rig.clock.advance(ours + step["passed"] * MINUTE)
        self.source.clock_ahead += theirs - ours

    def happen(self, step: dict[str, Any]) -> None:
        record_id = an_id(step["record"])
        if step["event"] == "change" and record_id not in self.vanished:
            self.change(step["record"], step["stamp"])
        elif step["event"] == "vanish" and record_id in self.source.rows:
            self.vanished[record_id] = self.source.rows.pop(record_id)
        elif record_id in self.vanished:
            self.source.rows[record_id] = self.vanished.pop(record_id)

    def change(self, record: int, stamp: str) -> None:
        self.number += 1
        now = self.rig.clock.now() + self.source.clock_ahead
        stamps = {"now": now, "back": now - 7 * MINUTE, "none": None, "last": LAST}
        self.source.put(*vendors(record, modified_at=stamps[stamp], Number=self.number))

    def is_killed(self, step: dict[str, Any]) -> bool:
        moments = iter(range(1, step["killed_at"]))
        life = Life(lambda moment, _: Killed(moment) if next(moments, None) is None else None)
        try:
            self.start(step, life)
        except Killed:
            return True
        return False

    def run(self, step: dict[str, Any]) -> None:
        self.source.read.clear()
        self.source.is_probing = step["mode"] in ("incremental", "notify")
        if self.start(step, None) is not Status.SUCCEEDED:
            return
        shown = self.rig.shown("number")
        letters = {letter.record_id for letter in self.rig.state.dead_letters.read("vendors")}
        for record_id, raw in self.source.read.items():
            if record_id not in letters:
                number = None if raw is None else msgspec.json.decode(raw)["Number"]["value"]
                assert shown.get(record_id) == number, (record_id, step)

    def start(self, step: dict[str, Any], life: Life | None) -> Status:
        name = step["mode"]
        mode = {"keys": Mode.RECONCILE, "content": Mode.RECONCILE, "notify": Mode.INCREMENTAL}.get(name)
        depth = Depth.CONTENT if name == "content" else Depth.KEYS
        mode = mode or Mode(name)
        return self.rig.run(mode, life=life, depth=depth, force=True).status


@settings(max_examples=60, deadline=None, print_blob=True)
@given(steps=st.lists(STEPS, min_size=2, max_size=5))
def test_every_record_that_a_run_reads_is_shown_as_it_was_read(steps: list[dict[str, Any]]) -> None:
    history = History()
    for step in steps:
        history.live(step)
