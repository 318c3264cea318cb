"""Chart of accounts, subaccounts, ledgers."""

from __future__ import annotations

from ..rows import Fields
from .books import Books, Draft

AP = "20000"
PO_ACCRUAL = "20100"
TAX_PAYABLE = "24000"
CASH = "10200"
AR = "11000"
INVENTORY = "12100"
TAX_PAID = "13400"
SALES = "40000"
COGS = "50000"
EQUITY = "30000"
PAYROLL = "60100"
PAYROLL_PAYABLE = "21000"
DEPRECIATION = "67000"
ACCUMULATED = "16900"

_ACCOUNTS = """
10100 Petty Cash|Asset
10200 Operating Checking Account|Asset
10250 Payroll Checking Account|Asset
10300 Savings Account|Asset
10400 Cash in Transit|Asset
11000 Accounts Receivable|Asset
11100 Allowance for Doubtful Accounts|Asset
11200 Employee Advances|Asset
12100 Inventory - Finished Goods|Asset
12200 Inventory - In Transit|Asset
12900 Inventory Reserve|Asset
13100 Prepaid Insurance|Asset
13200 Prepaid Rent|Asset
13300 Vendor Prepayments|Asset
13400 Input Tax Recoverable|Asset
15100 Furniture & Fixtures|Asset
15200 Warehouse Equipment|Asset
15300 Vehicles|Asset
15400 Computer Equipment|Asset
16900 Accumulated Depreciation|Asset
17100 Security Deposits|Asset
20000 Accounts Payable|Liability
20100 PO Accrual|Liability
20200 Customer Deposits|Liability
21000 Accrued Payroll|Liability
21100 Accrued Vacation|Liability
22000 Credit Card Payable|Liability
24000 Sales Tax Payable|Liability
25000 Line of Credit|Liability
27000 Term Loan|Liability
30000 Common Stock|Liability
31000 Retained Earnings|Liability
32000 Net Income|Liability
40000 Sales - Products|Income
40100 Sales - Services|Income
40200 Sales - Freight|Income
40900 Sales Returns and Allowances|Income
41000 Sales Discounts|Income
49000 Other Income|Income
50000 Cost of Goods Sold|Expense
50100 Purchase Price Variance|Expense
50200 Landed Cost Variance|Expense
50300 Inventory Adjustments|Expense
60100 Wages & Salaries|Expense
60200 Payroll Taxes|Expense
60300 Employee Benefits|Expense
61000 Rent|Expense
61100 Utilities|Expense
61200 Telephone & Internet|Expense
61300 Repairs & Maintenance|Expense
61400 Janitorial|Expense
62000 Office Supplies|Expense
62100 Postage|Expense
62200 Software Subscriptions|Expense
63000 Advertising|Expense
63100 Trade Shows|Expense
64000 Travel|Expense
64100 Meals & Entertainment|Expense
65000 Freight Out|Expense
65100 Fuel|Expense
65200 Vehicle Maintenance|Expense
66000 Professional Fees|Expense
66100 Legal Fees|Expense
66200 Consulting|Expense
67000 Depreciation|Expense
68000 Insurance|Expense
69000 Bank Charges|Expense
69100 Bad Debts|Expense
70000 Interest Expense|Expense
71000 Realized Gain/Loss|Expense
""".strip().splitlines()

_DIVISIONS = (
    ("RET", "Retail"),
    ("WHS", "Wholesale"),
    ("SVC", "Service"),
    ("ONL", "Online"),
    ("EXP", "Export"),
)
"""Sales and cost accounts are kept per division, which fills the chart."""

EXPENSES = ("61100", "61200", "61300", "61400", "62000", "62200", "65000", "66000", "66200", "68000")

SUBACCOUNTS = tuple(
    f"{department}-{region}"
    for department in ("ADM", "SAL", "WHS", "OPS", "FIN", "HRM")
    for region in ("000", "EST", "WST", "NTH", "STH")
)


def descriptions() -> dict[str, str]:
    """Account code to description, for the whole chart."""
    chart = dict(line.split("|")[0].split(" ", 1) for line in _ACCOUNTS)
    for offset, (division, name) in enumerate(_DIVISIONS, 1):
        for base in map(str, range(40000, 41001, 100)):
            if base in chart:
                chart[f"{base}-{division}"] = f"{chart[base]} - {name}"
        chart[f"500{offset}0-{division}"] = f"Cost of Goods Sold - {name}"
        for base in ("60100", "60200", "63000", "64000", "65000"):
            chart[f"{base}-{division}"] = f"{chart[base]} - {name}"
    return chart


def make_chart(books: Books) -> None:
    """Accounts, subaccounts and ledgers, all imported at once when the company went live."""
    day = books.working_day(0.0)
    kinds = {line.split(" ", 1)[0]: line.split("|")[1] for line in _ACCOUNTS}
    for order, (code, text) in enumerate(sorted(descriptions().items()), 1):
        kind = kinds.get(code) or ("Income" if code < "5" else "Expense")
        books.add(_account(code, text, kind, order, books))
    for number, code in enumerate(SUBACCOUNTS, 1):
        fields: Fields = {"SubaccountCD": code, "SubaccountID": number, "Active": True, "Secured": False}
        books.add(Draft(entity="Subaccount", day=day, fields={**fields, "Description": f"Department {code}"}))
    for name, kind, text in (
        ("ACTUAL", "Actual", "Actual Ledger"),
        ("BUDGET", "Budget", "Budget 2026"),
        ("STAT", "Statistical", "Headcount"),
    ):
        lines = {"Branches": [books.row({"BranchID": "MAIN", "BranchName": "Main Office", "Active": True})]}
        ledger: Fields = {"LedgerID": name, "Type": kind, "Description": text, "ConsolidationSource": False}
        books.add(Draft(entity="Ledger", day=day, fields={**ledger, "Currency": "USD"}, details=lines))


def _account(code: str, text: str, kind: str, order: int, books: Books) -> Draft:
    fields: Fields = {
        "AccountCD": code,
        "AccountID": 1000 + order,
        "Description": text,
        "Type": kind,
        "AccountClass": {"Asset": "CURASSET", "Liability": "CURLIAB", "Income": "SALES"}.get(kind, "EXPENSE"),
        "Active": code != "69100",
        "CashAccount": code.startswith("102") or code in ("10100", "10300"),
        "ChartOfAccountsOrder": order,
        "PostOption": "Summary" if code in (AR, AP, INVENTORY) else "Detail",
        "RequireUnits": False,
        "Secured": False,
        "UseDefaultSubaccount": code < "4",
    }
    return Draft(entity="Account", day=books.working_day(0.0), fields=fields)
