"""What fails more often than it used to, what components and dealers cost, and who held claims how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Integer, cast, extract, func, literal, select
from sqlalchemy.orm import Session

from db.claims import figure_queries as figures
from db.claims.figure_rules import LEAST_FOR_RANK, Receivable, Spike, receivable, spike
from db.claims.metrics_queries import RATIOS, value_of
from db.claims.money_rules import half_up
from db.claims.tables import Claim, ClaimHold
from db.core.actor import Scope
from db.core.types import UtcDateTime
from db.dealers.tables import Dealer
from db.warranty.tables import Component, Part

MONTHS = 13


# ---- early warning -------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class TrendLine:
    """Claims of one component or causal part by month, oldest first; `now` is this month so far, `last` the one before.

    `per_100` is claims of the last twelve months for 100 vehicles in service, None where none are known.
    """

    key: str
    name: str
    months: tuple[int, ...]
    year: int
    now: Spike
    last: Spike
    per_100: float | None

    @property
    def flagged(self) -> bool:
        """Whether this month or the last stands out of the twelve before it."""
        return self.now.flagged or self.last.flagged


def months_until(last: date, count: int = MONTHS) -> list[date]:
    """The first days of `count` months that end with the month of `last`, oldest first."""
    newest = last.year * 12 + last.month - 1
    return [date(m // 12, m % 12 + 1, 1) for m in range(newest - count + 1, newest + 1)]


def trend(
    session: Session, *, scope: Scope, by: str = "component", filters: Mapping[str, Any] | None = None, today: date
) -> list[TrendLine]:
    """Components or causal parts ("part") by month up to today, flagged ones first, then those with most claims.

    Months before the first claim in scope are unknown and no zeros. The period of the filters is not asked: the
    early warning always looks at the last fourteen months.
    """
    months = months_until(today, MONTHS + 1)
    wanted = {k: v for k, v in (filters or {}).items() if k not in ("from", "to")} | {"from": months[0], "to": today}
    rows = figures.sent(session, scope=scope, by=(by, "month"), filters=wanted)
    known = [row["month"] for row in rows]
    begun = months.index(min(known)) if known else 0
    counted: dict[str, list[int]] = {}
    for row in rows:
        if row[by]:
            counted.setdefault(row[by], [0] * len(months))[months.index(row["month"])] = row["sent"]
    table = Part if by == "part" else Component
    code = Part.number if by == "part" else Component.code
    names: dict[str, str] = dict(session.execute(select(code, table.name).where(code.in_(sorted(counted)))).all())
    vehicles = figures.in_service(
        session, scope=scope, filters={k: v for k, v in wanted.items() if k in ("region", "dealer", "model")},
        today=today,
    )[""]  # fmt: skip
    lines = []
    for key, numbers in counted.items():
        of = numbers[begun:]
        year = sum(numbers[-12:])
        lines.append(
            TrendLine(
                key=key, name=names.get(key, ""), months=tuple(numbers[-MONTHS:]), year=year,
                now=spike(of[:-1], of[-1]), last=spike(of[:-2], of[-2] if len(of) > 1 else 0),
                per_100=100 * year / vehicles if vehicles else None,
            )
        )  # fmt: skip
    return sorted(lines, key=lambda one: (not one.flagged, -one.year, one.key))


# ---- what it costs -------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class CostLine:
    """What one component came to; shares of 1. `rank` is by cost, None below ten decided claims."""

    key: str
    name: str
    counts: Mapping[str, Any]
    rank: int | None = None

    @property
    def mean_cents(self) -> int | None:
        """Approved cost of one decided claim."""
        n = self.counts["decided"]
        return half_up(int(self.counts["cost"]), n) if n else None


def components(session: Session, *, scope: Scope, filters: Mapping[str, Any] | None = None) -> list[CostLine]:
    """Components of claims decided in the period, the dearest first."""
    rows = figures.counts(session, scope=scope, by=("component",), filters=filters)
    codes = sorted({row["component"] for row in rows})
    names: dict[str, str] = dict(
        session.execute(select(Component.code, Component.name).where(Component.code.in_(codes))).all()
    )
    rows.sort(key=lambda row: (-row["cost"], row["component"]))
    place, lines = 0, []
    for row in rows:
        ranked = row["decided"] >= LEAST_FOR_RANK
        place += ranked
        lines.append(
            CostLine(
                key=row["component"], name=names.get(row["component"], ""), counts=row, rank=place if ranked else None
            )
        )
    return lines


@dataclass(frozen=True, kw_only=True)
class DealerLine:
    """One dealer's figures; shares of 1, None of nothing. `rank` is by first-pass yield, None below ten claims."""

    dealer_id: int
    code: str
    name: str
    region: str
    counts: Mapping[str, Any]
    sent: int
    vehicles: int
    owed: Receivable
    rank: int | None = None

    def share(self, name: str) -> float | None:
        """A ratio of `metrics_queries.RATIOS`."""
        value: float | None = value_of(self.counts, RATIOS[name][1])["value"]
        return value

    @property
    def cost_per_unit(self) -> int | None:
        """Cents for one vehicle in service."""
        return half_up(int(self.counts["cost"]), self.vehicles) if self.vehicles else None

    @property
    def per_100(self) -> float | None:
        """Claims for 100 vehicles in service."""
        return 100 * self.sent / self.vehicles if self.vehicles else None


NOTHING: dict[str, int] = dict.fromkeys(figures.COUNTED, 0)


def dealers(
    session: Session, *, scope: Scope, filters: Mapping[str, Any] | None = None, today: date
) -> list[DealerLine]:
    """Dealers with claims in the period or something unpaid: ranked ones by yield, the others by name."""
    counted = {r["dealer"]: r for r in figures.counts(session, scope=scope, by=("dealer",), filters=filters)}
    sent = {r["dealer"]: r["sent"] for r in figures.sent(session, scope=scope, by=("dealer",), filters=filters)}
    owed = figures.owed(session, scope=scope, filters=filters, today=today)
    vehicles = figures.in_service(session, scope=scope, by=("dealer",), filters=filters, today=today)
    unpaid = {d for d, one in owed.items() if one.unpaid_cents}
    ids = sorted(d for d in {*counted, *sent, *unpaid} if d is not None)
    named = session.execute(select(Dealer.id, Dealer.code, Dealer.name, Dealer.region).where(Dealer.id.in_(ids)))
    lines = []
    for dealer_id, code, name, region in named:
        one = owed.get(dealer_id, figures.Owed(dealer_id=dealer_id))
        lines.append(
            DealerLine(
                dealer_id=dealer_id, code=code, name=name, region=region, counts=counted.get(dealer_id, NOTHING),
                sent=sent.get(dealer_id, 0), vehicles=vehicles.get(dealer_id, 0),
                owed=receivable(one.unpaid_cents, one.approved_cents, one.months),
            )
        )  # fmt: skip
    enough = [x for x in lines if x.counts["decided"] >= LEAST_FOR_RANK]
    # Equal yields share a place: the next one is counted on.
    yields = sorted((x.share("claim_first_pass") or 0.0 for x in enough), reverse=True)
    ranked = [_with_rank(x, yields.index(x.share("claim_first_pass") or 0.0) + 1) for x in enough]
    few = [x for x in lines if x.counts["decided"] < LEAST_FOR_RANK]
    return sorted(ranked, key=lambda x: (x.rank or 0, x.name.lower(), x.dealer_id)) + sorted(
        few, key=lambda x: (x.name.lower(), x.dealer_id)
    )


def _with_rank(line: DealerLine, rank: int) -> DealerLine:
    return replace(line, rank=rank)


# ---- who held it ---------------------------------------------------------------------------------------------------
HOLDERS = ("dealer", "us", "engineering", "finance")


def held(
    session: Session, *, scope: Scope, filters: Mapping[str, Any] | None = None, now: datetime
) -> dict[str, tuple[int, int]]:
    """Minutes and claims by who held them, of claims first decided in the period, from the first sending on; an open
    interval counts up to now. Drafts are nobody's delay.
    """
    wanted = figures.checked(session, filters)
    since = func.coalesce(ClaimHold.until, literal(now, UtcDateTime()))
    if session.get_bind().dialect.name == "sqlite":
        minutes = cast((func.julianday(since) - func.julianday(ClaimHold.since)) * 1440 + 0.001, Integer)
    else:
        minutes = cast(func.floor(extract("epoch", since - ClaimHold.since) / 60), Integer)
    where = [
        Claim.first_decided_on.is_not(None), Claim.status != "void", ClaimHold.status != "draft",
        *figures.conditions(scope, wanted),
    ]  # fmt: skip
    if "from" in wanted:
        where.append(Claim.first_decided_on >= wanted["from"])
    if "to" in wanted:
        where.append(Claim.first_decided_on <= wanted["to"])
    rows = session.execute(
        select(ClaimHold.holder, func.sum(minutes), func.count(ClaimHold.claim_id.distinct()))
        .join(Claim, Claim.id == ClaimHold.claim_id)
        .where(*where)
        .group_by(ClaimHold.holder)
    )
    found = {holder: (int(total or 0), int(n)) for holder, total, n in rows}
    return {holder: found.get(holder, (0, 0)) for holder in HOLDERS}


def weeks_between(first: date, last: date) -> list[date]:
    """The Mondays of the weeks from first to last."""
    start = figures.week_of(first)
    return [start + timedelta(days=7 * n) for n in range((figures.week_of(last) - start).days // 7 + 1)]
