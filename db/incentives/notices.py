"""What people are told about incentive claims: who sent one, what became of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.permissions import GRANTED, Permission
from db.incentives.flow import FLOW
from db.incentives.payment_tables import IncentiveMemo
from db.incentives.say_rules import money
from db.incentives.tables import IncentiveClaim
from db.people.notifications import notify
from db.people.queries import people_to_tell
from db.people.tables import Person, PersonScope

ITEM = "incentive_claim"
PAYMENTS = Permission.INCENTIVES_PAYMENTS


def tell_decided(session: Session, claim: IncentiveClaim, *, by: Actor, now: datetime) -> None:
    """Tell who sent a claim what was decided and why."""
    people = session.scalars(select(Person.id).where(Person.username == claim.submitted_by)).all()
    state = FLOW.state(claim.status).label.lower()
    _tell(
        session, [p for p in people if p != by.user_id], claim, kind="incentive_decided",
        title=f"{claim.number} was {state}", body=claim.reason_note, now=now,
    )  # fmt: skip


def tell_next_level(session: Session, claim: IncentiveClaim, *, by: Actor, body: str, now: datetime) -> None:
    """Tell who may authorize that a signature was given."""
    people = people_to_tell(
        session, dealer_id=claim.dealer_id, region=claim.region, permission=Permission.INCENTIVES_AUTHORIZE
    )
    others = [p for p in people if p != by.user_id]
    title = f"{claim.number} waits for your signature"
    _tell(session, others, claim, kind="incentive_signed", title=title, body=body, now=now)


def tell_appealed(session: Session, claim: IncentiveClaim, *, by: Actor, now: datetime) -> None:
    """Tell who may decide that a denial was appealed; who denied it is not among them."""
    people = people_to_tell(
        session, dealer_id=claim.dealer_id, region=claim.region, permission=Permission.INCENTIVES_DECIDE
    )
    denier = session.scalar(select(Person.id).where(Person.username == claim.denied_by)) if claim.denied_by else None
    _tell(
        session, [p for p in people if p not in (by.user_id, denier)], claim, kind="incentive_appealed",
        title=f"{claim.number} was appealed", body=claim.appeal_note, now=now,
    )  # fmt: skip


def _tell(
    session: Session, people: list[int], claim: IncentiveClaim, *, kind: str, title: str, body: str, now: datetime
) -> None:
    notify(
        session, person_ids=people, kind=kind, title=title, body=body, item_type=ITEM, item_id=claim.id,
        dedupe_key=f"{kind}:{claim.id}:{claim.version}", now=now, mail=False,
    )  # fmt: skip


def tell_paid(session: Session, memo: IncentiveMemo, *, now: datetime) -> None:
    """Tell the people of a dealer that a credit memo was issued."""
    roles = [role.value for role, granted in GRANTED.items() if role.is_dealer and PAYMENTS in granted]
    people = session.scalars(
        select(Person.id)
        .distinct()
        .join(PersonScope, PersonScope.person_id == Person.id)
        .where(Person.is_active.is_(True), Person.role.in_(roles), PersonScope.dealer_id == memo.dealer_id)
        .order_by(Person.id)
    ).all()
    notify(
        session, person_ids=list(people), kind="incentive_memo", body="",
        title=f"{memo.number}: {money(memo.cents)} of incentives credited", item_type="incentive_memo",
        item_id=memo.id, dedupe_key=f"incentive_memo:{memo.id}", now=now, mail=True,
    )  # fmt: skip
