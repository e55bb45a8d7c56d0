"""What the desk does to the people of a dealer: enter one, change one, note that one left or came back (P14)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes as counters
from db.core import timeline
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused, Stale, differing
from db.dealers import people, people_queries
from db.dealers.people import ContactFacts
from db.dealers.people_rules import ROLES
from db.dealers.tables import Dealer, DealerContact

CHANGEABLE = tuple(name for name in people.FIELDS if name != "left_on")


def add_contact(
    session: Session, *, dealer_id: int, name: str, role: str, email: str = "", phone: str = "",
    is_primary: bool = False, person_id: int | None = None, note: str = "", form_key: str | None = None,
    actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Enter a person of a dealer; gives the id, the first one when the same `form_key` comes again.

    A new primary contact takes the mark from the former one. Problems: name, role, email, phone, note, person_id.
    """
    actor.require(Permission.DEALERS_MANAGE)
    dealer = _hold_dealer(session, dealer_id, actor)
    sent = select(DealerContact.id).where(DealerContact.form_key == form_key, DealerContact.dealer_id == dealer_id)
    known = session.scalar(sent) if form_key else None
    if known is not None:
        timeline.repeated(session)
        return known
    problems = Problems()
    facts = people.checked(
        ContactFacts(
            name=name, role=role, email=email, phone=phone, is_primary=is_primary, person_id=person_id, note=note
        ),
        problems, today=_today(dealer, now),
    )  # fmt: skip
    _check_account(session, dealer, facts.person_id, None, problems)
    problems.refuse_if_any()
    former = _take_mark(session, dealer, None, actor=actor, now=now) if is_primary else None
    contact = people.create(session, [(dealer, facts)], by=actor.name, now=now, form_key=form_key)[0]
    _note(
        session, "add_contact", dealer, contact, f"{contact.name} ({ROLES[role].lower()}) was entered", actor=actor,
        now=now, after={name: getattr(facts, name) for name in people.FIELDS if getattr(facts, name)}, former=former,
    )  # fmt: skip
    return contact.id


def change_contact(
    session: Session, *, contact_id: int, seen_version: int, changes: Mapping[str, Any], actor: Actor, now: datetime
) -> int:
    """Change facts of a person (the names of `CHANGEABLE`); gives the version, the old one when nothing differs."""
    actor.require(Permission.DEALERS_MANAGE)
    unknown = sorted(set(changes) - set(CHANGEABLE))
    if unknown:
        raise Refused(*(Problem(code="unknown_field", message=f'There is no field "{n}".', field=n) for n in unknown))
    dealer, contact = _hold(session, contact_id, seen_version, actor, typed=changes)
    before = people.facts_of(contact)
    problems = Problems()
    after = people.checked(dataclasses.replace(before, **changes), problems, today=_today(dealer, now))
    old, new = people.differences(before, after)
    if "person_id" in new:
        _check_account(session, dealer, after.person_id, contact.id, problems)
    problems.refuse_if_any()
    former = None
    if new.get("is_primary"):
        former = _take_mark(session, dealer, contact.id, actor=actor, now=now)
    if new:
        people.write(session, contact, after, by=actor.name, now=now)
    labels = ", ".join(people.LABELS[name].lower() for name in new) or "nothing"
    _note(
        session, "change_contact", dealer, contact, f"{contact.name} was changed: {labels}", actor=actor, now=now,
        before=old, after=new, former=former,
    )  # fmt: skip
    return contact.version


def mark_left(
    session: Session, *, contact_id: int, seen_version: int, left_on: date | None, actor: Actor, now: datetime
) -> int:
    """Note since when a person is no longer at the dealer (the dealer's day, not ahead); the primary mark goes too."""
    actor.require(Permission.DEALERS_MANAGE)
    dealer, contact = _hold(session, contact_id, seen_version, actor)
    if contact.left_on is not None:
        raise Refused(
            Problem(code="wrong_state", message=f"{contact.name} left on {contact.left_on:%-d %b %Y} already.")
        )
    problems = Problems()
    if left_on is None:
        problems.add("left_on", "required", "The day is needed.")
    before = people.facts_of(contact)
    after = dataclasses.replace(before, left_on=left_on, is_primary=False)
    people.checked(after, problems, today=_today(dealer, now))
    problems.refuse_if_any()
    old, new = people.differences(before, after)
    people.write(session, contact, after, by=actor.name, now=now)
    said = f"{contact.name} left on {left_on:%-d %b %Y}"
    _note(session, "mark_left", dealer, contact, said, actor=actor, now=now, before=old, after=new)
    return contact.version


def mark_returned(session: Session, *, contact_id: int, seen_version: int, actor: Actor, now: datetime) -> int:
    """Note that a person who had left is at the dealer again."""
    actor.require(Permission.DEALERS_MANAGE)
    dealer, contact = _hold(session, contact_id, seen_version, actor)
    if contact.left_on is None:
        raise Refused(Problem(code="wrong_state", message=f"{contact.name} has not left."))
    before = people.facts_of(contact)
    after = dataclasses.replace(before, left_on=None)
    old, new = people.differences(before, after)
    people.write(session, contact, after, by=actor.name, now=now)
    said = f"{contact.name} is back"
    _note(session, "mark_returned", dealer, contact, said, actor=actor, now=now, before=old, after=new)
    return contact.version


def _hold_dealer(session: Session, dealer_id: int, actor: Actor) -> Dealer:
    """The dealer, held: who is its primary contact is decided by one person at a time."""
    dealer = session.scalars(select(Dealer).where(Dealer.id == dealer_id).with_for_update()).one_or_none()
    if dealer is None or not actor.scope.allows(dealer_id=dealer.id, region=dealer.region):
        raise NotFound("This dealer")
    return dealer


def _hold(
    session: Session, contact_id: int, seen_version: int, actor: Actor, *, typed: Mapping[str, Any] | None = None
) -> tuple[Dealer, DealerContact]:
    at = session.scalar(select(DealerContact.dealer_id).where(DealerContact.id == contact_id))
    try:
        dealer = _hold_dealer(session, at or 0, actor)
    except NotFound:
        raise NotFound("This person") from None
    contact = session.scalars(select(DealerContact).where(DealerContact.id == contact_id).with_for_update()).one()
    if contact.version != seen_version:
        stored = dataclasses.asdict(people.facts_of(contact))
        raise Stale(
            what=contact.name, changed_by=contact.updated_by, changed_at=contact.updated_at,
            differs=differing(people.LABELS, stored, typed or {}),
        )  # fmt: skip
    return dealer, contact


def _today(dealer: Dealer, now: datetime) -> date:
    return local_day(now, dealer.zone)


def _check_account(
    session: Session, dealer: Dealer, person_id: int | None, contact_id: int | None, problems: Problems
) -> None:
    if person_id is None:
        return
    if person_id not in people_queries.accounts_of_dealer(session, dealer_id=dealer.id):
        problems.add("person_id", "unknown_account", "This account does not belong to this dealer.")
        return
    taken = session.scalar(
        select(DealerContact.name).where(
            DealerContact.dealer_id == dealer.id, DealerContact.person_id == person_id, DealerContact.left_on.is_(None),
            DealerContact.id != (contact_id or 0),
        )
    )  # fmt: skip
    if taken is not None:
        problems.add("person_id", "account_taken", f"This account is that of {taken}.")


def _take_mark(
    session: Session, dealer: Dealer, keeper: int | None, *, actor: Actor, now: datetime
) -> DealerContact | None:
    """Take the primary mark from whoever else has it; gives them."""
    former = people.primary_of(session, dealer.id)
    if former is None or former.id == keeper:
        return None
    after = dataclasses.replace(people.facts_of(former), is_primary=False)
    people.write(session, former, after, by=actor.name, now=now)
    return former


def _note(
    session: Session, command: str, dealer: Dealer, contact: DealerContact, said: str, *, actor: Actor, now: datetime,
    before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None,
    former: DealerContact | None = None,
) -> None:  # fmt: skip
    counters.touch(session, "dealers")
    items = [timeline.Item(people.KIND, contact.id, dealer.id), timeline.Item("dealer", dealer.id, dealer.id)]
    if former is not None:
        items.insert(1, timeline.Item(people.KIND, former.id, dealer.id))
        said += f"; {former.name} is no longer the primary contact"
    timeline.record(
        session, actor=actor, now=now, area="dealers", command=command,
        summary=f"{dealer.name} ({dealer.code}): {said}.", items=items, before=before, after=after,
    )  # fmt: skip
