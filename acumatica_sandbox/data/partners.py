"""Vendors and customers with contacts and addresses."""

from __future__ import annotations

from ..rows import Fields, Row
from . import names
from .books import TERMS, Books, Draft
from .chart import AP, CASH
from .money import TOO_FINE_FOR_A_FLOAT, money, quantity

_TERMS = tuple(TERMS)


def make_vendors(books: Books, count: int) -> list[Draft]:
    """Vendors, most of them known since the company went live."""
    return [books.add(vendor(books, number)) for number in range(count)]


_EVERY_VENDOR: Fields = {
    "APAccount": AP,
    "APSubaccount": "FIN-000",
    "CashAccount": CASH,
    "PaymentBy": "Due Date",
    "FATCA": False,
    "VendorIsLaborUnion": False,
    "VendorIsTaxAgency": False,
    "PrintOrders": True,
    "LocationName": "Primary Location",
    "ReceivingBranch": "MAIN",
    "MinReceipt": quantity(0),
    "ThresholdReceipt": quantity(100),
}
"""What all vendors have in common."""


def vendor(books: Books, number: int) -> Draft:
    """The n-th vendor."""
    random = books.random
    name = names.company(random, number)
    foreign = random.random() < 0.08
    kind = ("GOODS", "GOODS", "SERVICES", "UTILITIES", "FREIGHT")[number % 5]
    fields: Fields = _EVERY_VENDOR | {
        "VendorID": f"V{number + 1:06}",
        "VendorName": name,
        "LegalName": name,
        "VendorClass": kind,
        "Status": "Active"
        if random.random() < 0.95
        else random.choice(("On Hold", "Hold Payments", "Inactive")),
        "Terms": random.choice(_TERMS),
        "CurrencyID": "EUR" if foreign else "USD",
        "PaymentMethod": "WIRE" if foreign else random.choice(("CHECK", "CHECK", "ACH")),
        "TaxZone": "EXEMPT" if foreign else "STATE",
        "TaxRegistrationID": f"{random.randrange(10, 99)}-{random.randrange(1_000_000, 9_999_999)}",
        "F1099Vendor": kind == "SERVICES",
        "ForeignEntity": foreign,
        "LandedCostVendor": kind == "FREIGHT",
        "PaySeparately": random.random() < 0.1,
        "SendOrdersbyEmail": random.random() < 0.4,
        "LeadTimedays": random.randrange(1, 30),
        "PaymentLeadTimedays": 2,
        "MaxReceipt": TOO_FINE_FOR_A_FLOAT if number == 3 else quantity(100),
    }
    if random.random() < 0.7:
        fields["AccountRef"] = f"AC-{random.randrange(10_000, 99_999)}"
    return _partner("Vendor", books, fields, number, ("MainContact", "RemittanceContact"))


def make_customers(books: Books, count: int) -> list[Draft]:
    """Customers, with a credit limit each."""
    return [books.add(_customer(books, number)) for number in range(count)]


_EVERY_CUSTOMER: Fields = {
    "CurrencyID": "USD",
    "StatementCycleID": "MONTHLY",
    "StatementType": "Open Item",
    "TaxZone": "STATE",
    "EnableWriteOffs": True,
    "PrintInvoices": False,
    "SendInvoicesbyEmail": True,
    "ShippingRule": "Back Order Allowed",
}
"""What all customers have in common."""


def _customer(books: Books, number: int) -> Draft:
    random = books.random
    fields: Fields = _EVERY_CUSTOMER | {
        "CustomerID": f"C{number + 1:06}",
        "CustomerName": names.company(random, number + 1000 if number >= 10 else number),
        "CustomerClass": random.choice(("RETAIL", "WHOLESALE", "ONLINE")),
        "Status": "Active" if random.random() < 0.95 else "Credit Hold",
        "Terms": random.choice(_TERMS),
        "BAccountID": 20_000 + number,
        "CreditLimit": money(random.randrange(1, 50) * 500_000),
        "WriteOffLimit": TOO_FINE_FOR_A_FLOAT if number == 5 else money(1000),
        "OrderPriority": random.randrange(5),
        "Email": f"ap{number}@customer.example",
    }
    return _partner("Customer", books, fields, number, ("MainContact", "BillingContact"))


def _partner(entity: str, books: Books, fields: Fields, number: int, contacts: tuple[str, ...]) -> Draft:
    random = books.random
    text = str(fields.get("VendorName") or fields.get("CustomerName"))
    linked = {name: contact(books, text, f"{entity.lower()}{number + 1}") for name in contacts}
    details: dict[str, list[Row]] = {"Attributes": _attributes(books, number)}
    if entity == "Vendor":
        details["Contacts"] = _people(books, text, number)
    share = 0.0 if number % 10 else random.random()
    day = books.working_day(share)
    changed = books.later(day, 1, 500) if random.random() < 0.4 else None
    note = 'Call before 10 a.m.\nAsk for "the boss" — it\'s urgent' if number % 40 == 7 else None
    return Draft(
        entity=entity, fields=fields, day=day, changed_on=changed, linked=linked, details=details, note=note
    )


def contact(books: Books, company: str, mailbox: str) -> Row:
    """A contact with its address."""
    random = books.random
    given, family = names.person(random)
    books.numbers["contact"] += 1
    fields: Fields = {
        "Active": True,
        "CompanyName": company,
        "FirstName": given,
        "LastName": family,
        "DisplayName": f"{family}, {given}",
        "Attention": f"{given} {family}",
        "Email": f"{mailbox}@partner.example",
        "Phone1": f"+1 (555) {random.randrange(100, 999)}-{random.randrange(1000, 9999)}",
        "Phone1Type": "Business 1",
        "ContactID": books.numbers["contact"] + 5000,
        "Status": "Active",
    }
    return Row(id=books.row({}).id, fields=fields, linked={"Address": _address(books)}, note="")


def _address(books: Books) -> Row:
    random = books.random
    city, state, postal, country = random.choice(names.CITIES)
    fields: Fields = {
        "AddressLine1": names.street(random),
        "City": city,
        "Country": country,
        "PostalCode": postal,
        "State": state,
        "Validated": False,
    }
    if random.random() < 0.2:
        fields["AddressLine2"] = f"Suite {random.randrange(1, 400)}"
    return books.row(fields)


def _attributes(books: Books, number: int) -> list[Row]:
    if number % 6:
        return []
    values: Fields = {"AttributeID": "ISO9001", "AttributeDescription": "ISO 9001 certified", "Value": "Yes"}
    return [books.row({**values, "IsActive": True, "Required": False, "ValueDescription": "Yes"})]


def _people(books: Books, company: str, number: int) -> list[Row]:
    if number % 3:
        return []
    person = contact(books, company, f"sales{number}")
    line: Fields = {"ContactID": person.fields["ContactID"]}
    return [Row(id=books.row({}).id, fields=line, linked={"Contact": person})]
