"""What claims need of their rows: facts, prior claims, what is used up, runs with every check, and reversing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE, usual_calendar
from db.calendar.rules import elapsed_minutes
from db.core import search
from db.core.actor import Actor
from db.core.labels import local_day
from db.dealers.tables import Dealer
from db.incentives import books
from db.incentives.amount_rules import amount_of
from db.incentives.claim_rules import counts, does_count, judge
from db.incentives.facts import Check, ClaimFacts, PriorClaim, SaleFacts, Verdict
from db.incentives.flow import FLOW, OPEN_FOR_DEALER, REVIEW
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
WAITING: Final = (*OPEN_FOR_DEALER, *REVIEW)
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


@dataclass(frozen=True)
class Waiting:
    """A claim of a vehicle that waits or was approved, with whose it is."""

    claim_id: int
    dealer_id: int
    claim: PriorClaim


def claims_on(session: Session, vins: Sequence[str]) -> dict[tuple[str, str], list[Waiting]]:
    """Claims that wait or were approved, by (VIN, condition) of their vehicle; one statement for at most 500 VINs."""
    rows = session.execute(
        select(
            IncentiveClaim.id, IncentiveClaim.number, IncentiveClaim.status, IncentiveClaim.version_id,
            IncentiveProgram.code, SaleReport.vin, SaleReport.condition, SaleReport.dealer_id,
        )
        .join(SaleReport, SaleReport.id == IncentiveClaim.sale_id)
        .join(IncentiveProgram, IncentiveProgram.id == IncentiveClaim.program_id)
        .where(
            SaleReport.vin.in_(vins), SaleReport.unwound_on.is_(None),
            IncentiveClaim.status.in_((*WAITING, *APPROVED)),
        )
        .order_by(IncentiveClaim.id)
    ).all()  # fmt: skip
    bodies = session.execute(
        select(IncentiveVersion.id, IncentiveVersion.body).where(IncentiveVersion.id.in_({r.version_id for r in rows}))
    ).all() if rows else []  # fmt: skip
    programs = {version_id: program_from_json(body) for version_id, body in bodies}
    found: dict[tuple[str, str], list[Waiting]] = {}
    for r in rows:
        program = programs[r.version_id]
        prior = PriorClaim(
            number=r.number, program=r.code, state="approved" if r.status in APPROVED else "open",
            exclusive=program.exclusive, stack_group=program.stack_group, compatible=program.compatible,
        )  # fmt: skip
        found.setdefault((r.vin, r.condition), []).append(Waiting(r.id, r.dealer_id, prior))
    return found


def prior_among(waiting: Iterable[Waiting], sale: SaleReport, *, but: int | None = None) -> tuple[PriorClaim, ...]:
    """The claims of a vehicle but the one that is judged; that of another dealer is not named."""
    return tuple(
        one.claim if one.dealer_id == sale.dealer_id else replace(one.claim, number="another dealer's claim")
        for one in waiting
        if one.claim_id != but
    )


def prior_of(session: Session, sale: SaleReport, *, but: int | None = None) -> tuple[PriorClaim, ...]:
    """Claims of this vehicle that wait or were approved, but the one that is judged; those of other dealers, too."""
    waiting = claims_on(session, [sale.vin]).get((sale.vin, sale.condition), ())
    return prior_among(waiting, sale, but=but)


def stack(
    sale: SaleFacts, plans: Sequence[Plan], *, prior: Sequence[PriorClaim] = (), asked: Sequence[str] = (),
    checks_of: Mapping[str, Sequence[Check]] | None = None,
) -> Stacked:  # fmt: skip
    """How the programs of a sale stack now: what was approved stays; `asked` ones take part though papers miss.

    `checks_of` spares what was asked of the sale before, by the code of the program.
    """
    fixed = {p.program for p in prior if p.state == "approved"}
    offers = []
    for plan in plans:
        program = plan.program
        if program.is_volume:
            continue
        checks = tuple(checks_of[program.code]) if checks_of else counts(sale, program)
        stands = does_count(checks) or (program.code in asked and not any(c.level == "fail" for c in checks))
        if stands or program.code in fixed:
            offers.append(offer_of(program, amount_of(program, sale), fixed=program.code in fixed))
    return resolve(offers)


def used_by_dealer(
    session: Session, program_id: int, *, dealer_id: int, period: str, but: int | None
) -> tuple[int, int]:
    """Units and cents approved for a dealer in a period, besides one claim."""
    units, cents = session.execute(
        select(func.count(), func.coalesce(func.sum(IncentiveClaim.approved_cents), 0)).where(
            *_approved(program_id, dealer_id, period, but)
        )
    ).one()
    return int(units), int(cents or 0)


def used_by_customer(session: Session, program_id: int, sale: SaleReport, period: str, *, but: int | None) -> int:
    """Units approved for the customer of a sale in a period, besides one claim."""
    if not sale.customer_ref:
        return 0
    return (
        session.scalar(
            select(func.count())
            .select_from(IncentiveClaim)
            .join(SaleReport, SaleReport.id == IncentiveClaim.sale_id)
            .where(
                *_approved(program_id, sale.dealer_id, period, but),
                func.lower(SaleReport.customer_ref) == sale.customer_ref.lower(),
            )
        )
        or 0
    )


def _approved(program_id: int, dealer_id: int, period: str, but: int | None) -> list[Any]:
    return [
        IncentiveClaim.program_id == program_id, IncentiveClaim.dealer_id == dealer_id,
        IncentiveClaim.period == period, IncentiveClaim.sale_id.is_not(None), IncentiveClaim.status.in_(APPROVED),
        IncentiveClaim.id != (but or 0),
    ]  # fmt: skip


def budget_left(session: Session, program_id: int) -> int | None:
    """What of the budget is left; None without one."""
    budget, committed = session.execute(
        select(IncentiveProgram.budget_cents, IncentiveProgram.committed_cents).where(IncentiveProgram.id == program_id)
    ).one()
    return None if budget is None else max(0, budget - committed)


class Known:
    """What the checks ask of the tables for sales that are judged together, each question asked once.

    It does not see what is written after it was asked: one reading, or one decision of a command.
    """

    def __init__(self, session: Session, sales: Sequence[SaleReport]) -> None:
        self.session = session
        self.waiting: dict[tuple[str, str], list[Waiting]] = {}
        vins = sorted({s.vin for s in sales})
        for start in range(0, len(vins), books.AT_ONCE):
            self.waiting |= claims_on(session, vins[start : start + books.AT_ONCE])
        self._budgets: dict[int, int | None] = {}
        self._used: dict[tuple[int, int, str, int | None], tuple[int, int]] = {}

    def prior(self, sale: SaleReport, *, but: int | None = None) -> tuple[PriorClaim, ...]:
        """Claims of the vehicle of a sale, but one."""
        return prior_among(self.waiting.get((sale.vin, sale.condition), ()), sale, but=but)

    def budget_left(self, program_id: int) -> int | None:
        """What of the budget of a program is left; None without one."""
        if program_id not in self._budgets:
            self._budgets[program_id] = budget_left(self.session, program_id)
        return self._budgets[program_id]

    def used(
        self, program: Program, program_id: int, sale: SaleReport, period: str, *, but: int | None
    ) -> dict[str, int]:
        """Units and cents approved for the dealer, and units for the customer, in the period; see `ClaimFacts`."""
        key = (program_id, sale.dealer_id, period, but)
        if key not in self._used:
            self._used[key] = used_by_dealer(
                self.session, program_id, dealer_id=sale.dealer_id, period=period, but=but
            )  # fmt: skip
        units, cents = self._used[key]
        mine = 0
        if program.caps.customer_units is not None:
            mine = used_by_customer(self.session, program_id, sale, period, but=but)
        return {"dealer_units": units, "dealer_cents": cents, "customer_units": mine}


def claim_facts(
    known: Known, sale: SaleReport, program: Program, stacked: Stacked, *, program_id: int, period: str,
    claimed_cents: int | None, claimed_on: date, checked: Sequence[str], but: int | None = None,
) -> ClaimFacts:  # fmt: skip
    """What the checks of a claim are told; `stacked` is how it stacks against all else this sale could be paid."""
    lost = next((x for x in stacked.losers if x.code == program.code and x.beaten_by), None)
    return ClaimFacts(
        claimed_cents=claimed_cents, claimed_on=claimed_on, checked=tuple(checked), prior=known.prior(sale, but=but),
        budget_left=known.budget_left(program_id), lost_to=lost.beaten_by if lost else (),
        lost_why=lost.why if lost else "", **known.used(program, program_id, sale, period, but=but),
    )  # fmt: skip


def kept_facts(fact: SaleFacts, facts: ClaimFacts) -> dict[str, Any]:
    """The facts of a judgement as they are kept with its run."""
    return {"sale": _SALE.dump_python(fact, mode="json"), "claim": _CLAIM.dump_python(facts, mode="json")}


def judge_stored(
    session: Session, claim: IncentiveClaim, sale: SaleReport, *, today: date, asked: Sequence[str] = ()
) -> tuple[Verdict, dict[str, Any]]:
    """A stored claim judged with the sale as it is now; the verdict, and the facts as they are kept."""
    program = program_from_json(session.get_one(IncentiveVersion, claim.version_id).body)
    (fact,) = books.facts_of(session, [sale], today=today)
    known = Known(session, [sale])
    plans = near(fact, books.plans_of(session).values())
    stacked = stack(fact, plans, prior=known.prior(sale, but=claim.id), asked=(*asked, program.code))
    facts = claim_facts(
        known, sale, program, stacked, program_id=claim.program_id, period=claim.period,
        claimed_cents=claim.claimed_cents, claimed_on=today, checked=claim.checked, but=claim.id,
    )  # fmt: skip
    return judge(fact, facts, program), kept_facts(fact, facts)


def keep_run(
    session: Session, claim: IncentiveClaim, verdict: Verdict, facts: dict[str, Any], *, run: int, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Keep a run with its facts, and every one of its checks."""
    keep_runs(session, [(claim, verdict, facts, run)], actor=actor, now=now)


def keep_runs(
    session: Session, runs: Sequence[tuple[IncentiveClaim, Verdict, dict[str, Any], int]], *, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Keep a run of each of these claims, the checks of all of them with one statement."""
    if not runs:
        return
    whose = [{"claim_id": c.id, "dealer_id": c.dealer_id, "region": c.region, "run": run} for c, _, _, run in runs]
    session.execute(
        insert(IncentiveRun),
        [
            {
                **own, "made_at": now, "made_by": actor.name, "outcome": verdict.outcome, "facts": facts,
                "entitled_cents": verdict.entitled_cents,
            }
            for own, (_, verdict, facts, _) in zip(whose, runs, strict=True)
        ],
    )  # fmt: skip
    session.execute(
        insert(IncentiveCheck),
        [
            {
                **own, "rule": c.rule, "rule_version": c.version, "level": c.level, "observed": c.observed,
                "limit_text": c.limit, "sentence": c.sentence, "document": c.document,
            }
            for own, (_, verdict, _, _) in zip(whose, runs, strict=True)
            for c in verdict.checks
        ],
    )  # fmt: skip


def decided(claim: IncentiveClaim, *, now: datetime, by: str, kind: str) -> dict[str, Any]:
    """The columns that say when a claim was decided, by whom, and how long our desk had it where a person decided.

    An appeal sends a claim again: the time the dealer took to appeal is not the desk's.
    """
    sent = claim.submitted_at
    if sent is not None and claim.appealed_at is not None and claim.appealed_at > sent:
        sent = claim.appealed_at
    took = elapsed_minutes(usual_calendar(), sent, now) if sent is not None and kind == "person" else None
    return {
        "decided_at": now, "decided_on": local_day(now, DESK_ZONE), "decided_by": by, "decided_kind": kind,
        "worked_minutes": took,
    }  # fmt: skip


def reverse_all(
    session: Session, sale: SaleReport, dealer: Dealer, *, reason: str, actor: Actor, now: datetime
) -> list[IncentiveClaim]:
    """Close the claims of an unwound sale: what waits is void, what was approved leaves ledger and budget."""
    closed = []
    for claim in claims_of_sale(session, sale.id):
        if claim.status in APPROVED:
            cents = claim.approved_cents or 0
            values = decided(claim, now=now, by=actor.name, kind="unwound") | {"reason_note": reason}
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
