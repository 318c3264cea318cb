"""What a tenant can show, and what a look at some of its rows told: what a block of the catalogue is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.domain.block_members import SourceKind
from connector.domain.records.contract import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the rows told that were read of a list. Fields are paths (`Details/Promised`).

    `days` were midnight in every row, `times` were not, `unseen` had no value in any row; `empty` are columns of any type without
    one. `refusal` says why the list cannot
    be exported; empty if it can. `has_lasting_id` is None where nothing tells whether a record keeps its id.
    """

    rows: int = 0
    refusal: str = ""
    days: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    expanded: tuple[str, ...] = ()
    has_lasting_id: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFinding:
    """What tells the rows apart, as far as that was found out; `told` says how, for people."""

    keys: tuple[str, ...]
    told: str
    is_proven: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One thing the tenant can show. `look` is None where no row was read, `keys` unless they were searched for."""

    kind: SourceKind
    name: str
    fields: Mapping[str, Kind]
    details: Mapping[str, Mapping[str, Kind]] = field(default_factory=dict)
    linked: Mapping[str, Mapping[str, Kind]] = field(default_factory=dict)
    """Linked entities by their path (`MainContact/Address`)."""
    declared_keys: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    modified_field: str | None = None
    id_field: str | None = None
    look: Look | None = None
    keys: KeyFinding | None = None
    source: str = ""
    """Which endpoint or interface shows it."""
