"""A sale under every program of its day: one way to judge it for the form, for a claim and for a file of many sales."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.incentives import books, claim_store
from db.incentives.amount_rules import amount_of, outlook
from db.incentives.claim_rows import ClaimRow
from db.incentives.claim_rules import does_count, judge
from db.incentives.claim_store import Known
from db.incentives.facts import Check, ClaimFacts, Outcome, SaleFacts, Verdict
from db.incentives.model import KINDS
from db.incentives.period_store import name_of
from db.incentives.stack_rules import Loser, Stacked
from db.incentives.tables import IncentiveEarning, SaleReport
from db.incentives.unit_rules import Plan, evaluate, near
from db.incentives.words_rules import in_words


@dataclass(frozen=True, kw_only=True)
class ProgramView:
    """What one program says of a sale. `chosen`: it is in the best legal set; `claim` names what is claimed already."""

    code: str
    name: str
    kind: str
    version: int
    bulletin: str
    is_volume: bool
    outcome: Outcome
    cents: int
    checks: tuple[Check, ...]
    checklist: tuple[str, ...]
    chosen: bool
    claim: str
    words: tuple[str, ...]
    note: str = ""

    @property
    def can_claim(self) -> bool:
        """Whether a claim for this vehicle can be sent; incomplete ones would come back."""
        return not self.is_volume and not self.claim and self.outcome != "not_eligible"


@dataclass(frozen=True, kw_only=True)
class Validation:
    """A sale under every program of its day: what it pays at best, and which programs lose and why."""

    programs: tuple[ProgramView, ...]
    cents: int
    losers: tuple[Loser, ...]
    problems: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A sale under the programs of its day, with what stacking and each check asked for; see `judge_under`."""

    sale: SaleReport
    fact: SaleFacts
    plans: tuple[Plan, ...]
    checks_of: Mapping[str, tuple[Check, ...]]
    stacked: Stacked


def judged(known: Known, sale: SaleReport, fact: SaleFacts) -> Judged:
    """Ask every program that has something to say of a sale, and stack those that could pay it."""
    plans = near(fact, books.plans_of(known.session).values())
    results, _ = evaluate(fact, plans)
    checks_of = {r.plan.program.code: r.checks for r in results}
    stacked = claim_store.stack(fact, plans, prior=known.prior(sale), checks_of=checks_of)
    return Judged(sale=sale, fact=fact, plans=tuple(plans), checks_of=checks_of, stacked=stacked)


def judge_under(
    known: Known, one: Judged, plan: Plan, *, checked: Sequence[str], claimed_cents: int | None = None,
    but: int | None = None,
) -> tuple[Verdict, ClaimFacts]:  # fmt: skip
    """All fourteen checks of a claim for this sale under one program; without an amount the full one is claimed."""
    program, levels = plan.program, {c.level for c in one.checks_of[plan.program.code]}
    stacked = one.stacked
    if "missing" in levels and "fail" not in levels:  # it takes part though a paper misses, as it was asked for
        stacked = claim_store.stack(
            one.fact, one.plans, prior=known.prior(one.sale, but=but), asked=(program.code,), checks_of=one.checks_of
        )
    facts = claim_store.claim_facts(
        known, one.sale, program, stacked, program_id=plan.program_id, period=name_of(program, one.fact),
        claimed_cents=claimed_cents if claimed_cents is not None else amount_of(program, one.fact) or None,
        claimed_on=one.fact.today, checked=checked, but=but,
    )  # fmt: skip
    return judge(one.fact, facts, program), facts


def validate(
    session: Session, sale: SaleReport, fact: SaleFacts, claims: Sequence[ClaimRow], *, known: Known | None = None
) -> Validation:
    """What every program says of a sale, as the form shows it; `claims` are those of this sale."""
    known = known or Known(session, [sale])
    one = judged(known, sale, fact)
    live = {c.program: c for c in claims if c.status in (*claim_store.WAITING, *claim_store.APPROVED)}
    views = []
    for plan in one.plans:
        if plan.program.is_volume:
            views.append(_volume(session, one, plan))
        else:
            views.append(_single(known, one, plan, live.get(plan.program.code)))
    return Validation(programs=tuple(views), cents=one.stacked.cents, losers=one.stacked.losers)


def _single(known: Known, one: Judged, plan: Plan, mine: ClaimRow | None) -> ProgramView:
    verdict, _ = judge_under(known, one, plan, checked=plan.program.checklist, but=mine.id if mine else None)
    view = view_of(one, plan, verdict, claim=f"{mine.number} · {mine.state}" if mine else "")
    return replace(view, checks=tuple(c for c in view.checks if c.rule != "I14"))  # ticked with the claim


def view_of(one: Judged, plan: Plan, verdict: Verdict, *, claim: str) -> ProgramView:
    """A program that pays a vehicle as it is shown, with its verdict."""
    program = plan.program
    return ProgramView(
        code=program.code, name=program.name, kind=KINDS[program.rule.kind], version=plan.number,
        bulletin=program.bulletin, is_volume=False, outcome=verdict.outcome, cents=verdict.entitled_cents,
        checks=verdict.checks, checklist=program.checklist, chosen=program.code in one.stacked.chosen,
        words=in_words(program), claim=claim,
    )  # fmt: skip


def _volume(session: Session, one: Judged, plan: Plan) -> ProgramView:
    program, checks = plan.program, one.checks_of[plan.program.code]
    levels = {c.level for c in checks}
    outcome: Outcome = "not_eligible" if "fail" in levels else "returned" if "missing" in levels else "valid"
    row = session.execute(
        select(IncentiveEarning.units, IncentiveEarning.baseline).where(
            IncentiveEarning.program_id == plan.program_id, IncentiveEarning.dealer_id == one.sale.dealer_id,
            IncentiveEarning.period == name_of(program, one.fact),
        )
    ).one_or_none()  # fmt: skip
    units, baseline = (row.units, row.baseline) if row else (0, 0)
    note = f"{units} units counted so far. {outlook(program, units, baseline=baseline)}".strip()
    return ProgramView(
        code=program.code, name=program.name, kind=KINDS[program.rule.kind], version=plan.number,
        bulletin=program.bulletin, is_volume=True, outcome=outcome, cents=0, checks=checks, checklist=(),
        chosen=does_count(checks), claim="", words=in_words(program), note=note,
    )  # fmt: skip
