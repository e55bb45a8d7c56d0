"""Entering and changing dealers: who may, what is refused, and that nobody's change is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from db.core import changes, search
from db.core.actor import EVERYTHING, Scope
from db.core.permissions import GRANTED, Permission, Role
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run, writing
from db.core.timeline import TimelineEntry
from db.customers.tables import Customer
from db.dealers import queries
from db.dealers.area import check_dealers, check_territory
from db.dealers.commands import change_dealer
from db.dealers.tables import DealerTerritory
from tests.dealers.examples import ADMIN, NOW, enter, facts_by_code, regional
from tests.support.contents import contents
from tests.support.core import actor, at_once


def change(engine, dealer_id, *, seen=1, by=ADMIN, reason="", **fields):
    return run(
        change_dealer, bind=engine, dealer_id=dealer_id, seen_version=seen, changes=fields, reason=reason, actor=by,
        now=NOW + timedelta(minutes=5),
    )  # fmt: skip


def last_entry(engine):
    with reading(engine) as session:
        entry = session.scalars(select(TimelineEntry).order_by(TimelineEntry.seq.desc()).limit(1)).one()
        session.expunge(entry)
        return entry


def test_a_dealer_is_entered_as_it_was_said(engine):
    dealer_id = enter(
        engine, "0007", name=" Bond  Motors ", state="texas", region="15", url="bond.example.com", latitude=31.76,
        longitude=-106.49, brands=("Toyota", "toyota"), territories=("799",), lead_cap=20,
    )  # fmt: skip
    facts = facts_by_code(engine)["0007"]
    assert (facts.name, facts.state, facts.region) == ("Bond Motors", "TX", "Region 15")
    assert (facts.url, facts.zone) == ("https://bond.example.com", "America/Denver")
    assert (facts.brands, facts.territories, facts.lead_cap) == (("Toyota",), ("799",), 20)
    with reading(engine) as session:
        assert search.find(session, "bond", kinds=["dealer"], scope=EVERYTHING) == [search.Hit("dealer", dealer_id)]
        assert check_dealers(session) == []
        assert dict(changes.token(session)) == {"dealers": 1}
    assert last_entry(engine).detail["after"]["code"] == "0007"


def test_every_mistake_is_named_at_its_field(sqlite_engine):
    enter(sqlite_engine, "00001")
    with pytest.raises(Refused) as refusal:
        enter(
            sqlite_engine, "00001", name="", state="Atlantis", latitude=99.0, lead_weight=0, status="gone",
            url="x y", calendar_id=99, territories=("?",), zone="Mars/Base",
        )  # fmt: skip
    found = {(p.field, p.code) for p in refusal.value.problems}
    assert found == {
        ("name", "required"), ("state", "unknown_state"), ("latitude", "out_of_range"), ("longitude", "incomplete"),
        ("lead_weight", "out_of_range"), ("status", "unknown_status"), ("url", "bad_url"), ("code", "code_taken"),
        ("calendar_id", "unknown_calendar"), ("territories", "bad_prefix"), ("zone", "unknown_zone"),
    }  # fmt: skip


@pytest.mark.parametrize("role", list(Role))
def test_who_may_enter_a_dealer(sqlite_engine, role):
    if Permission.DEALERS_MANAGE in GRANTED[role]:
        assert enter(sqlite_engine, by=actor(role))
    else:
        with pytest.raises(Refused) as refusal:
            enter(sqlite_engine, by=actor(role))
        assert refusal.value.code == "not_allowed"
        assert facts_by_code(sqlite_engine) == {}


def test_a_change_says_what_it_was_and_what_it_is(engine):
    dealer_id = enter(engine, "00001", city="Waco")
    assert change(engine, dealer_id, city="Austin", lead_cap=5, brands=("Ford",)) == 2
    entry = last_entry(engine)
    assert entry.detail["before"] == {"city": "Waco", "lead_cap": 0, "brands": []}
    assert entry.detail["after"] == {"city": "Austin", "lead_cap": 5, "brands": ["Ford"]}
    with reading(engine) as session:
        detail = queries.get_dealer(session, dealer_id=dealer_id, scope=EVERYTHING)
    assert (detail.version, detail.facts.brands, detail.updated_at) == (2, ("Ford",), NOW + timedelta(minutes=5))


def test_nothing_changed_is_no_new_version(sqlite_engine):
    dealer_id = enter(sqlite_engine, "00001", city="Waco")
    assert change(sqlite_engine, dealer_id, city=" Waco ") == 1
    with reading(sqlite_engine) as session:
        assert dict(changes.token(session)) == {"dealers": 1}


def test_the_zone_follows_the_place_unless_somebody_chose_it(sqlite_engine):
    dealer_id = enter(sqlite_engine, "00001", state="TX")
    change(sqlite_engine, dealer_id, state="AZ")
    assert facts_by_code(sqlite_engine)["00001"].zone == "America/Phoenix"
    change(sqlite_engine, dealer_id, seen=2, zone="America/Denver")
    change(sqlite_engine, dealer_id, seen=3, state="CA")
    assert facts_by_code(sqlite_engine)["00001"].zone == "America/Denver"


def test_of_two_at_once_the_second_is_told_who_was_first(engine):
    dealer_id = enter(engine, "00001")

    def attempt(number):
        try:
            return change(engine, dealer_id, city=f"City {number}", by=actor(Role.ADMIN, username=f"user{number}"))
        except Stale as refusal:
            return refusal.changed_by

    answers = at_once(attempt, threads=3)
    winners = [number for number, answer in enumerate(answers) if answer == 2]
    assert len(winners) == 1
    assert [answer for answer in answers if answer != 2] == [f"User{winners[0]}"] * 2
    assert facts_by_code(engine)["00001"].city == f"City {winners[0]}"


REFUSED = [
    ("an unknown field", {"colour": "red"}, "", "unknown_field"),
    ("a code in use", {"code": "00002"}, "", "code_taken"),
    ("a step the life of a dealer does not have", {"status": "prospect"}, "", "not_allowed_now"),
    ("suspended without a reason", {"status": "suspended"}, "", "required"),
    ("terminated without a reason", {"status": "terminated"}, " ", "required"),
]


@pytest.mark.parametrize(("fields", "reason", "code"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_a_refused_change_changes_nothing(sqlite_engine, fields, reason, code):
    dealer_id = enter(sqlite_engine, "00001")
    enter(sqlite_engine, "00002")
    before = contents(sqlite_engine)
    with pytest.raises(Refused) as refusal:
        change(sqlite_engine, dealer_id, reason=reason, **fields)
    assert refusal.value.code == code
    assert contents(sqlite_engine) == before


def test_a_dealer_is_suspended_and_comes_back(sqlite_engine):
    dealer_id = enter(sqlite_engine, "00001")
    assert change(sqlite_engine, dealer_id, status="suspended", reason="Audit open") == 2
    assert last_entry(sqlite_engine).reason == "Audit open"
    assert change(sqlite_engine, dealer_id, seen=2, status="active") == 3


# -------------------------------------------------------------------------------------------------------------- scope
def test_people_of_a_region_change_their_own_dealers_only(engine):
    south, west = enter(engine, "00001", region="South"), enter(engine, "00002", region="West")
    rita = regional("South")
    assert change(engine, south, city="Waco", by=rita) == 2
    with pytest.raises(NotFound):
        change(engine, west, city="Waco", by=rita)
    with pytest.raises(Refused) as refusal:
        change(engine, south, seen=2, region="West", by=rita)
    assert refusal.value.problems[0].field == "region"
    with pytest.raises(Refused):
        enter(engine, "00003", region="West", by=rita)
    with reading(engine) as session:
        assert list(queries.list_dealers(session, scope=rita.scope)["code"]) == ["00001"]
        assert queries.count_dealers(session, scope=rita.scope) == 1
        assert queries.regions(session, rita.scope) == ["South"]
        assert [c.code for c in queries.dealer_choices(session, rita.scope)] == ["00001"]
        assert queries.find_dealer_by_code(session, code="00002", scope=rita.scope) is None
        assert queries.search_results(session, ids=[south, west], actor=rita)[0].item_id == south
        assert len(queries.search_results(session, ids=[south, west], actor=rita)) == 1
        with pytest.raises(NotFound):
            queries.get_dealer(session, dealer_id=west, scope=rita.scope)
        nothing = Scope("dealers")
        assert queries.dealer_choices(session, nothing) == []
        assert queries.count_by_status(session, scope=nothing)["active"] == 0


def test_what_belongs_to_a_dealer_moves_with_it_to_another_region(engine):
    dealer_id, other = enter(engine, "00001", region="South"), enter(engine, "00002", region="South")
    with writing(engine, keeps_timeline=False) as session:
        for owner in (dealer_id, other):
            session.add(Customer(dealer_id=owner, region="South", name="Ann", created_at=NOW))
    change(engine, dealer_id, region="West")
    with reading(engine) as session:
        rows = session.execute(select(Customer.dealer_id, Customer.region))
        assert {row.dealer_id: row.region for row in rows} == {dealer_id: "West", other: "South"}
        west = Scope("regions", regions=frozenset({"West"}))
        assert search.find(session, "00001", kinds=["dealer"], scope=west) == [search.Hit("dealer", dealer_id)]
        assert {"customers", "leads"} <= dict(changes.token(session)).keys()


# ------------------------------------------------------------------------------------------------------------ queries
def test_lists_are_read_page_by_page_and_narrowed(engine):
    for number, city in enumerate(["Waco", "Austin", "Waco", "Dallas"], start=1):
        enter(
            engine, f"0000{number}", name=f"Same name {number % 2}", city=city, brands=("Ford",) if number == 1 else (),
            status="active" if number < 4 else "prospect", state="TX" if number < 3 else "AZ",
        )  # fmt: skip

    def codes(**narrowed):
        filters = queries.DealerFilters(**narrowed)
        return sorted(queries.list_dealers(session, scope=EVERYTHING, filters=filters)["code"])

    with reading(engine) as session:
        seen, after = [], None
        while True:
            page = queries.list_dealers(session, scope=EVERYTHING, after=after, limit=3)
            if page.empty:
                break
            seen += list(page["code"])
            after = (page["name_key"].iloc[-1], int(page["id"].iloc[-1]))
        assert sorted(seen) == ["00001", "00002", "00003", "00004"]
        assert codes(text="waco") == ["00001", "00003"]
        assert codes(text="waco same") == ["00001", "00003"]
        assert codes(text="nobody") == []
        assert codes(states=("AZ",)) == ["00003", "00004"]
        assert codes(statuses=("prospect",)) == ["00004"]
        assert codes(brand="FORD") == ["00001", "00002", "00003", "00004"]
        assert codes(brand="Kia") == ["00002", "00003", "00004"]
        assert codes(takes_leads=False) == []
        assert queries.count_dealers(session, scope=EVERYTHING, filters=queries.DealerFilters(states=("AZ",))) == 2
        assert queries.count_by_status(session, scope=EVERYTHING) == {
            "prospect": 1, "onboarding": 0, "active": 3, "suspended": 0, "terminated": 0,
        }  # fmt: skip
        assert queries.list_brands(session, scope=EVERYTHING) == ["Ford"]
        assert [c.code for c in queries.dealer_choices(session, EVERYTHING, statuses=("prospect",))] == ["00004"]


def test_regions_are_in_the_order_people_expect(sqlite_engine):
    for number, region in enumerate(["11", "2", "East", "80"]):
        enter(sqlite_engine, str(number), region=region)
    with reading(sqlite_engine) as session:
        assert queries.regions(session, EVERYTHING) == ["East", "Region 2", "Region 11", "Region 80"]


def test_postal_prefixes_that_two_dealers_own_are_listed(sqlite_engine):
    """Data from before the rule: today the second owner would be refused (tests/dealers/test_territory.py)."""
    enter(sqlite_engine, "00001", territories=("787", "788"))
    second, gone = enter(sqlite_engine, "00002"), enter(sqlite_engine, "00003")
    with writing(sqlite_engine, keeps_timeline=False) as session:
        session.add(DealerTerritory(dealer_id=second, postal_prefix="787"))
        session.add(DealerTerritory(dealer_id=gone, postal_prefix="788"))
    change(sqlite_engine, gone, status="terminated", reason="Closed")
    with reading(sqlite_engine) as session:
        found = queries.territory_conflicts(session, scope=EVERYTHING)
        said = check_territory(session)
    assert [(prefix, [c.code for c in dealers]) for prefix, dealers in found] == [("787", ["00001", "00002"])]
    assert said == ["area 787 belongs to 00001, 00002 at once"]


def test_the_check_finds_a_dealer_that_cannot_be_found(sqlite_engine):
    dealer_id = enter(sqlite_engine, "00001")
    with writing(sqlite_engine, keeps_timeline=False) as session:
        search.index(session, kind="dealer", item_id=dealer_id, texts=(), dealer_id=None, region=None)
    with reading(sqlite_engine) as session:
        assert check_dealers(session) == ["dealer 00001 cannot be found by the search box"]
