"""What the demo tells, and whether it happened."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

PAYABLES = """\
SELECT
  v.vendor_id,
  v.vendor_name,
  i.currency_id,
  SUM(IF(i.type = 'Debit Adj.', -i.balance, i.balance)) AS owed
FROM acumatica.invoices AS i
JOIN acumatica.vendors AS v ON v.vendor_id = i.vendor
WHERE i.status = 'Open' AND i.type IN ('Bill', 'Credit Adj.', 'Debit Adj.')
GROUP BY v.vendor_id, v.vendor_name, i.currency_id
ORDER BY owed DESC, v.vendor_id, i.currency_id"""
TRIAL_BALANCE = """\
SELECT
  e.ledger_id,
  e.currency_id,
  e.account,
  a.description,
  SUM(COALESCE(e.debit_amount, 0)) AS debit,
  SUM(COALESCE(e.credit_amount, 0)) AS credit,
  SUM(COALESCE(e.debit_amount, 0) - COALESCE(e.credit_amount, 0)) AS balance
FROM acumatica.gl_entries AS e
LEFT JOIN acumatica.gl_accounts AS a ON a.account_cd = e.account
WHERE e.status = 'Posted' AND SUBSTR(e.post_period, 3) || SUBSTR(e.post_period, 1, 2) <= '202603'
GROUP BY e.ledger_id, e.currency_id, e.account, a.description
ORDER BY e.ledger_id, e.currency_id, e.account"""
DELETED = """\
SELECT deleted_at, type, reference_nbr, vendor, date, amount, balance
FROM acumatica.invoices_history
WHERE is_deleted
ORDER BY deleted_at DESC"""
QUERIES = {
    "Open payables by vendor": PAYABLES,
    "Trial balance up to this month": TRIAL_BALANCE,
    "Bills that were deleted": DELETED,
}
"""As the guides for analysts print them; a test compares them."""
A_PERIOD = "202603"
"""The period in them, in whose place one's own goes."""


@dataclass(frozen=True, kw_only=True)
class Demo:
    """What happened in a demo."""

    activity: Mapping[str, Mapping[str, int]]
    """Per Acumatica entity how many records the business day `inserted`, `changed` and `deleted`."""
    acumatica_entities: Mapping[str, str]
    """Acumatica's name of each entity that is synced."""
    first: Sequence[Mapping[str, Any]]
    second: Sequence[Mapping[str, Any]]
    """The function's answers to the first sync, and to the second with its reconciles."""
    answers: Mapping[str, Sequence[Mapping[str, Any]]]
    """The rows of each of the queries."""
    seats: int
    """API sessions still open at the end."""


def write_query(title: str, today: date) -> str:
    """Return the query of this title for the period of a day."""
    return QUERIES[title].replace(A_PERIOD, f"{today:%Y%m}")


def find_untold(demo: Demo) -> Iterator[str]:
    """Yield a sentence for each story that the demo tells and that did not happen."""
    for result in (*demo.first, *demo.second):
        if result["status"] != "succeeded":
            yield f"The {result['mode']} run of {result['entity']} ended as {result['status']}."
    yield from _find_untold_of_syncs(demo)
    yield from _find_untold_of_day(demo)
    yield from _find_untold_of_deletions(demo)
    yield from _find_untold_of_books(demo)
    if demo.seats:
        yield f"{demo.seats} API sessions are still open in the tenant."


def _find_untold_of_syncs(demo: Demo) -> Iterator[str]:
    for result in demo.first:
        read, written = result.get("records_read", 0), result.get("records_written", 0)
        if not read or read != written:
            yield f"The first sync of {result['entity']} wrote {written:,} of {read:,} records."
    for result in demo.second:
        counts = demo.activity.get(demo.acumatica_entities[result["entity"]], {})
        changed = counts.get("inserted", 0) + counts.get("changed", 0)
        written = result.get("records_written", 0)
        if result["mode"] == "incremental" and written != changed:
            yield f"The second sync of {result['entity']} wrote {written:,} records; {changed:,} had changed."


def _find_untold_of_day(demo: Demo) -> Iterator[str]:
    for entity in ("Bill", "Payment", "Vendor"):
        if not demo.activity.get(entity, {}).get("inserted"):
            yield f"Nobody entered a {entity} on the business day."


def _find_untold_of_deletions(demo: Demo) -> Iterator[str]:
    for name, entity in demo.acumatica_entities.items():
        gone = demo.activity.get(entity, {}).get("deleted", 0)
        found = sum(result.get("deleted", 0) for result in demo.second if result["entity"] == name)
        if found != gone:
            yield f"{gone} records of {name} were deleted, and the reconcile found {found}."
    bills, shown = demo.activity.get("Bill", {}).get("deleted", 0), demo.answers["Bills that were deleted"]
    if not bills:
        yield "Nobody deleted a bill on the business day, so no reconcile can find one."
    if len(shown) != bills:
        yield f"{bills} bills were deleted, and the history shows {len(shown)}."


def _find_untold_of_books(demo: Demo) -> Iterator[str]:
    if not sum(row["owed"] for row in demo.answers["Open payables by vendor"]):
        yield "Nothing is owed to any vendor."
    balances: dict[str, Any] = {}
    for row in demo.answers["Trial balance up to this month"]:
        balances[row["ledger_id"]] = balances.get(row["ledger_id"], 0) + row["balance"]
    if not balances or any(balances.values()):
        yield "The trial balance does not add up to 0."
