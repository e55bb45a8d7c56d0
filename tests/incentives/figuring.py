"""A house with sales, claims, returns, denials, payments and a year before, and the same figures counted plainly."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Engine, select

from db.calendar.queries import DESK_ZONE, usual_calendar
from db.calendar.rules import elapsed_minutes
from db.claims.figure_rules import percentile
from db.core.labels import local_day
from db.core.session import make_engine, reading, run
from db.dealers.tables import Dealer
from db.incentives.commands import claim_period
from db.incentives.tables import (
    IncentiveClaim,
    IncentiveEarning,
    IncentiveEntry,
    IncentiveProgram,
    IncentiveUnit,
    SaleReport,
)
from tests.incentives.factories import CASH, NOVEMBER, NOW, STEPS
from tests.incentives.paying import LATER, PayHouse
from tests.support.databases import SqliteTemplates, migrate

TABLES = (Dealer, IncentiveProgram, SaleReport, IncentiveUnit, IncentiveEarning, IncentiveClaim, IncentiveEntry)
TIERS = [{"from_units": 1, "cents": 0}, {"from_units": 4, "cents": 200_00}]
GROWTH: dict[str, Any] = {
    "code": "GROW-11", "name": "November growth", "program": NOVEMBER,
    "rule": {"kind": "growth", "baseline": "target", "targets": {"04012": 3, "04099": 5}, "cents": 100_00},
}  # fmt: skip
HOURS = timedelta(hours=1)


class FigureHouse(PayHouse):
    """November 2026 with all that can become of a sale, and a few sales of November 2025."""

    def tell(self) -> None:
        """Tell the story once; ids are kept as attributes."""
        self.cash = self.publish(CASH, budget_cents=10_000_00)
        self.steps = self.publish(STEPS | {"rule": STEPS["rule"] | {"tiers": TIERS}})
        self.growth = self.publish(GROWTH)
        for n in range(2):
            self._old(n, self.dealer)
        self._old(2, self.other_dealer)
        first, second, third = (self.approved() for _ in range(3))
        self.approved(dealer_id=self.other_dealer)
        self.pay()
        self.unwind(self.row(IncentiveClaim, third).sale_id, now=LATER + HOURS)
        self.late = self.approved(now=NOW + 5 * HOURS)
        (self.wrong_paper,) = self.claim(self._sell(documents=(("buyers_order", "B-7"),)))
        (self.sent_back,) = self.claim(self._sell())
        self.step("send_back", self.sent_back, who="cora", reason_code="data", note="Which trim is it?")
        self.step("submit", self.sent_back, who="dora", now=NOW + HOURS)
        self.step(
            "send_back", self.sent_back, who="cora", reason_code="not_proved", note="Unreadable", now=NOW + 2 * HOURS
        )
        (self.denied,) = self.claim(self._sell())
        self.step("deny", self.denied, who="cora", reason_code="not_eligible", note="A fleet", now=NOW + 26 * HOURS)
        (self.looked_at,) = self.claim(self._sell())
        self.step("validate", self.looked_at, who="cora", now=NOW + HOURS)
        (self.taken_back,) = self.claim(self._sell())
        self.step("void", self.taken_back, who="dora", note="By mistake")
        self._sell()
        self.steps_claim = run(
            claim_period, bind=self.engine, program_id=self.steps, dealer_id=self.dealer, period="2026-11", checked=(),
            form_key=self.key(), actor=self.dora, now=LATER,
        )  # fmt: skip
        self.step("approve", self.steps_claim, who="cora", now=LATER)
        self.paid_claims = (first, second)

    def _sell(self, **more: Any) -> int:
        self.made += 1
        return self.sell(vin=f"1HGCM8263{self.made:08}", customer_ref=f"C-{self.made}", **more)

    def _old(self, n: int, dealer_id: int) -> None:
        day = date(2025, 11, 10 + n)
        self._sell(dealer_id=dealer_id, contract_on=day, delivered_on=day, stocked_on=None, year=2025)


_TOLD: dict[str, Any] = {}


def _fill(url: str) -> None:
    migrate(url)
    engine = make_engine(url)
    house = FigureHouse(engine)
    house.tell()
    _TOLD.update({name: value for name, value in vars(house).items() if name != "engine"})
    engine.dispose()


def told_at(templates: SqliteTemplates, path: Path) -> str:
    """A SQLite database at a path in which the story is told; it is told once a process and copied."""
    return templates.copy("incentive_figures", _fill, to=path)


def told_house(engine: Engine) -> FigureHouse:
    """The house of a database made by `told_at`."""
    house = FigureHouse.__new__(FigureHouse)
    vars(house).update(_TOLD, engine=engine)
    return house


class Plain:
    """Every row as it is stored, and the figures counted from them one by one."""

    def __init__(self, house: FigureHouse) -> None:
        with reading(house.engine) as session:
            self.rows: dict[Any, list[Any]] = {t: list(session.scalars(select(t).order_by(t.id))) for t in TABLES}
            session.expunge_all()

    def of(self, table: Any, **wanted: Any) -> list[Any]:
        return [r for r in self.rows[table] if all(getattr(r, k) == v for k, v in wanted.items())]

    def money(self, book: str, first: date, last: date, **wanted: Any) -> int:
        return sum(
            e.cents for e in self.of(IncentiveEntry, book=book, **wanted) if first <= local_day(e.at, DESK_ZONE) <= last
        )

    def units(self, first: date, last: date, **wanted: Any) -> tuple[int, int]:
        claims = {c.id: c for c in self.rows[IncentiveClaim]}
        groups: dict[Any, list[Any]] = {}
        for e in self.of(IncentiveEntry, book="paid", **wanted):
            groups.setdefault((e.program_id, e.dealer_id, e.period, claims[e.claim_id].sale_id), []).append(e)
        units = cents = 0
        for (program_id, dealer_id, period, sale_id), entries in groups.items():
            net = sum(e.cents for e in entries)
            begun = min(local_day(e.at, DESK_ZONE) for e in entries if e.cents > 0)
            if net <= 0 or not first <= begun <= last:
                continue
            cents += net
            (row,) = self.of(IncentiveEarning, program_id=program_id, dealer_id=dealer_id, period=period)
            units += 1 if sale_id is not None else row.units
        return units, cents

    def claimed(self, first: date, last: date, **wanted: Any) -> tuple[int, int]:
        sales = {s.id: s for s in self.rows[SaleReport]}
        claimed = eligible = 0
        for u in self.of(IncentiveUnit, is_counted=True, **wanted):
            if not first <= sales[u.sale_id].delivered_on <= last:
                continue
            eligible += 1
            claimed += any(
                c.program_id == u.program_id and c.status != "void"
                and (c.sale_id == u.sale_id or (
                    c.sale_id is None and c.dealer_id == u.dealer_id and c.period == u.period))
                for c in self.rows[IncentiveClaim]
            )  # fmt: skip
        return claimed, eligible

    def earning_dealers(self, first: date, last: date, **wanted: Any) -> set[int]:
        sales = {s.id: s for s in self.rows[SaleReport]}
        found = set()
        for u in self.of(IncentiveUnit, is_counted=True, **wanted):
            (row,) = self.of(IncentiveEarning, program_id=u.program_id, dealer_id=u.dealer_id, period=u.period)
            if first <= sales[u.sale_id].delivered_on <= last and (u.cents > 0 or row.cents > 0):
                found.add(u.dealer_id)
        return found

    def sold(self, dealer_id: int, first: date, last: date) -> int:
        return len(
            [
                s for s in self.of(SaleReport, dealer_id=dealer_id, unwound_on=None, condition="new")
                if s.delivered_on and first <= s.delivered_on <= last and s.sale_type in ("cash", "loan", "lease")
            ]
        )  # fmt: skip

    def minutes(self, first: date, last: date, **wanted: Any) -> list[int]:
        return sorted(
            elapsed_minutes(
                usual_calendar(DESK_ZONE), max(c.submitted_at, c.appealed_at or c.submitted_at), c.decided_at
            )
            for c in self.of(IncentiveClaim, decided_kind="person", **wanted)
            if c.status in ("approved", "partially_approved", "denied")
            and first <= local_day(c.decided_at, DESK_ZONE) <= last
        )

    @staticmethod
    def middle(minutes: list[int]) -> float:
        return median(minutes) / 480

    @staticmethod
    def p90(minutes: list[int]) -> float:
        found = percentile([(m, minutes.count(m)) for m in sorted(set(minutes))], 0.9)
        assert found is not None
        return found / 480
