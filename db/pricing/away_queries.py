"""Who is away from approvals and who stands in, and what the budgets of a quarter still hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from db.core.actor import Actor
from db.core.permissions import Permission
from db.people.queries import list_regions
from db.people.tables import Person
from db.pricing.approvers import approver_names
from db.pricing.record import quarter_of
from db.pricing.tables import PriceAway, PriceBudget


@dataclass(frozen=True, kw_only=True)
class AwayLine:
    """One absence that has not ended; `may_end` says whether the reader may end it."""

    id: int
    version: int
    person: str
    stand_in: str
    starts_at: datetime
    until_at: datetime
    note: str
    is_now: bool
    may_end: bool


def list_away(session: Session, *, actor: Actor, now: datetime) -> list[AwayLine]:
    """Absences that have not ended, by their beginning. Needs pricing.decide; they belong to no dealer."""
    actor.require(Permission.PRICING_DECIDE)
    other = aliased(Person)
    rows = session.execute(
        select(PriceAway, Person.name, other.name)
        .join(Person, Person.id == PriceAway.person_id)
        .outerjoin(other, other.id == PriceAway.stand_in_id)
        .where(PriceAway.until_at > now, PriceAway.ended_at.is_(None))
        .order_by(PriceAway.starts_at, PriceAway.id)
        .limit(200)
    )
    return [
        AwayLine(
            id=a.id, version=a.version, person=person, stand_in=stand_in or "", starts_at=a.starts_at,
            until_at=a.until_at, note=a.note, is_now=a.starts_at <= now,
            may_end=a.person_id == actor.user_id or actor.can(Permission.PRICING_AUTHORIZE),
        )
        for a, person, stand_in in rows
    ]  # fmt: skip


def stand_in_choices(session: Session, *, actor: Actor) -> list[tuple[int, str]]:
    """Everybody who takes part in approvals but the actor, by name. Needs pricing.decide."""
    actor.require(Permission.PRICING_DECIDE)
    return [(i, name) for i, name in approver_names(session).items() if i != actor.user_id]


@dataclass(frozen=True, kw_only=True)
class BudgetLine:
    """The budget of one region in the quarter; `budget_cents` None where none was set, `version` 0 then."""

    region: str
    quarter: str
    budget_cents: int | None
    committed_cents: int
    version: int

    @property
    def left_cents(self) -> int | None:
        """What may still be approved; None without a budget."""
        return None if self.budget_cents is None else self.budget_cents - self.committed_cents


def list_budgets(session: Session, *, actor: Actor, now: datetime) -> list[BudgetLine]:
    """The regions the actor sees, each with its budget of this quarter. Needs pricing.decide."""
    actor.require(Permission.PRICING_DECIDE)
    quarter = quarter_of(now)
    kept = {b.region: b for b in session.scalars(select(PriceBudget).where(PriceBudget.quarter == quarter))}
    scope = actor.scope
    regions = [r for r in list_regions(session) if scope.is_all or r in scope.regions]
    return [
        BudgetLine(
            region=r, quarter=quarter, budget_cents=kept[r].budget_cents if r in kept else None,
            committed_cents=kept[r].committed_cents if r in kept else 0, version=kept[r].version if r in kept else 0,
        )
        for r in regions
    ]  # fmt: skip
