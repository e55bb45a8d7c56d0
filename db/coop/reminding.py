"""Whom a reminder of expiring co-op money reaches, and how it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.links import page_link
from db.core.outbox import is_address, queue_mail
from db.core.permissions import GRANTED, Permission
from db.core.problems import NotFound
from db.dealers.tables import Dealer
from db.people.notifications import notify
from db.people.tables import Person, PersonScope

EXPIRY: Final = "coop_expiry"
ASK: Final = "pages/coop/coop_request.py"


def dealers_of(session: Session, ids: Sequence[int], *, actor: Actor) -> dict[int, Dealer]:
    """Dealers by id; `NotFound` when one is absent or out of scope."""
    found = {d.id: d for d in session.scalars(select(Dealer).where(Dealer.id.in_(list(ids))))}
    for dealer_id in ids:
        dealer = found.get(dealer_id)
        if dealer is None or not actor.scope.allows(dealer_id=dealer.id, region=dealer.region):
            raise NotFound("This dealer")
    return found


def has_address(dealer: Dealer) -> bool:
    """Whether a mail to the dealer itself can be sent."""
    return is_address(dealer.email.strip())


def people_of(session: Session, dealer_ids: Sequence[int]) -> dict[int, list[int]]:
    """The people of dealers who may ask for co-op money."""
    roles = [r.value for r, granted in GRANTED.items() if r.is_dealer and Permission.COOP_REQUEST in granted]
    found: dict[int, list[int]] = {dealer_id: [] for dealer_id in dealer_ids}
    for dealer_id, person_id in session.execute(
        select(PersonScope.dealer_id, Person.id)
        .join(Person, Person.id == PersonScope.person_id)
        .where(Person.is_active.is_(True), Person.role.in_(roles), PersonScope.dealer_id.in_(list(dealer_ids)))
        .order_by(Person.id)
    ):
        if dealer_id is not None:
            found[dealer_id].append(person_id)
    return found


def tell_expiry(
    session: Session, dealer: Dealer, *, title: str, body: str, key: str, people: Sequence[int], now: datetime
) -> None:
    """A notice and a mail to each of `people`; where there are none, a mail to the dealer's own address."""
    if people:
        ask = page_link(ASK)
        notify(
            session, person_ids=people, kind=EXPIRY, title=title, body=body, item_type=EXPIRY, item_id=dealer.id,
            dedupe_key=f"{EXPIRY}:{key}"[:100], now=now, mail=True,
            mail_more=f"Ask for co-op funds: {ask}" if ask else "",
        )  # fmt: skip
    elif has_address(dealer):
        queue_mail(
            session, to=dealer.email.strip(), subject=title, body=body, now=now, item_type=EXPIRY, item_id=dealer.id
        )  # fmt: skip
