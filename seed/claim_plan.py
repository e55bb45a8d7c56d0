"""Which warranty claims the demo's dealers enter, when, for which car and with which flaw: the same for one seed."""

from __future__ import annotations

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
UNPAID = ("00234", (71, 44, 9))
"""Suspended while its audit is open: what it is owed is not paid."""
ODD_PAPERS = (
    (96, "00313", "picture:a"), (88, "00313", "picture:a"), (70, "00501", "invoice:7731"),
    (61, "00501", "invoice:7731"), (47, "00331", "receipts"), (20, HOME, "picture:b"), (7, HOME, "picture:b"),
    (4, "00617", "receipts"), (30, "00137", "picture:c"), (2, "00137", "picture:c"),
)  # fmt: skip
"""Days before the end, dealer, what is odd: the same sheet or invoice twice, a receipt of less than is charged."""
TWICE = (("00202", "00207", 52), (HOME, "00409", 24), ("00415", "00421", 19))
"""One car repaired twice within weeks, at two dealers."""
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
    plan = _Plan(seed, end)
    plan.week_by_week()
    plan.waiting()
    plan.odd()
    plan.asked_beforehand()
    plan.today()
    plan.every_kind()
    planned = sorted(plan.found, key=lambda v: (v.at, v.ro))
    return {v.ro: v for v in planned if v.at <= end}


class _Plan:
    """The claims planned so far, and which car of a dealer comes next."""

    def __init__(self, seed: int, end: datetime) -> None:
        self.parc, self.rng, self.end = cars(seed, end=end.date()), Random(f"{seed}:visits"), end
        self.found: list[Visit] = []
        self._numbers = iter(range(40_210, 99_999, 7))
        self._active = {p.code: p.weight for p in PLACES if p.status == "active"}
        free = [n for n in range(len(self.parc)) if n not in (BLOCKED, *CONTRACTS)]
        self._old = [n for n in free if n % 13 == 12]
        self._young = {
            code: [n for n in free if self.parc[n].code == code and n % 13 != 12] for code in self._active
        }  # fmt: skip

    def add(
        self, days: float | datetime, position: int, *, code: str = "", kind: str = "standard", component: str = "",
        flaw: str = "", oddity: str = "", is_slow: bool = False, extra: str = "",
    ) -> Visit:  # fmt: skip
        """One claim for a car, so many days before the end (or at a moment); its seller claims unless `code` says."""
        car = self.parc[position]
        at = days if isinstance(days, datetime) else _moment(self.rng, self.end, days)
        made = Visit(
            at=at, ro=f"W{next(self._numbers)}", car=car, code=code or car.code, kind=kind, flaw=flaw, oddity=oddity,
            component=component or _component(self.rng), is_slow=is_slow, extra=extra,
        )  # fmt: skip
        self.found.append(made)
        return made

    def car(self, code: str) -> int:
        """The cars of a dealer in turn, so that few come twice; without one of its own, somebody passing through."""
        own = self._young.get(code) or self._young[HOME]
        own.append(own.pop(0))
        return own[-1]

    def week_by_week(self) -> None:
        """What comes in anyway: mostly sound repairs, now and then another type or a flaw."""
        rng = self.rng
        for weeks in range(WEEKS, 0, -1):
            for _ in range(rng.randint(*A_WEEK)):
                at = _moment(rng, self.end, 7 * weeks - rng.choice((0, 1, 2, 3, 4)))
                kind = _pick(rng, KINDS) or "standard"
                if at < self.end - timedelta(days=BEGINS.get(kind, 999)):
                    kind = "standard"
                self._usual(at, kind, _pick(rng, FLAWS) if kind == "standard" else "")

    def _usual(self, at: datetime, kind: str, flaw: str) -> None:
        rng, component, extra = self.rng, "", ""
        weights = [w * w for w in self._active.values()]
        code = HOME if rng.random() < 0.13 else rng.choices(list(self._active), weights)[0]
        position = self.car(code)
        if flaw == "worn_out":
            position = rng.choice(self._old)
        elif flaw == "wear":
            component = rng.choice(("BRK-PADS", "SUS-BUSH", "TRN-CLUT"))
        elif kind == "goodwill":
            component, position = rng.choice(GOODWILL), rng.choice(self._old)
        elif kind == "service_contract":
            position = rng.choice(list(CONTRACTS))
            extra = CONTRACTS[position]
        elif kind == "parts_warranty":  # of a part that was fitted under warranty before
            before = rng.choice([
                v for v in self.found if v.kind == "standard" and not v.flaw and v.at < at - timedelta(days=45)
            ])  # fmt: skip
            position, component, code = self.parc.index(before.car), before.component, before.code
        elif kind == "recall":
            position, extra = _listed(rng, at, self.end)
            component = RECALLS[extra][2]
        self.add(at, position, code=code, kind=kind, flaw=flaw, component=component, extra=extra)

    def waiting(self) -> None:
        """What waits at the end: with us for long, with engineering, with a dealer, or unpaid."""
        for days, code in SLOW:
            flaw = self.rng.choice(("excluded", "uncertified", "high"))
            component = "ENG-TURBO" if flaw == "high" else ""
            self.add(days, self.car(code), code=code, flaw=flaw, component=component, is_slow=True)
        for days, code in ENGINEERING:
            self.add(days + 2, self.car(code), code=code, flaw="uncertified", component="ENG-TURBO",
                     oddity="engineering", is_slow=True)  # fmt: skip
        for days, code in OLD_PART:
            self.add(days + 2, self.car(code), code=code, flaw="excluded", oddity="old_part", is_slow=True)
        for days in UNPAID[1]:
            self.add(days, self.car(HOME), code=UNPAID[0], component="ELE-ALT")
        for lag, flaw in ((11, "draft"), (4, "draft"), (2, "draft"), (2.3, "short"), (1.6, "no_file")):
            self.add(lag, self.car(HOME), code=HOME, flaw=flaw)
        self.add(58, self.car("00614"), code="00614", flaw="taken_back")

    def odd(self) -> None:
        """What investigations are about: papers, pictures, readings and amounts that do not fit; and what cannot be."""
        for _ in range(SPIKE[2]):
            self.add(SPIKE[1], self.car(SPIKE[0]), code=SPIKE[0])
        for number in range(9):
            self.add(80 - 8 * number, self.car(HUGGER), code=HUGGER, flaw="just_below",
                     oddity="" if number % 3 else "copied", component=("ELE-BCM", "ELE-ALT", "STR-PUMP")[number % 3]
                     )  # fmt: skip
        for days, code, oddity in ODD_PAPERS:
            flaw = "sublet" if oddity.startswith(("invoice", "receipts")) else ""
            self.add(days, self.car(code), code=code, oddity=oddity, flaw=flaw, component=CHEAP[days % len(CHEAP)])
        for first, second, days in TWICE:
            position = self.car(first)
            self.add(days, position, code=first, component="STR-PUMP")
            self.add(days - 16, position, code=second, component="STR-PUMP")
        position = self.car("00608")
        self.add(66, position, code="00608", component="ELE-ALT")
        self.add(30, position, code="00608", component="HVAC-COMP", oddity="reading")
        self.add(15, BLOCKED)  # a total loss, claimed all the same
        for days, code in ((5, HOME), (90, "00512")):
            self.add(days, self.car(code), code=code, flaw="no_vin")
        self.add(33, self.car("00415"), code="00415", kind="pdi", component="BDY-TRIM")

    def asked_beforehand(self) -> None:
        """Large work that is asked for beforehand, and the claim that follows; some is still to be decided."""
        for days, code, component, then in (
            (74, HOME, "ENG-BLOCK", "then"), (41, "00501", "TRN-UNIT", "then"), (6, "00327", "ENG-TURBO", "wait"),
            (3, HOME, "TRN-UNIT", ""), (1.2, "00617", "ENG-BLOCK", ""),
        ):  # fmt: skip
            self.add(days, self.car(code), code=code, kind="pre_authorization", component=component, extra=then,
                     is_slow=then != "then")  # fmt: skip

    def every_kind(self) -> None:
        """One of each type at least, whatever chance made of the weeks."""
        for position, (kind, _) in enumerate(KINDS):
            if kind != "pre_authorization":
                self._usual(_moment(self.rng, self.end, 23 - 2 * position), kind, "")

    def today(self) -> None:
        """What came in since yesterday."""
        flaws, rng = ("", "excluded", "no_vin", "high", "rate", "no_file", ""), self.rng
        for number, flaw in enumerate(flaws):
            at = self.end - timedelta(hours=26 - 3 * number, minutes=rng.randint(0, 50))
            code = rng.choice((HOME, *self._active)) if number % 3 else HOME
            component = "ENG-TURBO" if flaw == "high" else rng.choice(CHEAP)
            self.add(at, self.car(code), code=code, flaw=flaw, component=component)


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
