"""Warranty data of the demo: the lists as a coordinator imports them, recalls with VINs, technicians, a blocked car."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import partial

from sqlalchemy import select

from db.core.area import SourceFile
from db.core.session import reading
from db.customers.vehicle_tables import Vehicle
from db.imports.commands import run_import
from db.warranty.commands import set_block
from seed import parc
from seed.network import Network
from seed.people_names import FIRST_NAMES, LAST_NAMES
from seed.places import PLACES
from seed.story import Story

# Code, name, system, what a dealer may authorize it as, skill; "wear" and "major" after it.
COMPONENTS: tuple[tuple[str, str, str, str, str, str], ...] = (
    ("ENG-TURBO", "Turbocharger", "Engine", "assembly", "engine", "major"),
    ("ENG-BLOCK", "Engine, long block", "Engine", "assembly", "engine", "major"),
    ("ENG-HEAD", "Cylinder head", "Engine", "", "engine", ""),
    ("ENG-COOL", "Water pump and cooling", "Engine", "", "engine", ""),
    ("ENG-INJ", "Fuel injection", "Engine", "", "engine", ""),
    ("TRN-CTRL", "Transmission control", "Transmission", "assembly", "transmission", ""),
    ("TRN-UNIT", "Automatic transmission", "Transmission", "assembly", "transmission", "major"),
    ("TRN-CLUT", "Clutch", "Transmission", "", "transmission", "wear"),
    ("BRK-COMP", "Air compressor", "Brakes", "", "brakes", ""),
    ("BRK-PADS", "Brake pads", "Brakes", "", "", "wear"),
    ("BRK-ABS", "Brake control unit", "Brakes", "", "brakes", ""),
    ("EXH-MANI", "Exhaust manifold", "Exhaust", "", "engine", ""),
    ("EXH-CAT", "Catalytic converter", "Exhaust", "", "engine", ""),
    ("STR-GEAR", "Steering gear", "Steering", "assembly", "chassis", "major"),
    ("STR-PUMP", "Steering pump", "Steering", "", "chassis", ""),
    ("SUS-SHOCK", "Shock absorbers", "Suspension", "", "", ""),
    ("SUS-BUSH", "Bushings", "Suspension", "", "", "wear"),
    ("ELE-BATT", "Battery", "Electrical", "", "", "wear"),
    ("ELE-ALT", "Alternator", "Electrical", "", "", ""),
    ("ELE-BCM", "Body control module", "Electrical", "", "electrical", ""),
    ("HVAC-COMP", "Air conditioning compressor", "Climate", "", "climate", ""),
    ("BDY-PAINT", "Paint", "Body", "paint", "", ""),
    ("BDY-CORR", "Body corrosion", "Body", "corrosion", "", ""),
    ("BDY-TRIM", "Trim and glass", "Body", "trim", "", ""),
    ("WHL-TIRE", "Tires", "Wheels", "tires", "", "wear"),
)
# The causal part of a component: number, name, net price. Two more numbers follow from each: a seal kit, a small part.
MAIN: dict[str, tuple[str, str, int]] = {
    "ENG-TURBO": ("TC-5000", "Turbocharger", 1_280), "TRN-CTRL": ("TCM-3200", "Transmission control module", 690),
    "BRK-COMP": ("ACM-2800", "Air compressor module", 540), "EXH-MANI": ("EXM-4100", "Exhaust manifold", 385),
    "STR-GEAR": ("SGB-6500", "Steering gearbox", 920),
}  # fmt: skip
OPERATIONS = {
    "ENG-TURBO": "E1205", "TRN-CTRL": "T2310", "BRK-COMP": "B3120", "EXH-MANI": "X4105", "STR-GEAR": "S5210",
}  # fmt: skip
# What the part of the other components costs in dollars, and how many hours replacing takes.
WORTH: dict[str, tuple[int, float]] = {
    "ENG-BLOCK": (3_950, 14.5), "ENG-HEAD": (780, 8.2), "ENG-COOL": (168, 2.4), "ENG-INJ": (312, 1.9),
    "TRN-UNIT": (3_240, 9.6), "TRN-CLUT": (355, 5.8), "BRK-PADS": (88, 1.1), "BRK-ABS": (642, 2.2),
    "EXH-CAT": (865, 2.1), "STR-PUMP": (284, 2.0), "SUS-SHOCK": (146, 1.6), "SUS-BUSH": (42, 1.9),
    "ELE-BATT": (139, 0.5), "ELE-ALT": (328, 1.7), "ELE-BCM": (418, 1.3), "HVAC-COMP": (464, 2.8),
    "BDY-PAINT": (64, 2.1), "BDY-CORR": (120, 4.5), "BDY-TRIM": (74, 0.8), "WHL-TIRE": (178, 0.6),
    "ENG-TURBO": (1_280, 2.6), "TRN-CTRL": (690, 2.1), "BRK-COMP": (540, 2.6), "EXH-MANI": (385, 2.9),
    "STR-GEAR": (920, 3.1),
}  # fmt: skip
POWERTRAIN = ("ENG-TURBO", "ENG-BLOCK", "ENG-HEAD", "ENG-COOL", "ENG-INJ", "TRN-CTRL", "TRN-UNIT")
PLANS = (
    ("BASIC", "New vehicle warranty", "basic", 36, 36_000, 0, "", "WHL-TIRE", "2010-01-01"),
    ("BASIC", "New vehicle warranty", "basic", 48, 50_000, 0, "", "WHL-TIRE", "2025-01-01"),
    ("POWERTRAIN", "Powertrain", "powertrain", 60, 60_000, 0, ",".join(POWERTRAIN), "", "2010-01-01"),
    ("EMISSIONS", "Federal emissions", "emissions", 96, 80_000, 0, "EXH-CAT,ENG-INJ", "", "2010-01-01"),
    ("CORROSION", "Corrosion from inside", "corrosion", 84, 0, 0, "BDY-CORR", "", "2010-01-01"),
    ("PARTS", "Replacement parts", "parts", 12, 12_000, 0, "", "", "2010-01-01"),
    ("PLUS", "Halden Plus service contract", "contract", 84, 100_000, 100, "", "BDY-PAINT,BDY-CORR", "2010-01-01"),
)
MOST_VINS = 40
_POSITION = {component: position for position, (component, *_) in enumerate(COMPONENTS)}
NAMES = {component: name for component, name, *_ in COMPONENTS}


def settle(story: Story, made: Network, *, start: datetime, seed: int) -> None:
    """Bring in the catalogue, the technicians and the vehicles sold so far when the network begins.

    Recalls, contracts and blocks follow in their time.
    """
    listed = [(c, n, s, a, _yes(mark == "wear"), _yes(mark == "major")) for c, n, s, a, _, mark in COMPONENTS]
    _bring(story, start, "warranty_components", ("Code", "Name", "System", "Self-authorization", "Wear item",
           "Major assembly"), listed)  # fmt: skip
    _bring(story, start, "warranty_plans", ("Code", "Name", "Kind", "Months", "Distance", "Deductible", "Components",
           "Excluded", "Valid from"), PLANS)  # fmt: skip
    _bring(story, start, "warranty_operations", ("Code", "Name", "Kind", "Hours", "Component", "Skill",
           "Needs authorization", "Valid from"), list(_operations(story.until.date())))  # fmt: skip
    _bring(story, start, "warranty_parts", ("Part number", "Name", "Component", "Net price", "Valid from"),
           list(_parts(story.until.date())))  # fmt: skip
    _bring(story, start, "technicians", ("Dealer code", "Technician", "Name", "Works since", "Skill", "Certified on",
           "Expires on"), list(_technicians(made, start.date())))  # fmt: skip
    _bring(story, start, "vehicles", parc.COLUMNS, parc.rows(parc.cars(seed, end=story.until.date())))
    for number, days in RECALL_DAYS.items():
        story.at(story.until - timedelta(days=days), partial(_recall, story, number=number))
    story.at(story.until - timedelta(days=150), partial(_contracts, story))
    story.at(story.until - timedelta(days=20), partial(_block, story))


def _yes(said: bool) -> str:
    return "yes" if said else "no"


def _bring(story: Story, now: datetime, kind: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """One list as a file, with every row taken."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    file = SourceFile(name=f"{kind}_{now:%Y_%m_%d}.csv", content=text.getvalue().encode())
    result = story.do(
        run_import, kind=kind, files=[file], channel="page", actor=story.cast.named("cora"), now=now
    )  # fmt: skip
    refused = [row for row in result.outcomes if row.outcome == "rejected"]
    assert not result.rejected, refused[:3]


def operation_of(component: str) -> str:
    """The code of replacing a component."""
    return OPERATIONS.get(component, f"{component[0]}{7000 + _POSITION[component] * 10}")


def part_of(component: str) -> tuple[str, str, int]:
    """Number, name and first net price in dollars of the part a component fails by."""
    return MAIN.get(component) or (f"{component}-10", NAMES[component], WORTH[component][0])


def system_of(component: str) -> str:
    """The system a component belongs to."""
    return COMPONENTS[_POSITION[component]][2]


def hours_on(component: str, day: date, *, today: date) -> int:
    """Hundredths of hours replacing a component takes on a day; some took longer from this year on."""
    hours = round(WORTH[component][1] * 100)
    return hours + 30 if _POSITION[component] % 6 == 1 and day.year >= today.year else hours


def net_on(dollars: int, day: date, *, today: date) -> int:
    """The net price in cents on a day; every price rose by four percent with this year."""
    return round(dollars * 104) if day.year >= today.year else dollars * 100


def _operations(today: date) -> Iterable[tuple[object, ...]]:
    """Replacing and checking each component; a few hours changed with the year."""
    for position, (component, name, _, _, skill, mark) in enumerate(COMPONENTS):
        code = operation_of(component)
        hours = WORTH[component][1]
        asks = _yes(mark == "major" and component not in ("ENG-TURBO", "STR-GEAR"))
        yield code, f"{name}: replace", "flat", f"{hours:.1f}", component, skill, asks, "2015-01-01"
        if position % 6 == 1:
            longer, first = f"{hours + 0.3:.1f}", f"{today.year}-01-01"
            yield code, f"{name}: replace", "flat", longer, component, skill, asks, first
        if position < 15:
            yield f"{code}D", f"{name}: diagnose", "straight", "0.5", component, "", "no", "2015-01-01"


def _parts(today: date) -> Iterable[tuple[object, ...]]:
    """A causal part, its gasket and small parts for each component; every price rose with the year."""
    for position, (component, name, *_) in enumerate(COMPONENTS):
        number, title, net = part_of(component)
        kinds = ((number, title, net), (f"{number}-G", f"{name}: gasket or seal kit", 18 + position),
                 (f"{number}-F", f"{name}: fasteners", 6 + position % 5))  # fmt: skip
        for code, said, price in kinds:
            yield code, said, component, f"{price:.2f}", "2015-01-01"
            yield code, said, component, f"{price * 1.04:.2f}", f"{today.year}-01-01"
    for position, fluid in enumerate(("Engine oil", "Coolant", "Brake fluid", "Transmission oil", "Steering oil")):
        yield f"FL-{100 + position}", fluid, "", f"{9 + position}.50", "2015-01-01"


def _technicians(made: Network, start: date) -> Iterable[tuple[object, ...]]:
    """Three people a dealer: one for everything, one with an old certificate, one who begins."""
    skills = sorted({skill for *_, skill, _ in COMPONENTS if skill})
    for position, place in enumerate(PLACES):
        if place.status == "prospect" or place.code not in made.dealers:
            continue
        for turn in range(3):
            first = FIRST_NAMES[(position * 3 + turn * 11) % len(FIRST_NAMES)]
            name = f"{first} {LAST_NAMES[(position * 7 + turn * 5) % len(LAST_NAMES)]}"
            since = date(start.year - 6 + turn * 2, 3, 1)
            for number, skill in enumerate(skills):
                if turn == 0 or (number + position + turn) % 3 == 0:
                    ends = start + timedelta(days=150 + position * 5) if turn == 1 else ""
                    yield place.code, f"T{turn + 1:02d}", name, since, skill, since + timedelta(days=40), ends


CONTRACTS = {5: "HP-100482", 12: "HP-100497", 25: "HP-100503", 38: "HP-100521"}
"""Which vehicles, by their place in the parc, have which contract."""
BLOCKED = 11
RECALL_DAYS = {"R26-04": 75, "R26-11": 40, "S26-02": 25}
"""How many days before the end each campaign begins to be known."""
RECALLS = {
    "R26-04": ("Steering gear may lose assistance", "recall", "STR-GEAR", 0),
    "R26-11": ("Exhaust manifold may crack", "recall", "EXH-MANI", 1),
    "S26-02": ("New software for the transmission control", "service", "TRN-CTRL", 2),
}


def _vehicles(story: Story) -> list[tuple[int, str]]:
    with reading(story.bind) as session:
        rows = session.execute(select(Vehicle.id, Vehicle.vin).order_by(Vehicle.id).limit(3 * MOST_VINS)).all()
        return [(int(one), str(vin)) for one, vin in rows]


def _recall(story: Story, now: datetime, *, number: str) -> None:
    """A campaign with some of the vehicles on file; every fourth is remedied already."""
    title, kind, component, turn = RECALLS[number]
    vins = [vin for _, vin in _vehicles(story)][turn::3][:MOST_VINS]
    operation = operation_of(component)
    first = now.date() - timedelta(days=10)
    rows = [
        (
            number,
            title,
            kind,
            first,
            operation,
            MAIN[component][0],
            vin,
            first + timedelta(days=4) if n % 4 == 3 else "",
        )
        for n, vin in enumerate(vins)
    ]
    _bring(story, now, "warranty_campaigns", ("Campaign", "Title", "Kind", "Starts", "Operations", "Parts", "VIN",
           "Remedied on"), rows)  # fmt: skip


def _contracts(story: Story, now: datetime) -> None:
    """Some owners bought a contract when the warranty of their car ended, one while it ran."""
    found, day = _vehicles(story), now.date() - timedelta(days=3)
    _bring(story, now, "warranty_contracts", ("VIN", "Plan", "Starts", "Contract number"),
           [(found[position][1], "PLUS", day, number) for position, number in CONTRACTS.items()])  # fmt: skip


def _block(story: Story, now: datetime) -> None:
    """One car was a total loss."""
    story.do(
        set_block, vehicle_id=_vehicles(story)[BLOCKED][0], kind="blocked", since=now.date() - timedelta(days=3),
        now=now, actor=story.cast.named("mason"), reason="Total loss reported by the insurer; title is salvage",
    )  # fmt: skip
