"""Words of a `$filter`: OData 3 as contract 4 writes it, OData 4 as contract 5 does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal

from .problems import bad_filter

_COMMON = [
    ("text", r"'(?:[^']|'')*'"),
    ("word", r"[A-Za-z_][\w.]*(?:/[A-Za-z_]\w*)*"),
    ("mark", r"[(),=]"),
]
_CONTRACT_4 = [
    ("space", r"\s+"),
    ("typed", r"(?:datetimeoffset|date|guid)'[^']*'"),
    ("number", r"-?\d+(?:\.\d+)?[MmLlDdFf]?"),
    *_COMMON,
]
_CONTRACT_5 = [
    ("space", r"\s+"),
    ("guid", r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"),
    ("instant", r"\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:\d{2})?"),
    ("day", r"\d{4}-\d{2}-\d{2}"),
    ("number", r"-?\d+(?:\.\d+)?"),
    *_COMMON,
]


def _pattern(kinds: list[tuple[str, str]]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<{name}>{regex})" for name, regex in kinds))


_PATTERNS = {4: _pattern(_CONTRACT_4), 5: _pattern(_CONTRACT_5)}

LiteralValue = str | int | bool | Decimal | date | datetime | None


@dataclass(frozen=True, slots=True)
class Token:
    """One word; `value` is set for literals, whose `kind` is `literal`."""

    kind: str
    text: str
    value: LiteralValue = None


@dataclass(frozen=True, slots=True)
class Lexer:
    """Cuts a filter into tokens; a literal instant without offset is taken to be in `zone`."""

    contract_version: int
    zone: tzinfo

    def tokens(self, text: str) -> list[Token]:
        """All tokens, or a 500 where the text is none."""
        found, position = [], 0
        pattern = _PATTERNS[self.contract_version]
        while position < len(text):
            match = pattern.match(text, position)
            if match is None:
                raise bad_filter(f"Syntax error at position {position} in '{text}'.")
            position = match.end()
            kind = match.lastgroup or ""
            if kind != "space":
                found.append(self._token(kind, match.group()))
        return found

    def _token(self, kind: str, text: str) -> Token:
        if kind == "text":
            return Token("literal", text, text[1:-1].replace("''", "'"))
        if kind == "number":
            return Token("literal", text, _number(text))
        if kind == "typed":
            name, _, rest = text.partition("'")
            return Token("literal", text, self._typed(name, rest[:-1]))
        if kind in ("guid", "instant", "day"):
            name = {"guid": "guid", "instant": "datetimeoffset", "day": "date"}[kind]
            return Token("literal", text, self._typed(name, text))
        if kind == "word" and text in ("true", "false", "null"):
            return Token("literal", text, {"true": True, "false": False, "null": None}[text])
        return Token(kind, text)

    def _typed(self, name: str, text: str) -> LiteralValue:
        if name == "guid":
            return text.lower()
        try:
            if name == "date":
                return date.fromisoformat(text)
            instant = datetime.fromisoformat(text)
        except ValueError:
            raise bad_filter(f"Unrecognized 'Edm.DateTimeOffset' literal '{name}'{text}''.") from None
        return instant if instant.tzinfo else instant.replace(tzinfo=self.zone)


def _number(text: str) -> int | Decimal:
    digits = text.rstrip("MmLlDdFf")
    return Decimal(digits) if "." in digits or digits != text else int(digits)
