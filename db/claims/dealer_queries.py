"""What claims say of a dealer: lines to know before a call, and signals for the health of the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.claims import figure_queries as figures
from db.claims.figure_rules import AWAITING, LEAST_FOR_RANK, NOT_CLAIMS, SMALL, receivable, spike
from db.claims.metrics_queries import RATIOS, value_of
from db.claims.reason_queries import reason_label, reasons
from db.claims.tables import Claim
from db.core.actor import Actor, Scope
from db.core.area import DealerLine, DealerSource, Signal
from db.core.labels import local_day, percent_label, plural
from db.core.permissions import Permission

PAGE = "pages/claims/claim_performance.py"
DAYS = 90
MANY_RETURNS = 2.0
WATCH_DENIAL, RISK_DENIAL = 0.2, 0.4
"""Return loops a claim, and shares denied, from which a dealer is watched or a risk; of ten decided claims (D)."""
WEEKS = 13


def lines(session: Session, *, dealer_id: int, actor: Actor, now: datetime, since: datetime | None) -> list[DealerLine]:
    """What waits for the dealer, for us, what was denied lately, its yield beside the network, and what is unpaid."""
    query = {"cpf_dealer": str(dealer_id)}
    today = local_day(now, DESK_ZONE)
    lately = since or now - timedelta(days=30)
    ours = Claim.status.in_(AWAITING)
    returned, waits, late, due, denied = session.execute(
        select(
            func.sum(case((Claim.status.in_(("returned", "rejected")), 1), else_=0)),
            func.sum(case((ours, 1), else_=0)),
            func.sum(case((and_(ours, Claim.decide_by < now), 1), else_=0)),
            func.min(case((ours, Claim.decide_by))),
            func.sum(case((and_(Claim.status == "denied", Claim.decided_at >= lately), 1), else_=0)),
        ).where(
            Claim.dealer_id == dealer_id, actor.scope.where(Claim.dealer_id, Claim.region),
            Claim.status.in_(("returned", "rejected", "denied", *AWAITING)), Claim.claim_type.not_in(NOT_CLAIMS),
        )
    ).one()  # fmt: skip
    found: list[DealerLine] = []
    if returned:
        found.append(
            DealerLine(
                kind="promised",
                title=f"{plural(returned, 'claim')} to be corrected by the dealer",
                page=PAGE,
                query=query,
            )
        )
    if late:
        found.append(
            DealerLine(
                kind="overdue", title=f"{plural(late, 'claim')} past the time to decide", at=due, page=PAGE, query=query
            )
        )
    if waits:
        found.append(
            DealerLine(
                kind="open", title=f"{plural(waits, 'claim')} waiting for our decision", at=due, page=PAGE, query=query
            )
        )
    if denied:
        top = reasons(
            session,
            scope=actor.scope,
            filters={"dealer": dealer_id, "from": local_day(lately, DESK_ZONE)},
            kind="denied",
        )
        why = f"Mostly: {reason_label(top[0].code).lower()}" if top else ""
        found.append(
            DealerLine(kind="changed", title=f"{plural(denied, 'claim')} denied", detail=why, page=PAGE, query=query)
        )
    if not actor.can(Permission.CLAIMS_PERFORMANCE):
        return found
    period = {"from": today - timedelta(days=DAYS - 1), "to": today}
    (own,) = figures.counts(session, scope=actor.scope, filters={**period, "dealer": dealer_id}) or [{"decided": 0}]
    if own["decided"]:
        share = percent_label(own["first_pass"], own["decided"], 0)
        if own["decided"] < LEAST_FOR_RANK:
            share = f"{own['first_pass']} of {own['decided']}"
        beside = figures.peer_average(session, dealer_id=dealer_id, filters=period, actor=actor)
        network = "" if beside is None else f"Other dealers: {100 * beside:.0f}% on average"
        found.append(
            DealerLine(
                kind="open", title=f"First-pass yield {share} in {DAYS} days", detail=network, page=PAGE, query=query
            )
        )
    for one in figures.owed(session, scope=actor.scope, filters={"dealer": dealer_id}, today=today).values():
        if one.unpaid_cents:
            owes = receivable(one.unpaid_cents, one.approved_cents, one.months)
            month = f"{owes.months:.1f} of its average months" if owes.months is not None else ""
            found.append(
                DealerLine(
                    kind="overdue" if owes.is_high else "open",
                    title=f"${one.unpaid_cents / 100:,.0f} of approved claims not paid yet",
                    detail=month,
                    page=PAGE,
                    query=query,
                )
            )
    return found


def signals(session: Session, *, scope: Scope, now: datetime) -> Mapping[int, Sequence[Signal]]:
    """Dealers with many return loops, a high share denied, more unpaid than a month, or a week that stands out.

    Four statements for a whole scope; shares of fewer than ten decided claims say nothing.
    """
    today = local_day(now, DESK_ZONE)
    period = {"from": today - timedelta(days=DAYS - 1), "to": today}
    found: dict[int, list[Signal]] = {}
    for row in figures.counts(session, scope=scope, by=("dealer",), filters=period):
        dealer, n = row["dealer"], row["decided"]
        if dealer is None or n < LEAST_FOR_RANK:
            continue
        loops = value_of(row, RATIOS["claim_returns"][1])["value"]
        if loops > MANY_RETURNS:
            words = f"Claims come back {loops:.1f} times on average (n = {n})."
            found.setdefault(dealer, []).append(Signal(level="watch", sentence=words))
        denied = row["denied"] / n
        if denied >= WATCH_DENIAL:
            level: Literal["watch", "risk"] = "risk" if denied >= RISK_DENIAL and n >= SMALL else "watch"
            words = f"{row['denied']} of {n} claims decided in {DAYS} days were denied."
            found.setdefault(dealer, []).append(Signal(level=level, sentence=words))
    for dealer, one in figures.owed(session, scope=scope, today=today).items():
        owes = receivable(one.unpaid_cents, one.approved_cents, one.months)
        if owes.is_high:
            words = f"{owes.months:.1f} average months of approved claims are not paid."
            found.setdefault(dealer, []).append(Signal(level="watch", sentence=words))
    monday = figures.week_of(today)
    weeks = [monday - timedelta(days=7 * n) for n in range(WEEKS, 0, -1)]
    rows = figures.sent(
        session, scope=scope, by=("dealer", "week"), filters={"from": weeks[0], "to": monday - figures.DAY}
    )
    counted: dict[int, dict[object, int]] = {}
    for row in rows:
        if row["dealer"] is not None:
            counted.setdefault(row["dealer"], {})[row["week"]] = row["sent"]
    for dealer, by_week in counted.items():
        numbers = [by_week.get(week, 0) for week in weeks]
        last = spike(numbers[:-1], numbers[-1])
        if last.flagged:
            words = f"{last.count} claims sent last week; {last.mean:.1f} a week before."
            found.setdefault(dealer, []).append(Signal(level="watch", sentence=words))
    return found


SOURCE = DealerSource(name="claims", label="Claims", permission=Permission.CLAIMS_VIEW, lines=lines, signals=signals)
