"""Two dealers in the East and one in the West with their people, and requests and reviews made through commands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Engine, select, update

from db.access import commands, review_commands
from db.access.people_queries import get_account
from db.access.queries import RequestRow, get_request, what_granting_does
from db.access.review_commands import Confirmed, Judged
from db.access.review_queries import ReviewPage, waiting_page
from db.access.tables import AccessReview, AccessReviewLine
from db.core.actor import EVERYTHING, Actor
from db.core.permissions import Role
from db.core.session import reading, run, writing
from db.core.timeline import TimelineEntry
from db.people.tables import Person, PersonScope
from tests.support.again import again
from tests.support.users import actor_named, make_dealer, make_person

# A Monday, 10:00 in New York, the desk's own hours being 9 to 18.
NOW = datetime.fromisoformat("2026-11-23T15:00:00+00:00")
_keys = count(1)


@dataclass(frozen=True)
class House:
    """Who is there: ids of dealers and people, and actors."""

    north: int
    south: int
    west: int
    cora: Actor
    mason: Actor
    eve: Actor  # a coordinator of the East
    dana: Actor  # manager of north
    sam: Actor  # manager of south
    drew: int  # staff of north
    sid: int  # staff of south
    both: int  # staff of north and of south
    walt: int  # staff of west

    def as_role(self, role: Role) -> Actor:
        """An actor of a role who reaches north."""
        scope = self.dana.scope if role.is_dealer else EVERYTHING
        return Actor(user_id=9_000, username=f"some.{role.value}", name=role.label, role=role, scope=scope)


def make_house(engine: Engine) -> House:
    return again(engine, "house of access", lambda: _build_house(engine))


def _build_house(engine: Engine) -> House:
    north = make_dealer(engine, code="0101", name="North Motors", region="East")
    south = make_dealer(engine, code="0102", name="South Motors", region="East")
    west = make_dealer(engine, code="0201", name="West Motors", region="West")
    make_person(engine, "cora", Role.COORDINATOR)
    make_person(engine, "mason", Role.MANAGER)
    make_person(engine, "eve", Role.COORDINATOR, scope_kind="regions", regions=["East"])

    def dealers(username: str, role: Role, *ids: int) -> int:
        return make_person(engine, username, role, scope_kind="dealers", dealer_ids=ids)

    dealers("dana", Role.DEALER_MANAGER, north)
    dealers("sam", Role.DEALER_MANAGER, south)
    drew, sid = dealers("drew", Role.DEALER_STAFF, north), dealers("sid", Role.DEALER_STAFF, south)
    both, walt = dealers("both", Role.DEALER_STAFF, north, south), dealers("walt", Role.DEALER_STAFF, west)
    signed_in(engine, "dana", "sam", "drew", "sid", "both", "walt", at=NOW - timedelta(days=1))
    names = ("cora", "mason", "eve", "dana", "sam")
    cora, mason, eve, dana, sam = (actor_named(engine, name) for name in names)
    return House(
        north=north, south=south, west=west, cora=cora, mason=mason, eve=eve, dana=dana, sam=sam, drew=drew, sid=sid,
        both=both, walt=walt,
    )  # fmt: skip


def signed_in(engine: Engine, *usernames: str, at: datetime | None) -> None:
    """Say when somebody last signed in (None: never) and that the account was made long ago."""
    with writing(engine, keeps_timeline=False) as session:
        session.execute(
            update(Person)
            .where(Person.username.in_(usernames))
            .values(last_sign_in_at=at, created_at=NOW - timedelta(days=400))
        )


def ask(engine: Engine, who: Actor, **other: Any) -> int:
    """A request for a new account, unless said otherwise."""
    values: dict[str, Any] = {
        "kind": "new", "name": "Ana Ortiz", "email": "ana@dealer.test", "role": "dealer_staff",
        "reason": "Starts on Monday", "form_key": f"k{next(_keys)}", "actor": who, "now": NOW,
    }  # fmt: skip
    return run(commands.submit_request, bind=engine, **(values | other))


def request_of(engine: Engine, item_id: int, who: Actor) -> RequestRow:
    with reading(engine) as session:
        return get_request(session, item_id=item_id, actor=who, now=NOW)


def choice_of(engine: Engine, item_id: int, who: Actor) -> str:
    """What the decider's drawer proposes; nothing to those who do not decide."""
    with reading(engine) as session:
        row = get_request(session, item_id=item_id, actor=who, now=NOW)
        found = what_granting_does(session, request=row, actor=who)
    return found.choice if found else ""


def step(engine: Engine, name: str, item_id: int, who: Actor, **other: Any) -> Any:
    """Take a step as somebody who sees the request as it is."""
    values: dict[str, Any] = {"item_id": item_id, "actor": who, "now": NOW, "seen_version": 1}
    if name == "grant" and "account" not in other:
        values["account"] = choice_of(engine, item_id, who)
    return run(commands.COMMANDS[name], bind=engine, **(values | other))


def grant(engine: Engine, item_id: int, who: Actor, **other: Any) -> Any:
    return step(engine, "grant", item_id, who, **other)


def disable(engine: Engine, person_id: int, dealer_id: int, who: Actor, **other: Any) -> Any:
    values: dict[str, Any] = {"reason": "Left the house", "actor": who, "now": NOW}
    if "seen_version" not in other:
        with reading(engine) as session:
            values["seen_version"] = session.scalar(select(Person.version).where(Person.id == person_id)) or 1
    return run(
        commands.disable_access, bind=engine, person_id=person_id, dealer_id=dealer_id, **(values | other)
    )  # fmt: skip


def open_all(engine: Engine, who: Actor, *, now: datetime = NOW, dealer_ids: tuple[int, ...] = ()) -> int:
    return run(review_commands.open_reviews, bind=engine, dealer_ids=dealer_ids, actor=who, now=now)


def screen(engine: Engine, who: Actor, *, now: datetime = NOW, **other: Any) -> ReviewPage:
    with reading(engine) as session:
        return waiting_page(session, actor=who, now=now, **other)


def judged(page: ReviewPage, **outcomes: str) -> list[Judged]:
    """What the screen would send: the preset, or what is said by user name."""
    return [
        Judged(
            review_id=a.review_id, person_id=a.account.person_id, role=a.account.role, flags=a.account.flags,
            outcome=outcomes.get(a.account.username, a.preset),
        )
        for a in page.to_judge
    ]  # fmt: skip


def confirm(engine: Engine, who: Actor, page: ReviewPage, *, now: datetime = NOW, **outcomes: str) -> Confirmed:
    return run(
        review_commands.confirm_reviews, bind=engine, reviews=[(r.id, r.version) for r in page.reviews],
        judged=judged(page, **outcomes), actor=who, now=now,
    )  # fmt: skip


# ---- what is stored ------------------------------------------------------------------------------------------------
def account(engine: Engine, person_id: int) -> Person:
    with reading(engine) as session:
        found = session.get_one(Person, person_id)
        session.expunge_all()
    return found


def dealers_of(engine: Engine, person_id: int) -> set[int | None]:
    with reading(engine) as session:
        return set(session.scalars(select(PersonScope.dealer_id).where(PersonScope.person_id == person_id)))


def flags_of(engine: Engine, person_id: int) -> tuple[str, ...]:
    with reading(engine) as session:
        return get_account(session, person_id=person_id, scope=EVERYTHING, now=NOW).flags


def outcomes_of(engine: Engine, dealer_id: int) -> dict[int, str]:
    with reading(engine) as session:
        rows = session.execute(
            select(AccessReviewLine.person_id, AccessReviewLine.outcome).where(AccessReviewLine.dealer_id == dealer_id)
        )
        return dict(rows.all())


def review_at(engine: Engine, dealer_id: int) -> AccessReview:
    with reading(engine) as session:
        found = session.scalars(select(AccessReview).where(AccessReview.dealer_id == dealer_id)).one()
        session.expunge_all()
    return found


def entries(engine: Engine) -> list[TimelineEntry]:
    with reading(engine) as session:
        found = list(session.scalars(select(TimelineEntry).order_by(TimelineEntry.seq)))
        session.expunge_all()
    return found
