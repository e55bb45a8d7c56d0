"""What the figures of claims need beside the claim itself, written once in the step that makes it true (decision 0050).

Days are those of the desk, so that a week means the same for every dealer; minutes of business are those our desk was
open. `record.move_claim` and `record.decided` call this; nothing else writes these columns and `ClaimLoss`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE, calendar_for_dealer
from db.calendar.rules import elapsed_minutes
from db.claims import rollup
from db.claims.figure_rules import NOT_CLAIMS
from db.claims.tables import Claim, ClaimCharge, ClaimJob, ClaimLoss
from db.core.area import Check
from db.core.labels import local_day
from db.customers.vehicle_tables import Vehicle

COLUMNS = (
    "submitted_on", "first_decided_on", "component", "causal_part", "model", "turnaround_minutes", "business_minutes",
    "pay_days", "before_appeal_cents", "appeal_result",
)  # fmt: skip
MOST = 5


def of_step(session: Session, claim: Claim, step: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The further columns a step sets, from the columns it sets anyway."""
    found: dict[str, Any] = {}
    sent = values.get("submitted_at") or claim.submitted_at
    if step == "submit" and sent is not None:
        found |= {"submitted_on": local_day(sent, DESK_ZONE), **_subject(session, claim)}
    first = values.get("first_decided_at")
    if first is not None and claim.first_decided_on is None and sent is not None:
        found |= {
            "first_decided_on": local_day(first, DESK_ZONE),
            "turnaround_minutes": max(0, int((first - sent) / timedelta(minutes=1))),
            "business_minutes": elapsed_minutes(calendar_for_dealer(session, None), sent, max(first, sent)),
        }
    paid = values.get("paid_at")
    if paid is not None and claim.decided_at is not None:
        found["pay_days"] = (local_day(paid, DESK_ZONE) - local_day(claim.decided_at, DESK_ZONE)).days
    if step == "appeal":
        found |= {"before_appeal_cents": claim.approved_cents or 0, "appeal_result": "pending"}
    elif values.get("decided_at") is not None and claim.appeal_result == "pending":
        more = (values.get("approved_cents") or 0) > (claim.before_appeal_cents or 0)
        found["appeal_result"] = "overturned" if more else "upheld"
    return found


def told(changed: Mapping[str, Any]) -> dict[str, Any]:
    """What a step changed, as the timeline tells it: without what only figures read."""
    return {half: {k: v for k, v in changed[half].items() if k not in COLUMNS} for half in ("before", "after")}


def _subject(session: Session, claim: Claim) -> dict[str, str]:
    job = session.execute(
        select(ClaimJob.component, ClaimJob.causal_part)
        .where(ClaimJob.claim_id == claim.id)
        .order_by(ClaimJob.position)
        .limit(1)
    ).first()
    model = session.scalar(select(Vehicle.model).where(Vehicle.vin == claim.vin)) if claim.vin else None
    return {
        "component": job.component if job else "", "causal_part": job.causal_part.strip().upper() if job else "",
        "model": model or "",
    }  # fmt: skip


def note_losses(session: Session, claim: Claim, *, kind: str, reason_code: str, now: datetime) -> None:
    """Keep what a decision costs the dealer, by reason; a later decision on the money replaces what one before took."""
    if claim.claim_type in NOT_CLAIMS:
        return
    whose = {
        "claim_id": claim.id, "dealer_id": claim.dealer_id, "region": claim.region,
        "happened_on": local_day(now, DESK_ZONE),
    }  # fmt: skip
    rows: list[dict[str, Any]] = []
    if kind in ("return", "reject"):
        rows = [{**whose, "kind": "returned", "reason_code": reason_code or "OTHER", "cents": 0}]
    elif kind in ("approve", "partial", "deny", "deemed"):
        session.execute(delete(ClaimLoss).where(ClaimLoss.claim_id == claim.id, ClaimLoss.kind != "returned"))
        if kind in ("partial", "deny"):
            lost = _lost(session, claim.id, reason_code or "OTHER")
            if kind == "deny" and not lost:
                lost = {reason_code or "OTHER": 0}
            word = "denied" if kind == "deny" else "reduced"
            rows = [{**whose, "kind": word, "reason_code": code, "cents": cents} for code, cents in lost.items()]
    if rows:
        session.execute(insert(ClaimLoss), rows)


def _lost(session: Session, claim_id: int, otherwise: str) -> dict[str, int]:
    found: dict[str, int] = {}
    charges = session.execute(
        select(ClaimCharge.reason_code, ClaimCharge.claimed_cents, ClaimCharge.approved_cents)
        .where(ClaimCharge.claim_id == claim_id)
        .order_by(ClaimCharge.position)
    )
    for code, claimed, approved in charges:
        if approved is not None and approved != claimed:
            found[code or otherwise] = found.get(code or otherwise, 0) + claimed - approved
    return {code: cents for code, cents in found.items() if cents}


# ---- checks --------------------------------------------------------------------------------------------------------
def differences(session: Session) -> list[str]:
    """Claims whose columns for figures are not what the claim itself says, as sentences."""
    wrong: list[str] = []
    rows = session.execute(
        select(
            Claim.number, Claim.submitted_at, Claim.submitted_on, Claim.first_decided_at, Claim.first_decided_on,
            Claim.turnaround_minutes, Claim.business_minutes,
        ).order_by(Claim.id)
    )  # fmt: skip
    for row in rows:
        sent = local_day(row.submitted_at, DESK_ZONE) if row.submitted_at else None
        first = local_day(row.first_decided_at, DESK_ZONE) if row.first_decided_at else None
        minutes = None
        if row.first_decided_at and row.submitted_at:
            minutes = max(0, int((row.first_decided_at - row.submitted_at) / timedelta(minutes=1)))
        if (sent, first, minutes) != (row.submitted_on, row.first_decided_on, row.turnaround_minutes) or (
            (row.business_minutes is None) != (minutes is None)
        ):
            wrong.append(f"claim {row.number} has other days in its figures than in its history")
            if len(wrong) == MOST:
                break
    total = select(ClaimLoss.claim_id, func.sum(ClaimLoss.cents).label("cents"))
    lost = total.where(ClaimLoss.kind != "returned").group_by(ClaimLoss.claim_id).subquery()
    off = session.scalars(
        select(Claim.number)
        .outerjoin(lost, lost.c.claim_id == Claim.id)
        .where(
            Claim.approved_cents.is_not(None), Claim.decided_at.is_not(None), Claim.claim_type.not_in(NOT_CLAIMS),
            func.coalesce(lost.c.cents, 0) != Claim.claimed_cents - Claim.approved_cents,
        )
        .order_by(Claim.id)
        .limit(MOST)
    )  # fmt: skip
    return wrong + [f"claim {number} lost another amount than its reasons add up to" for number in off]


CHECKS = (
    Check(name="Figures of claims agree with the claims", run=differences),
    Check(name="Sums of claims agree with the claims", run=rollup.differences, rebuild=rollup.rebuild),
)
