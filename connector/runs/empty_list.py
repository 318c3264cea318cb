"""An empty list may be an idle hour, rights taken away, or a filter that Acumatica silently ignores: which is it?"""

from datetime import UTC, datetime

from connector.domain.listing import ListQuery
from connector.domain.records.contract import Contract
from connector.domain.tables.schema import Table
from connector.errors import ListEmptyError
from connector.runs.run import Run

LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)
"""A bound that every stamp is after."""


def is_filter_ignored(run: Run, contract: Contract, table: Table, *, was_filtered: bool) -> bool:
    """Return False if the empty list may be believed, True if there are records and no filter finds them.

    One request in an idle run: the same filter with a bound that every record is after. Raises ListEmptyError when
    nothing is listed without a filter either, though the warehouse has records.
    """
    if was_filtered and _lists_any(run, contract.modified_field, LONG_AGO):
        return False
    if was_filtered and _lists_any(run, None, None):
        return True
    if not all(current.is_deleted for current in run.ports.warehouse.current_versions(table)):
        raise ListEmptyError(
            f"Acumatica lists no {run.entity.acumatica_entity} at all, though there were some before.",
            action=(
                "Check the API user's roles, branches and restriction groups. If they were really all deleted, "
                "run a reconcile with force."
            ),
        )
    return False


def _lists_any(run: Run, modified_field: str | None, changed_since: datetime | None) -> bool:
    query = ListQuery(
        entity=run.entity,
        modified_field=modified_field,
        changed_since=changed_since,
        skip=0,
        top=1,
        keys_only=True,
    )
    return bool(run.ports.source.read_list(query).rows)
