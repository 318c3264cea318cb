"""One configured connector: what its use cases work with. Each use case is a module of its own, so that a call loads its own alone."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from secrets import token_hex

from connector.app.catalogue import Catalogue, load_catalogue
from connector.app.settings import Settings
from connector.app.wiring import Wiring
from connector.domain.entity_state import EntityStatus, Origin
from connector.ports import Clock, StateStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """One configured connector. The use cases, which take it, raise BadRequestError for an entity that does not exist."""

    settings: Settings
    catalogue: Catalogue
    wiring: Wiring
    is_stopping: Callable[[], bool] = field(default=lambda: False)

    @property
    def clock(self) -> Clock:
        """The clock of every run."""
        return self.wiring.clock

    def read_standing(self) -> tuple[Origin | None, Sequence[EntityStatus]]:
        """Return the tenant that is copied, and the status of every entity in the order of the catalogue."""
        with self.open_state() as state:
            return state.seats.read_origin(), state.statuses(list(self.catalogue.entities))

    @contextmanager
    def open_state(self) -> Iterator[StateStore]:
        """Open the state until the end of the block."""
        with closing(self.wiring.open_state()) as state:
            yield state


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    is_stopping: Callable[[], bool] = lambda: False,
    pause: Callable[[timedelta], None] | None = None,
) -> Connector:
    """Return the connector for these settings; raise CatalogueError when the catalogue is not valid.

    `pause` waits between two tries of a request to Acumatica, in place of the clock; it may raise to end the run.
    """
    wiring = Wiring(settings=settings, pause=pause)
    return Connector(
        settings=settings,
        catalogue=load_catalogue(settings.entities_file),
        wiring=replace(wiring, clock=clock) if clock else wiring,
        is_stopping=is_stopping,
    )


def build_run_id(now: datetime) -> str:
    """Return an id that sorts by time and is unique: `20261122T060000-3f9a1c04`."""
    return f"{now:%Y%m%dT%H%M%S}-{token_hex(4)}"
