"""Drop-down values: the text on the screen and the code behind it, which contract 5 uses."""

from __future__ import annotations

_CODES: dict[tuple[str, str], dict[str, str]] = {
    ("Bill", "Type"): {"Bill": "INV", "Credit Adj.": "ACR", "Debit Adj.": "ADR", "Prepayment": "PPM"},
    ("Bill", "Status"): {"On Hold": "H", "Balanced": "B", "Open": "N", "Closed": "C", "Voided": "V"},
    ("Check", "Type"): {"Check": "CHK", "Prepayment": "PPM", "Refund": "REF", "Voided Check": "VCK"},
    ("Check", "Status"): {"On Hold": "H", "Balanced": "B", "Open": "N", "Closed": "C", "Voided": "V"},
    ("Payment", "Type"): {"Payment": "PMT", "Prepayment": "PPM", "Refund": "REF", "Credit Memo": "CRM"},
    ("Payment", "Status"): {"On Hold": "H", "Balanced": "B", "Open": "N", "Closed": "C", "Voided": "V"},
    ("Invoice", "Type"): {"Invoice": "INV", "Credit Memo": "CRM", "Debit Memo": "DRM"},
    ("Invoice", "Status"): {"On Hold": "H", "Balanced": "B", "Open": "N", "Closed": "C", "Voided": "V"},
    ("PurchaseOrder", "Type"): {"Normal": "RO", "Drop-Ship": "DP", "Blanket": "BL", "Standard": "SB"},
    ("PurchaseOrder", "Status"): {
        "On Hold": "H",
        "Pending Approval": "B",
        "Open": "N",
        "Completed": "M",
        "Closed": "C",
        "Canceled": "L",
    },
    ("Vendor", "Status"): {"Active": "A", "On Hold": "H", "Hold Payments": "P", "Inactive": "I"},
    ("JournalTransaction", "Status"): {"On Hold": "H", "Balanced": "B", "Unposted": "U", "Posted": "P"},
    ("Account", "PostOption"): {"Summary": "S", "Detail": "D"},
    ("BillDetail", "POOrderType"): {"Normal": "RO", "Drop-Ship": "DP", "Blanket": "BL", "Standard": "SB"},
    ("BillDetail", "POReceiptType"): {"Receipt": "RT", "Return": "RN"},
}


def code_of(type_name: str, field: str, text: str) -> str:
    """The code of a displayed value; one that is not listed has the initials of its words."""
    known = _CODES.get((type_name, field), {})
    return known.get(text) or "".join(word[0].upper() for word in text.split())


def text_of(type_name: str, field: str, value: str) -> str:
    """The displayed value of a code; what is no code is taken to be the displayed value itself."""
    known = _CODES.get((type_name, field), {})
    return next((text for text, code in known.items() if code == value), value)
