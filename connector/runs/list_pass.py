"""One pass over an entity's list within the run's time, and what is found out on the way about reading it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from connector.domain.clocks import ClockReading, ClockVerdict
from connector.domain.cursor import Plan
from connector.domain.run import Mode
from connector.errors import ConnectorError, TransientError
from connector.runs.first_look import may_believe_list
from connector.runs.notices import count_unstamped
from connector.runs.prefetch import read_ahead
from connector.runs.preparing import OpenedEntity
from connector.runs.reading import ListReader, Page
from connector.runs.run import Run
from connector.runs.time_budget import TimeBudget


class ListPass:
    """Reads the list as earlier runs found that it has to be read, and stores what this one finds out."""

    def __init__(
        self,
        run: Run,
        opened: OpenedEntity,
        plan: Plan,
        *,
        judge: Callable[[ClockReading, Plan], ClockVerdict] = lambda _clocks, _plan: ClockVerdict(),
    ) -> None:
        """`judge` is as in `ListReader`."""
        self._run = run
        self._opened = opened
        self._budget = TimeBudget(run)
        self.reader = ListReader(
            source=run.ports.source,
            clock=run.ports.clock,
            interpreter=opened.interpreter,
            plan=plan,
            page_size=run.limits.page_size,
            page_limit=opened.entity_state.page_limit,
            page_bytes=run.limits.page_bytes,
            record_bytes=opened.entity_state.record_bytes,
            one_by_one=opened.reads_one_by_one,
            judge=judge,
            was_believed=run.request.mode is Mode.INCREMENTAL and not opened.is_list_on_trial,
            may_believe=lambda rows: may_believe_list(run, opened, rows),
        )

    @property
    def is_cut_short(self) -> bool:
        """Whether time ran out before the end of the list."""
        return self._budget.is_used_up

    @contextmanager
    def open(self) -> Iterator[Iterator[Page]]:
        """Yield the pages. What was found out is stored before the request in progress is waited for."""
        with read_ahead(self.reader.read()) as pages:
            try:
                yield self._budget.read_pages(self._note_one_by_one(pages))
            except ConnectorError as exc:
                self._note_page_limit(is_out_of_time=isinstance(exc, TransientError) and exc.is_out_of_time)
                raise
            self._note_page_limit(is_out_of_time=self.is_cut_short)

    def _note_one_by_one(self, pages: Iterator[Page]) -> Iterator[Page]:
        """Yield the pages; store at once that the list cannot be used, even if reading fails."""
        while True:
            try:
                page = next(pages, None)
            finally:
                if self.reader.one_by_one:
                    self._opened.note_one_by_one()
            if page is None:
                return
            self._opened.note_record_bytes(self.reader.record_bytes)
            count_unstamped(self._run, self._opened.contract, page.readings)
            yield page

    def _note_page_limit(self, *, is_out_of_time: bool) -> None:
        self._opened.note_page_limit(self.reader.find_page_limit(is_out_of_time=is_out_of_time))
