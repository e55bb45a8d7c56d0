"""The quarterly review: opened once, confirmed on one screen, attested line by line, refused when it is stale."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select, update

from db import catalog
from db.access import jobs, review_commands
from db.access.checks import requests_are_possible, reviews_are_possible
from db.access.review_queries import (
    attested_lines,
    dealers_without_review,
    get_progress,
    get_review,
    list_quarters,
    list_reviews,
    reviews_of_dealer,
)
from db.access.tables import AccessRequest, AccessReview, AccessReviewLine
from db.core.actor import EVERYTHING, Actor, Scope
from db.core.permissions import Role
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run, writing
from db.people.tables import Notification, Person
from tests.access.factories import (
    NOW,
    account,
    ask,
    confirm,
    dealers_of,
    disable,
    entries,
    grant,
    judged,
    make_house,
    open_all,
    outcomes_of,
    review_at,
    screen,
    signed_in,
)
from tests.support.core import at_once

FIRST = datetime(2026, 10, 1, 14, 0, tzinfo=UTC)


def told(engine: Engine, username: str, *, kind: str = "access_review") -> list[str]:
    with reading(engine) as session:
        rows = session.scalars(
            select(Notification.title)
            .join(Person, Person.id == Notification.person_id)
            .where(Person.username == username, Notification.kind == kind)
            .order_by(Notification.id)
        )
        return list(rows)


# ------------------------------------------------------------------------------------------------- opening
def test_the_sweep_opens_a_quarter_once_even_in_two_processes(engine: Engine):
    house = make_house(engine)
    before = len(entries(engine))
    assert sorted(at_once(lambda _n: jobs.run_opening(engine, now=FIRST), threads=2)) == [0, 3]
    assert jobs.run_opening(engine, now=FIRST + timedelta(days=1)) == 0
    (entry,) = entries(engine)[before:]
    assert (entry.command, entry.summary) == ("open_quarter", "Access review 2026 Q4 opened")
    assert outcomes_of(engine, house.north) == {house.dana.user_id: "", house.drew: "", house.both: ""}
    review = review_at(engine, house.north)
    assert (review.is_open, review.due_at, review.opened_by) == (True, FIRST + timedelta(days=30), "Automatic")
    assert told(engine, "dana") == ["Who still works for you? Access review 2026 Q4"]
    assert told(engine, "drew") == told(engine, "cora") == []


OPENINGS = [
    (datetime(2026, 10, 1, 3, 59, tzinfo=UTC), 0),  # still September at the desk, and not its first days
    (datetime(2026, 10, 1, 4, 0, tzinfo=UTC), 3),
    (datetime(2026, 10, 14, 12, 0, tzinfo=UTC), 3),  # after an outage
    (datetime(2026, 11, 22, 12, 0, tzinfo=UTC), 0),  # a desk that begins in the middle of a quarter
]


@pytest.mark.parametrize("moment, opened", OPENINGS)
def test_when_the_sweep_opens_reviews(sqlite_engine: Engine, moment: datetime, opened: int):
    make_house(sqlite_engine)
    assert jobs.run_opening(sqlite_engine, now=moment) == opened


def test_by_hand_where_there_is_none_and_only_in_reach(sqlite_engine: Engine):
    house = make_house(sqlite_engine)
    assert open_all(sqlite_engine, house.dana) == 1
    with reading(sqlite_engine) as session:
        assert dealers_without_review(session, scope=EVERYTHING, now=NOW) == [house.south, house.west]
        assert dealers_without_review(session, scope=house.dana.scope, now=NOW) == []
    assert open_all(sqlite_engine, house.eve) == 1
    with pytest.raises(NotFound):
        open_all(sqlite_engine, house.eve, dealer_ids=(house.west,))
    assert open_all(sqlite_engine, house.cora, dealer_ids=(house.west,)) == 1
    with pytest.raises(Refused) as refusal:
        open_all(sqlite_engine, house.cora)
    assert refusal.value.code == "nothing_to_open"


def test_two_who_open_at_once_open_each_review_once(engine: Engine):
    house = make_house(engine)

    def go(number: int) -> int:
        try:
            return open_all(engine, (house.cora, house.mason)[number])
        except Refused:
            return 0

    assert sum(at_once(go, threads=2)) == 3
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(AccessReview)) == 3
        assert session.scalar(select(func.count()).select_from(AccessReviewLine)) == 7  # one of them at two dealers


def test_the_next_quarter_overtakes_a_review_that_was_not_done(engine: Engine):
    house = make_house(engine)
    open_all(engine, house.cora, now=FIRST - timedelta(days=40))
    open_all(engine, house.cora, now=FIRST)
    with reading(engine) as session:
        rows = reviews_of_dealer(session, dealer_id=house.north, scope=EVERYTHING)
        assert [(r.quarter_label, r.state(FIRST)[0]) for r in rows] == [("2026 Q4", "Open"), ("2026 Q3", "Not done")]
        assert reviews_are_possible(session) == []
    waiting = [(a.dealer_id, a.account.person_id) for a in screen(engine, house.cora).accounts]
    assert len(waiting) == len(set(waiting)) == 7  # nobody is asked about twice


# ------------------------------------------------------------------------------------------------- confirming
def test_a_manager_confirms_their_own_dealer_and_their_own_account_waits_for_the_manufacturer(engine: Engine):
    house = make_house(engine)
    signed_in(engine, "drew", at=NOW - timedelta(days=100))
    open_all(engine, house.cora)
    page = screen(engine, house.dana)
    assert [(a.account.username, a.preset, a.is_own) for a in page.accounts] == [
        ("dana", "keep", True), ("both", "keep", False), ("drew", "disable", False),
    ]  # fmt: skip
    before = len(entries(engine))
    done = confirm(engine, house.dana, page)
    assert (done.kept, done.disabled, done.finished, done.left) == (1, 1, 0, 1)
    assert not account(engine, house.drew).is_active
    (entry,) = entries(engine)[before:]
    assert entry.summary == "Access review 2026 Q4 confirmed: 1 kept, 1 disabled, 1 waiting"
    assert review_at(engine, house.north).is_open
    assert screen(engine, house.dana).to_judge == ()
    done = confirm(engine, house.cora, screen(engine, house.cora, dealer_id=house.north))
    assert (done.kept, done.finished) == (1, 1)
    review = review_at(engine, house.north)
    assert (review.is_open, review.completed_at) == (False, NOW)


def test_what_was_seen_is_kept_with_who_and_when(sqlite_engine: Engine):
    house = make_house(sqlite_engine)
    signed_in(sqlite_engine, "drew", at=NOW - timedelta(days=100))
    open_all(sqlite_engine, house.cora, now=NOW - timedelta(days=20))
    confirm(sqlite_engine, house.cora, screen(sqlite_engine, house.cora, dealer_id=house.north), drew="keep")
    with reading(sqlite_engine) as session:
        lines = attested_lines(session, review_id=review_at(sqlite_engine, house.north).id, scope=EVERYTHING)
        hidden = attested_lines(session, review_id=review_at(sqlite_engine, house.north).id, scope=house.sam.scope)
    assert hidden == []
    drew = next(line for line in lines if line.name == "Dealer staff Drew")
    assert (drew.outcome, drew.role, drew.seen_flags) == ("keep", "Dealer staff", ("quiet",))
    assert (drew.decided_by, drew.decided_at) == (house.cora.name, NOW)
    assert drew.seen_last_sign_in_at == NOW - timedelta(days=100)


def test_the_desk_confirms_every_dealer_at_once_in_one_entry_that_names_none(engine: Engine):
    house = make_house(engine)
    open_all(engine, house.cora)
    before = len(entries(engine))
    done = confirm(engine, house.cora, screen(engine, house.cora), both="disable")
    assert (done.kept, done.disabled, done.finished, done.left) == (5, 2, 3, 0)
    (entry,) = entries(engine)[before:]
    assert entry.summary == "Access review 2026 Q4 confirmed"
    assert not account(engine, house.both).is_active
    assert outcomes_of(engine, house.south)[house.both] == "disable"
    with reading(engine) as session:
        progress = get_progress(session, scope=EVERYTHING, quarter=list_quarters(session, scope=EVERYTHING)[0], now=NOW)
        assert reviews_are_possible(session) == []
    assert (progress.dealers, progress.reviewed, progress.kept, progress.disabled, progress.waiting) == (3, 3, 5, 2, 0)


def test_disabled_at_one_of_two_dealers_and_kept_at_the_other(sqlite_engine: Engine):
    house = make_house(sqlite_engine)
    open_all(sqlite_engine, house.cora)
    page = screen(sqlite_engine, house.cora)
    south = next(r.id for r in page.reviews if r.dealer_id == house.south)
    marks = [
        replace(j, outcome="disable") if (j.person_id, j.review_id) == (house.both, south) else j for j in judged(page)
    ]  # fmt: skip
    run(
        review_commands.confirm_reviews, bind=sqlite_engine, judged=marks, actor=house.cora, now=NOW,
        reviews=[(r.id, r.version) for r in page.reviews],
    )  # fmt: skip
    assert dealers_of(sqlite_engine, house.both) == {house.north}
    assert account(sqlite_engine, house.both).is_active


def test_who_joined_is_on_the_list_and_who_left_is_marked_gone(engine: Engine):
    house = make_house(engine)
    open_all(engine, house.cora)
    made = grant(engine, ask(engine, house.dana, dealer_id=house.north), house.cora)
    disable(engine, house.drew, house.north, house.dana)
    page = screen(engine, house.cora, dealer_id=house.north)
    assert [(a.account.username, a.has_joined) for a in page.accounts] == [
        ("ana.ortiz", True), ("dana", False), ("both", False),
    ]  # fmt: skip
    confirm(engine, house.cora, page)
    assert outcomes_of(engine, house.north) == {
        house.dana.user_id: "keep", house.both: "keep", house.drew: "gone", made.person_id: "keep",
    }  # fmt: skip


def test_a_review_in_which_nobody_is_left_can_be_finished(sqlite_engine: Engine):
    house = make_house(sqlite_engine)
    open_all(sqlite_engine, house.cora)
    disable(sqlite_engine, house.walt, house.west, house.cora)
    page = screen(sqlite_engine, house.cora, dealer_id=house.west)
    assert page.accounts == ()
    assert confirm(sqlite_engine, house.cora, page).finished == 1
    assert outcomes_of(sqlite_engine, house.west) == {house.walt: "gone"}


# ------------------------------------------------------------------------------------------------- stale and wrong
def joined(engine: Engine, house) -> None:
    grant(engine, ask(engine, house.dana, dealer_id=house.north), house.cora)


def left_us(engine: Engine, house) -> None:
    disable(engine, house.drew, house.north, house.cora)


def promoted(engine: Engine, house) -> None:
    wish = {"kind": "change", "dealer_id": house.north, "person_id": house.drew, "role": "dealer_manager"}
    grant(engine, ask(engine, house.dana, **wish), house.cora)


def came_back(engine: Engine, house) -> None:
    signed_in(engine, "both", at=NOW)


@pytest.mark.parametrize("meanwhile", [joined, left_us, promoted, came_back])
def test_a_screen_that_is_out_of_date_is_refused_as_a_whole(sqlite_engine: Engine, meanwhile):
    house = make_house(sqlite_engine)
    signed_in(sqlite_engine, "both", at=NOW - timedelta(days=100))
    open_all(sqlite_engine, house.cora)
    page = screen(sqlite_engine, house.cora)
    meanwhile(sqlite_engine, house)
    before = len(entries(sqlite_engine))
    with pytest.raises(Refused, match=r"Somebody joined, left or changed.* since you looked") as refusal:
        confirm(sqlite_engine, house.cora, page, sid="disable")
    assert refusal.value.code == "stale"
    assert len(entries(sqlite_engine)) == before
    assert account(sqlite_engine, house.sid).is_active
    assert set(outcomes_of(sqlite_engine, house.south).values()) == {""}


def test_two_who_confirm_at_once_confirm_once(engine: Engine):
    house = make_house(engine)
    open_all(engine, house.cora)
    page = screen(engine, house.cora)

    def go(number: int) -> str:
        try:
            confirm(engine, (house.cora, house.mason)[number], page)
        except Stale as stale:
            return str(stale)
        return "ok"

    results = sorted(at_once(go, threads=2), key=len)
    assert results[0] == "ok"
    assert "was changed by" in results[1]
    assert "is now reviewed" in results[1]


def test_judgements_that_do_not_fit_the_screen_are_refused(sqlite_engine: Engine):
    house = make_house(sqlite_engine)
    open_all(sqlite_engine, house.cora)
    page, foreign = screen(sqlite_engine, house.dana), screen(sqlite_engine, house.sam)
    own = next(a for a in page.accounts if a.is_own)
    good = judged(page)
    forged = [
        good[:1],
        [*good, good[0]],
        [*good, *judged(foreign)],
        [*good, replace(good[0], person_id=own.account.person_id, role="dealer_manager")],
        [replace(j, outcome="promote") for j in good],
    ]  # fmt: skip
    for marks in forged:
        with pytest.raises(Refused):
            run(
                review_commands.confirm_reviews, bind=sqlite_engine, reviews=[(r.id, r.version) for r in page.reviews],
                judged=marks, actor=house.dana, now=NOW,
            )  # fmt: skip
    assert (
        set(outcomes_of(sqlite_engine, house.north).values())
        == set(outcomes_of(sqlite_engine, house.south).values())
        == {""}
    )


def test_the_review_of_another_dealer_answers_like_none(sqlite_engine: Engine):
    house = make_house(sqlite_engine)
    open_all(sqlite_engine, house.cora)
    page = screen(sqlite_engine, house.sam)
    for reviews in ([(page.reviews[0].id, 1)], [(999, 1)]):
        with pytest.raises(NotFound, match=r"^This access review was not found\.$"):
            run(
                review_commands.confirm_reviews, bind=sqlite_engine, reviews=reviews, judged=judged(page),
                actor=house.dana, now=NOW,
            )  # fmt: skip
    with reading(sqlite_engine) as session:
        with pytest.raises(NotFound):
            get_review(session, review_id=page.reviews[0].id, scope=house.dana.scope)
        assert [r.dealer_id for r in list_reviews(session, scope=house.dana.scope, quarter=FIRST.date())[0]] == [
            house.north
        ]
        assert reviews_of_dealer(session, dealer_id=house.south, scope=house.dana.scope) == []
        assert list_quarters(session, scope=Scope("dealers")) == []
        assert get_progress(session, scope=house.dana.scope, quarter=FIRST.date(), now=NOW).waiting == 3


@pytest.mark.parametrize("role", [Role.SALES_LEADER, Role.FINANCE, Role.DEALER_STAFF])
def test_who_may_not_review(sqlite_engine: Engine, role: Role):
    house = make_house(sqlite_engine)
    open_all(sqlite_engine, house.cora)
    who: Actor = house.as_role(role)
    for call in (lambda: open_all(sqlite_engine, who), lambda: confirm(sqlite_engine, who, screen(sqlite_engine, who))):
        with pytest.raises(Refused) as refusal:
            call()
        assert refusal.value.code == "not_allowed"


# ------------------------------------------------------------------------------------------------- reminders and work
def test_reminders_go_out_once_each(engine: Engine):
    house = make_house(engine)
    jobs.run_opening(engine, now=FIRST)
    confirm(engine, house.cora, screen(engine, house.cora, dealer_id=house.west, now=FIRST), now=FIRST)
    week, after = FIRST + timedelta(days=23), FIRST + timedelta(days=30, minutes=1)
    assert jobs.run_reminders(engine, now=week - timedelta(minutes=1)) == 0
    assert sorted(at_once(lambda _n: jobs.run_reminders(engine, now=week), threads=2)) == [0, 2]
    assert told(engine, "dana")[1:] == ["Access review 2026 Q4 ends in a week"]
    assert jobs.run_reminders(engine, now=after) == 2
    assert jobs.run_reminders(engine, now=after + timedelta(days=5)) == 0
    assert told(engine, "dana")[2:] == ["Access review 2026 Q4 is overdue"]
    assert told(engine, "cora") == ["Access review is overdue at 2 dealers"]
    assert told(engine, "drew") == []


def test_my_work_shows_a_manager_their_own_and_the_desk_what_is_late_or_waits_for_it(engine: Engine, only):
    only("access")
    house = make_house(engine)
    jobs.run_opening(engine, now=FIRST)

    def lines(who: Actor, now: datetime) -> list[str]:
        with reading(engine) as session:
            found = [w for w in catalog.work_lines(session, actor=who, now=now) if w.item_type == "access_review"]
            return [f"{w.dealer}: {w.title.removeprefix('Who still works there? ')}" for w in found]

    assert (lines(house.dana, FIRST), lines(house.cora, FIRST)) == (["North Motors: 3 accounts to confirm"], [])
    confirm(engine, house.dana, screen(engine, house.dana, now=FIRST), now=FIRST)
    assert (lines(house.dana, FIRST), lines(house.cora, FIRST)) == ([], ["North Motors: 1 account to confirm"])
    late = FIRST + timedelta(days=31)
    assert lines(house.eve, late) == [": 4 accounts to confirm at 2 dealers"]
    assert lines(house.cora, late) == [": 5 accounts to confirm at 3 dealers"]
    with reading(engine) as session:
        counts = {c.label: (c.count, c.overdue) for c in catalog.work_counts(session, actor=house.sam, now=late)}
        signals = catalog.dealer_signals(session, actor=house.eve, now=late)
        before_call = catalog.dealer_lines(session, dealer_id=house.south, actor=house.cora, now=late, since=None)
    assert counts["Access reviews"] == (1, 1)
    assert {i: [s.sentence for s in found] for i, found in signals.items()} == {
        house.north: ["Access review 2026 Q4 is overdue"], house.south: ["Access review 2026 Q4 is overdue"],
    }  # fmt: skip
    assert [(one.kind, one.title) for one in before_call["Dealer access"]] == [
        ("overdue", "Access review 2026 Q4 to confirm")
    ]


def test_a_dealer_that_changes_region_takes_its_reviews_along(engine: Engine):
    from db.dealers.commands import change_dealer

    house = make_house(engine)
    ask(engine, house.dana, dealer_id=house.north)
    open_all(engine, house.cora)
    run(
        change_dealer, bind=engine, dealer_id=house.north, seen_version=1, changes={"region": "West"},
        actor=house.cora, now=NOW,
    )  # fmt: skip
    assert [r.dealer_id for r in screen(engine, house.eve).reviews] == [house.south]
    with reading(engine) as session:
        assert requests_are_possible(session) == []


def test_the_checks_find_what_cannot_be(sqlite_engine: Engine):
    house = make_house(sqlite_engine)
    item = ask(sqlite_engine, house.dana, dealer_id=house.north)
    open_all(sqlite_engine, house.cora)
    with writing(sqlite_engine, keeps_timeline=False) as session:
        session.execute(update(AccessRequest).where(AccessRequest.id == item).values(status="granted", region="West"))
        session.execute(
            update(AccessReview).where(AccessReview.dealer_id == house.west).values(is_open=False, completed_at=NOW)
        )
        session.execute(update(AccessReview).where(AccessReview.dealer_id == house.south).values(completed_at=NOW))
    with reading(sqlite_engine) as session:
        found = " / ".join(requests_are_possible(session) + reviews_are_possible(session))
    for sentence in (
        "AR-00001 is open in a closed state", "AR-00001 was granted to no account",
        "is in another region than its dealer", "is finished, but an account in it waits",
        "is open, but has the time it was finished",
    ):  # fmt: skip
        assert sentence in found
