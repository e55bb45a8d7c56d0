"""What claims need of their rows: facts, prior claims, what is used up, runs with every check, and reversing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from db.core import search
from db.core.actor import Actor
from db.dealers.tables import Dealer
from db.incentives import books
from db.incentives.amount_rules import amount_of
from db.incentives.claim_rules import counts, does_count, judge
from db.incentives.facts import ClaimFacts, PriorClaim, SaleFacts, Verdict
from db.incentives.flow import FLOW, OPEN_FOR_DEALER
from db.incentives.model import Program, program_from_json
from db.incentives.record import commit_budget, post
from db.incentives.stack_rules import Stacked, offer_of, resolve
from db.incentives.tables import (
    IncentiveCheck,
    IncentiveClaim,
    IncentiveProgram,
    IncentiveRun,
    IncentiveVersion,
    SaleReport,
)
from db.incentives.unit_rules import Plan, near
from db.workflow.engine import move

APPROVED: Final = ("approved", "partially_approved")
WAITING: Final = (*OPEN_FOR_DEALER, "in_review")
KIND = "incentive_claim"
_SALE = TypeAdapter(SaleFacts)
_CLAIM = TypeAdapter(ClaimFacts)


def claims_of_sale(session: Session, sale_id: int) -> list[IncentiveClaim]:
    """Every claim of a sale, locked in the order of their ids."""
    return list(
        session.scalars(
            select(IncentiveClaim)
            .where(IncentiveClaim.sale_id == sale_id)
            .order_by(IncentiveClaim.id)
            .with_for_update(of=IncentiveClaim)
            .execution_options(populate_existing=True)
        )
    )


def prior_of(session: Session, sale: SaleReport, *, but: int | None = None) -> tuple[PriorClaim, ...]:
    """Claims of this vehicle that wait or were approved, but the one that is judged; those of other dealers, too."""
    rows = session.execute(
        select(IncentiveClaim, IncentiveProgram.code, IncentiveVersion.body, SaleReport.dealer_id)
        .join(SaleReport, SaleReport.id == IncentiveClaim.sale_id)
        .join(IncentiveProgram, IncentiveProgram.id == IncentiveClaim.program_id)
        .join(IncentiveVersion, IncentiveVersion.id == IncentiveClaim.version_id)
        .where(
            SaleReport.vin == sale.vin, SaleReport.unwound_on.is_(None), SaleReport.condition == sale.condition,
            IncentiveClaim.status.in_((*WAITING, *APPROVED)), IncentiveClaim.id != (but or 0),
        )
        .order_by(IncentiveClaim.id)
    )  # fmt: skip
    found = []
    for claim, code, body, dealer_id in rows:
        program = program_from_json(body)
        found.append(
            PriorClaim(
                number=claim.number if dealer_id == sale.dealer_id else "another dealer's claim", program=code,
                state="approved" if claim.status in APPROVED else "open", exclusive=program.exclusive,
                stack_group=program.stack_group, compatible=program.compatible,
            )
        )  # fmt: skip
    return tuple(found)


def stack(
    sale: SaleFacts, plans: Sequence[Plan], *, prior: Sequence[PriorClaim] = (), asked: Sequence[str] = ()
) -> Stacked:
    """How the programs of a sale stack now: what was approved stays; `asked` ones take part though papers miss."""
    fixed = {p.program for p in prior if p.state == "approved"}
    offers = []
    for plan in plans:
        program = plan.program
        if program.is_volume:
            continue
        checks = counts(sale, program)
        stands = does_count(checks) or (program.code in asked and not any(c.level == "fail" for c in checks))
        if stands or program.code in fixed:
            offers.append(offer_of(program, amount_of(program, sale), fixed=program.code in fixed))
    return resolve(offers)


def used(session: Session, program_id: int, sale: SaleReport, period: str, *, but: int | None) -> dict[str, int]:
    """Units and cents approved for the dealer, and units for the customer, in the period."""
    approved: list[Any] = [
        IncentiveClaim.program_id == program_id, IncentiveClaim.dealer_id == sale.dealer_id,
        IncentiveClaim.period == period, IncentiveClaim.sale_id.is_not(None), IncentiveClaim.status.in_(APPROVED),
        IncentiveClaim.id != (but or 0),
    ]  # fmt: skip
    units, cents = session.execute(
        select(func.count(), func.coalesce(func.sum(IncentiveClaim.approved_cents), 0)).where(*approved)
    ).one()
    mine = 0
    if sale.customer_ref:
        mine = (
            session.scalar(
                select(func.count())
                .select_from(IncentiveClaim)
                .join(SaleReport, SaleReport.id == IncentiveClaim.sale_id)
                .where(*approved, func.lower(SaleReport.customer_ref) == sale.customer_ref.lower())
            )
            or 0
        )
    return {"dealer_units": units, "dealer_cents": int(cents or 0), "customer_units": mine}


def budget_left(session: Session, program_id: int) -> int | None:
    """What of the budget is left; None without one."""
    budget, committed = session.execute(
        select(IncentiveProgram.budget_cents, IncentiveProgram.committed_cents).where(IncentiveProgram.id == program_id)
    ).one()
    return None if budget is None else max(0, budget - committed)


def claim_facts(
    session: Session, sale: SaleReport, fact: SaleFacts, program: Program, *, program_id: int, period: str,
    claimed_cents: int | None, claimed_on: date, checked: Sequence[str], asked: Sequence[str], but: int | None = None,
) -> ClaimFacts:  # fmt: skip
    """What the checks of a claim are told, with how it stacks against everything else this sale could be paid."""
    prior = prior_of(session, sale, but=but)
    plans = near(fact, books.plans_of(session).values())
    stacked = stack(fact, plans, prior=prior, asked=asked)
    lost = next((x for x in stacked.losers if x.code == program.code and x.beaten_by), None)
    return ClaimFacts(
        claimed_cents=claimed_cents, claimed_on=claimed_on, checked=tuple(checked), prior=prior,
        budget_left=budget_left(session, program_id), lost_to=lost.beaten_by if lost else (),
        lost_why=lost.why if lost else "", **used(session, program_id, sale, period, but=but),
    )  # fmt: skip


def judge_stored(
    session: Session, claim: IncentiveClaim, sale: SaleReport, *, today: date, asked: Sequence[str] = ()
) -> tuple[Verdict, dict[str, Any]]:
    """A stored claim judged with the sale as it is now; the verdict, and the facts as they are kept."""
    program = program_from_json(session.get_one(IncentiveVersion, claim.version_id).body)
    (fact,) = books.facts_of(session, [sale], today=today)
    facts = claim_facts(
        session, sale, fact, program, program_id=claim.program_id, period=claim.period,
        claimed_cents=claim.claimed_cents, claimed_on=today, checked=claim.checked, asked=(*asked, program.code),
        but=claim.id,
    )  # fmt: skip
    kept = {"sale": _SALE.dump_python(fact, mode="json"), "claim": _CLAIM.dump_python(facts, mode="json")}
    return judge(fact, facts, program), kept


def keep_run(
    session: Session, claim: IncentiveClaim, verdict: Verdict, facts: dict[str, Any], *, run: int, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Keep a run with its facts, and every one of its checks."""
    whose = {"claim_id": claim.id, "dealer_id": claim.dealer_id, "region": claim.region, "run": run}
    session.execute(
        insert(IncentiveRun),
        [
            {
                **whose, "made_at": now, "made_by": actor.name, "outcome": verdict.outcome, "facts": facts,
                "entitled_cents": verdict.entitled_cents,
            }
        ],
    )  # fmt: skip
    session.execute(delete(IncentiveCheck).where(IncentiveCheck.claim_id == claim.id, IncentiveCheck.run == run))
    session.execute(
        insert(IncentiveCheck),
        [
            {
                **whose, "rule": c.rule, "rule_version": c.version, "level": c.level, "observed": c.observed,
                "limit_text": c.limit, "sentence": c.sentence, "document": c.document,
            }
            for c in verdict.checks
        ],
    )  # fmt: skip


def reverse_all(
    session: Session, sale: SaleReport, dealer: Dealer, *, reason: str, actor: Actor, now: datetime
) -> list[IncentiveClaim]:
    """Close the claims of an unwound sale: what waits is void, what was approved leaves ledger and budget."""
    closed = []
    for claim in claims_of_sale(session, sale.id):
        if claim.status in APPROVED:
            cents = claim.approved_cents or 0
            values = {"decided_at": now, "decided_by": actor.name, "decided_kind": "unwound", "reason_note": reason}
            move(session, FLOW, claim, target="reversed", actor=actor, now=now, claim_key=None, due_at=None, **values)
            post(
                session, key=f"unwind:{claim.id}", book="approved", kind="unwind", program_id=claim.program_id,
                dealer=dealer, period=claim.period, cents=-cents, actor=actor, now=now, sale_id=sale.id,
                claim_id=claim.id, reason=reason,
            )  # fmt: skip
            commit_budget(session, claim.program_id, -cents)
        elif claim.status in WAITING:
            move(
                session, FLOW, claim, target="void", actor=actor, now=now, claim_key=None, due_at=None,
                reason_note=reason,
            )  # fmt: skip
        else:
            continue
        closed.append(claim)
    return closed


def index(session: Session, claim: IncentiveClaim, vin: str) -> None:
    """Make the claim findable by its number and the vehicle."""
    search.index(
        session, kind=KIND, item_id=claim.id, texts=[claim.number, vin, vin[-8:]], dealer_id=claim.dealer_id,
        region=claim.region, is_new=True,
    )  # fmt: skip
