"""The figures of dealers week by week, each counted in one statement for all of them, with the peers of the week.

Peers are the dealers of the same regions, whoever asks: of dealers out of scope only quartiles of at least five leave
this module, never a name or a row (as the scorecard, decision 0064). Days are the dealers', those of claims the desk's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import and_, case, func, literal, or_, select, true
from sqlalchemy.orm import Session

from db.appointments.rate_queries import is_due
from db.appointments.tables import Appointment
from db.cadence import adherence_queries as adherence
from db.cadence.tables import CadenceTask
from db.calendar.months import months_between
from db.claims import figure_queries as claims
from db.core.actor import EVERYTHING, Scope
from db.dealers.tables import Dealer
from db.leads.tables import Lead
from db.reports.peer_rules import band_of, closest, group_label, groups_of, quartiles
from db.reports.weekly_rules import DAY, FIGURES, WEEK, WEEKS, Figure, Part, is_few, part_of, starts_at
from db.surveys.tables import Survey
from db.terms.queries import tiers_on

Counted = dict[int, dict[int, tuple[float, float | None]]]
"""(numerator, denominator) by dealer and by how many weeks before the report's own."""
NOT_VALID: Final = ("bad", "duplicate", "held")


def week_figures(
    session: Session, *, scope: Scope, week: date, now: datetime
) -> tuple[dict[int, dict[str, Figure]], dict[int, str]]:
    """The figures of each dealer of a scope, and its tier on the week's last day; ten statements in all."""
    dealers = session.execute(
        select(Dealer.id, Dealer.region, Dealer.zone).where(scope.where(Dealer.id, Dealer.region))
    ).all()
    regions = frozenset(d.region for d in dealers)
    wide = Scope("regions", regions)
    peers = session.execute(select(Dealer.id, Dealer.region, Dealer.zone).where(wide.where(Dealer.id, Dealer.region)))
    everybody = {d.id: (d.region, d.zone) for d in peers}
    tiers = tiers_on(session, scope=EVERYTHING if scope.is_all else wide, on=week + 6 * DAY)
    zones = sorted({zone for _, zone in everybody.values()})
    counted: dict[str, Counted] = {
        **_leads(session, wide, week, now), "follow_up": _steps(session, wide, week, now),
        "show_rate": _shown(session, wide, week, zones, now), "sold": _sold(session, wide, week),
        "csi": _csi(session, wide, week), **_claims(session, wide, week),
    }  # fmt: skip
    found: dict[int, dict[str, Figure]] = {d.id: {} for d in dealers}
    for name, what in FIGURES.items():
        by_dealer = counted[name]
        values: dict[Any, list[float]] = defaultdict(list)
        for dealer_id, by_week in by_dealer.items():
            part = part_of(what, *by_week[0]) if 0 in by_week else Part()
            if dealer_id in everybody and not what.counts and part.value is not None and not is_few(what, part):
                for group in groups_of(tiers.get(dealer_id, ""), everybody[dealer_id][0])[
                    : 2 if dealer_id in tiers else 1
                ]:
                    values[group].append(part.value)
        sizes = {group: len(some) for group, some in values.items()}
        middle = {group: quartiles(some) for group, some in values.items()}
        for dealer in dealers:
            weeks = tuple(
                part_of(what, *by_dealer.get(dealer.id, {}).get(n, (0, 0))) for n in range(WEEKS)
            )  # fmt: skip
            own = weeks[0].value is not None and not is_few(what, weeks[0])
            near = None if what.counts else closest(tiers.get(dealer.id, ""), dealer.region, sizes, own=own)
            beside = middle[near] if near is not None else None
            found[dealer.id][name] = Figure(
                name=name, weeks=weeks, peers=beside, group=group_label(near) if near else "",
                band=band_of(weeks[0].value, beside, better=what.better, small=is_few(what, weeks[0])),  # type: ignore[arg-type]
            )  # fmt: skip
    return found, tiers


# ---- counting --------------------------------------------------------------------------------------------------------
def _first(week: date) -> date:
    return week - (WEEKS - 1) * WEEK


def _week_of(column: Any, week: date) -> Any:
    """How many weeks before the report's own a day lies."""
    return case(
        *((column >= week - n * WEEK, literal(n)) for n in range(WEEKS - 1)), else_=literal(WEEKS - 1)
    )  # fmt: skip


def _total(condition: Any) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _grouped(session: Session, table: Any, number: Any, where: Sequence[Any], *sums: Any) -> list[Any]:
    """Sums by dealer and week. Grouped by place: a CASE with bound values is another expression each time elsewhere."""
    inner = select(table.dealer_id.label("dealer"), number.label("n"), *(s.label(f"s{i}") for i, s in enumerate(sums)))
    some = inner.where(*where).subquery()
    totals = [func.coalesce(func.sum(some.c[f"s{i}"]), 0) for i in range(len(sums))]
    return list(session.execute(select(some.c.dealer, some.c.n, *totals).group_by(some.c.dealer, some.c.n)).all())


def _one(condition: Any) -> Any:
    return case((condition, 1), else_=0)


def _by_dealer(rows: Sequence[tuple[int | None, int, float, float | None]]) -> Counted:
    found: Counted = defaultdict(dict)
    for dealer_id, number, top, bottom in rows:
        if dealer_id is not None:
            found[dealer_id][number] = (top, bottom)
    return dict(found)


def _leads(session: Session, scope: Scope, week: date, now: datetime) -> Mapping[str, Counted]:
    first, last = _first(week), week + 6 * DAY
    valid = and_(Lead.status.not_in(NOT_VALID), Lead.first_action_due_at.is_not(None))
    over = and_(valid, or_(Lead.first_action_at.is_not(None), Lead.first_action_due_at <= now))
    good = and_(valid, Lead.first_action_at <= Lead.first_action_due_at)
    rows = _grouped(
        session, Lead, _week_of(Lead.received_on, week),
        [
            scope.where(Lead.dealer_id, Lead.region), Lead.dealer_id.is_not(None),
            # The months are what the index knows of the day a lead came in.
            Lead.received_month.in_(months_between(first, last)), Lead.received_on.between(first, last),
        ],
        _one(Lead.status != "held"), _one(good), _one(over),
    )  # fmt: skip
    return {
        "leads_received": _by_dealer([(d, n, received, None) for d, n, received, _, _ in rows]),
        "leads_in_time": _by_dealer([(d, n, good, over) for d, n, _, good, over in rows]),
    }


def _sold(session: Session, scope: Scope, week: date) -> Counted:
    rows = _grouped(
        session, Lead, _week_of(Lead.decided_on, week),
        [
            scope.where(Lead.dealer_id, Lead.region), Lead.sold_at.is_not(None), Lead.status.not_in(NOT_VALID),
            Lead.decided_on.between(_first(week), week + 6 * DAY),
        ],
        literal(1),
    )  # fmt: skip
    return _by_dealer([(d, n, sold, None) for d, n, sold in rows])


def _steps(session: Session, scope: Scope, week: date, now: datetime) -> Counted:
    task = CadenceTask
    done = or_(adherence.on_time(), adherence.late(), adherence.missed(now))
    rows = _grouped(
        session, task, _week_of(task.due_on, week),
        [
            scope.where(task.dealer_id, task.region), task.required == true(),
            task.due_on.between(_first(week), week + 6 * DAY),
        ],
        _one(adherence.on_time()), _one(done),
    )  # fmt: skip
    return _by_dealer([(d, n, top, bottom) for d, n, top, bottom in rows])


def _shown(session: Session, scope: Scope, week: date, zones: Sequence[str], now: datetime) -> Counted:
    """Appointments by the week they were due in where the dealer is; one part of the CASE for each zone and week."""
    first, parts = _first(week), []
    for zone in zones:
        for n in range(WEEKS):
            parts.append(
                (and_(Dealer.zone == zone, Appointment.starts_at >= starts_at(week - n * WEEK, zone)), literal(n))
            )
    within = [
        and_(
            Dealer.zone == zone, Appointment.starts_at >= starts_at(first, zone),
            Appointment.starts_at < starts_at(week + WEEK, zone),
        )
        for zone in zones
    ]  # fmt: skip
    if not zones:
        return {}
    some = (
        select(
            Appointment.dealer_id.label("dealer"), case(*parts, else_=literal(WEEKS - 1)).label("n"),
            _one(Appointment.status.in_(("shown", "completed"))).label("came"),
        )
        .join(Dealer, Dealer.id == Appointment.dealer_id)
        .where(scope.where(Appointment.dealer_id, Appointment.region), is_due(now), or_(*within))
        .subquery()
    )  # fmt: skip
    rows = session.execute(
        select(some.c.dealer, some.c.n, func.sum(some.c.came), func.count()).group_by(some.c.dealer, some.c.n)
    )
    return _by_dealer([tuple(row) for row in rows])


def _csi(session: Session, scope: Scope, week: date) -> Counted:
    rows = _grouped(
        session, Survey, _week_of(Survey.answered_on, week),
        [
            scope.where(Survey.dealer_id, Survey.region), Survey.kind == "csi", Survey.is_counted == true(),
            Survey.index_hundredths.is_not(None), Survey.answered_on.between(_first(week), week + 6 * DAY),
        ],
        Survey.index_hundredths, literal(1),
    )  # fmt: skip
    return _by_dealer([(d, n, float(top) / 100, bottom) for d, n, top, bottom in rows])


def _claims(session: Session, scope: Scope, week: date) -> Mapping[str, Counted]:
    asked = {"from": _first(week), "to": week + 6 * DAY}
    sent = claims.sent(session, scope=scope, by=("dealer", "week"), filters=asked)
    decided = claims.counts(session, scope=scope, by=("dealer", "week"), filters=asked)

    def number(row: Mapping[str, Any]) -> int:
        monday: date = row["week"]
        return (week - monday).days // 7

    return {
        "claims_sent": _by_dealer([(r["dealer"], number(r), r["sent"], None) for r in sent]),
        "claim_first_pass": _by_dealer([(r["dealer"], number(r), r["first_pass"], r["decided"]) for r in decided]),
    }
