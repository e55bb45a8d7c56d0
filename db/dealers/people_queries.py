"""The people of dealers as a list, one record, search results and export rows; always within a scope.

E-mail and telephone are those of business contacts: whoever may see the dealer may see them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.area import SearchResult
from db.core.permissions import Permission, Role
from db.core.problems import NotFound
from db.dealers import people, people_rules, queries, reach_rules
from db.dealers.people_rules import ROLES
from db.dealers.tables import Dealer, DealerContact
from db.people.tables import Person, PersonScope

EXPORTED = (
    "dealer", "dealer_name", "name", "role", "email", "phone", "is_primary", "left_on", "account", "note",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ContactLine:
    """One person of a dealer; `version` goes back with a change. `phone` is as people write it."""

    contact_id: int
    dealer_id: int
    name: str
    role: str
    email: str
    phone: str
    is_primary: bool
    left_on: date | None
    person_id: int | None
    username: str
    note: str
    version: int
    updated_at: datetime
    updated_by: str

    @property
    def role_label(self) -> str:
        """The role as people say it."""
        return ROLES.get(self.role, self.role)

    def is_called(self, name: str) -> bool:
        """Whether a name somebody typed is this person's, whatever its case, accents and spaces."""
        return people_rules.person_key(self.name) == people_rules.person_key(name)


def _rows(scope: Scope) -> Select[*tuple[Any, ...]]:
    return (
        select(
            DealerContact.id.label("contact_id"), DealerContact.dealer_id, DealerContact.name, DealerContact.role,
            DealerContact.email, DealerContact.phone, DealerContact.is_primary, DealerContact.left_on,
            DealerContact.person_id, Person.username, DealerContact.note, DealerContact.version,
            DealerContact.updated_at, DealerContact.updated_by,
        )
        .outerjoin(Person, Person.id == DealerContact.person_id)
        .where(scope.where(DealerContact.dealer_id, DealerContact.region))
    )  # fmt: skip


def _line(row: Any) -> ContactLine:
    values = row._asdict()
    return ContactLine(**(values | {"phone": reach_rules.phone_label(row.phone), "username": row.username or ""}))


def list_contacts(session: Session, *, dealer_id: int, scope: Scope, with_left: bool = False) -> list[ContactLine]:
    """The people of a dealer: the primary contact first, then by role; who has left only when asked for, and last."""
    query = _rows(scope).where(DealerContact.dealer_id == dealer_id)
    if not with_left:
        query = query.where(DealerContact.left_on.is_(None))
    order = list(ROLES)
    return sorted(
        map(_line, session.execute(query)),
        key=lambda c: (c.left_on is not None, not c.is_primary, order.index(c.role), people_rules.person_key(c.name)),
    )


def count_left(session: Session, *, dealer_id: int, scope: Scope) -> int:
    """How many people have left a dealer."""
    query = select(func.count()).select_from(DealerContact).where(
        DealerContact.dealer_id == dealer_id, DealerContact.left_on.is_not(None),
        scope.where(DealerContact.dealer_id, DealerContact.region),
    )  # fmt: skip
    return session.scalar(query) or 0


def get_contact(session: Session, *, contact_id: int, scope: Scope) -> ContactLine:
    """One person; raises `NotFound` for one that does not exist or lies outside of the scope."""
    row = session.execute(_rows(scope).where(DealerContact.id == contact_id)).one_or_none()
    if row is None:
        raise NotFound("This person")
    return _line(row)


def accounts_of_dealer(session: Session, *, dealer_id: int) -> dict[int, str]:
    """The accounts of a dealership's own people that reach this dealer, by id, as "name (user name)".

    For commands and the drawer of a dealer the caller may see; it shows no more than who works there.
    """
    rows = session.execute(
        select(Person.id, Person.name, Person.username)
        .join(PersonScope, PersonScope.person_id == Person.id)
        .where(
            PersonScope.dealer_id == dealer_id, Person.role.in_([r.value for r in Role if r.is_dealer]),
            Person.scope_kind == "dealers",
        )
        .order_by(Person.name, Person.id)
    )  # fmt: skip
    return {number: f"{name} ({username})" for number, name, username in rows}


def search_results(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Found people as lines of the search box, each leading to its dealer, in the order of `ids`."""
    if not actor.can(Permission.DEALERS_VIEW):
        return []
    rows = session.execute(
        select(
            DealerContact.id, DealerContact.name, DealerContact.role, DealerContact.left_on, Dealer.id.label("dealer"),
            Dealer.name.label("dealer_name"), Dealer.code,
        )
        .join(Dealer, Dealer.id == DealerContact.dealer_id)
        .where(DealerContact.id.in_(list(ids)), actor.scope.where(DealerContact.dealer_id, DealerContact.region))
    )  # fmt: skip
    found = {row.id: row for row in rows}
    return [
        SearchResult(
            kind=people.KIND, item_id=row.id, title=row.name,
            subtitle=", ".join(
                (ROLES[row.role].lower() + (" (left)" if row.left_on else ""), f"{row.dealer_name} ({row.code})")
            ),
            page=queries.PAGE, query={"dealer": str(row.dealer)},
        )
        for row in (found[number] for number in ids if number in found)
    ]  # fmt: skip


def dealer_of(session: Session, *, contact_id: int, scope: Scope) -> int | None:
    """The dealer a person belongs to, or None when there is no such person in the scope."""
    return session.scalar(
        select(DealerContact.dealer_id).where(
            DealerContact.id == contact_id, scope.where(DealerContact.dealer_id, DealerContact.region)
        )
    )


def export_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """People by dealer code and name, in the order of `EXPORTED`; the filters are those of the dealer list.

    `with_left` adds those who have left.
    """
    chosen = {name: value for name, value in filters.items() if value not in (None, "", (), [])}
    with_left = bool(chosen.pop("with_left", False))
    query = (
        select(DealerContact, Dealer.code, Dealer.name, Person.username)
        .join(Dealer, Dealer.id == DealerContact.dealer_id)
        .outerjoin(Person, Person.id == DealerContact.person_id)
        .where(scope.where(DealerContact.dealer_id, DealerContact.region))
        .where(queries.condition_of(session, scope, queries.export_filters(chosen)))
        .order_by(Dealer.code, DealerContact.name, DealerContact.id)
    )
    if not with_left:
        query = query.where(DealerContact.left_on.is_(None))
    for contact, code, dealer_name, username in session.execute(query):
        yield (
            code, dealer_name, contact.name, ROLES[contact.role], contact.email,
            reach_rules.phone_label(contact.phone), contact.is_primary, contact.left_on, username or "", contact.note,
        )  # fmt: skip
