"""The URL of the Acumatica instance, checked once, and the addresses below it."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, quote, urlsplit

from connector.errors import ConfigurationError

ACTION = "Set ACUMATICA_URL to the address of the instance, e.g. https://erp.example.com/AcumaticaERP."


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One endpoint version of one instance. `root` has the virtual directory, if any, and no slash at its end.

    `version` is empty until the newest one offered is known, if none is configured; `data` needs it.
    """

    root: str
    host: str
    loopback: bool
    endpoint: str
    version: str

    @classmethod
    def parse(cls, url: str, endpoint: str, version: str) -> "Address":
        """Return the address, or raise ConfigurationError for a URL that would leak or could not work."""
        parts = _split(url)
        host = (parts.hostname or "").lower()
        loopback = is_loopback(host)
        if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
            raise _wrong("must begin with https:// (plain http is for an address on this machine alone)")
        for name, text in (("ACUMATICA_ENDPOINT", endpoint), ("ACUMATICA_ENDPOINT_VERSION", version)):
            if (text or name == "ACUMATICA_ENDPOINT") and not _is_name(text):
                raise ConfigurationError(
                    f"{name} is not a name.",
                    action="Set ACUMATICA_ENDPOINT, and its version or nothing, e.g. Default and 24.200.001.",
                )
        root = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        return cls(root=root, host=parts.netloc, loopback=loopback, endpoint=endpoint, version=version)

    @property
    def instance(self) -> str:
        """The normalised root, which identifies the instance; without the port on this machine, where it may change."""
        parts = urlsplit(self.root)
        host = "localhost" if self.loopback else parts.netloc.lower().removesuffix(":443")
        return f"{parts.scheme}://{host}{parts.path}"

    @property
    def token(self) -> str:
        """The identity server's token endpoint."""
        return f"{self.root}/identity/connect/token"

    @property
    def login(self) -> str:
        """The sign-in address of a cookie session."""
        return f"{self.root}/entity/auth/login"

    @property
    def logout(self) -> str:
        """The sign-out address of any session, bearer sessions included."""
        return f"{self.root}/entity/auth/logout"

    @property
    def offers(self) -> str:
        """The address that lists the instance's endpoints and their versions."""
        return f"{self.root}/entity"

    def data(self, *names: str) -> str:
        """Return an address on the endpoint: an entity, one of its records, its schema, or `swagger.json`."""
        levels = ("entity", self.endpoint, self.version, *names)
        return "/".join([self.root, *(quote(level, safe="$") for level in levels)])


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, by its name or address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_name(text: str) -> bool:
    return bool(text.strip()) and not any(character in text for character in "/?#")


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        parts.port  # noqa: B018 (reading it is what checks it)
    except ValueError:
        raise _wrong("is not a URL") from None
    if not parts.hostname:
        raise _wrong("names no host")
    if parts.username is not None or parts.password is not None:
        raise _wrong("must not hold a user or password; they belong in the secret")
    if parts.query or parts.fragment:
        raise _wrong("must not have a query or fragment")
    return parts


def _wrong(what: str) -> ConfigurationError:
    return ConfigurationError(f"ACUMATICA_URL {what}.", action=ACTION)
