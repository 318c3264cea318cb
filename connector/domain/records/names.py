"""Which field each column was made for: decided once, remembered with the contract, never changed."""

from collections.abc import Iterator, Mapping

from msgspec import Struct, field

MAX_NAME_LENGTH = 290
"""Characters of a column's name: BigQuery takes 300, a number may follow."""
COLLECTION = "[]"
"""Ends the path of a detail collection: a scalar and a collection of one name are two columns."""
NOBODY = ""
"""Stands for the field of a column that must not be given to any: nobody knows what is in it."""


class ColumnNames(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every column that was ever made stands for.

    `log` maps the columns of the log, dotted (`details.qty`), to their fields (`Details/Qty`). `views` maps for each
    view its columns to what they show: a column of the log (`status`), or of its lines (`[].qty`).

    Nothing leaves these maps: a field that is gone from the contract has its column again when it comes back.
    """

    log: Mapping[str, str] = field(default_factory=dict)
    views: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.log)

    def find(self, owner: str) -> str | None:
        """Return the column of a record's field or collection, by its name in any case; None when it has none."""
        columns = {made_for: column for column, made_for in self.log.items() if "." not in column}
        folded = {made_for.casefold(): column for made_for, column in columns.items()}
        return columns.get(owner) or folded.get(owner.casefold())


NO_NAMES = ColumnNames()


class Claims:
    """The names of one row or view while they are given out: those given before stay, a newcomer takes what is free."""

    def __init__(self, before: Mapping[str, str]) -> None:
        self.owners = dict(before)
        self._names = {owner: name for name, owner in before.items()}

    def find(self, owner: str) -> str | None:
        """Return the name that was given to this owner."""
        return self._names.get(owner)

    def is_free(self, name: str) -> bool:
        """Whether nobody ever had the name (BigQuery ignores case; all names are in lower case)."""
        return name not in self.owners

    def claim(self, owner: str, name: str) -> str:
        """Return the owner's name: the one it has, else this one, numbered if another has it."""
        return self.find(owner) or self.take(
            owner, next(filter(self.is_free, _number(name[:MAX_NAME_LENGTH])))
        )

    def take(self, owner: str, name: str) -> str:
        """Give the owner this name."""
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
    """Return a member as a step of a path; a slash in it is written as in a JSON pointer, so that no two paths are one."""
    return member.replace("~", "~0").replace("/", "~1")
