"""Access of the dealers' people in the demo: wishes and their answers, sign-ins, and two quarters of reviews."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from sqlalchemy import select

from db.access.commands import COMMANDS, disable_access, submit_request
from db.access.jobs import run_opening, run_reminders
from db.access.queries import get_request, what_granting_does
from db.access.review_commands import Judged, confirm_reviews
from db.access.review_queries import waiting_page
from db.access.rules import quarter_of
from db.calendar.queries import DESK_ZONE
from db.core.actor import Actor
from db.core.session import reading
from db.people import passwords
from db.people.commands import edit_person
from db.people.own_commands import change_own_password
from db.people.queries import actor_for, get_person
from db.people.sessions import open_session
from db.people.tables import Person
from seed.network import SEED, Network
from seed.places import PLACES
from seed.story import Story


class _Wish(NamedTuple):
    """Something that was asked for, so many days before the end, and what became of it.

    `about` is a name for a new account, else a user name. `signs_in` are the days before the end on which a new
    person came. Where leads arrive nobody new keeps a mail address, for the past is not mailed about.
    """

    days: float
    code: str
    kind: str
    about: str
    role: str
    reason: str
    by: str = "manager"
    answer: str = "grant"
    note: str = ""
    signs_in: tuple[int, ...] = ()
    keeps_email: bool = False


STAFF, MANAGER = "dealer_staff", "dealer_manager"
WISHES = (
    _Wish(140, "00234", "new", "Owen Pike", STAFF, "Looks after the used cars", keeps_email=True),
    _Wish(130, "00421", "new", "Rick Olsen", STAFF, "Helps over the summer", signs_in=(128, 93, 61)),
    _Wish(95, "00313", "new", "Marcus Bell", STAFF, "Second person at the desk", signs_in=(94, 60, 20, 2)),
    _Wish(88, "00507", "new", "Tessa Ruiz", STAFF, "Internet sales", signs_in=(87, 50)),
    _Wish(78, "00446", "new", "Lena Vogel", STAFF, "Back office of the house", signs_in=(77, 52), keeps_email=True),
    _Wish(75, "00617", "new", "Ken Ito", STAFF, "Fleet sales", answer="reject",
          note="Please ask again with the person's own address: info@ is read by several people."),
    _Wish(70, "00433", "new", "Zoe Lind", STAFF, "Trainee", signs_in=(69, 40)),
    _Wish(52, "00202", "new", "Ivy Marsh", STAFF, "Starts next month", answer="withdraw", note="Took another job"),
    _Wish(47, "00402", "new", "Jonas Weber", STAFF, "Joins the sales floor"),
    _Wish(30, "00507", "close", "tessa.ruiz", "", "Left the dealership"),
    _Wish(29, "00131", "new", "Priya Shah", STAFF, "Prepares the opening", signs_in=(28, 9), keeps_email=True),
    _Wish(27, "00131", "new", "Lena Vogel", STAFF, "Does the back office of both houses", keeps_email=True),
    _Wish(26, "00614", "change", "golden-gate.sales2", MANAGER, "Wants to see the reports", by="desk", answer="reject",
          note="The reports of the house are for its manager; a weekly export will do."),
    _Wish(22, "00131", "change", "empire.sales1", MANAGER, "Stands in for the manager"),
    _Wish(12, "00614", "new", "Noor Haddad", STAFF, "Takes over the hybrid line"),
    _Wish(3.2, "00101", "new", "Paul Renner", STAFF, "Starts on Monday", answer=""),
    _Wish(0.8, "00402", "change", "drew", MANAGER, "Deputy during my leave", answer=""),
    _Wish(0.2, "00207", "new", "Alice Monroe", MANAGER, "New general manager, by phone", by="cora", answer=""),
    _Wish(0.1, "00603", "close", "mile-high.sales2", "", "Left on Friday", answer=""),
)  # fmt: skip
GONE = ("rick.olsen",)  # his manager says so in the first review after the summer
NOT_REVIEWED = (5, 22)
"""Positions of dealers whose manager forgets the review of every quarter."""


def expect(story: Story, made: Network) -> None:
    """Let it happen in its time."""
    for wish in WISHES:
        story.at(story.until - timedelta(days=wish.days), partial(_ask, story, made, wish))
    story.at(story.until - timedelta(days=18), partial(_end_training, story, made))
    for position, (dealer_id, usernames) in enumerate(made.staff.items()):
        status = next(place.status for place in PLACES if made.dealers[place.code] == dealer_id)
        for number, username in enumerate(usernames):
            for days in _sign_ins(status, number, position):
                story.at(story.until - timedelta(days=days, hours=3), partial(_sign_in, story, username))
    day = story.until
    for is_newest in (True, False):
        quarter = quarter_of(day, DESK_ZONE)
        opened = datetime(quarter.year, quarter.month, 1, 14, tzinfo=story.until.tzinfo)
        _expect_review(story, made, opened, is_newest=is_newest)
        day = opened - timedelta(days=20)


# ---- sign-ins ------------------------------------------------------------------------------------------------------
def _sign_ins(status: str, number: int, position: int) -> tuple[float, ...]:
    """Days before the end on which somebody came: daily where leads arrive, long ago where the dealer is suspended."""
    if status == "suspended":
        return (170, 124 + 3 * number)
    if status == "onboarding":
        return (150, 90, 4) if number == 0 else ()
    return (175 - number, 100 + position % 9, 45 + number, 1 + (position + number) % 6)


def _sign_in(story: Story, username: str, now: datetime) -> None:
    with reading(story.bind) as session:
        person_id = session.scalar(select(Person.id).where(Person.username == username, Person.is_active.is_(True)))
    if person_id is not None:
        story.note(open_session, person_id=person_id, source="192.0.2.17", now=now)


def _first_sign_in(story: Story, username: str, now: datetime) -> None:
    """Somebody new comes for the first time and chooses a password nobody else knows, here or in the demo's output."""
    _sign_in(story, username, now)
    with reading(story.bind) as session:
        actor = actor_for(session, username=username)
    secret = passwords.one_time_password()
    story.do(
        change_own_password, password=secret, password_hash=passwords.hash_password(secret, cost=4), session_id=None,
        actor=actor, now=now,
    )  # fmt: skip


# ---- requests ------------------------------------------------------------------------------------------------------
def _ask(story: Story, made: Network, wish: _Wish, now: datetime) -> None:
    dealer_id = made.dealers[wish.code]
    region = story.cast.region(dealer_id)
    by = {"manager": story.cast.manager(dealer_id), "desk": story.cast.desk(region)}.get(wish.by)
    actor = by or story.cast.named(wish.by)
    what: dict[str, object] = {"name": wish.about, "email": _email(wish.about)}
    if wish.kind != "new":
        with reading(story.bind) as session:
            what = {"person_id": session.scalar(select(Person.id).where(Person.username == wish.about))}
    item_id = story.do(
        submit_request, dealer_id=dealer_id, kind=wish.kind, role=wish.role, reason=wish.reason, form_key=None,
        actor=actor, now=now, **what,
    )  # fmt: skip
    if wish.answer:
        decider = actor if wish.answer == "withdraw" else story.cast.named("mason" if wish.by == "desk" else "cora")
        story.at(now + timedelta(hours=3), partial(_answer, story, wish, item_id, decider))


def _email(name: str) -> str:
    return f"{name.lower().replace(' ', '.')}@dealers.example"


def _answer(story: Story, wish: _Wish, item_id: int, actor: Actor, now: datetime) -> None:
    inputs: dict[str, str] = {"note": wish.note}
    if wish.answer == "grant":
        with reading(story.bind) as session:
            row = get_request(session, item_id=item_id, actor=actor, now=now)
            found = what_granting_does(session, request=row, actor=actor)
        inputs = {"account": found.choice if found else ""}
    story.do(COMMANDS[wish.answer], item_id=item_id, seen_version=1, actor=actor, now=now, **inputs)
    if wish.answer == "grant" and wish.kind == "new":
        username = wish.about.lower().replace(" ", ".")
        if not wish.keeps_email:
            _forget_email(story, username, now)
        for number, days in enumerate(wish.signs_in):
            come = _sign_in if number else _first_sign_in
            story.at(story.until - timedelta(days=days), partial(come, story, username))


def _forget_email(story: Story, username: str, now: datetime) -> None:
    with reading(story.bind) as session:
        person = get_person(session, actor=SEED, username=username)
    story.do(
        edit_person, person_id=person.person_id, seen_version=person.version, name=person.name, email="",
        zone=person.zone, role=person.role.value, scope_kind=person.scope.kind,
        dealer_ids=sorted(person.scope.dealer_ids), actor=SEED, now=now,
    )  # fmt: skip


def _end_training(story: Story, made: Network, now: datetime) -> None:
    """Her manager ends it at once, without asking the desk."""
    dealer_id = made.dealers["00433"]
    with reading(story.bind) as session:
        zoe = session.execute(
            select(Person.id, Person.version).where(Person.username == "zoe.lind", Person.is_active.is_(True))
        ).one_or_none()
    if zoe is not None:
        story.do(
            disable_access, person_id=zoe.id, dealer_id=dealer_id, seen_version=zoe.version,
            reason="The traineeship is over", actor=story.cast.manager(dealer_id), now=now,
        )  # fmt: skip


# ---- reviews -------------------------------------------------------------------------------------------------------
def _expect_review(story: Story, made: Network, opened: datetime, *, is_newest: bool) -> None:
    """Managers confirm in the weeks after the opening, the desk the rest; of the newest quarter much still waits."""
    if opened < story.until - timedelta(days=180):
        return
    story.at(opened, partial(_open, story))
    places = {made.dealers[place.code]: place for place in PLACES}
    for position, dealer_id in enumerate(made.staff):
        if (
            places[dealer_id].status != "active"
            or position in NOT_REVIEWED
            or (is_newest and _waits(places[dealer_id].code, position))
        ):
            continue
        days = 2 + (position * 7) % 24
        story.at(opened + timedelta(days=days, hours=2), partial(_confirm, story, story.cast.manager(dealer_id)))
    mason = story.cast.named("mason")
    story.at(opened + timedelta(days=16), partial(_confirm, story, mason, only_rest=True))
    story.at(opened + timedelta(days=24), partial(_remind, story))
    story.at(opened + timedelta(days=31), partial(_remind, story))
    story.at(opened + timedelta(days=23 if is_newest else 27), partial(_confirm, story, mason, only_rest=True))


def _waits(code: str, position: int) -> bool:
    """Whether a manager has not yet confirmed the newest quarter: some, and the dealer whose people can sign in."""
    return position % 6 == 1 or code == "00402"


def _open(story: Story, now: datetime) -> None:
    run_opening(story.bind, now=now)


def _remind(story: Story, now: datetime) -> None:
    run_reminders(story.bind, now=now)


def _confirm(story: Story, actor: Actor, now: datetime, *, only_rest: bool = False) -> None:
    """Somebody confirms what waits for them; `only_rest` leaves alone the dealers that have not begun themselves."""
    with reading(story.bind) as session:
        page = waiting_page(session, actor=actor, now=now)
    reviews = [r for r in page.reviews if r.decided or not only_rest]
    ids = {r.id for r in reviews}
    judged = [
        Judged(
            review_id=a.review_id, person_id=a.account.person_id, role=a.account.role, flags=a.account.flags,
            outcome="disable" if a.account.username in GONE else a.preset,
        )
        for a in page.to_judge
        if a.review_id in ids
    ]  # fmt: skip
    if judged:
        story.do(confirm_reviews, reviews=[(r.id, r.version) for r in reviews], judged=judged, actor=actor, now=now)
