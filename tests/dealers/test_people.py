"""The people of a dealer: entered, changed, left and back; one primary contact; and only within what one sees."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from db.core import search
from db.core.actor import EVERYTHING, Scope
from db.core.permissions import GRANTED, Permission, Role
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run, writing
from db.core.timeline import TimelineEntry
from db.dealers import people_queries
from db.dealers.area import check_people
from db.dealers.people_commands import add_contact, change_contact, mark_left, mark_returned
from db.dealers.tables import DealerContact
from db.exports import run_export
from db.people.tables import ExportLog
from tests.dealers.examples import ADMIN, NOW, enter, regional
from tests.dealers.test_commands import change, last_entry
from tests.support.contents import contents
from tests.support.core import actor, at_once
from tests.support.users import make_person

LATER = NOW + timedelta(hours=1)
TODAY = NOW.date()


def add(engine, dealer_id, name="Pat Lee", *, by=ADMIN, role="principal", **other):
    return run(add_contact, bind=engine, dealer_id=dealer_id, name=name, role=role, actor=by, now=NOW, **other)


def edit(engine, contact_id, *, seen=1, by=ADMIN, **changes):
    return run(
        change_contact, bind=engine, contact_id=contact_id, seen_version=seen, changes=changes, actor=by, now=LATER
    )


def leave(engine, contact_id, *, seen=1, on=TODAY, by=ADMIN):
    return run(mark_left, bind=engine, contact_id=contact_id, seen_version=seen, left_on=on, actor=by, now=LATER)


def back(engine, contact_id, *, seen=2, by=ADMIN):
    return run(mark_returned, bind=engine, contact_id=contact_id, seen_version=seen, actor=by, now=LATER)


def of(engine, dealer_id, *, scope=EVERYTHING, with_left=True):
    with reading(engine) as session:
        return people_queries.list_contacts(session, dealer_id=dealer_id, scope=scope, with_left=with_left)


def test_a_person_is_entered_and_found(engine):
    dealer_id = enter(engine, "1")
    contact_id = add(
        engine, dealer_id, " Zoë  Lee ", email="Zoe@Dealer.example", phone="(419) 555-0188", is_primary=True, note=" x "
    )
    (line,) = of(engine, dealer_id)
    assert (line.name, line.role_label, line.email, line.phone, line.is_primary, line.note) == (
        "Zoë Lee", "Dealer principal", "zoe@dealer.example", "(419) 555-0188", True, "x",
    )  # fmt: skip
    entry = last_entry(engine)
    assert entry.summary == "Dealer 1 (1): Zoë Lee (dealer principal) was entered."
    assert entry.detail["after"]["phone"] == "+14195550188"
    with reading(engine) as session:
        for typed in ("zoe", "zoe@dealer", "4195550188", "555-0188"):
            assert search.find(session, typed, kinds=["dealer_contact"], scope=EVERYTHING) == [
                search.Hit("dealer_contact", contact_id)
            ]
        (found,) = people_queries.search_results(session, ids=[contact_id], actor=ADMIN)
        assert (found.title, found.subtitle, found.page, found.query) == (
            "Zoë Lee", "dealer principal, Dealer 1 (1)", "pages/network/dealer.py", {"dealer": str(dealer_id)},
        )  # fmt: skip
        assert check_people(session) == []


WRONG = [
    ({"name": " "}, [("name", "required")]), ({"role": "boss"}, [("role", "unknown_role")]),
    ({"role": ""}, [("role", "required")]), ({"email": "x"}, [("email", "bad_email")]),
    ({"phone": "none"}, [("phone", "bad_phone")]), ({"note": "x" * 1_001}, [("note", "too_long")]),
    ({"person_id": 99}, [("person_id", "unknown_account")]),
    ({"name": "x" * 121, "email": "y"}, [("name", "too_long"), ("email", "bad_email")]),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "problems"), WRONG)
def test_every_mistake_is_named_at_its_field_and_nothing_is_stored(sqlite_engine, facts, problems):
    dealer_id = enter(sqlite_engine, "1")
    contact_id = add(sqlite_engine, dealer_id)
    before = contents(sqlite_engine)
    for attempt in (
        lambda: add(sqlite_engine, dealer_id, **{"name": "Pat", **facts}),
        lambda: edit(sqlite_engine, contact_id, **facts),
    ):
        with pytest.raises(Refused) as refusal:
            attempt()
        assert [(p.field, p.code) for p in refusal.value.problems] == problems
    assert contents(sqlite_engine) == before


def test_the_same_form_twice_enters_one_person(engine):
    dealer_id = enter(engine, "1")
    assert len({add(engine, dealer_id, form_key="k1") for _ in range(2)}) == 1
    results = at_once(lambda n: add(engine, dealer_id, "Kim", form_key="k2"), threads=2)
    assert len(set(results)) == 1
    assert [line.name for line in of(engine, dealer_id)] == ["Kim", "Pat Lee"]


def test_a_dealer_has_one_primary_contact(engine):
    dealer_id, other = enter(engine, "1"), enter(engine, "2")
    first = add(engine, dealer_id, is_primary=True)
    elsewhere = add(engine, other, "Sam", is_primary=True)
    second = add(engine, dealer_id, "Kim Ode", is_primary=True)
    assert last_entry(engine).summary.endswith("was entered; Pat Lee is no longer the primary contact.")
    assert {line.contact_id: (line.is_primary, line.version) for line in of(engine, dealer_id)} == {
        second: (True, 1), first: (False, 2),
    }  # fmt: skip
    assert edit(engine, first, seen=2, is_primary=True) == 3
    assert [line.contact_id for line in of(engine, dealer_id) if line.is_primary] == [first]
    assert [line.contact_id for line in of(engine, other) if line.is_primary] == [elsewhere]


def test_the_database_itself_keeps_it_one(engine):
    dealer_id = enter(engine, "1")
    add(engine, dealer_id, is_primary=True)
    second = add(engine, dealer_id, "Kim")
    with pytest.raises(IntegrityError), writing(engine, keeps_timeline=False) as session:
        session.get_one(DealerContact, second).is_primary = True


def test_two_who_choose_the_primary_contact_at_once(engine):
    dealer_id = enter(engine, "1")
    ids = [add(engine, dealer_id, name) for name in ("Pat", "Kim")]
    at_once(lambda n: edit(engine, ids[n], is_primary=True), threads=2)
    assert sum(line.is_primary for line in of(engine, dealer_id)) == 1


def test_a_person_changes_and_nothing_is_written_when_nothing_differs(engine):
    dealer_id = enter(engine, "1")
    contact_id = add(engine, dealer_id)
    assert edit(engine, contact_id, role="other", phone="419-555-0188") == 2
    entry = last_entry(engine)
    assert entry.summary == "Dealer 1 (1): Pat Lee was changed: role, phone."
    assert (entry.detail["before"], entry.detail["after"]) == (
        {"role": "principal", "phone": ""}, {"role": "other", "phone": "+14195550188"},
    )  # fmt: skip
    assert edit(engine, contact_id, seen=2, phone="(419) 555-0188") == 2
    with pytest.raises(Refused, match="no field"):
        edit(engine, contact_id, seen=2, left_on=NOW.date())


def test_a_stale_screen_changes_nobody(engine):
    dealer_id = enter(engine, "1")
    contact_id = add(engine, dealer_id)
    edit(engine, contact_id, note="Met", by=actor(Role.MANAGER, username="max"))
    before = contents(engine)
    for attempt in (
        lambda: edit(engine, contact_id, note="Other"), lambda: leave(engine, contact_id),
        lambda: back(engine, contact_id, seen=1),
    ):  # fmt: skip
        with pytest.raises(Stale, match="Max"):
            attempt()
    assert contents(engine) == before


def test_who_leaves_stays_on_file_and_may_come_back(engine):
    dealer_id = enter(engine, "1")
    contact_id = add(engine, dealer_id, is_primary=True)
    assert leave(engine, contact_id, on=date(2026, 6, 1)) == 2
    assert of(engine, dealer_id, with_left=False) == []
    (line,) = of(engine, dealer_id)
    assert (line.left_on, line.is_primary) == (date(2026, 6, 1), False)
    assert last_entry(engine).detail["after"] == {"is_primary": False, "left_on": "2026-06-01"}
    with reading(engine) as session:
        assert people_queries.count_left(session, dealer_id=dealer_id, scope=EVERYTHING) == 1
        (found,) = people_queries.search_results(session, ids=[contact_id], actor=ADMIN)
        assert found.subtitle.startswith("dealer principal (left)")
    with pytest.raises(Refused, match="left on 1 Jun 2026 already"):
        leave(engine, contact_id, seen=2)
    with pytest.raises(Refused) as refusal:
        edit(engine, contact_id, seen=2, is_primary=True)
    assert refusal.value.code == "has_left"
    assert back(engine, contact_id) == 3
    with pytest.raises(Refused, match="has not left"):
        back(engine, contact_id, seen=3)


@pytest.mark.parametrize(
    ("zone", "left_on", "code"),
    [
        ("America/New_York", date(2026, 6, 30), "future"), ("Pacific/Guam", date(2026, 6, 30), ""),
        ("America/New_York", None, "required"), ("America/New_York", date(2026, 6, 29), ""),
    ],
)  # fmt: skip
def test_the_day_is_the_dealers(sqlite_engine, zone, left_on, code):
    """At 20:00 UTC it is already tomorrow in Guam."""
    contact_id = add(sqlite_engine, enter(sqlite_engine, "1", zone=zone))
    late = datetime(2026, 6, 29, 20, 0, tzinfo=UTC)
    arguments = {"contact_id": contact_id, "seen_version": 1, "left_on": left_on, "actor": ADMIN, "now": late}
    if not code:
        assert run(mark_left, bind=sqlite_engine, **arguments) == 2
        return
    with pytest.raises(Refused) as refusal:
        run(mark_left, bind=sqlite_engine, **arguments)
    assert [(p.field, p.code) for p in refusal.value.problems] == [("left_on", code)]


def test_an_account_belongs_to_one_person_of_its_dealer(engine):
    dealer_id, other = enter(engine, "1"), enter(engine, "2")
    account = make_person(engine, "dana", Role.DEALER_MANAGER, dealer_ids=[dealer_id])
    desk = make_person(engine, "mia", Role.MANAGER)
    contact_id = add(engine, dealer_id, person_id=account)
    assert of(engine, dealer_id)[0].username == "dana"
    for number, at, code in ((account, dealer_id, "account_taken"), (account, other, "unknown_account"),
                             (desk, dealer_id, "unknown_account")):  # fmt: skip
        with pytest.raises(Refused) as refusal:
            add(engine, at, "Kim", person_id=number)
        assert [(p.field, p.code) for p in refusal.value.problems] == [("person_id", code)]
    leave(engine, contact_id)
    assert add(engine, dealer_id, "Kim", person_id=account), "whoever left does not keep the account from others"


@pytest.mark.parametrize("role", list(Role))
def test_who_may_change_people(sqlite_engine, role):
    dealer_id = enter(sqlite_engine, "1")
    contact_id = add(sqlite_engine, dealer_id)
    gone = add(sqlite_engine, dealer_id, "Kim")
    leave(sqlite_engine, gone)
    by = actor(role)
    attempts = (
        lambda: add(sqlite_engine, dealer_id, "Joe", by=by), lambda: edit(sqlite_engine, contact_id, note="x", by=by),
        lambda: leave(sqlite_engine, contact_id, seen=2, by=by), lambda: back(sqlite_engine, gone, by=by),
    )  # fmt: skip
    for attempt in attempts:
        if Permission.DEALERS_MANAGE in GRANTED[role]:
            attempt()
        else:
            with pytest.raises(Refused) as refusal:
                attempt()
            assert refusal.value.code == "not_allowed"


def test_people_of_other_dealers_are_not_there(engine):
    dealer_id, far = enter(engine, "1"), enter(engine, "2", region="West")
    add(engine, dealer_id)
    hidden = add(engine, far, "Far Away", email="far@away.example")
    own = Scope("dealers", dealer_ids=frozenset({dealer_id}))
    dealer_manager = actor(Role.DEALER_MANAGER, scope=own)
    assert of(engine, far, scope=own) == []
    with reading(engine) as session:
        assert people_queries.count_left(session, dealer_id=far, scope=own) == 0
        with pytest.raises(NotFound):
            people_queries.get_contact(session, contact_id=hidden, scope=own)
        assert people_queries.dealer_of(session, contact_id=hidden, scope=own) is None
        assert people_queries.dealer_of(session, contact_id=hidden, scope=EVERYTHING) == far
        assert search.find(session, "far", kinds=["dealer_contact"], scope=own) == []
        assert people_queries.search_results(session, ids=[hidden], actor=dealer_manager) == []
        rows = list(people_queries.export_rows(session, actor=dealer_manager, scope=own, filters={}, now=NOW))
        assert [row[2] for row in rows] == ["Pat Lee"]
    south, absent = regional("South"), 9_999
    for number in (hidden, absent):
        for attempt in (
            lambda n=number: edit(engine, n, note="x", by=south), lambda n=number: leave(engine, n, by=south),
            lambda n=number: back(engine, n, seen=1, by=south),
        ):  # fmt: skip
            with pytest.raises(NotFound, match="This person was not found"):
                attempt()
    with pytest.raises(NotFound, match="This dealer was not found"):
        add(engine, far, by=south)


def test_people_follow_their_dealer_to_another_region(engine):
    dealer_id = enter(engine, "1")
    add(engine, dealer_id)
    change(engine, dealer_id, region="West")
    assert [line.name for line in of(engine, dealer_id, scope=regional("West").scope)] == ["Pat Lee"]
    assert of(engine, dealer_id, scope=regional("South").scope) == []
    with reading(engine) as session:
        assert check_people(session) == []


@pytest.mark.parametrize("role", [Role.MANAGER, Role.FINANCE, Role.DEALER_MANAGER])
def test_an_export_of_people_is_one_of_personal_data_for_everybody(sqlite_engine, role):
    dealer_id = enter(sqlite_engine, "007")
    add(sqlite_engine, dealer_id, phone="4195550188", email="pat@x.example")
    gone = add(sqlite_engine, dealer_id, "Kim")
    leave(sqlite_engine, gone)
    by = actor(role, user_id=None, scope=Scope("dealers", dealer_ids=frozenset({dealer_id})))
    file = run(run_export, bind=sqlite_engine, kind="dealer_contacts", file_format="csv", actor=by, now=NOW)
    assert file.row_count == 1
    assert "007,Dealer 007,Pat Lee,Dealer principal,pat@x.example,(419) 555-0188" in file.content.decode()
    with reading(sqlite_engine) as session:
        assert session.scalar(select(ExportLog.has_personal_data)) is True
        entries = session.scalars(select(TimelineEntry.summary).order_by(TimelineEntry.seq.desc())).first()
        assert entries == "People of dealers were exported: 1 rows as CSV."
