"""People of dealerships who have an account: the list with what is doubtful, and rows for the export.

Always within a scope: of somebody with several dealers only those of the caller's scope are named, and nothing
shows whether there are others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from db.access import left_queries
from db.access.rules import FLAGS, NEVER_AFTER, QUIET_AFTER, STATES, account_state, flags_of
from db.core.actor import Actor, Scope
from db.core.area import CAP
from db.core.export_files import ExportColumn
from db.core.keyset import beyond
from db.core.permissions import Role
from db.core.problems import NotFound
from db.dealers.tables import Dealer
from db.people.tables import Person, PersonScope

DEALER_ROLES = tuple(role.value for role in Role if role.is_dealer)
ANY_FLAG = "any"


@dataclass(frozen=True, kw_only=True)
class AccountFilters:
    """What the list is narrowed to; empty means everything. `flag` is one of `FLAGS` or "any"."""

    text: str = ""
    dealer_id: int | None = None
    role: str = ""
    state: str = ""
    flag: str = ""


@dataclass(frozen=True, kw_only=True)
class DealerName:
    """A dealer as far as a list of people names it."""

    dealer_id: int
    code: str
    name: str
    region: str

    @property
    def label(self) -> str:
        """The name with its code."""
        return f"{self.name} ({self.code})"


@dataclass(frozen=True, kw_only=True)
class AccountRow:
    """One account; `dealers` are those of the caller's scope, `version` goes back with a change."""

    person_id: int
    version: int
    name: str
    username: str
    email: str
    role: str
    is_active: bool
    state: str
    last_sign_in_at: datetime | None
    created_at: datetime
    dealers: tuple[DealerName, ...]
    flags: tuple[str, ...]
    left_on: date | None
    sort_key: str = field(default="", compare=False)

    @property
    def role_label(self) -> str:
        """The role as people say it."""
        return Role(self.role).label

    @property
    def state_label(self) -> str:
        """How the account stands."""
        return STATES[self.state][0]

    @property
    def dealers_label(self) -> str:
        """The dealers with their codes."""
        return ", ".join(dealer.label for dealer in self.dealers)


def _condition(
    scope: Scope, filters: AccountFilters, left: Mapping[int, date], now: datetime
) -> list[ColumnElement[bool]]:
    reached = select(PersonScope.id).join(Dealer, Dealer.id == PersonScope.dealer_id)
    reached = reached.where(PersonScope.person_id == Person.id, scope.where(Dealer.id, Dealer.region))
    if filters.dealer_id is not None:
        reached = reached.where(Dealer.id == filters.dealer_id)
    found = [Person.role.in_(DEALER_ROLES), Person.scope_kind == "dealers", reached.exists()]
    for word in filters.text.split():
        like = "%" + word.casefold().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        columns = (Person.name, Person.username, Person.email)
        found.append(or_(*(func.lower(column).like(like, escape="\\") for column in columns)))
    if filters.role:
        found.append(Person.role == filters.role)
    if filters.state:
        found.append(_state_condition(filters.state))
    if filters.flag:
        wanted = FLAGS if filters.flag == ANY_FLAG else (filters.flag,)
        found += [Person.is_active.is_(True), or_(*(_flag_condition(flag, left, now) for flag in wanted))]
    return found


def _state_condition(state: str) -> ColumnElement[bool]:
    if state == "disabled":
        return Person.is_active.is_(False)
    waits, has_end = Person.must_change_password.is_(True), Person.password_expires_at.is_not(None)
    never = Person.last_sign_in_at.is_(None)
    wanted = {
        "one_time": and_(waits, has_end),
        "no_password": and_(waits, ~has_end, never),
        "active": or_(~waits, and_(~has_end, ~never)),
    }.get(state)
    return and_(Person.is_active.is_(True), wanted) if wanted is not None else Person.id.is_(None)


def _flag_condition(flag: str, left: Mapping[int, date], now: datetime) -> ColumnElement[bool]:
    if flag == "never":
        return and_(Person.last_sign_in_at.is_(None), Person.created_at <= now - NEVER_AFTER)
    if flag == "quiet":
        return Person.last_sign_in_at < now - QUIET_AFTER
    return Person.id.in_(sorted(person_id for person_id, day in left.items() if day <= now.date()))


def _row(person: Any, dealers: Iterable[DealerName], left_on: date | None, now: datetime, key: str = "") -> AccountRow:
    return AccountRow(
        person_id=person.id, version=person.version, name=person.name, username=person.username, email=person.email,
        role=person.role, is_active=person.is_active, last_sign_in_at=person.last_sign_in_at,
        created_at=person.created_at, dealers=tuple(dealers), left_on=left_on, sort_key=key,
        state=account_state(
            is_active=person.is_active, must_change=person.must_change_password,
            expires_at=person.password_expires_at, last_sign_in_at=person.last_sign_in_at,
        ),
        flags=flags_of(
            is_active=person.is_active, created_at=person.created_at, last_sign_in_at=person.last_sign_in_at,
            left_on=left_on, now=now,
        ),
    )  # fmt: skip


def _rows(
    session: Session, query: Select[Any, Any], *, scope: Scope, left: Mapping[int, date], now: datetime
) -> list[AccountRow]:
    people = session.execute(query).all()
    dealers = dealers_of(session, person_ids=[person.id for person, _ in people], scope=scope)
    return [_row(person, dealers.get(person.id, ()), left.get(person.id), now, key) for person, key in people]


_name_key = func.lower(Person.name)


def dealers_of(session: Session, *, person_ids: Iterable[int], scope: Scope) -> dict[int, list[DealerName]]:
    """The dealers of some people, by name, as far as the scope reaches."""
    rows = session.execute(
        select(PersonScope.person_id, Dealer.id, Dealer.code, Dealer.name, Dealer.region)
        .join(Dealer, Dealer.id == PersonScope.dealer_id)
        .where(PersonScope.person_id.in_(sorted(set(person_ids))), scope.where(Dealer.id, Dealer.region))
        .order_by(Dealer.name_key, Dealer.id)
    )
    found: dict[int, list[DealerName]] = {}
    for person_id, dealer_id, code, name, region in rows:
        found.setdefault(person_id, []).append(
            DealerName(dealer_id=dealer_id, code=code, name=name, region=region)
        )  # fmt: skip
    return found


def list_accounts(
    session: Session, *, scope: Scope, filters: AccountFilters | None = None, now: datetime,
    after: tuple[str, int] | None = None, limit: int = 50,
) -> tuple[list[AccountRow], tuple[str, int] | None]:  # fmt: skip
    """One page of accounts by name, and the cursor of the next page or None."""
    left = left_queries.people_who_left(session, scope=scope)
    query = select(Person, _name_key).where(*_condition(scope, filters or AccountFilters(), left, now))
    if after is not None:
        query = query.where(beyond((_name_key, Person.id), after))
    rows = _rows(session, query.order_by(_name_key, Person.id).limit(limit + 1), scope=scope, left=left, now=now)
    last = rows[limit - 1] if len(rows) > limit else None
    return rows[:limit], (last.sort_key, last.person_id) if last else None


def count_accounts(session: Session, *, scope: Scope, filters: AccountFilters | None = None, now: datetime) -> int:
    """How many accounts the list has on all its pages, counted up to `CAP` + 1."""
    left = left_queries.people_who_left(session, scope=scope)
    conditions = _condition(scope, filters or AccountFilters(), left, now)
    some = select(Person.id).where(*conditions).limit(CAP + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def get_accounts(session: Session, *, person_ids: Iterable[int], scope: Scope, now: datetime) -> dict[int, AccountRow]:
    """Some accounts by id; those of the manufacturer and of dealers outside of the scope are left out."""
    ids = sorted(set(person_ids))
    left = left_queries.people_who_left(session, scope=scope)
    query = select(Person, _name_key).where(*_condition(scope, AccountFilters(), left, now), Person.id.in_(ids))
    return {row.person_id: row for row in _rows(session, query, scope=scope, left=left, now=now)}


def get_account(session: Session, *, person_id: int, scope: Scope, now: datetime) -> AccountRow:
    """One account; raises `NotFound` for one that is not of a dealership of this scope."""
    found = get_accounts(session, person_ids=[person_id], scope=scope, now=now)
    if person_id not in found:
        raise NotFound("This account")
    return found[person_id]


def accounts_at(
    session: Session, *, dealer_ids: Iterable[int], scope: Scope, now: datetime
) -> list[tuple[int, AccountRow]]:
    """(dealer, `AccountRow`) of everybody who can sign in for some dealers, by dealer and name; flags per dealer.

    Two statements whatever the number of dealers. A dealer outside of the scope has nobody.
    """
    ids = sorted(set(dealer_ids))
    left = left_queries.contacts_who_left(session, scope=scope)
    rows = session.execute(
        select(Person, Dealer.id, Dealer.code, Dealer.name, Dealer.region)
        .join(PersonScope, PersonScope.person_id == Person.id)
        .join(Dealer, Dealer.id == PersonScope.dealer_id)
        .where(
            Dealer.id.in_(ids), scope.where(Dealer.id, Dealer.region), Person.is_active.is_(True),
            Person.role.in_(DEALER_ROLES), Person.scope_kind == "dealers",
        )
        .order_by(Dealer.name_key, Dealer.id, _name_key, Person.id)
    )  # fmt: skip
    return [
        (
            dealer_id,
            _row(
                person, (DealerName(dealer_id=dealer_id, code=code, name=name, region=region),),
                left.get((person.id, dealer_id)), now,
            ),
        )
        for person, dealer_id, code, name, region in rows
    ]  # fmt: skip


def name_by_email(session: Session, *, dealer_id: int, email: str, scope: Scope) -> str:
    """Who of one dealer can sign in with an account of this address; empty when nobody. Other dealers do not count."""
    return (
        session.scalar(
            select(Person.name)
            .join(PersonScope, PersonScope.person_id == Person.id)
            .join(Dealer, Dealer.id == PersonScope.dealer_id)
            .where(
                Dealer.id == dealer_id, scope.where(Dealer.id, Dealer.region), Person.is_active.is_(True),
                Person.role.in_(DEALER_ROLES), func.lower(Person.email) == func.lower(email),
            )
            .limit(1)
        )
        or ""
    )  # fmt: skip


def account_versions(session: Session, *, person_ids: Iterable[int]) -> dict[int, int]:
    """How often each account was changed: part of what makes a notification be told once a change."""
    rows = session.execute(select(Person.id, Person.version).where(Person.id.in_(sorted(set(person_ids)))))
    return dict(rows.all())


def managers_at(session: Session, *, dealer_ids: Iterable[int]) -> dict[int, set[int]]:
    """The active managers of some dealers, by dealer; for the warning that nobody would be left to manage one."""
    rows = session.execute(
        select(PersonScope.dealer_id, Person.id)
        .join(Person, Person.id == PersonScope.person_id)
        .where(
            PersonScope.dealer_id.in_(sorted(set(dealer_ids))), Person.is_active.is_(True),
            Person.role == Role.DEALER_MANAGER.value, Person.scope_kind == "dealers",
        )
    )  # fmt: skip
    found: dict[int, set[int]] = {}
    for dealer_id, person_id in rows:
        if dealer_id is not None:
            found.setdefault(dealer_id, set()).add(person_id)
    return found


# ---- export --------------------------------------------------------------------------------------------------------
COLUMNS = (
    ExportColumn(name="dealer_code", label="Dealer code"),
    ExportColumn(name="dealer", label="Dealer"),
    ExportColumn(name="name", label="Name"),
    ExportColumn(name="username", label="User name"),
    ExportColumn(name="email", label="E-mail"),
    ExportColumn(name="role", label="Role"),
    ExportColumn(name="state", label="State"),
    ExportColumn(name="last_sign_in_at", label="Last sign-in", kind="datetime"),
    ExportColumn(name="created_at", label="Account made", kind="datetime"),
    ExportColumn(name="flags", label="Doubtful because"),
    ExportColumn(name="left_on", label="Contact left on", kind="date"),
)


def export_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple an account and dealer, in the order of `COLUMNS`, by name."""
    chosen = AccountFilters(**{n: v for n, v in filters.items() if v not in (None, "", (), [])})
    after: tuple[str, int] | None = None
    while True:
        rows, after = list_accounts(session, scope=scope, filters=chosen, now=now, after=after, limit=500)
        for row in rows:
            for dealer in row.dealers:
                if chosen.dealer_id in (None, dealer.dealer_id):
                    yield (
                        dealer.code, dealer.name, row.name, row.username, row.email, row.role_label, row.state_label,
                        row.last_sign_in_at, row.created_at, ", ".join(FLAGS[f] for f in row.flags), row.left_on,
                    )  # fmt: skip
        if after is None:
            return
