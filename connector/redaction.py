"""Values that leave this process in no text: not in an error, a line, an answer, a page, a state or a warehouse.

They are hidden where a text is made (`ConnectorError` hides them by itself) or comes in (the answers of Acumatica), whatever
repeats them, and once more in every line that is logged.
"""

import base64
import html
import json
import re
import threading
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus, unquote_plus

HIDDEN = "[hidden]"
HIDDEN_WHOLE = "[hidden, as it repeats a secret]"
MAX_REMEMBERED = 200
"""The newest secrets alone are remembered, so that rotating tokens cannot make every line slower for ever."""

SECRET_MEMBERS = frozenset(
    {
        "access_token",
        "client_secret",
        "id_token",
        "password",
        "private_key",
        "private_key_id",
        "refresh_token",
    }
)
"""Members of a credentials document that are secrets of their own; a tenant or a user's name is none."""

MIN_LENGTH = 4
"""Shorter secrets are not hidden: hiding them would remove ordinary text, and so give them away."""
MIN_LINE_LENGTH = 16
"""A line of a PEM file of at least this length is a secret of its own; hiding shorter ones would remove ordinary text."""
MIN_LENGTH_IN_DATA = 6
"""A secret is looked for in records only if it has this many letters and digits in a row, or two more altogether."""
MIN_LENGTH_DISGUISED = 8
"""Shorter secrets are not looked for in broken-up or base64-encoded text, where they would match everywhere."""
FORM_LINE = re.compile(r'\{?\s*"auth"\s*:\s*"\w*"\s*,?')
"""A line of a credentials document that names its form alone: hints name it too."""
INVISIBLE = re.compile(r"[\s\u00ad\u200b-\u200f\u2060\ufeff]+")
ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
WORD = re.compile(r"[A-Za-z0-9]+")
UNTOUCHED = re.compile(r"[A-Za-z0-9_.~-]+")
"""What every encoding but base64 leaves as it is. The longer a text, the faster it is looked for."""


class Secrets:
    """The secrets of this process, in every spelling a text could hold them in. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spellings: dict[str, frozenset[str]] = {}
        self._pattern: re.Pattern[str] | None = None

    def add(self, secret: str) -> None:
        """Remember one more; blank text, and what is shorter than four characters, is no secret."""
        if len(secret) < MIN_LENGTH or not secret.strip():
            return
        with self._lock:
            known = self._spellings.pop(secret, None)
            self._spellings[secret] = known or _render(secret)
            while len(self._spellings) > MAX_REMEMBERED:
                self._spellings.pop(next(iter(self._spellings)))
            if known is None:
                self._pattern = None

    def redact(self, text: str) -> str:
        """Return the text with every secret in it replaced; all of it is hidden where one is in it in disguise."""
        with self._lock:
            known = dict(self._spellings)
        if any(spelling in text for spellings in known.values() for spelling in spellings):
            text = self._find_pattern().sub(HIDDEN, text)
        return HIDDEN_WHOLE if _is_disguised(text, known) else text

    def redact_body(self, body: bytes, *, is_data: bool) -> bytes:
        """Return the body of an answer with every secret in it replaced.

        Of data, only what has enough letters and digits to be no coincidence is: a bill's amount is not to be blotted
        out by a password. Costs a few milliseconds for a page of some megabytes.
        """
        with self._lock:
            known = tuple(self._spellings.items())
        for secret, spellings in known:
            if secret.lstrip().startswith("{"):
                continue  # a whole document: the secrets in it are known one by one
            if is_data and (_is_ordinary(secret) or _find_longest(UNTOUCHED, secret).encode() not in body):
                continue
            for spelling in sorted(spellings, key=len, reverse=True):
                body = body.replace(spelling.encode(errors="replace"), HIDDEN.encode())
        return body

    def _find_pattern(self) -> re.Pattern[str]:
        """Return the pattern of all spellings. Compiling it takes many milliseconds, and nearly no text has a secret."""
        with self._lock:
            if self._pattern is None:
                longest_first = sorted(frozenset().union(*self._spellings.values()), key=len, reverse=True)
                self._pattern = re.compile("|".join(map(re.escape, longest_first)))
            return self._pattern


def _render(secret: str) -> frozenset[str]:
    """The secret in every encoding of an encoding: an exception quotes a body that already is JSON. Of a PEM each line too."""
    lines = {line.strip() for line in secret.splitlines()}
    key_lines = {
        line
        for line in lines
        if len(line) >= MIN_LINE_LENGTH and not line.startswith("-----") and not FORM_LINE.fullmatch(line)
    }
    stripped = secret.strip()
    plain = {secret, *key_lines} | ({stripped} if len(stripped) >= MIN_LENGTH else set())
    once = {spelling for text in plain for spelling in _encode(text)}
    return frozenset(spelling for text in once for spelling in _encode(text)) | frozenset(
        _encode_base64(secret)
    )


def _encode(text: str) -> set[str]:
    """The text as it is, in a URL, in a form body, in JSON, in a page and in a Python literal."""
    encoded = text.encode("utf-8", "replace")
    in_urls = {quote(encoded), quote(encoded, safe=""), quote_plus(encoded)}
    in_urls |= {re.sub("%..", lambda match: match[0].lower(), url) for url in in_urls}
    in_code = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1]}
    return {text, html.escape(text), html.escape(text, quote=False)} | in_urls | in_code


def _encode_base64(secret: str) -> Iterator[str]:
    """Yield what base64 makes of the secret wherever in a text it stands, without the digits its neighbours share."""
    raw = secret.strip().encode("utf-8", "replace")
    if len(raw) < MIN_LENGTH_DISGUISED:
        return
    for before in range(3):
        digits = base64.b64encode(bytes(before) + raw).decode().rstrip("=")
        first, last = (before * 8 + 5) // 6, (before + len(raw)) * 8 // 6
        yield digits[first:last]
        yield digits[first:last].translate(str.maketrans("+/", "-_"))


def _is_ordinary(secret: str) -> bool:
    """Whether a record may hold the same text by coincidence."""
    in_all = sum(map(str.isalnum, secret))
    return len(_find_longest(WORD, secret)) < MIN_LENGTH_IN_DATA and in_all < MIN_LENGTH_IN_DATA + 2


def _find_longest(run: re.Pattern[str], secret: str) -> str:
    return max(run.findall(secret), key=len, default="")


def _is_disguised(text: str, secrets: Iterable[str]) -> bool:
    """Whether a secret is in the text in other case, broken up by white space, or partly escaped."""
    bare = _undress(text)
    return any(len(plain) >= MIN_LENGTH_DISGUISED and plain in bare for plain in map(_strip, secrets))


def _undress(text: str) -> str:
    unescaped = ESCAPED.sub(lambda match: chr(int(match[1], 16)), html.unescape(text))
    return f"{_strip(unescaped)}\n{_strip(unquote_plus(unescaped))}"


def _strip(text: str) -> str:
    return INVISIBLE.sub("", text).casefold()


SECRETS = Secrets()
"""The secrets of this process."""


def redact(text: str) -> str:
    """Return the text without any secret of this process."""
    return SECRETS.redact(text)


def register_secret(secret: str) -> None:
    """Keep this value out of every text from now on: errors, lines, figures and exception texts, however encoded.

    Of a credentials document (a JSON object) the secrets in it are hidden too.
    """
    SECRETS.add(secret)
    try:
        document = json.loads(secret)
    except (ValueError, RecursionError):
        return
    if isinstance(document, dict):
        for member in SECRET_MEMBERS & document.keys():
            SECRETS.add(str(document[member]))


MEMBER = re.compile(rf'"({"|".join(sorted(SECRET_MEMBERS))})"\s*:\s*"((?:[^"\\]|\\.)+)"')


def register_misplaced(text: str) -> None:
    """Do the same for a setting that holds credentials where a name or an address is expected; any other text is let be."""
    if "-----BEGIN" in text:
        SECRETS.add(text)
    for match in MEMBER.finditer(text):
        SECRETS.add(text)
        SECRETS.add(match[2])
        SECRETS.add(match[2].encode(errors="replace").decode("unicode_escape", errors="replace"))
