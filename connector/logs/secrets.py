"""Values that no log line may show."""

import json
import re
import threading
from urllib.parse import quote, quote_plus

HIDDEN = "[hidden]"
REMEMBERED_AT_MOST = 200
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

SHORTEST_LINE = 16
"""A line of a PEM that is at least this long is a secret of its own; shorter ones would blot out ordinary text."""


class Secrets:
    """The secrets of this process, in every spelling a line could hold them in. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spellings: dict[str, frozenset[str]] = {}
        self._pattern: re.Pattern[str] | None = None

    def add(self, secret: str) -> None:
        """Remember one more; blank text is no secret."""
        if not secret.strip():
            return
        with self._lock:
            known = self._spellings.pop(secret, None)
            self._spellings[secret] = known or _spell(secret)
            while len(self._spellings) > REMEMBERED_AT_MOST:
                self._spellings.pop(next(iter(self._spellings)))
            if known is None:
                self._pattern = None

    def redact(self, text: str) -> str:
        """Return the text with every secret in it replaced."""
        with self._lock:
            if not self._spellings:
                return text
            self._pattern = self._pattern or self._compile()
        return self._pattern.sub(HIDDEN, text)

    def _compile(self) -> re.Pattern[str]:
        """Return the pattern of all spellings: with the first line that needs it, as this takes milliseconds."""
        longest_first = sorted(frozenset().union(*self._spellings.values()), key=len, reverse=True)
        return re.compile("|".join(map(re.escape, longest_first)))


def _spell(secret: str) -> frozenset[str]:
    """The secret in every encoding of an encoding: an exception quotes a body that already is JSON. Of a PEM each line too."""
    lines = {line.strip() for line in secret.splitlines()}
    telling = {line for line in lines if len(line) >= SHORTEST_LINE and not line.startswith("-----")}
    plain = {secret, secret.strip(), *telling}
    once = {spelling for text in plain for spelling in _encode(text)}
    return frozenset(spelling for text in once for spelling in _encode(text))


def _encode(text: str) -> set[str]:
    """The text as it is, in a URL, in a form body, in JSON and in a Python literal."""
    encoded = text.encode("utf-8", "replace")
    in_urls = {quote(encoded), quote(encoded, safe=""), quote_plus(encoded)}
    in_urls |= {re.sub("%..", lambda match: match[0].lower(), url) for url in in_urls}
    in_code = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1]}
    return {text} | in_urls | in_code


SECRETS = Secrets()
"""The secrets of this process."""


def register_secret(secret: str) -> None:
    """Keep this value out of every line from now on: messages, figures and exception texts, however encoded.

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
