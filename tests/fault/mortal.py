"""A process that can die: ports that fail before or after a chosen call, and never work again once it is dead."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from connector.ports import Ports, StateStore


class Killed(BaseException):
    """The process is gone: nothing of it runs any more, not even its cleaning up."""


Moment = tuple[str, int]
"""A moment (`before warehouse.append`) and how often it came by then, from 1."""

Decision = Callable[[str, int], BaseException | None]
"""Given a moment and how often it came, what happens there."""

READS = frozenset(
    {
        "source.contract_matches",
        "source.forbid_credentials",
        "source.origin",
        "source.refused_sign_in",
        "source.require_origin",
        "state.dead_letters.read_digests",
        "warehouse.close",
        "warehouse.current_versions",
        "warehouse.find_shared_ids",
        "warehouse.read_columns",
    }
)
"""Calls that leave nothing behind a process: whether it ends before or after one makes no difference."""


@dataclass(slots=True)
class Life:
    """One process. `decide` is asked at every moment before and after a port's call; Killed is for good."""

    decide: Decision
    moments: Counter[str] = field(default_factory=Counter)
    order: list[Moment] = field(default_factory=list)
    is_dead: bool = False

    def reach(self, moment: str) -> None:
        """Go on, or raise what happens at this moment."""
        if self.is_dead:
            raise Killed(moment)
        self.moments[moment] += 1
        self.order.append((moment, self.moments[moment]))
        judged = self.decide(moment, self.moments[moment])
        if judged is not None:
            self.is_dead = isinstance(judged, Killed)
            raise judged


class Mortal:
    """A port of a process that can die."""

    def __init__(self, name: str, port: object, life: Life) -> None:
        self._name, self._port, self._life = name, port, life

    def __getattr__(self, method: str) -> Any:
        real = getattr(self._port, method)

        def call(*args: Any, **kwargs: Any) -> Any:
            self._life.reach(f"before {self._name}.{method}")
            answer = real(*args, **kwargs)
            self._life.reach(f"after {self._name}.{method}")
            return answer

        return call


class MortalState(Mortal):
    """The state of a process that can die: `state.audit.open_run` is one of its calls."""

    def __init__(self, state: StateStore, life: Life) -> None:
        super().__init__("state", state, life)
        for part in get_type_hints(StateStore):
            setattr(self, part, Mortal(f"state.{part}", getattr(state, part), life))

    entities: Any
    notifications: Any
    seats: Any
    audit: Any
    dead_letters: Any


def mortal(ports: Ports, life: Life) -> Ports:
    """Return the same ports as a process has them that may die at any call."""
    return Ports(
        source=Mortal("source", ports.source, life),
        warehouse=Mortal("warehouse", ports.warehouse, life),
        state=MortalState(ports.state, life),
        clock=ports.clock,
    )


def choose_ends(order: Sequence[Moment], chance: random.Random) -> list[Moment]:
    """Return one moment of each stretch in which a process leaves the same behind, whichever moment it ends at.

    A stretch ends with a call that has an effect outside the process; which of its moments is tried is chance.
    """
    stretches: list[list[Moment]] = [[]]
    for moment in order:
        if moment[0].startswith("after ") and moment[0].removeprefix("after ") not in READS:
            stretches.append([])
        stretches[-1].append(moment)
    return [chance.choice(stretch) for stretch in stretches if stretch]


def dies_at(moment: str, ordinal: int = 1) -> Life:
    """Return a life that ends at the n-th time of this moment."""
    return Life(lambda at, count: Killed(at) if (at, count) == (moment, ordinal) else None)


def stumbles_at(moment: str, error: Exception, ordinal: int = 1) -> Life:
    """Return a life in which one call fails with an error, before it had an effect or after."""
    return Life(lambda at, count: error if (at, count) == (moment, ordinal) else None)
