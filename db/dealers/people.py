"""A person of a dealer as facts: checked as a whole, compared field by field, stored with its search words."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.core import search
from db.core.base import Base
from db.core.problems import Problems
from db.core.search import SearchWord
from db.dealers import people_rules, reach_rules
from db.dealers.tables import Dealer, DealerContact

KIND = "dealer_contact"
_CHUNK = 500


@dataclass(frozen=True, kw_only=True)
class ContactFacts:
    """Everything people may say about a person of a dealer; `left_on` is a day at the dealer."""

    name: str
    role: str
    email: str = ""
    phone: str = ""
    is_primary: bool = False
    left_on: date | None = None
    person_id: int | None = None
    note: str = ""


FIELDS = tuple(field.name for field in dataclasses.fields(ContactFacts))
LABELS: dict[str, str] = {
    "name": "Name", "role": "Role", "email": "E-mail", "phone": "Phone", "is_primary": "Primary contact",
    "left_on": "Left on", "person_id": "Account", "note": "Note",
}  # fmt: skip


def checked(facts: ContactFacts, problems: Problems, *, today: date) -> ContactFacts:
    """The same facts in their stored form; every problem is noted at its field. `today` is the dealer's day."""
    people_rules.check_left(facts.left_on, today=today, is_primary=facts.is_primary, problems=problems)
    return dataclasses.replace(
        facts,
        name=people_rules.check_person_name(facts.name, problems),
        role=people_rules.check_role(facts.role, problems),
        email=reach_rules.check_email(facts.email, problems),
        phone=reach_rules.check_phone(facts.phone, problems),
        note=people_rules.check_note(facts.note, problems),
    )


def facts_of(contact: DealerContact) -> ContactFacts:
    """The facts of a stored person."""
    return ContactFacts(**{name: getattr(contact, name) for name in FIELDS})


def differences(before: ContactFacts, after: ContactFacts) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that differ, as they were and as they are."""
    names = [name for name in FIELDS if getattr(before, name) != getattr(after, name)]
    return {n: getattr(before, n) for n in names}, {n: getattr(after, n) for n in names}


def create(
    session: Session, pairs: Iterable[tuple[Dealer, ContactFacts]], *, by: str, now: datetime,
    batch_id: int | None = None, form_key: str | None = None,
) -> list[DealerContact]:  # fmt: skip
    """Store new people, in order; their ids are set."""
    made = [
        DealerContact(
            **{name: getattr(facts, name) for name in FIELDS}, dealer_id=dealer.id, region=dealer.region, version=1,
            created_at=now, updated_at=now, updated_by=by, batch_id=batch_id, form_key=form_key,
        )
        for dealer, facts in pairs
    ]  # fmt: skip
    session.add_all(made)
    session.flush()
    for contact in made:
        _index(session, contact, is_new=True)
    return made


def write(session: Session, contact: DealerContact, after: ContactFacts, *, by: str, now: datetime) -> None:
    """Store changed facts and raise the version."""
    for name in FIELDS:
        setattr(contact, name, getattr(after, name))
    contact.version += 1
    contact.updated_at, contact.updated_by = now, by
    session.flush()
    _index(session, contact)


def primary_of(session: Session, dealer_id: int) -> DealerContact | None:
    """The primary contact of a dealer, held; None when it has none."""
    return session.scalars(
        select(DealerContact).where(DealerContact.dealer_id == dealer_id, DealerContact.is_primary).with_for_update()
    ).one_or_none()


def remove(session: Session, ids: Iterable[int]) -> None:
    """Take people back that came by mistake; only the undo of their import does this."""
    gone = sorted(ids)
    for start in range(0, len(gone), _CHUNK):
        some = gone[start : start + _CHUNK]
        session.execute(delete(SearchWord).where(SearchWord.kind == KIND, SearchWord.item_id.in_(some)))
        session.execute(delete(DealerContact).where(DealerContact.id.in_(some)))


def references(session: Session, ids: Iterable[int]) -> dict[int, list[str]]:
    """Which tables of other areas hold records that refer to each person."""
    wanted = sorted(ids)
    found: dict[int, list[str]] = {}
    key: Any = DealerContact.__table__.c.id
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if not any(foreign.column is key for foreign in column.foreign_keys):
                continue
            for start in range(0, len(wanted), _CHUNK):
                some = wanted[start : start + _CHUNK]
                for (number,) in session.execute(select(column).where(column.in_(some)).distinct()):
                    found.setdefault(number, []).append(table.name)
    return found


def _index(session: Session, contact: DealerContact, *, is_new: bool = False) -> None:
    search.index(
        session, kind=KIND, item_id=contact.id,
        texts=(contact.name, contact.email, *reach_rules.phone_texts(contact.phone)), dealer_id=contact.dealer_id,
        region=contact.region, is_new=is_new,
    )  # fmt: skip
