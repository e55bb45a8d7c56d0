"""Co-op money that expires in the next 90 days, by dealer, with what could be done with it and who was reminded.

Days are counted from the desk's day; a lot's last day is that of its dealer. Money is cents.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Subquery, case, exists, func, or_, select
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.coop.claim_flow import APPROVED
from db.coop.model import MEDIA
from db.coop.queue_tables import CoopClaim, CoopRequest
from db.coop.radar_rules import WINDOWS, AtRisk, Suggestion, Used, suggest
from db.coop.record import in_force
from db.coop.remind_tables import CoopReminder
from db.coop.tables import CoopFund, CoopLot
from db.core.actor import Actor, Scope
from db.core.area import CAP
from db.core.export_files import ExportColumn
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.dealers.tables import Dealer

PAGE = 50
FARTHEST = WINDOWS[-1]
Cursor = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class RadarFilters:
    """What the radar is narrowed to. `unreminded`: only money no reminder has spoken of."""

    window: int = 60
    region: str = ""
    dealer_id: int | None = None
    unreminded: bool = False


@dataclass(frozen=True, kw_only=True)
class Part:
    """What of one fund expires on one day."""

    fund_id: int
    programme_id: int
    period: str
    expires_on: date
    cents: int


@dataclass(frozen=True, kw_only=True)
class Reminded:
    """The newest reminder of a dealer."""

    at: datetime
    by: str
    days: int
    cents: int
    told: int
    is_auto: bool


@dataclass(frozen=True, kw_only=True)
class RadarRow:
    """A dealer with money that expires. `days` holds the sums within 30, 60 and 90 days, each with those before it."""

    dealer_id: int
    code: str
    dealer: str
    region: str
    zone: str
    risk_cents: int
    days: tuple[int, int, int]
    first_on: date
    parts: tuple[Part, ...] = ()
    used: tuple[Used, ...] = ()
    suggestion: Suggestion | None = None
    reminded: Reminded | None = None

    @property
    def fund_id(self) -> int:
        """The fund whose money expires first."""
        return self.parts[0].fund_id

    @property
    def programme_id(self) -> int:
        """The programme of that fund."""
        return self.parts[0].programme_id


@dataclass(frozen=True, kw_only=True)
class RadarTotals:
    """Everything the filters leave: sums within 30, 60 and 90 days, and dealers (counted up to `CAP` + 1)."""

    days: tuple[int, int, int] = (0, 0, 0)
    dealers: int = 0


@dataclass(frozen=True, kw_only=True)
class RadarPage:
    """One dealer for the drawer: every part that expires, every reminder."""

    row: RadarRow
    reminders: tuple[Reminded, ...] = field(default_factory=tuple)


def desk_day(now: datetime) -> date:
    """The day the radar counts from."""
    return local_day(now, DESK_ZONE)


def _conditions(scope: Scope, filters: RadarFilters, today: date) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [
        scope.where(CoopLot.dealer_id, CoopLot.region), CoopLot.left_cents > 0, CoopLot.expires_on >= today,
        CoopLot.expires_on <= today + timedelta(days=FARTHEST),
    ]  # fmt: skip
    if filters.region:
        wanted.append(CoopLot.region == filters.region)
    if filters.dealer_id is not None:
        wanted.append(CoopLot.dealer_id == filters.dealer_id)
    if filters.unreminded:
        wanted.append(
            ~exists().where(
                CoopReminder.dealer_id == CoopLot.dealer_id, CoopReminder.told > 0,
                CoopReminder.first_on <= CoopLot.expires_on, CoopReminder.last_on >= CoopLot.expires_on,
            )
        )  # fmt: skip
    return wanted


def _grouped(scope: Scope, filters: RadarFilters, today: date) -> Subquery:
    """The sums of each dealer that has money expiring within the window."""
    sums = [
        func.sum(case((CoopLot.expires_on <= today + timedelta(days=n), CoopLot.left_cents), else_=0)) for n in WINDOWS
    ]
    risk = sums[WINDOWS.index(filters.window)]
    return (
        select(
            CoopLot.dealer_id, risk.label("risk"), func.min(CoopLot.expires_on).label("first_on"),
            *(s.label(f"d{n}") for n, s in zip(WINDOWS, sums, strict=True)),
        )
        .where(*_conditions(scope, filters, today))
        .group_by(CoopLot.dealer_id)
        .having(risk > 0)
        .subquery()
    )  # fmt: skip


def list_radar(
    session: Session, *, scope: Scope, now: datetime, filters: RadarFilters | None = None,
    after: Cursor | None = None, limit: int = PAGE,
) -> tuple[list[RadarRow], Cursor | None]:  # fmt: skip
    """One page, most money at risk first, and the cursor of the next; a bounded number of statements."""
    filters, today = filters or RadarFilters(), desk_day(now)
    g = _grouped(scope, filters, today)
    query = select(g, Dealer.code, Dealer.name, Dealer.region, Dealer.zone).join(Dealer, Dealer.id == g.c.dealer_id)
    if after is not None:
        query = query.where(or_(g.c.risk < after[0], (g.c.risk == after[0]) & (g.c.dealer_id > after[1])))
    found = session.execute(query.order_by(g.c.risk.desc(), g.c.dealer_id).limit(limit + 1)).all()
    following = (int(found[limit - 1].risk), found[limit - 1].dealer_id) if len(found) > limit else None
    rows = [
        RadarRow(
            dealer_id=r.dealer_id, code=r.code, dealer=r.name, region=r.region, zone=r.zone, risk_cents=int(r.risk),
            days=(int(r.d30), int(r.d60), int(r.d90)), first_on=r.first_on,
        )
        for r in found[:limit]
    ]  # fmt: skip
    return _full(session, rows, filters=filters, scope=scope, today=today), following


def radar_totals(
    session: Session, *, scope: Scope, now: datetime, filters: RadarFilters | None = None
) -> RadarTotals:  # fmt: skip
    """The sums of everything the filters leave."""
    filters = filters or RadarFilters()
    g = _grouped(scope, filters, desk_day(now))
    row = session.execute(
        select(
            func.count().label("dealers"), *(func.coalesce(func.sum(g.c[f"d{n}"]), 0).label(f"d{n}") for n in WINDOWS)
        )
    ).one()
    return RadarTotals(days=(int(row.d30), int(row.d60), int(row.d90)), dealers=min(int(row.dealers), CAP + 1))


def radar_page(session: Session, *, dealer_id: int, actor: Actor, now: datetime) -> RadarPage:
    """One dealer with everything that expires within 90 days; `NotFound` out of scope or where nothing expires."""
    actor.require(Permission.COOP_VIEW)
    filters = RadarFilters(window=FARTHEST, dealer_id=dealer_id)
    rows, _ = list_radar(session, scope=actor.scope, now=now, filters=filters, limit=1)
    if not rows:
        raise NotFound("This dealer's expiring money")
    reminders = session.scalars(
        select(CoopReminder).where(CoopReminder.dealer_id == dealer_id).order_by(CoopReminder.id.desc()).limit(20)
    )
    return RadarPage(row=rows[0], reminders=tuple(_reminded(r) for r in reminders))


def dealers_with_money(session: Session, *, scope: Scope, now: datetime) -> dict[int, str]:
    """The dealers of a scope with money that expires within 90 days, for a selection; by name, at most `CAP`."""
    some = _grouped(scope, RadarFilters(window=FARTHEST), desk_day(now))
    query = select(Dealer.id, Dealer.code, Dealer.name).join(some, some.c.dealer_id == Dealer.id)
    return {
        r.id: f"{r.name} ({r.code})" for r in session.execute(query.order_by(Dealer.name_key, Dealer.id).limit(CAP))
    }


def _reminded(row: CoopReminder) -> Reminded:
    return Reminded(at=row.at, by=row.by, days=row.days, cents=row.cents, told=row.told, is_auto=row.is_auto)


def parts_of(
    session: Session, dealer_ids: Sequence[int], *, scope: Scope, today: date, window: int
) -> dict[int, tuple[Part, ...]]:
    """What of each fund of some dealers expires on which day within a window, first what expires first."""
    found: dict[int, list[Part]] = defaultdict(list)
    for r in session.execute(
        select(
            CoopLot.dealer_id, CoopLot.fund_id, CoopFund.programme_id, CoopFund.period, CoopLot.expires_on,
            func.sum(CoopLot.left_cents).label("cents"),
        )
        .join(CoopFund, CoopFund.id == CoopLot.fund_id)
        .where(
            CoopLot.dealer_id.in_(list(dealer_ids)), scope.where(CoopLot.dealer_id, CoopLot.region),
            CoopLot.left_cents > 0, CoopLot.expires_on >= today, CoopLot.expires_on <= today + timedelta(days=window),
        )
        .group_by(CoopLot.dealer_id, CoopLot.fund_id, CoopFund.programme_id, CoopFund.period, CoopLot.expires_on)
        .order_by(CoopLot.expires_on, CoopLot.fund_id)
    ):  # fmt: skip
        found[r.dealer_id].append(
            Part(
                fund_id=r.fund_id, programme_id=r.programme_id, period=r.period, expires_on=r.expires_on,
                cents=int(r.cents),
            )
        )  # fmt: skip
    return {dealer_id: tuple(parts) for dealer_id, parts in found.items()}


def suggestions_of(
    session: Session, parts: Mapping[int, Sequence[Part]], *, today: date
) -> tuple[dict[int, Suggestion], dict[int, tuple[Used, ...]]]:
    """For each dealer what could be done with the money of the fund that expires first, and the media used so far."""
    used: dict[int, list[Used]] = defaultdict(list)
    for r in session.execute(
        select(CoopClaim.dealer_id, CoopClaim.medium, func.max(CoopClaim.ends_on).label("last"))
        .where(CoopClaim.dealer_id.in_(list(parts)), CoopClaim.status.in_(APPROVED))
        .group_by(CoopClaim.dealer_id, CoopClaim.medium)
        .order_by(CoopClaim.dealer_id, func.max(CoopClaim.ends_on).desc(), CoopClaim.medium)
    ):
        used[r.dealer_id].append(Used(medium=r.medium, on=r.last))
    funds = {dealer_id: some[0].fund_id for dealer_id, some in parts.items()}
    caps: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for table, cents, more in (
        (CoopClaim, CoopClaim.approved_cents, CoopClaim.status.in_(APPROVED)),
        (CoopRequest, CoopRequest.reserved_cents, CoopRequest.reserved_cents > 0),
    ):
        for fund_id, medium, sum_ in session.execute(
            select(table.fund_id, table.medium, func.sum(cents))
            .where(table.fund_id.in_(sorted(funds.values())), more)
            .group_by(table.fund_id, table.medium)
        ):
            caps[fund_id][medium] += int(sum_ or 0)
    accrued = dict(
        session.execute(
            select(CoopFund.id, CoopFund.accrued_cents).where(CoopFund.id.in_(sorted(funds.values())))
        ).all()
    )
    programmes = {p.programme_id for some in parts.values() for p in some[:1]}
    terms = {p: in_force(session, p, today)[1] for p in sorted(programmes)}
    made = {}
    for dealer_id, some in parts.items():
        mine = [p for p in some if p.fund_id == funds[dealer_id]]
        risk = AtRisk(
            cents=sum(p.cents for p in mine), expires_on=mine[0].expires_on, first_cents=mine[0].cents,
            accrued=accrued[funds[dealer_id]], used_of=caps[funds[dealer_id]],
        )  # fmt: skip
        made[dealer_id] = suggest(terms[mine[0].programme_id], risk, used=used[dealer_id], today=today)
    return made, {dealer_id: tuple(some) for dealer_id, some in used.items()}


def _full(
    session: Session, rows: list[RadarRow], *, filters: RadarFilters, scope: Scope, today: date
) -> list[RadarRow]:
    """Rows with their parts, media, suggestion and newest reminder."""
    if not rows:
        return rows
    ids = [r.dealer_id for r in rows]
    parts = parts_of(session, ids, scope=scope, today=today, window=filters.window)
    made, used = suggestions_of(session, parts, today=today)
    newest = select(func.max(CoopReminder.id)).where(CoopReminder.dealer_id.in_(ids)).group_by(CoopReminder.dealer_id)
    reminders = {r.dealer_id: r for r in session.scalars(select(CoopReminder).where(CoopReminder.id.in_(newest)))}
    return [
        replace(
            r, parts=parts[r.dealer_id], used=used.get(r.dealer_id, ()), suggestion=made[r.dealer_id],
            reminded=_reminded(reminders[r.dealer_id]) if r.dealer_id in reminders else None,
        )
        for r in rows
    ]  # fmt: skip


# ---- the export ------------------------------------------------------------------------------------------------------
COLUMNS = (
    ExportColumn(name="dealer_code", label="Dealer code"),
    ExportColumn(name="dealer", label="Dealer"),
    ExportColumn(name="region", label="Region"),
    *(ExportColumn(name=f"within_{n}", label=f"Within {n} days", kind="money") for n in WINDOWS),
    ExportColumn(name="first_on", label="First last day", kind="date"),
    ExportColumn(name="last_medium", label="Last used"),
    ExportColumn(name="last_used_on", label="Used on", kind="date"),
    ExportColumn(name="suggestion", label="Suggestion"),
    ExportColumn(name="would_pay", label="Would pay", kind="money"),
    ExportColumn(name="reminded_at", label="Reminded at", kind="datetime"),
    ExportColumn(name="reminded_by", label="Reminded by"),
)


def filters_of(filters: Mapping[str, Any]) -> RadarFilters:
    """The filters of an export or of the address; what is unknown counts as not set."""
    window, dealer = str(filters.get("window") or ""), str(filters.get("dealer") or "")
    return RadarFilters(
        window=int(window) if window in {str(n) for n in WINDOWS} else RadarFilters.window,
        region=str(filters.get("region") or ""), dealer_id=int(dealer) if dealer.isdecimal() else None,
        unreminded=bool(filters.get("unreminded")),
    )  # fmt: skip


def export_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """The dealers that the filters of the page leave, in its order."""
    after: Cursor | None = None
    while True:
        rows, after = list_radar(session, scope=scope, now=now, filters=filters_of(filters), after=after, limit=500)
        for r in rows:
            last, told = (r.used[0] if r.used else None), r.reminded
            yield (
                r.code, r.dealer, r.region, *r.days, r.first_on, MEDIA[last.medium] if last else "",
                last.on if last else None, r.suggestion.sentence if r.suggestion else "",
                r.suggestion.pays_cents if r.suggestion else 0, told.at if told else None, told.by if told else "",
            )  # fmt: skip
        if after is None:
            return
