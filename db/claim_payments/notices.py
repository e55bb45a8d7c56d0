"""What a dealer's people are told about money: a credit memo, a charge-back. Each person once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.claim_payments.rules import money_label
from db.claim_payments.tables import CreditMemo
from db.claims.tables import Claim
from db.core.labels import plural
from db.core.permissions import GRANTED, Permission
from db.people.notifications import notify
from db.people.tables import Person, PersonScope


def people_of_dealer(session: Session, dealer_id: int, permission: Permission) -> list[int]:
    """Ids of the people of one dealership who hold a permission; nobody of the manufacturer."""
    roles = [role.value for role, granted in GRANTED.items() if role.is_dealer and permission in granted]
    return list(
        session.scalars(
            select(Person.id)
            .distinct()
            .join(PersonScope, PersonScope.person_id == Person.id)
            .where(Person.is_active.is_(True), Person.role.in_(roles), PersonScope.dealer_id == dealer_id)
            .order_by(Person.id)
        )
    )


def tell_paid(session: Session, memo: CreditMemo, *, now: datetime) -> int:
    """A credit memo was issued to a dealer."""
    return notify(
        session, person_ids=people_of_dealer(session, memo.dealer_id, Permission.CLAIMS_PAYMENTS), kind="credit_memo",
        title=f"{memo.number}: {money_label(memo.cents, memo.currency)} credited for {plural(memo.claims, 'claim')}",
        body="", item_type="credit_memo", item_id=memo.id, dedupe_key=f"credit_memo:{memo.id}", now=now, mail=True,
    )  # fmt: skip


def tell_charged_back(session: Session, claim: Claim, *, cents: int, now: datetime) -> int:
    """Money for a paid claim is taken back with the next memo."""
    assert claim.dealer_id is not None
    return notify(
        session, person_ids=people_of_dealer(session, claim.dealer_id, Permission.CLAIMS_PAYMENTS), mail=True,
        kind="charge_back", title=f"{claim.number}: {money_label(cents, claim.currency)} charged back after an audit",
        body="It is set off against the next credit memo. The claim says why.", item_type="claim", item_id=claim.id,
        dedupe_key=f"charge_back:{claim.id}", now=now,
    )  # fmt: skip
