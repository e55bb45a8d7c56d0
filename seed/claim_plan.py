"""Which warranty claims the demo's dealers enter, when, for which car and with which flaw: the same for one seed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import NamedTuple

from seed.parc import HOME, Car, cars
from seed.places import PLACES
from seed.warranty import BLOCKED, CONTRACTS, RECALL_DAYS, RECALLS

WEEKS = 23
A_WEEK = (4, 7)
COMMON = (
    ("ELE-ALT", 9), ("ENG-COOL", 9), ("HVAC-COMP", 8), ("STR-PUMP", 7), ("ELE-BCM", 8), ("BDY-TRIM", 6),
    ("SUS-SHOCK", 6), ("ENG-INJ", 7), ("EXH-MANI", 7), ("BRK-COMP", 6), ("TRN-CTRL", 7), ("BRK-ABS", 5),
    ("ENG-TURBO", 3), ("STR-GEAR", 3), ("EXH-CAT", 2), ("BDY-PAINT", 2),
)  # fmt: skip
CHEAP = ("SUS-SHOCK", "ENG-COOL", "ELE-ALT", "STR-PUMP")
GOODWILL = ("BDY-TRIM", "SUS-SHOCK", "ELE-BATT")
KINDS = (
    ("goodwill", 0.035), ("customer_reimbursement", 0.03), ("transport_damage", 0.03), ("recall", 0.05),
    ("service_contract", 0.02), ("pre_authorization", 0.035), ("parts_warranty", 0.015),
)  # fmt: skip
FLAWS = (
    ("no_file", 0.05), ("short", 0.035), ("rate", 0.10), ("rental", 0.12), ("excluded", 0.035), ("uncertified", 0.05),
    ("late", 0.025), ("worn_out", 0.04), ("wear", 0.02), ("second_job", 0.08),
)  # fmt: skip
# Days before the end, dealer: claims nobody has got round to, each as far through its clock as it says.
SLOW = (
    (38, "00501"), (34, "00628"), (33, "00402"), (31, "00313"), (28, "00623"), (27, "00402"), (25, "00327"),
    (22, "00614"), (19, "00402"), (17, "00331"), (16, "00207"),
)  # fmt: skip
ENGINEERING = ((12, "00402"), (9, "00137"), (6, "00617"))
"""Claims engineering was asked about and has not answered."""
OLD_PART = ((8, HOME), (5, "00313"))
"""Claims whose old part has not come yet."""
BEGINS = {"recall": RECALL_DAYS["R26-04"], "service_contract": 149, "parts_warranty": 90}
"""Types that need something that happened before: at most so many days before the end."""
SPIKE = ("00226", 10, 6)
"""A dealer that sends far more than usual in one week: code, days before the end, how many."""
HUGGER = "00507"
"""A dealer whose amounts lie just below the limit, and who writes the same words each time."""


class Visit(NamedTuple):
    """One claim as it will be entered at a moment (UTC). `ro` is its repair order, which names it in the demo."""

    at: datetime
    ro: str
    car: Car
    code: str
    kind: str
    component: str
    flaw: str = ""
    oddity: str = ""
    is_slow: bool = False
    extra: str = ""

    @property
    def rng(self) -> Random:
        """Chance for what is written, the same each time it is asked for."""
        return Random(f"{self.ro}:{self.car.vin}")


def visits(seed: int, *, end: datetime) -> dict[str, Visit]:
    """All claims by repair order, in the order of time."""
    planned = sorted(_all(seed, end), key=lambda v: (v.at, v.ro))
    return {v.ro: v for v in planned if v.at <= end}


def _all(seed: int, end: datetime) -> Iterator[Visit]:
    parc, rng, numbers = cars(seed, end=end.date()), Random(f"{seed}:visits"), iter(range(40_210, 99_999, 7))
    active = {p.code: p.weight for p in PLACES if p.status == "active"}
    taken = {BLOCKED, *CONTRACTS}
    young = {
        code: [n for n, c in enumerate(parc) if c.code == code and n not in taken and n % 13 != 12] for code in active
    }
    repaired: list[Visit] = []
    old = [n for n in range(len(parc)) if n % 13 == 12 and n not in taken]

    def visit(at: datetime, position: int, **more: object) -> Visit:
        car = parc[position]
        values: dict[str, object] = {"code": car.code, "kind": "standard", "component": _component(rng)} | more
        return Visit(at=at, ro=f"W{next(numbers)}", car=car, **values)  # type: ignore[arg-type]

    def car_of(code: str) -> int:
        """The cars of a dealer in turn, so that few come twice; without one of its own, somebody passing through."""
        own = young[code] or young[HOME]
        own.append(own.pop(0))
        return own[-1]

    for weeks in range(WEEKS, 0, -1):
        for _ in range(rng.randint(*A_WEEK)):
            at = _moment(rng, end, 7 * weeks - rng.choice((0, 1, 2, 3, 4)))
            code = HOME if rng.random() < 0.13 else rng.choices(list(active), [w * w for w in active.values()])[0]
            kind, flaw = _pick(rng, KINDS) or "standard", ""
            if at < end - timedelta(days=BEGINS.get(kind, 999)):
                kind = "standard"
            position, more = car_of(code), dict[str, object]()
            if kind == "standard":
                flaw = _pick(rng, FLAWS)
            if flaw == "worn_out":
                position = old[rng.randrange(len(old))]
            elif flaw == "wear":
                more["component"] = rng.choice(("BRK-PADS", "SUS-BUSH", "TRN-CLUT"))
            elif kind == "goodwill":
                more["component"] = rng.choice(GOODWILL)
                position = old[rng.randrange(len(old))]
            elif kind == "service_contract":
                position = rng.choice(list(CONTRACTS))
                more["extra"] = CONTRACTS[position]
            elif kind == "parts_warranty":
                fitted = [v for v in repaired if v.at < at - timedelta(days=45)]
                before = rng.choice(fitted)
                position = parc.index(before.car)
                more |= {"component": before.component, "code": before.code}
            elif kind == "recall":
                position, number = _listed(rng, at, end)
                more |= {"component": RECALLS[number][2], "extra": number}
            made = visit(at, position, kind=kind, flaw=flaw, **{"code": code, **more})
            if kind == "standard" and not flaw:
                repaired.append(made)
            yield made
    for days, code in SLOW:
        flaw = rng.choice(("excluded", "uncertified", "high"))
        more = {"component": "ENG-TURBO"} if flaw == "high" else {}
        yield visit(_moment(rng, end, days), car_of(code), flaw=flaw, is_slow=True, **{"code": code, **more})
    for days, code in ENGINEERING:
        yield visit(_moment(rng, end, days + 2), car_of(code), flaw="uncertified", oddity="engineering",
                    is_slow=True, code=code, component="ENG-TURBO")  # fmt: skip
    for days, code in OLD_PART:
        yield visit(_moment(rng, end, days + 2), car_of(code), flaw="excluded", oddity="old_part", is_slow=True,
                    code=code)  # fmt: skip
    for _ in range(SPIKE[2]):
        yield visit(_moment(rng, end, SPIKE[1]), car_of(SPIKE[0]), code=SPIKE[0])
    for number in range(9):
        yield visit(_moment(rng, end, 80 - 8 * number), car_of(HUGGER), code=HUGGER, flaw="just_below",
                    oddity="" if number % 3 else "copied", component=("ELE-BCM", "ELE-ALT", "STR-PUMP")[number % 3])  # fmt: skip
    for days in (71, 44, 9):  # suspended while its audit is open: what it is owed is not paid
        yield visit(_moment(rng, end, days), car_of(HOME), code="00234", component="ELE-ALT")
    yield from _odd(rng, end, visit, car_of)
    for number in range(7):  # what came in since yesterday
        at = end - timedelta(hours=26 - 3 * number, minutes=rng.randint(0, 50))
        code = (HOME, *active)[rng.randrange(len(active))] if number % 3 else HOME
        yield visit(at, car_of(code), code=code, flaw=("", "excluded", "no_vin", "high", "rate", "no_file", "")[number],
                    component="ENG-TURBO" if number == 3 else rng.choice(CHEAP))  # fmt: skip


def _odd(rng: Random, end: datetime, visit: object, car_of: object) -> Iterator[Visit]:
    """What investigations are about: papers, pictures and readings that do not fit."""
    make, car = visit, car_of
    for days, code, oddity in (
        (96, "00313", "picture:a"), (88, "00313", "picture:a"), (70, "00501", "invoice:7731"),
        (61, "00501", "invoice:7731"), (47, "00331", "receipts"), (20, HOME, "picture:b"), (7, HOME, "picture:b"),
        (4, "00617", "receipts"), (30, "00137", "picture:c"), (2, "00137", "picture:c"),
    ):  # fmt: skip
        flaw = "sublet" if oddity.startswith(("invoice", "receipts")) else ""
        yield make(_moment(rng, end, days), car(code), code=code, oddity=oddity, flaw=flaw, component=CHEAP[days % 4])  # type: ignore[operator]
    for first, second, days in (("00202", "00207", 52), (HOME, "00409", 24), ("00415", "00421", 19)):
        position = car(first)  # type: ignore[operator]
        for code, later in ((first, 0), (second, 16)):
            yield make(_moment(rng, end, days - later), position, code=code, component="STR-PUMP")  # type: ignore[operator]
    position = car("00608")  # type: ignore[operator]
    yield make(_moment(rng, end, 66), position, code="00608", component="ELE-ALT")  # type: ignore[operator]
    yield make(_moment(rng, end, 30), position, code="00608", component="HVAC-COMP", oddity="reading")  # type: ignore[operator]
    # A total loss claimed all the same, key data that are missing, and a type that is taken no more.
    yield make(_moment(rng, end, 15), BLOCKED)  # type: ignore[operator]
    yield make(_moment(rng, end, 5), car(HOME), code=HOME, flaw="no_vin")  # type: ignore[operator]
    yield make(_moment(rng, end, 90), car("00512"), code="00512", flaw="no_vin")  # type: ignore[operator]
    yield make(_moment(rng, end, 33), car("00415"), code="00415", kind="pdi", component="BDY-TRIM")  # type: ignore[operator]
    for days in (11, 4, 2):
        yield make(_moment(rng, end, days), car(HOME), code=HOME, flaw="draft")  # type: ignore[operator]
    yield make(_moment(rng, end, 58), car("00614"), code="00614", flaw="taken_back")  # type: ignore[operator]
    # Large work that is asked for beforehand, and the claim that follows; one that is asked still.
    for days, code, component, then in (
        (74, "00402", "ENG-BLOCK", "then"), (41, "00501", "TRN-UNIT", "then"), (6, "00327", "ENG-TURBO", "wait"),
        (3, "00402", "TRN-UNIT", ""), (1.2, "00617", "ENG-BLOCK", ""),
    ):  # fmt: skip
        yield make(_moment(rng, end, days), car(code), code=code, kind="pre_authorization", component=component,
                   extra=then, is_slow=then != "then")  # type: ignore[operator]  # fmt: skip


def _component(rng: Random) -> str:
    names, weights = zip(*COMMON, strict=True)
    return str(rng.choices(names, weights)[0])


def _pick(rng: Random, shares: tuple[tuple[str, float], ...]) -> str:
    chance = rng.random()
    for name, share in shares:
        if chance < share:
            return name
        chance -= share
    return ""


def _listed(rng: Random, at: datetime, end: datetime) -> tuple[int, str]:
    """A car of a campaign that runs already; now and then one whose remedy was done before."""
    number = rng.choice([n for n, days in RECALL_DAYS.items() if at >= end - timedelta(days=days)])
    place = rng.choice([n for n in range(30) if n % 4 != 3 or rng.random() < 0.1])
    return RECALLS[number][3] + 3 * place, number


def _moment(rng: Random, end: datetime, days: float) -> datetime:
    """A moment of the working hours of the country on a day so many days before the end."""
    day: date = (end - timedelta(days=days)).date()
    if day.weekday() == 6:
        day -= timedelta(days=1)
    return datetime.combine(day, time(14, 0), UTC) + timedelta(minutes=rng.randint(0, 420))
