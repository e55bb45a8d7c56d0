"""Reading people: the list for administrators, one person, and who to tell about a dealer's record."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, bindparam, column, func, or_, select, table
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.area import CAP
from db.core.mailer import MOST_TRIES
from db.core.outbox import OutboxMail
from db.core.permissions import GRANTED, Permission, Role
from db.core.problems import NotFound
from db.core.settings import settings
from db.core.shapes import made_once
from db.people.rules import tidy_username
from db.people.sessions import actor_of, person_actor
from db.people.tables import Notification, Person, PersonScope, SignInSession

# Dealers come after people in the order of areas; their names are all that is needed of them here.
DEALER = table("dealer", column("id"), column("code"), column("name"), column("region"))


@dataclass(frozen=True, kw_only=True)
class PersonLine:
    """One person as the list and the drawer show them."""

    person_id: int
    username: str
    name: str
    email: str
    role: Role
    scope: Scope
    scope_text: str
    zone: str
    is_active: bool
    must_change_password: bool
    last_sign_in_at: datetime | None
    created_at: datetime
    version: int
    has_password: bool
    single_sign_on_only: bool = False

    @property
    def state(self) -> tuple[str, str]:
        """(label, tone) of the account."""
        if not self.is_active:
            return ("Disabled", "gray")
        if self.single_sign_on_only:
            return ("Single sign-on only", "green")
        if not self.has_password:
            return ("No password yet", "gray")
        return ("One-time password", "orange") if self.must_change_password else ("Active", "green")


@dataclass(frozen=True, kw_only=True)
class SignedInBrowser:
    """One line of "where you are signed in"."""

    session_id: int
    signed_in_at: datetime
    seen_at: datetime
    source: str
    way: str
    is_this_one: bool


@dataclass(frozen=True, kw_only=True)
class NotificationLine:
    """One notification as the inbox shows it."""

    notification_id: int
    kind: str
    title: str
    body: str
    item_type: str
    item_id: int | None
    created_at: datetime
    read_at: datetime | None

    @property
    def is_read(self) -> bool:
        """Whether the person has read it."""
        return self.read_at is not None


def _lines(session: Session, people: Sequence[Person]) -> list[PersonLine]:
    ids = [p.id for p in people]
    scopes: dict[int, list[tuple[str | None, int | None]]] = {}
    codes: dict[int, list[str]] = {}
    rows = session.execute(
        select(PersonScope.person_id, PersonScope.region, PersonScope.dealer_id, DEALER.c.code, DEALER.c.name)
        .outerjoin(DEALER, DEALER.c.id == PersonScope.dealer_id)
        .where(PersonScope.person_id.in_(ids))
        .order_by(DEALER.c.code)
    )
    for person_id, region, dealer_id, code, name in rows:
        scopes.setdefault(person_id, []).append((region, dealer_id))
        if code is not None:
            codes.setdefault(person_id, []).append(f"{code} {name}")
    found = []
    for p in people:
        actor = actor_of(p, scopes.get(p.id, []))
        dealers = codes.get(p.id, [])
        text = dealers[0] if actor.scope.kind == "dealers" and len(dealers) == 1 else actor.scope.describe()
        found.append(
            PersonLine(
                person_id=p.id, username=p.username, name=p.name, email=p.email, role=actor.role, scope=actor.scope,
                scope_text=text, zone=p.zone, is_active=p.is_active, must_change_password=p.must_change_password,
                last_sign_in_at=p.last_sign_in_at, created_at=p.created_at, version=p.version,
                # A one-time password always has an end; without one, `add_person(without_password=True)` made none.
                has_password=not p.must_change_password or p.password_expires_at is not None,
                single_sign_on_only=p.single_sign_on_only,
            )
        )  # fmt: skip
    return found


def list_people(
    session: Session, *, actor: Actor, text: str = "", roles: Sequence[Role] = (), is_active: bool | None = None
) -> list[PersonLine]:
    """People by name; `text` is searched in name, user name and e-mail. Needs people.view."""
    actor.require(Permission.PEOPLE_VIEW)
    query = select(Person).order_by(func.lower(Person.name), Person.id)
    for word in text.split():
        like = "%" + word.casefold().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        query = query.where(
            or_(*(func.lower(c).like(like, escape="\\") for c in (Person.name, Person.username, Person.email)))
        )
    if roles:
        query = query.where(Person.role.in_([r.value for r in roles]))
    if is_active is not None:
        query = query.where(Person.is_active.is_(is_active))
    return _lines(session, session.scalars(query).all())


def get_person(
    session: Session, *, actor: Actor, person_id: int | None = None, username: str | None = None
) -> PersonLine:
    """One person by id or user name; raises `NotFound`. One's own record needs no permission."""
    which = Person.id == person_id if person_id is not None else Person.username == tidy_username(username or "")
    person = session.scalars(select(Person).where(which)).one_or_none()
    if person is None or person.id != actor.user_id:
        actor.require(Permission.PEOPLE_VIEW)
    if person is None:
        raise NotFound("This person")
    return _lines(session, [person])[0]


def actor_for(session: Session, *, username: str) -> Actor:
    """The actor an active person is, for tests, the seed and the command line; raises `NotFound`."""
    person = session.scalars(
        select(Person).where(Person.username == tidy_username(username), Person.is_active.is_(True))
    ).one_or_none()
    if person is None:
        raise NotFound("This person")
    return person_actor(session, person_id=person.id)


def previous_visit(session: Session, *, person_id: int) -> datetime | None:
    """When the visit before this one began; None for somebody who signs in for the first time."""
    return session.scalar(select(Person.previous_visit_at).where(Person.id == person_id))


def names_of(session: Session, *, person_ids: Iterable[int]) -> dict[int, str]:
    """Names by id, for lists that show who a record is assigned to."""
    ids = sorted(set(person_ids))
    return dict(session.execute(_NAMES, {"ids": ids}).all()) if ids else {}


_NAMES: Final = select(Person.id, Person.name).where(Person.id.in_(bindparam("ids", expanding=True)))


def list_regions(session: Session) -> list[str]:
    """The regions there are dealers in."""
    return [r for (r,) in session.execute(select(DEALER.c.region).distinct().order_by(DEALER.c.region))]


def list_dealer_choices(session: Session, *, scope: Scope) -> list[tuple[int, str]]:
    """(id, "code name") of the dealers somebody with this scope may give access to."""
    rows = session.execute(
        select(DEALER.c.id, DEALER.c.code, DEALER.c.name)
        .where(scope.where(DEALER.c.id, DEALER.c.region))
        .order_by(DEALER.c.code)
    )
    return [(dealer_id, f"{code} {name}") for dealer_id, code, name in rows]


def dealers_reached_by(scope: Scope) -> ColumnElement[bool]:
    """The condition on `DEALER` for a scope."""
    return scope.where(DEALER.c.id, DEALER.c.region)


def people_to_tell(session: Session, *, dealer_id: int | None, region: str | None, permission: Permission) -> list[int]:
    """Ids of active people who hold a permission and whose scope reaches a dealer (or an unassigned lead's region)."""
    query = _reached(permission, region is not None, dealer_id is not None)
    return list(session.scalars(query, {"region": region, "dealer_id": dealer_id}))


@made_once
def _reached(permission: Permission, by_region: bool, by_dealer: bool) -> Select[int]:
    roles = [role.value for role, granted in GRANTED.items() if permission in granted]
    reaches = [Person.scope_kind == "all"]
    if by_region:
        reaches.append(and_(Person.scope_kind == "regions", PersonScope.region == bindparam("region")))
    if by_dealer:
        reaches.append(and_(Person.scope_kind == "dealers", PersonScope.dealer_id == bindparam("dealer_id")))
    return (
        select(Person.id)
        .distinct()
        .outerjoin(PersonScope, PersonScope.person_id == Person.id)
        .where(Person.is_active.is_(True), Person.role.in_(roles), or_(*reaches))
        .order_by(Person.id)
    )


def people_by_place(
    session: Session, *, places: Collection[tuple[int | None, str | None]], permission: Permission,
    roles: Collection[Role],
) -> dict[tuple[int | None, str | None], list[int]]:  # fmt: skip
    """`people_to_tell` of one of these roles for many places (dealer, region) at once: a few queries in all."""
    held = [role.value for role, granted in GRANTED.items() if permission in granted and role in roles]
    everywhere: set[int] = set()
    by_region: dict[str, set[int]] = {}
    by_dealer: dict[int, set[int]] = {}
    listed = sorted(set(places), key=str)
    for start in range(0, len(listed), _PLACES):
        part = listed[start : start + _PLACES]
        regions = sorted({region for _, region in part if region is not None} - by_region.keys())
        dealers = sorted({dealer_id for dealer_id, _ in part if dealer_id is not None})
        query = (
            select(Person.id, Person.scope_kind, PersonScope.region, PersonScope.dealer_id)
            .outerjoin(PersonScope, PersonScope.person_id == Person.id)
            .where(Person.is_active.is_(True), Person.role.in_(held))
            .where(
                or_(
                    Person.scope_kind == "all",
                    and_(Person.scope_kind == "regions", PersonScope.region.in_(regions)),
                    and_(Person.scope_kind == "dealers", PersonScope.dealer_id.in_(dealers)),
                )
            )
        )
        by_region |= {region: set() for region in regions}
        for person_id, kind, region, dealer_id in session.execute(query):
            if kind == "all":
                everywhere.add(person_id)
            elif kind == "regions" and region is not None:
                by_region[region].add(person_id)
            elif dealer_id is not None:
                by_dealer.setdefault(dealer_id, set()).add(person_id)
    found = {}
    for dealer_id, region in listed:
        in_region = by_region.get(region) if region is not None else None
        at_dealer = by_dealer.get(dealer_id) if dealer_id is not None else None
        found[dealer_id, region] = sorted(everywhere | (in_region or set()) | (at_dealer or set()))
    return found


_PLACES: Final = 400


def list_browsers(
    session: Session, *, person_id: int, this_session_id: int | None, now: datetime
) -> list[SignedInBrowser]:
    """Where a person is signed in now, the newest first, one line a browser."""
    rows = session.scalars(
        select(SignInSession)
        .where(SignInSession.person_id == person_id, SignInSession.ended_at.is_(None), SignInSession.expires_at > now)
        .order_by(SignInSession.seen_at.desc(), SignInSession.id.desc())
    ).all()
    idle = timedelta(minutes=settings().session_idle_minutes)
    own = next((row.browser for row in rows if row.id == this_session_id), None)
    found: dict[str, SignedInBrowser] = {}
    for row in rows:
        if now - row.seen_at < idle and row.browser not in found:
            found[row.browser] = SignedInBrowser(
                session_id=row.id, signed_in_at=row.created_at, seen_at=row.seen_at, source=row.source,
                way=row.way, is_this_one=row.browser == own,
            )  # fmt: skip
    return list(found.values())


def list_notifications(
    session: Session, *, person_id: int, only_unread: bool = False, before_id: int | None = None, limit: int = 50
) -> list[NotificationLine]:
    """A person's notifications, newest first; `before_id` continues a list that was longer than `limit`."""
    query = select(Notification).where(Notification.person_id == person_id)
    if only_unread:
        query = query.where(Notification.read_at.is_(None))
    if before_id is not None:
        query = query.where(Notification.id < before_id)
    return [
        NotificationLine(
            notification_id=n.id, kind=n.kind, title=n.title, body=n.body, item_type=n.item_type, item_id=n.item_id,
            created_at=n.created_at, read_at=n.read_at,
        )
        for n in session.scalars(query.order_by(Notification.id.desc()).limit(limit))
    ]  # fmt: skip


def count_unread(session: Session, *, person_id: int) -> int:
    """How many a person has not read, counted up to `CAP` + 1."""
    return session.scalar(_UNREAD, {"person_id": person_id}) or 0


_UNREAD = select(func.count()).select_from(  # made once: asked in every run
    select(Notification.id)
    .where(Notification.person_id == bindparam("person_id"), Notification.read_at.is_(None))
    .limit(CAP + 1)
    .subquery()
)


def desk_figures(session: Session, *, now: datetime) -> dict[str, int]:
    """A few figures for a monitor: active accounts, signed-in browsers, mail that waits and mail that was given up."""
    idle_since = now - timedelta(minutes=settings().session_idle_minutes)
    counts = {
        "people": select(func.count()).select_from(Person).where(Person.is_active.is_(True)),
        "signed_in_browsers": select(func.count(func.distinct(SignInSession.browser))).where(
            SignInSession.ended_at.is_(None), SignInSession.expires_at > now, SignInSession.seen_at > idle_since
        ),
        "mail_waiting": select(func.count()).select_from(OutboxMail).where(OutboxMail.sent_at.is_(None)),
        "mail_given_up": select(func.count())
        .select_from(OutboxMail)
        .where(OutboxMail.sent_at.is_(None), OutboxMail.tries >= MOST_TRIES),
    }
    return {name: session.scalar(query) or 0 for name, query in counts.items()}
