"""Who may start a run: decides by what a browser and Identity-Aware Proxy say of the caller.

The function itself is private: whoever reaches it has the right to call it, or came through the proxy.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from connector.errors import ForbiddenError

ReadHeader = Callable[[str], str | None]
"""Returns a header of the request, None for one that is missing."""

IAP_USER = "X-Goog-Authenticated-User-Email"
"""Set by Identity-Aware Proxy on each request it lets through, whatever the caller sent: `accounts.google.com:ada@example.com`."""


def parse_operators(text: str) -> frozenset[str]:
    """Return the addresses of `a@example.com; b@example.com`, in lower case."""
    return frozenset(part.strip().casefold() for part in text.split(";") if part.strip())


def may_act(read_header: ReadHeader, operators: frozenset[str]) -> bool:
    """Whether the caller may start runs. Who comes through the proxy must be an operator; all others proved it already."""
    user = read_header(IAP_USER)
    return user is None or user.rpartition(":")[2].strip().casefold() in operators


def require_right_to_act(read_header: ReadHeader, operators: frozenset[str]) -> None:
    """Raise ForbiddenError for a caller who may only look."""
    if not may_act(read_header, operators):
        raise ForbiddenError(
            "Your account may look at this deployment, but not start runs.",
            action="Ask to be added to the operators (STATUS_OPERATORS).",
        )


def require_same_site(read_header: ReadHeader, host: str) -> None:
    """Raise ForbiddenError for a request that another web site made a browser send.

    Browsers say so themselves (Sec-Fetch-Site); an old one says at least where the page came from (Origin). Schedulers,
    queues and command lines send neither.
    """
    site, origin = read_header("Sec-Fetch-Site"), read_header("Origin")
    is_ours = site in ("same-origin", "none") if site else not origin or _find_host(origin) == host
    if not is_ours:
        raise ForbiddenError(
            "Another web site sent this request from your browser; nothing was done.",
            action="Start it from the status page itself.",
        )


def _find_host(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None
