"""What must hold between sales, programs, claims and the ledger (`python -m db check`)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE, usual_calendar
from db.core.area import Check
from db.core.labels import local_day
from db.core.rollups import sums_check
from db.incentives.calculate import from_scratch
from db.incentives.figure_rules import worked_minutes
from db.incentives.payouts import PAYOUTS
from db.incentives.sums import DECIDED, PAID, SALES, SUMS, UNITS
from db.incentives.tables import IncentiveClaim, IncentiveEarning, IncentiveEntry, IncentiveProgram
from db.incentives.unit_marks import UNIT_MARKS

MOST = 50
_ANY_DAY = date(2000, 1, 1)
"""What is earned does not depend on the day it is asked."""


def earned_is_recomputed(session: Session) -> list[str]:
    """What the ledger says was earned is what sales and programs give when everything is calculated from scratch."""
    posted = {
        (program_id, dealer_id, period): int(cents)
        for program_id, dealer_id, period, cents in session.execute(
            select(
                IncentiveEntry.program_id, IncentiveEntry.dealer_id, IncentiveEntry.period,
                func.sum(IncentiveEntry.cents),
            )
            .where(IncentiveEntry.book == "earned")
            .group_by(IncentiveEntry.program_id, IncentiveEntry.dealer_id, IncentiveEntry.period)
        )
    }  # fmt: skip
    kept = {(row.program_id, row.dealer_id, row.period): row.cents for row in session.scalars(select(IncentiveEarning))}
    scratch = {key: found.cents for key, found in from_scratch(session, today=_ANY_DAY).items()}
    codes = {row.id: row.code for row in session.execute(select(IncentiveProgram.id, IncentiveProgram.code))}
    found = []
    for key in sorted(posted.keys() | kept.keys() | scratch.keys()):
        amounts = (posted.get(key, 0), kept.get(key, 0), scratch.get(key, 0))
        if len(set(amounts)) > 1:
            what = f"{codes.get(key[0], key[0])}, dealer {key[1]}, {key[2]}"
            found.append(
                f"{what}: the ledger says {amounts[0]}, the sum {amounts[1]}, calculated anew {amounts[2]} cents"
            )
    return found[:MOST]


def approved_is_the_budget(session: Session) -> list[str]:
    """What a program has committed is what its ledger says was approved less what was taken back."""
    sums = (
        select(IncentiveEntry.program_id, func.sum(IncentiveEntry.cents).label("cents"))
        .where(IncentiveEntry.book == "approved")
        .group_by(IncentiveEntry.program_id)
        .subquery()
    )
    rows = session.execute(
        select(IncentiveProgram.code, IncentiveProgram.committed_cents, func.coalesce(sums.c.cents, 0)).outerjoin(
            sums, sums.c.program_id == IncentiveProgram.id
        )
    )
    return [
        f"{code}: {committed} cents are committed, {int(cents)} approved"
        for code, committed, cents in rows
        if committed != int(cents)
    ][:MOST]


def approvals_are_claims(session: Session) -> list[str]:
    """Each approved claim has its approval in the ledger, each reversed one nothing left."""
    sums = (
        select(IncentiveEntry.claim_id, func.sum(IncentiveEntry.cents).label("cents"))
        .where(IncentiveEntry.book == "approved", IncentiveEntry.kind != "charge_back")
        .group_by(IncentiveEntry.claim_id)
        .subquery()
    )
    rows = session.execute(
        select(
            IncentiveClaim.number, IncentiveClaim.status, IncentiveClaim.approved_cents, func.coalesce(sums.c.cents, 0)
        )
        .outerjoin(sums, sums.c.claim_id == IncentiveClaim.id)
        .where(IncentiveClaim.approved_cents.is_not(None))
    )
    found = []
    for number, status, approved, cents in rows:
        wanted = 0 if status == "reversed" else approved
        if int(cents) != wanted:
            found.append(f"{number}: {wanted} cents approved, {int(cents)} in the ledger")
    return found[:MOST]


def days_are_the_desks(session: Session) -> list[str]:
    """The day of an entry is the desk's at its moment: the sums of months and days stand on it."""
    rows = session.execute(
        select(IncentiveEntry.on_day, func.min(IncentiveEntry.at), func.max(IncentiveEntry.at))
        .group_by(IncentiveEntry.on_day)
        .order_by(IncentiveEntry.on_day)
    )
    return [
        f"entries of {on:%Y-%m-%d} were posted on {local_day(at, DESK_ZONE):%Y-%m-%d}"
        for on, *moments in rows
        for at in dict.fromkeys(moments)
        if local_day(at, DESK_ZONE) != on
    ][:MOST]


def decisions_are_timed(session: Session) -> list[str]:
    """The day of a decision is the desk's at its moment; its minutes are those the desk worked since it was sent."""
    claim, calendar = IncentiveClaim, usual_calendar()
    found: list[str] = []
    rows = session.execute(
        select(
            claim.number, claim.decided_at, claim.decided_on, claim.decided_kind, claim.submitted_at, claim.appealed_at,
            claim.worked_minutes,
        ).where(or_(claim.decided_at.is_not(None), claim.decided_on.is_not(None), claim.worked_minutes.is_not(None)))
    ).all()  # fmt: skip
    sent = [max(r.submitted_at, r.appealed_at or r.submitted_at) if r.submitted_at else None for r in rows]
    timed = [
        (s, r.decided_at) if s is not None and r.decided_at is not None and r.decided_kind == "person" else None
        for s, r in zip(sent, rows, strict=True)
    ]  # fmt: skip
    took = iter(worked_minutes(calendar, [span for span in timed if span is not None]))
    for row, span in zip(rows, timed, strict=True):
        day = None if row.decided_at is None else local_day(row.decided_at, DESK_ZONE)
        if row.decided_on != day:
            found.append(f"{row.number}: decided on {row.decided_on}, by its moment on {day}")
        minutes = None if span is None else next(took)
        if row.worked_minutes != minutes:
            found.append(f"{row.number}: {row.worked_minutes} minutes are kept, the desk worked {minutes}")
    return found[:MOST]


CHECKS = (
    Check(name="Incentives earned are calculated from the sales", run=earned_is_recomputed),
    Check(name="Incentive budgets are what was approved", run=approved_is_the_budget),
    Check(name="Approved incentive claims are in the ledger", run=approvals_are_claims),
    Check(name="Days of incentive entries are the desk's", run=days_are_the_desks),
    sums_check("Sums of incentives agree with the ledger", SUMS),
    sums_check("Sums of sales agree with the sales", SALES),
    # In this order: made anew, sums follow what they are summed up from.
    sums_check("Incentive units know whether they are claimed and earn", UNIT_MARKS),
    sums_check("Payouts of incentives agree with the ledger", PAYOUTS),
    sums_check("Sums of incentive units agree with the units", UNITS),
    sums_check("Sums of payouts agree with the payouts", PAID),
    sums_check("Sums of decisions agree with the incentive claims", DECIDED),
    Check(name="Decisions of incentive claims know their day and their minutes", run=decisions_are_timed),
)
