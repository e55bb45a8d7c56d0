"""Who is told about co-op requests and claims: whoever decides when one is sent, the sender what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.coop.claim_flow import FLOW as CLAIM_FLOW
from db.coop.flow import FLOW
from db.coop.payment_tables import CoopMemo
from db.coop.queue_tables import CoopClaim
from db.coop.record import CLAIM, MEMO, REQUEST
from db.coop.say_rules import money
from db.core.actor import Actor
from db.core.permissions import GRANTED, Permission
from db.people.notifications import notify
from db.people.queries import people_to_tell
from db.people.tables import Person, PersonScope


def tell_sent(session: Session, item: Any, *, by: Actor, now: datetime) -> None:
    """Tell who may decide that a request or claim waits."""
    people = people_to_tell(
        session, dealer_id=item.dealer_id, region=item.region, permission=Permission.COOP_DECIDE
    )  # fmt: skip
    _tell(
        session, [p for p in people if p != by.user_id], item, kind="coop_sent", mail=False,
        title=f"{item.number} waits for a decision", body=item.activity, now=now,
    )  # fmt: skip


def tell_decided(session: Session, item: Any, *, by: Actor, body: str, now: datetime) -> None:
    """Tell who sent a request or claim what became of it and why."""
    people = session.scalars(select(Person.id).where(Person.username == item.submitted_by)).all()
    flow = CLAIM_FLOW if isinstance(item, CoopClaim) else FLOW
    _tell(
        session, [p for p in people if p != by.user_id], item, kind="coop_decided", mail=True,
        title=f"{item.number} is {flow.state(item.status).label.lower()}", body=body, now=now,
    )  # fmt: skip


def _tell(
    session: Session, people: list[int], item: Any, *, kind: str, title: str, body: str, mail: bool, now: datetime
) -> None:
    what = CLAIM if isinstance(item, CoopClaim) else REQUEST
    notify(
        session, person_ids=people, kind=kind, title=title, body=body, item_type=what, item_id=item.id,
        dedupe_key=f"{what}:{kind}:{item.id}:{item.version}", now=now, mail=mail,
    )  # fmt: skip


def tell_paid(session: Session, memo: CoopMemo, *, now: datetime) -> None:
    """Tell the people of a dealer that a credit memo was issued."""
    roles = [r.value for r, granted in GRANTED.items() if r.is_dealer and Permission.COOP_VIEW in granted]
    people = session.scalars(
        select(Person.id)
        .distinct()
        .join(PersonScope, PersonScope.person_id == Person.id)
        .where(Person.is_active.is_(True), Person.role.in_(roles), PersonScope.dealer_id == memo.dealer_id)
        .order_by(Person.id)
    ).all()
    notify(
        session, person_ids=list(people), kind="coop_memo", body="",
        title=f"{memo.number}: {money(memo.cents)} of co-op credited",
        item_type=MEMO, item_id=memo.id, dedupe_key=f"coop_memo:{memo.id}", now=now, mail=True,
    )  # fmt: skip
