"""Requests of Acumatica's lists, and their responses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from connector.domain.entity import Entity
from connector.domain.records.contract import Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """One request of a list: `top` rows from `skip` on, of those whose `modified_field` is at or after `changed_since`.

    With `keys_only`, only ids, keys and stamps are requested. Archived records are always listed. Of an answer that becomes
    larger than `most_bytes` only the rows that are whole by then are wanted, at least two.
    """

    entity: Entity
    modified_field: str | None
    changed_since: datetime | None
    skip: int
    top: int
    one_by_one: bool = False
    keys_only: bool = False
    most_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAnswer:
    """The rows of one answer, each the JSON text of one record, in the list's order.

    `server_time` is Acumatica's clock when the request began: the answer's `Date` header less the time the request
    took; without that header our own clock at the start of the request less five minutes. `contract` is the one the rows
    were asked for by, where the source tells: another than before when the endpoint turned out to have changed.
    `unreadable` maps the index of a row to why its record cannot be read: the row holds its id, keys and stamp alone.
    """

    rows: Sequence[bytes]
    server_time: datetime
    contract: Contract | None = None
    unreadable: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedIds:
    """Ids that Acumatica lists as deleted; `is_whole` is False if it lists more than could be read.

    `deleted_at` says when, of those where it is known.
    """

    ids: Sequence[str]
    is_whole: bool = True
    deleted_at: Mapping[str, datetime] = field(default_factory=dict, compare=False)
