"""Parses the error object in the body of a response: what Acumatica says went wrong, without its stack trace."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from connector.adapters.acumatica.json_body import decode_body

SENTENCE_LIMIT = 300
OPTIMISATION = "optimization cannot be performed"
NOT_FOUND = "no entity satisfies the condition"
MISREAD = re.compile(
    r"syntax error at position|unrecognized '.*' literal|unterminated (string )?literal|query specified in the uri is not valid"
)
"""Phrases of the server's OData library when it cannot parse a query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`types` are the short .NET names, outermost first; `sentence` is the most telling message, on one line."""

    types: tuple[str, ...] = ()
    sentence: str = ""
    detail: str = ""
    """All messages in full, for recognising; never shown."""

    @classmethod
    def parse(cls, body: bytes) -> "Fault":
        """Parse the body; return an empty fault if it is not Acumatica's error object."""
        try:
            outer = decode_body(body)
        except msgspec.DecodeError:
            return cls()
        if not isinstance(outer, dict):
            return cls()
        levels = list(_levels(outer))
        messages = [*_texts(levels, "exceptionMessage"), *_texts(levels, "message")]
        details = list(_model_state(outer))
        types = [_short(str(level["exceptionType"])) for level in levels if level.get("exceptionType")]
        return cls(
            types=tuple(types),
            sentence=one_line(" ".join([*messages[:1], *details])),
            detail="\n".join([*messages, *details]),
        )

    def is_a(self, *names: str) -> bool:
        """Whether any level is of one of these types (short names, with or without `Exception`)."""
        wanted = {name.casefold() for name in names}
        return any(kind.casefold().removesuffix("exception") in wanted for kind in self.types)

    @property
    def unoptimised(self) -> tuple[str, ...]:
        """The fields an export with one query fails for (`Field (view View)`); empty when that is not the fault."""
        if not (self.is_a("CannotOptimize") or OPTIMISATION in self.detail.casefold()):
            return ()
        found = re.findall(r"^\s*([\w.]+): View (\w+) has BQL delegate", self.detail, flags=re.MULTILINE)
        return tuple(f"{name} (view {view})" for name, view in found) or ("a field Acumatica does not name",)

    @property
    def query_misread(self) -> bool:
        """Whether the server could not parse the query, for example one in the grammar of another contract version."""
        return self.is_a("OData", "ODataUnrecognizedPath") or bool(MISREAD.search(self.detail.casefold()))

    @property
    def record_absent(self) -> bool:
        """Whether Acumatica says that there is no such record."""
        return self.is_a("NoEntitySatisfiesTheCondition") or NOT_FOUND in self.detail.casefold()


def one_line(text: str) -> str:
    """Return the text on one line, cut to the length of a log line."""
    line = " ".join(text.split())
    return line if len(line) <= SENTENCE_LIMIT else line[: SENTENCE_LIMIT - 1] + "…"


def _levels(outer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    level: Any = outer
    for _ in range(10):
        if not isinstance(level, dict):
            return
        yield level
        level = level.get("innerException")


def _model_state(outer: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with each member of a request that was refused as invalid."""
    state = outer.get("modelState")
    for name, texts in state.items() if isinstance(state, dict) else ():
        for text in texts if isinstance(texts, list) else [texts]:
            if isinstance(text, str) and text.strip():
                yield f"{name}: {text}" if name else text


def _texts(levels: Iterable[dict[str, Any]], name: str) -> Iterator[str]:
    for level in levels:
        text = level.get(name)
        if isinstance(text, str) and text.strip():
            yield text


def _short(name: str) -> str:
    """Return `PXSetupNotEnteredException` for ``PX.Data.PXSetupNotEnteredException`1[[PX.Objects…``."""
    return re.split(r"[`,\[]", name.strip())[0].rpartition(".")[2]
