"""Decides what an empty list means: no changes, missing access rights, a filter that matches nothing, or too long a query."""

from enum import Enum, auto

from connector.domain.instants import LONG_AGO
from connector.domain.list_query import ListQuery
from connector.domain.records.contract import Contract
from connector.domain.tables.schema import Table
from connector.errors import ListEmptyError
from connector.runs.run import Run


class Emptiness(Enum):
    """What an empty list means."""

    BELIEVED = auto()
    FILTER_IGNORED = auto()
    """There are records, but the filter matches none of them."""
    LEFT_OUT = auto()
    """There are records, but a list with all requested members returns none."""


def judge_emptiness(
    run: Run, contract: Contract, table: Table, *, was_filtered: bool, was_filled: bool, one_by_one: bool
) -> Emptiness:
    """Return what the empty list means. All requests but the last ask for the same members as the list did.

    Costs an idle run one request: the same filter with a bound earlier than any stamp. Raises ListEmptyError if the
    unfiltered list is empty too although the warehouse `was_filled` and has records.
    """
    if was_filtered and _lists_any(run, contract.modified_field, one_by_one=one_by_one):
        return Emptiness.BELIEVED
    if was_filtered and _lists_any(run, None, one_by_one=one_by_one):
        return Emptiness.FILTER_IGNORED
    if not one_by_one and lists_keys(run):
        return Emptiness.LEFT_OUT
    if was_filled and not all(row.is_deleted for row in run.ports.warehouse.current_versions(table)):
        raise ListEmptyError(
            f"Acumatica lists no {run.entity.acumatica_entity} at all, though there were some before.",
            action=(
                "Check the API user's roles, branches and restriction groups. If they were really all deleted, "
                "run a reconcile with force."
            ),
        )
    return Emptiness.BELIEVED


def lists_keys(run: Run) -> bool:
    """Whether a list of keys alone has any record."""
    return _lists_any(run, None, keys_only=True)


def _lists_any(
    run: Run, modified_field: str | None, *, one_by_one: bool = False, keys_only: bool = False
) -> bool:
    query = ListQuery(
        entity=run.entity,
        modified_field=modified_field,
        changed_since=None if modified_field is None else LONG_AGO,
        skip=0,
        top=1,
        one_by_one=one_by_one,
        keys_only=keys_only,
    )
    return bool(run.ports.source.read_list(query).rows)
