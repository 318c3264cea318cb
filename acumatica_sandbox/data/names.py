"""Names for a company that does not exist: partners, people, places, goods. All of them are invented."""

from __future__ import annotations

from random import Random

_FIRST = [
    "Northgate",
    "Halvorsen",
    "Briarwood",
    "Tamarack",
    "Quillon",
    "Osprey",
    "Verdance",
    "Kestrel",
    "Marlowe",
    "Pinehurst",
    "Redcliff",
    "Sable",
    "Thornbury",
    "Umbra",
    "Valecrest",
    "Westmere",
    "Yarrow",
    "Zephyrine",
    "Aldermoor",
    "Bexwick",
    "Caldera",
    "Dunmore",
    "Everstead",
    "Fenwick",
    "Glasswing",
    "Harrowgate",
    "Ironvale",
    "Juniper",
    "Kingsley",
    "Larkspur",
    "Millrace",
    "Norwood",
    "Oakhurst",
    "Peregrin",
    "Ravenhill",
]
_SECOND = [
    "Industrial Supply",
    "Bearings",
    "Fasteners",
    "Hydraulics",
    "Logistics",
    "Packaging",
    "Electric",
    "Tool & Die",
    "Metals",
    "Polymers",
    "Safety Products",
    "Office Services",
    "Freight Lines",
    "Consulting",
    "Instruments",
    "Castings",
    "Pumps",
    "Valve Works",
    "Coatings",
]
_FORM = ("Inc.", "LLC", "Ltd.", "Co.", "Corp.", "GmbH", "B.V.", "& Sons")
_ODD = (
    "O'Malley & Daughters Hardware",
    'The "Right Angle" Bracket Co.',
    "Müller-Lindqvist Präzisionsteile GmbH",
    "Ateliers Bréval-Noël SARL",
    "Żółw Transport Sp. z o.o.",
    "東雲部品工業",
    "Smith, Jones; Partners | Brokers",
    "100% Fasteners + Fixings <EU>",
    "Back\\Slash Couplings",
    "Δelta Measurement — Σensors",
)
"""Names with what breaks careless code: quotes, separators, letters beyond ASCII."""

_GIVEN = [
    "Alma",
    "Bruno",
    "Carla",
    "Dmitri",
    "Elena",
    "Farid",
    "Greta",
    "Hugo",
    "Ingrid",
    "Jonas",
    "Keiko",
    "Liam",
    "Maren",
    "Nadia",
    "Oscar",
    "Priya",
]
_FAMILY = [
    "Abernathy",
    "Bergström",
    "Castellan",
    "Drummond",
    "Eriksen",
    "Fitzroy",
    "Galloway",
    "Hathersage",
    "Ibarra",
    "Jansson",
    "Kowalczyk",
    "Lindholm",
    "Moreau",
    "Nakagawa",
    "O'Rourke",
    "Petrova",
    "Quintero",
    "Rasmussen",
    "Szabó",
    "Thackeray",
]

CITIES = (
    ("Cedar Hollow", "OH", "44012", "US"),
    ("Port Ansel", "WA", "98221", "US"),
    ("Millbrook Falls", "NY", "12545", "US"),
    ("Granite Bend", "CO", "80424", "US"),
    ("Saltmarsh", "SC", "29920", "US"),
    ("Kingsferry", "ON", "K7L 2V4", "CA"),
    ("Neudorf", "NI", "30890", "DE"),
    ("Sint Aldegonde", "ZE", "4388 BB", "NL"),
)
_STREETS = [
    "Foundry Rd",
    "Harbor St",
    "Old Mill Ln",
    "Commerce Pkwy",
    "Railway Ave",
    "Quarry Way",
    "Station Rd",
    "Elm Ct",
]

GOODS = (
    ("BRG", "Ball bearing", "BEARINGS", "EA"),
    ("FST", "Hex bolt, zinc", "FASTENERS", "BOX"),
    ("VLV", "Gate valve", "VALVES", "EA"),
    ("HOS", "Hydraulic hose", "HYDRAULICS", "M"),
    ("PMP", "Centrifugal pump", "PUMPS", "EA"),
    ("ELC", "Contactor", "ELECTRICAL", "EA"),
    ("PKG", "Corrugated carton", "PACKAGING", "PACK"),
    ("SAF", "Safety gloves", "SAFETY", "PAIR"),
    ("SEN", "Proximity sensor", "SENSORS", "EA"),
    ("GSK", "Gasket sheet", "SEALS", "SHEET"),
)
SERVICES = (
    "Installation labor",
    "Calibration service",
    "Freight-in",
    "Software subscription",
    "Janitorial services",
    "Equipment rental",
    "Training day",
    "Engineering consulting",
    "Waste disposal",
    "Insurance premium",
)
SIZES = ("6204", "M8x40", "DN50", "1/2IN", "24V", "300x200", "L", "12mm", "3.2kW", "IP67")


def company(random: Random, number: int) -> str:
    """The name of the n-th partner; the first ones are the difficult ones."""
    if number < len(_ODD):
        return _ODD[number]
    first = _FIRST[number * 11 % len(_FIRST)]
    second = _SECOND[(number // len(_FIRST) + number) % len(_SECOND)]
    return f"{first} {second} {random.choice(_FORM)}"


def person(random: Random) -> tuple[str, str]:
    """A given and a family name."""
    return random.choice(_GIVEN), random.choice(_FAMILY)


def street(random: Random) -> str:
    """The first line of an address."""
    return f"{random.randrange(1, 9900)} {random.choice(_STREETS)}"
