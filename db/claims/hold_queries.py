"""Who held claims, in minutes on the wall and of the holder's own working calendar, and where the clock stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from db.calendar.model import Calendar
from db.calendar.queries import DESK_ZONE, calendar_book
from db.calendar.rules import elapsed_minutes
from db.claims.clock_rules import ClockState, clock_state, correct_by, pay_state, silence_may_approve
from db.claims.flow import DEALERS_TURN, FLOW, REVIEW, WAITING
from db.claims.hold_rules import ON_OUR_CALENDAR, Held, Holds, HoldTotal, since_sent
from db.claims.policy_queries import policy_on
from db.claims.policy_rules import Policy
from db.claims.tables import Claim, ClaimHold
from db.core.actor import Actor, Scope
from db.core.labels import local_day
from db.core.problems import NotFound
from db.core.shapes import ScopeShape, shape_of, values_of, within
from db.dealers.tables import Dealer

By = Literal["all", "region", "dealer", "status"]
_MINUTE = timedelta(minutes=1)


# ---- the clock of one claim ------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class ClockLine:
    """The clock of a claim as it is drawn: a word and its colour, the sentence behind it, and what silence means.

    `state` is None while no clock runs: never sent, back at the dealer, or closed. `correct_by` is the last day (the
    dealer's) to correct a claim that came back.
    """

    claim_id: int
    number: str
    label: str
    tone: str
    sentence: str
    silence: str
    state: ClockState | None = None
    correct_by: date | None = None


def clock_of(session: Session, *, claim_id: int, actor: Actor, now: datetime) -> ClockLine:
    """The clock of one claim the actor may see; raises `NotFound`."""
    found = clocks_of(session, claim_ids=[claim_id], scope=actor.scope, now=now)
    if claim_id not in found:
        raise NotFound("This claim")
    return found[claim_id]


def clocks_of(
    session: Session, *, claim_ids: Sequence[int], scope: Scope, now: datetime
) -> dict[int, ClockLine]:  # fmt: skip
    """The clocks of several claims by id, with two statements; claims out of scope are left out."""
    rows = session.execute(_clocks(shape_of(scope)), {"ids": list(claim_ids), **values_of(scope)}).all()
    policy = policy_on(session, local_day(now, DESK_ZONE))
    return {r.id: line_of(r, zone=r.zone, policy=policy, now=now) for r in rows}


@lru_cache(maxsize=4)
def _clocks(scope: ScopeShape) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Claim.id, Claim.number, Claim.status, Claim.state, Claim.received_at, Claim.decide_by, Claim.deemed_on,
            Claim.first_decided_at, Claim.decided_at, Claim.decided_kind, Claim.pay_by, Claim.appeals,
            Claim.stage_entered_at, Dealer.zone,
        )
        .join(Dealer, Dealer.id == Claim.dealer_id)
        .where(Claim.id.in_(bindparam("ids", expanding=True)), within(scope, Claim.dealer_id, Claim.region))
    )  # fmt: skip


def line_of(row: Any, *, zone: str, policy: Policy, now: datetime) -> ClockLine:
    """The clock of a claim whose columns are at hand (any object with the columns of `Claim`)."""
    deemed_on: date | None = row.deemed_on
    clock = policy.clock(row.state)
    source, warn_at = clock.source, policy.warn_at
    silent = silence_may_approve(deemed_on=deemed_on, first_decided_at=row.first_decided_at)
    words = {"claim_id": row.id, "number": row.number}
    if row.status in (*REVIEW, *WAITING) and row.received_at is not None and row.decide_by is not None:
        state = clock_state(
            row.received_at, row.decide_by, now, zone=zone, deemed_on=deemed_on if silent else None, source=source,
            warn_at=warn_at,
        )  # fmt: skip
        if row.appeals and row.first_decided_at is not None:
            silence = "It was decided in time once; the appeal has a promise of ours, and silence approves nothing."
        elif silent:
            silence = f"If nobody decides, it is approved as claimed ({source})."
        else:
            silence = f"No law approves it by silence; the days are our own promise ({source})."
        if row.status in WAITING:
            silence += " Waiting does not stop the clock."
        label = "Overdue" if state.level == "over" else f"{state.used_percent}% used"
        return ClockLine(**words, label=label, tone=state.tone, sentence=state.sentence, silence=silence, state=state)
    if row.status in ("returned", "rejected"):
        until = correct_by(row.stage_entered_at, clock, return_days=policy.return_days, zone=zone)
        last = local_day(until - timedelta(microseconds=1), zone)
        return ClockLine(
            **words, label="Stopped", tone="orange" if last >= local_day(now, zone) else "red", correct_by=last,
            sentence=f"The clock stopped: it is the dealer's turn, until {last:%-d %B}.",
            silence="Sending it starts a new clock.",
        )  # fmt: skip
    if row.status in DEALERS_TURN:
        return ClockLine(
            **words, label="Not sent", tone="gray", sentence="It was not sent yet.",
            silence="Sending it starts a new clock.",
        )  # fmt: skip
    if row.status in ("approved", "partially_approved") and row.pay_by is not None and row.decided_at is not None:
        state = pay_state(row.decided_at, row.pay_by, now, zone=zone, warn_at=warn_at)
        by_silence = "It was approved by silence. " if row.decided_kind == "deemed" else ""
        label = "Payment overdue" if state.level == "over" else "To pay"
        return ClockLine(
            **words, label=label, tone=state.tone, sentence=by_silence + state.sentence,
            silence="Decided; the days to pay run.", state=state,
        )  # fmt: skip
    closed = FLOW.state(row.status)
    return ClockLine(
        **words, label=closed.label, tone="gray", sentence=f"{closed.label}; no clock runs.", silence=""
    )  # fmt: skip


# ---- who held it -----------------------------------------------------------------------------------------------------
def held_minutes(
    session: Session, *, claim_ids: Sequence[int], scope: Scope, now: datetime
) -> dict[int, Holds]:  # fmt: skip
    """Who held each claim since it was first sent, with calendar and business minutes; out of scope is left out.

    Ours, engineering's and finance's minutes count on the desk's calendar, the dealer's on the dealer's own. A bounded
    number of statements, whatever the number of claims.
    """
    rows = session.execute(_held(shape_of(scope)), {"ids": list(claim_ids), **values_of(scope)}).all()
    book = calendar_book(session)
    ours = book.get(None, DESK_ZONE)
    by_claim: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        by_claim[row.claim_id].append(row)
    found = {}
    for claim_id, own in by_claim.items():
        theirs = book.get(own[0].calendar_id, own[0].zone)
        found[claim_id] = _holds(own, ours=ours, theirs=theirs, now=now)
    return found


@lru_cache(maxsize=4)
def _held(scope: ScopeShape) -> Select[*tuple[Any, ...]]:
    return (
        select(
            ClaimHold.claim_id,
            ClaimHold.holder,
            ClaimHold.status,
            ClaimHold.since,
            ClaimHold.until,
            Dealer.calendar_id,
            Dealer.zone,
        )
        .join(Dealer, Dealer.id == ClaimHold.dealer_id)
        .where(
            ClaimHold.claim_id.in_(bindparam("ids", expanding=True)),
            within(scope, ClaimHold.dealer_id, ClaimHold.region),
        )
        .order_by(ClaimHold.claim_id, ClaimHold.position)
    )


def _holds(rows: Sequence[Any], *, ours: Calendar, theirs: Calendar, now: datetime) -> Holds:
    intervals = since_sent(((r.holder, r.status, r.since, r.until) for r in rows), now)
    return Holds(
        intervals=tuple(
            Held(
                holder=holder, status=FLOW.state(status).label, since=since, until=until, is_running=running,
                business_minutes=elapsed_minutes(ours if holder in ON_OUR_CALENDAR else theirs, since, until),
            )
            for holder, status, since, until, running in intervals
        )
    )  # fmt: skip


# ---- all of them -----------------------------------------------------------------------------------------------------
def hold_summary(
    session: Session, *, scope: Scope, days: int, now: datetime, by: By = "all",
    filters: Mapping[str, Any] | None = None,
) -> list[HoldTotal]:  # fmt: skip
    """Minutes by party of the last `days` days, cut to them: for all, by region, by dealer, or by state of the claim.

    Drafts are left out. `filters` may hold region and dealer. Most time first; no name ("all") is one row, or none.
    """
    since = now - timedelta(days=days)
    asked = dict(filters or {})
    query = (
        select(
            ClaimHold.claim_id, ClaimHold.holder, ClaimHold.status, ClaimHold.since, ClaimHold.until,
            ClaimHold.dealer_id, ClaimHold.region,
        )
        .where(
            scope.where(ClaimHold.dealer_id, ClaimHold.region), ClaimHold.status != "draft", ClaimHold.since < now,
            ClaimHold.until.is_(None) | (ClaimHold.until > since),
        )
        .execution_options(yield_per=2_000)
    )  # fmt: skip
    if asked.get("region"):
        query = query.where(ClaimHold.region == asked["region"])
    if asked.get("dealer"):
        query = query.where(ClaimHold.dealer_id == asked["dealer"])
    minutes: dict[Any, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    claims: dict[Any, set[int]] = defaultdict(set)
    for r in session.execute(query):
        key = {"all": "", "region": r.region or "", "dealer": r.dealer_id, "status": r.status}[by]
        until = min(r.until, now) if r.until is not None else now
        minutes[key][r.holder] += max(until - max(r.since, since), timedelta(0)) / _MINUTE
        claims[key].add(r.claim_id)
    names = _names(session, list(minutes), by=by, scope=scope)
    totals = [
        HoldTotal(name=names[key], key=str(key), claims=len(claims[key]), minutes=dict(parts))
        for key, parts in minutes.items()
    ]  # fmt: skip
    return sorted(totals, key=lambda t: (-t.total, t.name))


def _names(session: Session, keys: list[Any], *, by: By, scope: Scope) -> dict[Any, str]:
    if by == "dealer":
        rows = session.execute(
            select(Dealer.id, Dealer.code, Dealer.name).where(
                Dealer.id.in_([k for k in keys if k is not None]), scope.where(Dealer.id, Dealer.region)
            )
        )
        return dict.fromkeys(keys, "–") | {r.id: f"{r.name} ({r.code})" for r in rows}
    if by == "status":
        return {key: FLOW.state(key).label for key in keys}
    return {key: key or ("All" if by == "all" else "–") for key in keys}
