"""Which field each column was made for: decided once, stored with the contract, never changed."""

from collections.abc import Collection, Iterator, Mapping

from msgspec import Struct, field

MAX_NAME_LENGTH = 290
"""Maximum length of a column name, leaving room for a number: BigQuery allows 300 characters."""
COLLECTION = "[]"
"""Ends the path of a detail collection: a scalar and a collection of one name are two columns."""
NOBODY = ""
"""Marks a column that must not be assigned to any field, because its content is unknown."""


class ColumnNames(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The field of every column that was ever created.

    `log` maps the columns of the log, dotted (`details.qty`), to their fields (`Details/Qty`). `views` maps for each
    view its columns to what they show: a column of the log (`status`), or of its lines (`[].qty`).

    Entries are never removed: a field that leaves the contract and returns gets its column back.
    """

    log: Mapping[str, str] = field(default_factory=dict)
    views: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.log)

    def find(self, owner: str) -> str | None:
        """Return the column of a record's field or collection, ignoring case; None if it has none."""
        columns = {made_for: column for column, made_for in self.log.items() if "." not in column}
        folded = {made_for.casefold(): column for made_for, column in columns.items()}
        return columns.get(owner) or folded.get(owner.casefold())


NO_NAMES = ColumnNames()


def find_spelled(wanted: str, names: Collection[str]) -> str | None:
    """Return the name that equals the wanted one, or else equals it but for case."""
    if wanted in names:
        return wanted
    return next((name for name in names if name.casefold() == wanted.casefold()), None)


class Claims:
    """Assigns the column names of one row or view: assigned names stay, a new column gets a free one."""

    def __init__(self, before: Mapping[str, str]) -> None:
        self.owners = dict(before)
        self._names = {owner: name for name, owner in before.items()}

    def find(self, owner: str) -> str | None:
        """Return the name assigned to this owner."""
        return self._names.get(owner)

    def is_free(self, name: str) -> bool:
        """Whether the name was never assigned (BigQuery ignores case; all names are lower case)."""
        return name not in self.owners

    def claim(self, owner: str, name: str) -> str:
        """Return the owner's name: the assigned one, or else this one, with a number if it is taken."""
        return self.find(owner) or self.take(
            owner, next(filter(self.is_free, _number(name[:MAX_NAME_LENGTH])))
        )

    def take(self, owner: str, name: str) -> str:
        """Assign this name to the owner."""
        self.owners[name] = owner
        self._names[owner] = name
        return name


def _number(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}_{number}"
        number += 1


def render_path(member: str) -> str:
    """Return a member as a path step; slashes are escaped as in a JSON pointer, so that paths stay unique."""
    return member.replace("~", "~0").replace("/", "~1")
