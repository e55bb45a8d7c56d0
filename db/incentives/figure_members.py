"""Which programs run on the days asked for, and which dealers each of them takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.dealers.tables import Dealer
from db.incentives import books
from db.incentives.figure_filters import Asked
from db.incentives.model import Program
from db.incentives.unit_rules import Plan
from db.terms.queries import tiers_on


@dataclass(frozen=True, kw_only=True)
class Member:
    """A dealer as programs ask for it."""

    id: int
    code: str
    region: str
    tier: str


def members_of(session: Session, scope: Scope, asked: Asked) -> dict[int, Member]:
    """Active dealers of a scope within the filters, with their tier on the last day asked for. Two statements."""
    narrowed = asked.narrowed(region=Dealer.region, dealer=Dealer.id)
    rows = session.execute(
        select(Dealer.id, Dealer.code, Dealer.region)
        .where(scope.where(Dealer.id, Dealer.region), Dealer.status == "active", *narrowed)
        .order_by(Dealer.id)
    )
    tiers = tiers_on(session, scope=scope, on=min(asked.last, asked.today))
    return {i: Member(id=i, code=code, region=region, tier=tiers.get(i, "")) for i, code, region in rows}


def taker(program: Program) -> Callable[[Member], bool]:
    """Whether a program takes sales of a dealer at all, as a question to be asked of many dealers."""
    wanted = program.eligible
    enrolled = frozenset(wanted.enrolled)
    regions = frozenset(r.casefold() for r in wanted.regions)
    tiers = frozenset(t.casefold() for t in wanted.tiers)

    def takes(dealer: Member) -> bool:
        return (
            (not enrolled or dealer.code in enrolled)
            and (not regions or dealer.region.casefold() in regions)
            and (not tiers or dealer.tier.casefold() in tiers)
        )

    return takes


def plans_asked(session: Session, asked: Asked) -> dict[int, list[Plan]]:
    """Published programs that the filter leaves and that run on one of the days asked for."""
    return {
        program_id: plans for program_id, plans in books.plans_of(session).items()
        if asked.program in (None, program_id)
        and plans[-1].program.program.first <= asked.last and plans[-1].program.program.last >= asked.first
    }  # fmt: skip
