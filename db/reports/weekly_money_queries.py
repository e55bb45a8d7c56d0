"""What waits at dealers in claims, old parts, incentives, co-op and papers, for the rules of the weekly report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

from sqlalchemy import and_, func, or_, select, true
from sqlalchemy.orm import aliased

from db.claims.figure_rules import NOT_CLAIMS
from db.claims.policy_queries import policy_on
from db.claims.reason_queries import prevention, reason_label
from db.claims.tables import Claim, ClaimLoss
from db.coop.queue_tables import CoopClaim
from db.coop.tables import CoopFund, CoopLot
from db.core.actor import system_actor
from db.core.labels import plural
from db.dealers.tables import Dealer
from db.documents import rules as documents
from db.documents.coverage_queries import find_gaps
from db.documents.tables import Document
from db.incentives.outlook_queries import list_outlook
from db.incentives.tables import IncentiveCheck, IncentiveClaim, IncentiveProgram
from db.part_returns.queries import late as part_late
from db.part_returns.tables import PartReturn
from db.reports.pack_rules import amount
from db.reports.weekly_asked import Asked, Found, standing_of
from db.reports.weekly_facts_rules import (
    EXPIRES_DAYS,
    NEAR_DAYS,
    REASON_DAYS,
    RETURN_DAYS,
    SHOWN,
    Row,
    Standing,
)
from db.reports.weekly_rules import DAY, WEEK
from db.warranty.tables import Technician, TechnicianSkill

CLAIM: Final = "pages/claims/claim.py"


# ---- claims ----------------------------------------------------------------------------------------------------------
def _claim(row: Any, words: str) -> Row:
    return Row(label=row.number, words=words, page=CLAIM, query=(("claim", str(row.id)),))


def _same_reason(a: Asked) -> Found:
    """The reason most claims came back for in the days up to the week's end; of equals the first by its code."""
    loss, last = ClaimLoss, a.week + 6 * DAY
    within = [loss.kind == "returned", loss.happened_on.between(last - (REASON_DAYS - 1) * DAY, last), a.of(loss)]
    counted = a.session.execute(
        select(loss.dealer_id, loss.reason_code, func.count()).where(*within).group_by(loss.dealer_id, loss.reason_code)
    )
    top: dict[int, tuple[int, str]] = {}
    for dealer_id, code, number in sorted(counted, key=lambda r: (-r[2], r[1])):
        if dealer_id is not None and code:
            top.setdefault(dealer_id, (number, code))
    if not top:
        return {}
    rows = a.ranked(
        loss, [Claim.id, Claim.number, loss.reason_code.label("code"), loss.happened_on.label("on")],
        [loss.kind == "returned", loss.happened_on.between(last - (REASON_DAYS - 1) * DAY, last)],
        order=(loss.reason_code, loss.happened_on.desc(), loss.id), joins=[(Claim, Claim.id == loss.claim_id)],
    )  # fmt: skip
    found = {}
    for dealer_id, (number, code) in top.items():
        own = [r for r in rows.get(dealer_id, ()) if r.code == code]
        told = [Row(label=prevention(code))] if not own else []
        told += [_claim(r, f"came back on {r.on.day} {r.on:%b}") for r in own]
        if own:
            told[0] = replace(told[0], words=f"{told[0].words}. {prevention(code)}")
        found[dealer_id] = Standing(count=number, word=reason_label(code), rows=tuple(told))
    return found


def _claim_drafts(a: Asked) -> Found:
    """Drafts by the days left of their state's window; those with more than a week left are not told."""
    policy, item = policy_on(a.session, a.last_day), Claim
    most = max([*policy.windows.values(), policy.rule("W15").limits.get("days", 30)])
    rows = a.session.execute(
        select(item.dealer_id, item.id, item.number, item.ro_closed_on, Dealer.state)
        .join(Dealer, Dealer.id == item.dealer_id)
        .where(
            a.of(item), item.status == "draft", item.ro_closed_on.is_not(None), item.claim_type.not_in(NOT_CLAIMS),
            # What is long past its window is no matter of this week; without this the drafts of years would be read.
            item.ro_closed_on >= a.first_day - (most + 4 * WEEK.days) * DAY,
        )
        .order_by(item.ro_closed_on, item.id)
    ).all()  # fmt: skip
    near: dict[int, list[tuple[int, Any]]] = defaultdict(list)
    for row in rows:
        days = policy.windows.get(row.state) or policy.windows.get("") or policy.rule("W15").limits.get("days", 30)
        left = days + a.left(row.dealer_id, row.ro_closed_on)
        if left <= NEAR_DAYS:
            near[row.dealer_id].append((left, row))
    found = {}
    for dealer_id, some in near.items():
        some.sort(key=lambda one: (one[0], one[1].id))
        told = tuple(
            _claim(row, f"{plural(left, 'day')} left" if left >= 0 else f"over for {plural(-left, 'day')}")
            for left, row in some[:SHOWN]
        )
        found[dealer_id] = Standing(count=len(some), worst=some[0][0], rows=told)
    return found


def _claims_back(a: Asked) -> Found:
    item, since = Claim, func.coalesce(Claim.stage_entered_at, Claim.updated_at)
    rows = a.ranked(
        item, [item.id, item.number, item.reason_code.label("code"), since.label("at")],
        [item.status.in_(("returned", "rejected")), item.claim_type.not_in(NOT_CLAIMS)],
        order=(since, item.id),
    )  # fmt: skip

    def told(row: Any) -> Row:
        why = f"{reason_label(row.code)}, " if row.code else ""
        return _claim(row, f"{why}back for {plural(a.ago(row.at), 'day')}")

    return {d: standing_of(some, a.ago(some[0].at), told) for d, some in rows.items()}


def _old_parts(a: Asked) -> Found:
    item = PartReturn
    near = and_(item.due_on.is_not(None), item.due_on <= a.last_day + RETURN_DAYS * DAY)
    rows = a.ranked(
        item, [item.id, item.number, item.part_name.label("part"), item.due_on.label("on")],
        [item.status == "requested", or_(part_late(a.now), near)], order=(item.due_on, item.id), cents=item.part_cents,
    )  # fmt: skip

    def told(row: Any) -> Row:
        left = a.left(row.dealer, row.on) if row.on else 0
        when = f"{plural(-left, 'day')} overdue" if left < 0 else f"due in {plural(left, 'day')}"
        page = "pages/claims/parts_returns.py"
        return Row(label=row.number, words=f"{row.part}, {when}", page=page, query=(("rma", str(row.id)),))

    return {
        d: standing_of(some, a.left(d, some[0].on) if some[0].on else 0, told, cents=int(some[0].cents or 0))
        for d, some in rows.items()
    }


# ---- money -----------------------------------------------------------------------------------------------------------
def _incentive_proof(a: Asked) -> Found:
    item, check = IncentiveClaim, IncentiveCheck
    lacks = (
        select(func.min(check.sentence))
        .where(check.claim_id == item.id, check.run == item.run, check.level == "missing")
        .scalar_subquery()
    )
    rows = a.ranked(
        item, [item.id, item.number, IncentiveProgram.name.label("program"), lacks.label("lacks")],
        [item.status == "returned", item.is_open == true()], order=(item.due_at, item.id),
        joins=[(IncentiveProgram, IncentiveProgram.id == item.program_id)],
        cents=func.coalesce(item.claimed_cents, item.entitled_cents),
    )  # fmt: skip

    def told(row: Any) -> Row:
        page = "pages/incentives/incentive_claims.py"
        return Row(
            label=row.number, words=row.lacks or row.program, page=page, query=(("incentive_claim", str(row.id)),)
        )

    return {d: standing_of(some, 0, told, cents=int(some[0].cents or 0)) for d, some in rows.items()}


def _coop_expiring(a: Asked) -> Found:
    lot = CoopLot
    rows = a.ranked(
        lot, [lot.left_cents.label("left"), lot.expires_on.label("on"), CoopFund.period.label("period")],
        [
            lot.left_cents > 0, lot.expires_on >= a.first_day, lot.expires_on <= a.first_day + EXPIRES_DAYS * DAY,
        ],
        order=(lot.expires_on, lot.id), joins=[(CoopFund, CoopFund.id == lot.fund_id)], cents=lot.left_cents,
    )  # fmt: skip

    def told(row: Any) -> Row:
        words = f"expires on {row.on.day} {row.on:%b}, fund {row.period}"
        page = "pages/coop/coop_radar.py"
        return Row(label=amount(row.left, "money"), words=words, page=page, query=(("crd_dealer", str(row.dealer)),))

    return {
        d: standing_of(some, max(0, a.left(d, some[0].on)), told, cents=int(some[0].cents or 0))
        for d, some in rows.items()
    }


def _coop_back(a: Asked) -> Found:
    item = CoopClaim
    rows = a.ranked(
        item, [item.id, item.number, item.activity], [item.status == "returned", item.is_open == true()],
        order=(item.due_at, item.id), cents=item.payable_cents,
    )  # fmt: skip

    def told(row: Any) -> Row:
        page = "pages/coop/coop_claims.py"
        return Row(label=row.number, words=row.activity, page=page, query=(("claim", str(row.id)),))

    return {d: standing_of(some, 0, told, cents=int(some[0].cents or 0)) for d, some in rows.items()}


def _next_tier(a: Asked) -> Found:
    """The nearest step of each dealer; of several that with the most at stake."""
    desk = replace(system_actor(), scope=a.scope)
    found: Found = {}
    for line in list_outlook(a.session, actor=desk, now=a.now):
        step = line.found.step
        if step is None:
            continue
        one = Standing(
            count=step.units, worst=line.found.days_left, cents=step.cents, word=line.name,
            rows=(
                Row(
                    label=line.code, words=line.found.sentence, page="pages/incentives/outlook.py",
                    query=(("ino_dealer", str(line.dealer_id)),),
                ),
            ),
        )  # fmt: skip
        known = found.get(line.dealer_id)
        if known is None or (one.count, -one.cents, one.word) < (known.count, -known.cents, known.word):
            found[line.dealer_id] = one
    return found


# ---- papers ----------------------------------------------------------------------------------------------------------
def _documents(a: Asked) -> Found:
    rows: dict[int, list[tuple[date, Row]]] = defaultdict(list)
    gone: set[tuple[int, str]] = set()
    for gap in find_gaps(a.session, scope=a.scope, now=a.now):
        label, page = documents.LABELS[gap.document_type], "pages/network/documents.py"
        state = "missing" if gap.state == "missing" else "starts later"
        if gap.state == "expired" and gap.expires_on:
            state = f"expired on {gap.expires_on.day} {gap.expires_on:%b %Y}"
        query = ("document", str(gap.document_id)) if gap.document_id else ("dealer", str(gap.dealer_id))
        gone.add((gap.dealer_id, gap.document_type))
        rows[gap.dealer_id].append(
            (gap.expires_on or date.min, Row(label=label, words=state, page=page, query=(query,)))
        )
    paper, newer = Document, aliased(Document)
    later = (
        select(newer.id)
        .where(
            newer.dealer_id == paper.dealer_id, newer.document_type == paper.document_type, newer.status == "current",
            or_(newer.expires_on.is_(None), newer.expires_on > paper.expires_on),
        )
        .exists()
    )  # fmt: skip
    soon = a.session.execute(
        select(paper.id, paper.dealer_id, paper.document_type, paper.expires_on)
        .join(Dealer, Dealer.id == paper.dealer_id)
        .where(
            a.of(paper), paper.status == "current", paper.expires_on >= a.first_day,
            paper.expires_on <= a.last_day + EXPIRES_DAYS * DAY, ~later,
            Dealer.status.in_(documents.REQUIRING_STATUSES),
        )
        .order_by(paper.expires_on, paper.id)
    )  # fmt: skip
    for document_id, dealer_id, name, on in soon:
        left = a.left(dealer_id, on) if on is not None else -1
        if on is not None and 0 <= left <= EXPIRES_DAYS and (dealer_id, name) not in gone:
            words = f"expires {documents.left_words(left)}"
            at = (("document", str(document_id)),)
            row = Row(label=documents.LABELS[name], words=words, page="pages/network/documents.py", query=at)
            rows[dealer_id].append((on, row))
    found = {}
    for dealer_id, some in rows.items():
        some.sort(key=lambda one: (one[0], one[1].label))
        listed = [row for _, row in some]
        words = ", ".join(f"{row.label} {row.words}" for row in listed[:3])
        found[dealer_id] = Standing(count=len(listed), word=words, rows=tuple(listed[:SHOWN]))
    return found


def _certificates(a: Asked) -> Found:
    skill, newer, person = TechnicianSkill, aliased(TechnicianSkill), Technician
    later = (
        select(newer.id)
        .where(
            newer.technician_id == skill.technician_id, newer.skill == skill.skill,
            or_(newer.expires_on.is_(None), newer.expires_on > skill.expires_on),
        )
        .exists()
    )  # fmt: skip
    rows = a.ranked(
        person, [person.id, person.code, skill.skill, skill.expires_on.label("on")],
        [
            or_(person.left_on.is_(None), person.left_on >= a.last_day), ~later, skill.expires_on >= a.first_day,
            skill.expires_on <= a.first_day + EXPIRES_DAYS * DAY,
        ],
        order=(skill.expires_on, skill.id), joins=[(skill, skill.technician_id == person.id)],
    )  # fmt: skip

    def told(row: Any) -> Row:
        query = (("wty_view", "technicians"),)
        words = f"{row.skill}, until {row.on.day} {row.on:%b %Y}"
        return Row(label=row.code, words=words, page="pages/claims/warranty.py", query=query)

    return {d: standing_of(some, max(0, a.left(d, some[0].on)), told) for d, some in rows.items()}


KINDS: Final[Mapping[str, Callable[[Asked], Found]]] = {
    "same_reason": _same_reason, "claim_drafts": _claim_drafts, "claims_back": _claims_back, "old_parts": _old_parts,
    "incentive_proof": _incentive_proof, "coop_expiring": _coop_expiring, "coop_back": _coop_back,
    "next_tier": _next_tier, "documents": _documents, "certificates": _certificates,
}  # fmt: skip
