"""Reads records again by their ids, one request each, as far as time allows."""

from collections.abc import Iterable, Iterator

from connector.errors import TransientError
from connector.runs.run import Run


def read_again(run: Run, record_ids: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
    """Yield these records as they are now, None for one that is gone; end early when time runs out, if need be in a request.

    So what was read in time can be written: thrown away with the last request, it would be read in vain by run after run.
    """
    for record_id in record_ids:
        if run.must_stop():
            return
        try:
            raw = run.ports.source.read_record(run.entity, record_id)
        except TransientError as exc:
            if run.is_cut_short(exc):
                return
            raise
        yield record_id, raw
