"""Budgets of programs beside time: committed, paid, the straight line, and the day on which they run out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.permissions import Permission
from db.incentives.figure_filters import Asked
from db.incentives.figure_members import plans_asked
from db.incentives.figure_rules import Burn, burn
from db.incentives.sum_tables import IncentiveMonth
from db.incentives.tables import IncentiveProgram


@dataclass(frozen=True, kw_only=True)
class BurnLine:
    """The budget of one program, whole: `committed_cents` is approved less taken back, `paid_cents` what left us."""

    program_id: int
    code: str
    name: str
    first: date
    last: date
    budget_cents: int
    committed_cents: int
    paid_cents: int
    found: Burn


def burns(session: Session, *, actor: Actor, asked: Asked) -> list[BurnLine]:
    """Programs with a budget that run on one of the days asked for, those that run out first; as they stand today.

    A budget is the house's and of the whole network, whatever regions and dealers are asked for or seen: people of a
    dealership see none.
    """
    actor.require(Permission.INCENTIVES_VIEW)
    if actor.role.is_dealer:
        return []
    plans = {i: some for i, some in plans_asked(session, asked).items() if some[-1].program.budget_cents}
    if not plans:
        return []
    owner, sums = IncentiveProgram, IncentiveMonth
    paid = select(sums.program_id, func.sum(sums.paid).label("cents")).group_by(sums.program_id).subquery()
    rows = session.execute(
        select(owner.id, owner.code, owner.name, owner.committed_cents, func.coalesce(paid.c.cents, 0))
        .outerjoin(paid, paid.c.program_id == owner.id)
        .where(owner.budget_cents.is_not(None), owner.id.in_(sorted(plans)))
    )
    found = []
    for program_id, code, name, committed, paid_cents in rows:
        program = plans[program_id][-1].program
        budget, days = program.budget_cents or 0, program.program
        found.append(
            BurnLine(
                program_id=program_id, code=code, name=name, first=days.first, last=days.last, budget_cents=budget,
                committed_cents=committed, paid_cents=int(paid_cents),
                found=burn(
                    budget_cents=budget, committed_cents=committed, first=days.first, last=days.last,
                    today=asked.today,
                ),
            )
        )  # fmt: skip
    order = ("used_up", "short", "lasts", "unused", "coming", "ended")
    return sorted(found, key=lambda x: (order.index(x.found.state), x.found.ends_on or x.last, x.code))
