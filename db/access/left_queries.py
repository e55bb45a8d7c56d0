"""Accounts whose owner has left the dealership, as the dealer's contacts say (duty P14: orphan accounts)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.dealers.tables import Dealer, DealerContact
from db.people.tables import Person, PersonScope


def contacts_who_left(session: Session, *, scope: Scope) -> dict[tuple[int, int], date]:
    """{(person, dealer): last day} of accounts whose contact at that dealer left, within a scope.

    A contact is an account's by `person_id`, else by the same mail address at the same dealer; somebody who is also
    named as a current contact there has not left.
    """
    rows = session.execute(_left(scope)).all()
    return {(row.person_id, row.dealer_id): row.left_on for row in rows}


def people_who_left(session: Session, *, scope: Scope) -> dict[int, date]:
    """{person: last day} of accounts whose contact left a dealer of this scope; the latest day of several."""
    found: dict[int, date] = {}
    for (person_id, _), left_on in contacts_who_left(session, scope=scope).items():
        found[person_id] = max(left_on, found.get(person_id, left_on))
    return found


def _left(scope: Scope) -> Select[int, int, date]:
    contact = DealerContact.__table__
    gone, here = contact.alias("gone"), contact.alias("here")
    same_mail = and_(Person.email != "", func.lower(here.c.email) == func.lower(Person.email))
    is_still_there = exists().where(
        here.c.dealer_id == gone.c.dealer_id,
        here.c.left_on.is_(None),
        or_(here.c.person_id == Person.id, and_(here.c.person_id.is_(None), same_mail)),
    )
    is_theirs = or_(
        gone.c.person_id == Person.id,
        and_(gone.c.person_id.is_(None), Person.email != "", func.lower(gone.c.email) == func.lower(Person.email)),
    )
    return (
        select(PersonScope.person_id, gone.c.dealer_id, func.max(gone.c.left_on).label("left_on"))
        .select_from(gone)
        .join(PersonScope, PersonScope.dealer_id == gone.c.dealer_id)
        .join(Person, Person.id == PersonScope.person_id)
        .join(Dealer, Dealer.id == gone.c.dealer_id)
        .where(
            gone.c.left_on.is_not(None),
            Person.is_active.is_(True),
            is_theirs,
            ~is_still_there,
            scope.where(Dealer.id, Dealer.region),
        )
        .group_by(PersonScope.person_id, gone.c.dealer_id)
    )
