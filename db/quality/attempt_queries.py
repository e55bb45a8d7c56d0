"""How often and in what way customers were tried, and who was given up too early (domain-rules 2.2 A, E; C5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.leads.rules import MEANINGS, POLICY
from db.quality import rules
from db.quality.speed_queries import conditions, given_up_sql
from db.quality.tables import Lead, LeadActivity, Person

KINDS = {"call": "Calls", "email": "E-mails", "text": "Texts", "visit": "Visits"}
# What counts is what stopped or could have stopped the first clock; a visit is no attempt but is shown beside them.
TRIED = tuple(sorted(key for key, meaning in MEANINGS.items() if meaning.is_attempt))
GROUPS = ((0, "None"), (1, "1"), (2, "2"), (3, "3–4"), (5, "5–7"), (8, "8 and more"))
"""Attempts a lead, by their lowest number; 8 is the minimum before a customer may be called unresponsive (2.2 E)."""


@dataclass(frozen=True, kw_only=True)
class Attempts:
    """Of the promised leads of a cohort: how many had how many attempts, of which kind, and what came of it.

    `before_contact` is (number of attempts up to and with the first contact, how many leads).
    """

    leads: int
    attempts: int
    groups: tuple[tuple[str, int], ...]
    kinds: tuple[tuple[str, int], ...]
    contacted: int
    before_contact: tuple[tuple[int, int], ...]
    given_up: int
    closed_unreached: int

    @property
    def median_before_contact(self) -> int | None:
        """Attempts half of the contacted leads needed."""
        return rules.quantile(self.before_contact, 0.5)


def attempts(session: Session, *, actor: Actor, filters: Mapping[str, Any]) -> Attempts:
    """The figures of a cohort; three statements whatever the number of leads."""
    wanted = conditions(actor=actor, filters=filters)
    group = case(*((Lead.attempts >= least, least) for least, _ in reversed(GROUPS)), else_=0)
    by_person = bool(filters.get("person"))

    def of_leads(query: Any) -> Any:
        return query.outerjoin(Person, Person.id == Lead.assignee_id) if by_person else query

    unreached = and_(Lead.status.in_(("lost", "expired")), Lead.contacted_at.is_(None))
    rows = session.execute(
        of_leads(
            select(
                group.label("least"), func.count().label("n"), func.sum(Lead.attempts).label("attempts"),
                func.count(Lead.contacted_at).label("contacted"),
                func.sum(case((given_up_sql(), 1), else_=0)).label("up"),
                func.sum(case((unreached, 1), else_=0)).label("unreached"),
            ).select_from(Lead)
        )
        .where(*wanted)
        .group_by("least")
    ).all()  # fmt: skip
    is_try = or_(*(and_(LeadActivity.kind == kind, LeadActivity.outcome == outcome) for kind, outcome in TRIED))
    kinds = dict(
        session.execute(
            of_leads(
                select(LeadActivity.kind, func.count())
                .select_from(Lead)
                .join(LeadActivity, LeadActivity.lead_id == Lead.id)
            )
            .where(*wanted, or_(is_try, LeadActivity.kind == "visit"))
            .group_by(LeadActivity.kind)
        ).all()
    )
    tries = (
        of_leads(
            select(Lead.id, func.count(LeadActivity.id).label("tries"))
            .select_from(Lead)
            .outerjoin(
                LeadActivity, and_(LeadActivity.lead_id == Lead.id, is_try, LeadActivity.at <= Lead.contacted_at)
            )
        )
        .where(*wanted, Lead.contacted_at.is_not(None))
        .group_by(Lead.id)
        .subquery()
    )
    before = session.execute(select(tries.c.tries, func.count()).group_by(tries.c.tries).order_by(tries.c.tries)).all()
    counted = {row.least: row.n for row in rows}
    return Attempts(
        leads=sum(r.n for r in rows), attempts=sum(int(r.attempts or 0) for r in rows),
        groups=tuple((label, counted.get(least, 0)) for least, label in GROUPS),
        kinds=tuple((label, kinds.get(kind, 0)) for kind, label in KINDS.items()),
        contacted=sum(r.contacted for r in rows), before_contact=tuple((t, n) for t, n in before),
        given_up=sum(int(r.up or 0) for r in rows), closed_unreached=sum(int(r.unreached or 0) for r in rows),
    )  # fmt: skip


LEAST = POLICY.least_attempts
