"""Decides who caused a failed sign-in, by what Acumatica says and never by the status alone.

Acumatica answers a wrong password with the same 500 as a database that timed out. Taking one for the other stops every run
until a person looks, or lets every run send a wrong password until the account is locked. So a sign-in counts as refused only
when the answer says that the user, the password or the account is the cause.
"""

import re
from enum import Enum

from connector.adapters.acumatica.error_body import Fault
from connector.adapters.acumatica.error_mapping import is_in_maintenance, is_out_of_seats
from connector.adapters.acumatica.responses import is_page, recognisable_text
from connector.adapters.acumatica.transport import Answer


class Verdict(Enum):
    """The cause of a failed sign-in."""

    SEATS = "no licensed session is free"
    TENANT = "there is no such tenant"
    BRANCH = "there is no such branch"
    SECOND_FACTOR = "a second factor is asked for"
    LOCKED = "the account is locked"
    REFUSED = "the user, the password or the account is the cause"
    MAINTENANCE = "the site is closed"
    FAILED = "the site failed"
    UNKNOWN = "the answer does not tell"


_IS = r"(is|was|are|has been|ist|wurde|est|a été|está|ha sido|é|foi|è)"
_SOMETHING_OF = (
    r"(?!.(agent|session|token|table|record|profile|role|group|class|interface|licen[cs]e|list|request)s?\b)"
)
_SOMEBODY = rf"\b(account|user|username|konto|benutzer|compte|utilisateur|cuenta|usuario|conta|usuário|utente)\b{_SOMETHING_OF}"

SAID: tuple[tuple[Verdict, str], ...] = (
    (Verdict.FAILED, r"timeout expired|timed out|deadlock|sql server|\bdatabase\b"),
    (Verdict.UNKNOWN, r"\b(session|licen[cs]e|subscription|trial|certificate|ip( address)?|request)\b[^.\n]{0,40}\b(expired|invalid|not (valid|allowed|found)|no access)\b"),
    (Verdict.UNKNOWN, r"\binvalid (user|login|credentials?) (session|request|token)\b"),
    (Verdict.SEATS, r"(?s)\A(?=.*\bapi\b)(?=.*\b(limit|límite|limite|anzahl|nombre maximal|número máximo))"),
    (Verdict.SEATS, r"concurrent (user|session|sign-?in)s?\b"),
    (Verdict.TENANT, r"company id"),
    (Verdict.SECOND_FACTOR, r"two-?factor|multi-?factor|second factor|access code|verification code"),
    (Verdict.LOCKED, rf"{_SOMEBODY}[^.\n]{{0,60}}\b{_IS} (\w+ )?(locked|lockout|gesperrt|verrouillé|bloque|bloqu)"),
    (Verdict.LOCKED, rf"{_SOMEBODY}[^.\n]{{0,60}}\blocked out\b"),
    (Verdict.REFUSED, r"invalid_?\s?(credential|user|login|password|e-?mail)"),
    (Verdict.REFUSED, r"(incorrect|wrong|bad|unknown|falsche\w*|ungültige\w*) (user|login|password|credential|passwor[dt]|kennwort|anmelde)"),
    (Verdict.REFUSED, r"\b(password|credentials?|username|user name|login)\b[^.\n]{0,40}\b(incorrect|invalid|wrong|not valid|expired|not match|be changed)\b"),
    (Verdict.REFUSED, r"\bchange (your|the) password|\bpassword change\b"),
    (Verdict.REFUSED, rf"{_SOMEBODY}[^.\n]{{0,60}}\b(disabled|inactive|deactivated|not active|not activated|expired|not found|does not exist|not allowed|no rights|not authori[sz]ed|no access)\b"),
    (Verdict.REFUSED, r"anmeldedaten|anmeldeinformationen|kennwort|passwort|identifiants|mot de passe|contraseña|credenciales|credenciais|\bsenha\b|credenziali|inloggegevens|wachtwoord|учетн|парол|凭据|密码|パスワード"),
    (Verdict.MAINTENANCE, r"(site|system|instance|tenant|application)\b[^.\n]{0,40}\b(locked|being (restored|upgraded|updated)|not available|unavailable)\b"),
    (Verdict.MAINTENANCE, r"(snapshot|upgrade|update|customization|publication)\b[^.\n]{0,40}\b(being|in progress|is running)\b"),
    (Verdict.BRANCH, r"\bbranch\b"),
)  # fmt: skip
"""Phrases of refusals in Acumatica's languages; the first match decides. UNKNOWN: it sounds like a later one, and is not."""
ON_PAGES = (
    *((verdict, words) for verdict, words in SAID if verdict is Verdict.LOCKED),
    (Verdict.REFUSED, r"invalid credential"),
)
"""What is believed of a web page: one that asks for a password speaks of it, too, and so does a firewall's."""
NAMED: tuple[tuple[Verdict, str], ...] = (
    (Verdict.FAILED, r"sql|database|timeout|outofmemory"),
    (Verdict.SEATS, r"licen[cs]eexceeded|loginlimit"),
    (Verdict.TENANT, r"undefinedcompany"),
    (Verdict.LOCKED, r"lockedout|lockout"),
    (Verdict.REFUSED, r"credential|password"),
    (Verdict.MAINTENANCE, r"maintenance"),
)
"""What the names of exceptions say."""


def judge(answer: Answer) -> Verdict:
    """Return what the answer to a failed sign-in says."""
    if is_out_of_seats(answer):
        return Verdict.SEATS
    if is_in_maintenance(answer):
        return Verdict.MAINTENANCE
    fault = Fault.parse(answer.body)
    if fault.detail or fault.types:
        found = _find(NAMED, " ".join(fault.types).casefold()) or _find(SAID, fault.detail.casefold())
    else:
        found = _find(ON_PAGES if is_page(answer) else SAID, recognisable_text(answer))
    return found or Verdict.UNKNOWN


def _find(table: tuple[tuple[Verdict, str], ...], text: str) -> Verdict | None:
    return next((verdict for verdict, words in table if re.search(words, text)), None)
