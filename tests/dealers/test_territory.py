"""One owner a postal area and day: refused with both names, handed over with both histories, even at once."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from sqlalchemy import select

from db.core.actor import EVERYTHING, Scope
from db.core.locks import key_of
from db.core.permissions import GRANTED, Permission, Role
from db.core.problems import NotFound, Refused, Stale
from db.core.session import make_engine, reading, run, writing
from db.core.timeline import TimelineEntry, TimelineLink
from db.dealers.area import check_territory
from db.dealers.commands import change_dealer
from db.dealers.queries import get_dealer
from db.dealers.tables import DealerTerritory
from db.dealers.territory_commands import assign_territory, end_territory, transfer_territory
from db.dealers.territory_queries import areas_of, changing_areas, owner_on, prefixes_at
from db.imports.commands import undo_import
from db.leads.network import load_network
from db.leads.routing_policy import DEFAULT
from tests.dealers.examples import ADMIN, NOW, batch_of, bring_in, csv_file, enter, facts_by_code, regional, row
from tests.support.contents import contents
from tests.support.core import actor, at_once
from tests.support.databases import migrate

TODAY = date(2026, 6, 29)
WHY = "Agreed at the yearly review"


def day(number):
    return TODAY + timedelta(days=number)


def version(engine, dealer_id):
    with reading(engine) as session:
        return get_dealer(session, dealer_id=dealer_id, scope=EVERYTHING).version


def assign(engine, dealer_id, *prefixes, start=0, end=None, by=ADMIN, **other):
    values = {"reason": WHY, "seen_version": version(engine, dealer_id), "now": NOW} | other
    return run(
        assign_territory, bind=engine, dealer_id=dealer_id, prefixes=prefixes, valid_from=day(start),
        valid_to=None if end is None else day(end), actor=by, **values,
    )  # fmt: skip


def given(engine, dealer_id, *prefixes, **other):
    """The code of the refusal, or "given"."""
    try:
        assign(engine, dealer_id, *prefixes, **other)
    except Refused as refusal:
        return refusal.code
    return "given"


def hand_over(engine, giver, taker, *prefixes, on, by=ADMIN, **other):
    values = {
        "reason": WHY, "seen_version": version(engine, giver), "to_seen_version": version(engine, taker), "now": NOW,
    } | other  # fmt: skip
    run(
        transfer_territory, bind=engine, from_dealer_id=giver, to_dealer_id=taker, prefixes=prefixes, valid_from=on,
        actor=by, **values,
    )  # fmt: skip


def change(engine, dealer_id, *, by=ADMIN, now=NOW, reason=WHY, **fields):
    run(
        change_dealer, bind=engine, dealer_id=dealer_id, seen_version=version(engine, dealer_id), changes=fields,
        reason=reason, actor=by, now=now,
    )  # fmt: skip


def owners(engine, code, *numbers, scope=EVERYTHING):
    """The codes of the owners of a postal code on each day."""
    with reading(engine) as session:
        return [
            "/".join(a.code for a in owner_on(session, postal_code=code, on=day(n), scope=scope).owners)
            for n in numbers
        ]


def periods(engine, dealer_id):
    with reading(engine) as session:
        return [
            (a.prefix, (a.period.start - TODAY).days, a.period.end and (a.period.end - TODAY).days)
            for a in areas_of(session, dealer_id=dealer_id, scope=EVERYTHING)
        ]


# ------------------------------------------------------------------------------------------------------ one owner a day
def test_a_second_owner_is_refused_with_both_names_the_prefix_and_the_days(engine):
    enter(engine, "00001", name="First Motors", territories=("787", "788"))
    before = contents(engine)
    with pytest.raises(Refused) as refusal:
        enter(engine, "00002", name="Second Motors", territories=("787", "789"))
    (problem,) = refusal.value.problems
    assert (problem.field, problem.code) == ("territories", "area_taken")
    assert problem.message == (
        "787 cannot belong to Second Motors (00002): it belongs to First Motors (00001) from 29 Jun 2026."
    )
    assert contents(engine) == before
    second = enter(engine, "00002", name="Second Motors", territories=("789", "7871"))
    with pytest.raises(Refused):
        change(engine, second, territories=("788",))
    with pytest.raises(Refused) as refusal:
        assign(engine, second, "788", start=10, end=20)
    assert refusal.value.problems[0].field == "prefixes"
    assert refusal.value.problems[0].message.endswith("First Motors (00001) from 9 Jul 2026 to 18 Jul 2026.")


def test_a_longer_prefix_is_carved_out_and_wins(engine):
    first = enter(engine, "00001", name="First Motors", territories=("787",))
    second = enter(engine, "00002", territories=("7871",))
    assert owners(engine, "78712", 0) == ["00002"]
    assert owners(engine, "78799", 0) == ["00001"]
    assert owners(engine, "78899", 0) == [""]
    with reading(engine) as session:
        (area,) = areas_of(session, dealer_id=second, scope=EVERYTHING)
        assert area.carved_out_of == "787 of First Motors (00001)"
        assert areas_of(session, dealer_id=first, scope=EVERYTHING)[0].carved_out_of == ""
        found = owner_on(session, postal_code="787 12", on=TODAY, scope=EVERYTHING)
        assert [a.code for a in found.areas] == ["00002", "00001"]


def test_two_people_who_give_one_area_at_the_same_moment_cannot_both_succeed(engine):
    """Real threads with connections of their own, on both databases (PostgreSQL: the advisory lock)."""
    dealers = [enter(engine, f"0000{n}") for n in range(1, 4)]
    seen = [version(engine, d) for d in dealers]

    def attempt(number):
        return given(engine, dealers[number], "787", "788", seen_version=seen[number])

    assert sorted(at_once(attempt, threads=3)) == ["area_taken", "area_taken", "given"]
    with reading(engine) as session:
        rows = session.scalars(select(DealerTerritory.postal_prefix)).all()
        assert sorted(rows) == ["787", "788"]
        assert check_territory(session) == []


def test_two_imports_of_one_area_at_once_give_it_to_one(engine):
    files = [
        csv_file([row(f"0010{n}", territory="787")], header=("code", "name", "state", "territory")) for n in (1, 2)
    ]
    results = at_once(lambda n: bring_in(engine, files[n]), threads=2)
    assert sorted(r.created for r in results) == [0, 1]
    (refused,) = [o for r in results for o in r.outcomes if o.outcome == "rejected"]
    assert refused.code == "area_taken"


@pytest.mark.postgres
def test_the_lock_is_waited_for(postgres_url):
    """While somebody else holds the lock of all areas nobody can give one; afterwards it goes on."""
    engine, other = make_engine(postgres_url), make_engine(postgres_url)
    dealer = enter(engine, "00001")
    seen = version(engine, dealer)
    done = threading.Event()

    def give():
        assign(engine, dealer, "787", seen_version=seen)
        done.set()

    with other.connect() as connection, connection.begin():
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (key_of("territory"),))
        thread = threading.Thread(target=give)
        thread.start()
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while not connection.exec_driver_sql(waiting).scalar_one():
            assert thread.is_alive(), "the area was given while somebody else held the lock"
        assert not done.is_set()
    thread.join()
    assert done.is_set()
    engine.dispose()
    other.dispose()


# -------------------------------------------------------------------------------------------------------- as of today
def test_the_dealers_list_starts_and_ends_areas_today(engine):
    dealer = enter(engine, "00001", territories=("787", "788"))
    later = NOW + timedelta(days=5)
    change(engine, dealer, territories=("788", "789"), now=later)
    assert periods(engine, dealer) == [("787", 0, 5), ("788", 0, None), ("789", 5, None)]
    assert owners(engine, "78701", -1, 0, 4, 5) == ["", "00001", "00001", ""]
    # What ended today and comes back today never ended.
    change(engine, dealer, territories=("787", "788", "789"), now=later)
    assert periods(engine, dealer)[0] == ("787", 0, None)
    assert facts_by_code(engine)["00001"].territories == ("787", "788", "789")


def test_today_is_the_day_at_the_dealer(engine):
    """Seven in the morning in UTC is still the day before in Hawaii."""
    run_at = datetime(2026, 6, 29, 7, 0, tzinfo=UTC)
    dealer = enter(engine, "00001", state="HI")
    change(engine, dealer, territories=("967",), now=run_at)
    assert periods(engine, dealer) == [("967", -1, None)]
    with reading(engine) as session:
        assert prefixes_at(session, now=run_at) == {dealer: {"967"}}
        assert prefixes_at(session, now=run_at - timedelta(days=1)) == {}


def test_a_terminated_dealer_holds_nothing_from_that_day_on(engine):
    dealer = enter(engine, "00001", territories=("787", "788"))
    assign(engine, dealer, "789", start=3)
    run(
        end_territory, bind=engine, dealer_id=dealer, seen_version=version(engine, dealer), prefixes=["788"],
        valid_to=day(40), actor=ADMIN, now=NOW,
    )  # fmt: skip
    change(engine, dealer, status="terminated", now=NOW + timedelta(days=2))
    assert periods(engine, dealer) == [("787", 0, 2), ("788", 0, 2)]
    entry = last_entry(engine)
    assert entry.detail["before"]["territories"] == ["787", "789"]
    assert entry.detail["after"] == {"status": "terminated", "territories": []}
    other = enter(engine, "00002")
    with pytest.raises(Refused):
        assign(engine, other, "787", start=1)  # that day it still was the first one's
    assign(engine, other, "787", start=2)
    assert owners(engine, "78701", 0, 1, 2) == ["00001", "00001", "00002"]


def last_entry(engine):
    with reading(engine) as session:
        entry = session.scalars(select(TimelineEntry).order_by(TimelineEntry.seq.desc()).limit(1)).one()
        session.expunge(entry)
        return entry


def test_an_import_refuses_the_rows_whose_areas_are_taken_and_undo_gives_areas_back(engine):
    first = enter(engine, "00001", territories=("787",))
    header = ("code", "name", "state", "territory")
    result = bring_in(
        engine,
        csv_file(
            [
                row("00001", territory="788"), row("00002", territory="787"), row("00003", territory="787, 790"),
                row("00004", territory="790"),
            ],
            header=header,
        ),
        now=NOW + timedelta(days=1),
    )  # fmt: skip
    assert [(o.row, o.outcome, o.code) for o in result.outcomes] == [
        (2, "updated", ""), (3, "created", ""), (4, "rejected", "area_taken"), (5, "created", ""),
    ]  # fmt: skip
    assert owners(engine, "78701", 0, 1) == ["00001", "00002"]
    run(
        undo_import, bind=engine, batch_id=batch_of(result), reason="Wrong file", actor=ADMIN,
        now=NOW + timedelta(days=1),
    )  # fmt: skip
    assert periods(engine, first) == [("787", 0, None)]
    assert facts_by_code(engine)["00001"].territories == ("787",)


# ------------------------------------------------------------------------------------------------------- on another day
def test_areas_are_given_and_ended_on_a_day_that_is_named(engine):
    dealer, other = enter(engine, "00001"), enter(engine, "00002")
    assert assign(engine, dealer, "787", "78 8", start=10, end=20) == 2
    assert assign(engine, other, "787", start=20) == 2
    assert owners(engine, "78701", 9, 10, 19, 20, 400) == ["", "00001", "00001", "00002", "00002"]
    assert last_entry(engine).summary == "Area 787 belongs to dealer 00002 Dealer 00002 from 19 Jul 2026."
    assert last_entry(engine).detail["after"] == {"00002": {"787": ["2026-07-19/"]}}
    with pytest.raises(Refused) as refusal:
        assign(engine, dealer, "787", start=15)
    assert refusal.value.code == "area_taken"
    run(
        end_territory, bind=engine, dealer_id=other, seen_version=2, prefixes=["787"], valid_to=day(30), actor=ADMIN,
        now=NOW,
    )  # fmt: skip
    assert owners(engine, "78701", 29, 30) == ["00002", ""]
    with reading(engine) as session:
        soon = changing_areas(session, since=day(1), until=day(25), scope=EVERYTHING)
        assert [(a.prefix, a.code) for a in soon] == [("787", "00001"), ("788", "00001"), ("787", "00002")]
        south = Scope("regions", regions=frozenset({"Nowhere"}))
        assert changing_areas(session, since=day(1), until=day(25), scope=south) == []


def test_an_area_is_handed_over_on_a_day_with_both_histories(engine):
    giver, taker = enter(engine, "00001", territories=("787", "788")), enter(engine, "00002", territories=("790",))
    hand_over(engine, giver, taker, "787", on=day(7))
    assert owners(engine, "78701", 0, 6, 7, 900) == ["00001", "00001", "00002", "00002"]
    entry = last_entry(engine)
    assert entry.summary == "Area 787 goes from dealer 00001 Dealer 00001 to 00002 Dealer 00002 on 6 Jul 2026."
    assert entry.detail["before"] == {"00001": {"787": ["2026-06-29/"]}, "00002": {}}
    assert entry.detail["after"] == {"00001": {"787": ["2026-06-29/2026-07-06"]}, "00002": {"787": ["2026-07-06/"]}}
    with reading(engine) as session:
        links = session.scalars(select(TimelineLink.dealer_id).where(TimelineLink.seq == entry.seq)).all()
    assert set(links) == {giver, taker}
    assert (version(engine, giver), version(engine, taker)) == (2, 2)
    # Back on the very day: nothing ever happened, but the two entries say that it was meant to.
    hand_over(engine, taker, giver, "787", on=day(7))
    assert periods(engine, giver)[0] == ("787", 0, None)
    assert periods(engine, taker) == [("790", 0, None)]


REFUSED = [
    ("no area", {"prefixes": ()}, "prefixes"),
    ("no postal code", {"prefixes": ("?",)}, "prefixes"),
    ("no day", {"valid_from": None}, "valid_from"),
    ("too far ahead", {"valid_from": date(2036, 1, 1)}, "valid_from"),
    ("the past without a reason", {"valid_from": day(-1), "reason": "Because"}, "reason"),
    ("the last day before the first", {"valid_to": day(-3)}, "valid_to"),
]


@pytest.mark.parametrize(("wrong", "field"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_a_refused_assignment_says_where_and_changes_nothing(sqlite_engine, wrong, field):
    dealer = enter(sqlite_engine, "00001")
    values = {"prefixes": ("787",), "valid_from": TODAY, "valid_to": None, "reason": "", "seen_version": 1} | wrong
    before = contents(sqlite_engine)
    with pytest.raises(Refused) as refusal:
        run(assign_territory, bind=sqlite_engine, dealer_id=dealer, actor=ADMIN, now=NOW, **values)
    assert [p.field for p in refusal.value.problems] == [field]
    assert contents(sqlite_engine) == before


def test_what_cannot_be_handed_over_is_refused(sqlite_engine):
    giver, taker = enter(sqlite_engine, "00001", territories=("787",)), enter(sqlite_engine, "00002")
    third = enter(sqlite_engine, "00003")
    assign(sqlite_engine, third, "788")
    for prefixes, target, field in ((("788",), taker, "prefixes"), (("787",), giver, "to_dealer_id")):
        with pytest.raises(Refused) as refusal:
            hand_over(sqlite_engine, giver, target, *prefixes, on=day(1))
        assert refusal.value.problems[0].field == field
    with pytest.raises(Refused) as refusal:
        hand_over(sqlite_engine, giver, taker, "787", on=day(-5))  # it was nobody's then
    assert refusal.value.code == "not_owned"
    change(sqlite_engine, taker, status="terminated")
    with pytest.raises(Refused) as refusal:
        hand_over(sqlite_engine, giver, taker, "787", on=day(1))
    assert refusal.value.code == "terminated"
    with pytest.raises(Refused) as refusal:
        assign(sqlite_engine, taker, "799")
    assert refusal.value.code == "terminated"
    with pytest.raises(Stale):
        assign(sqlite_engine, giver, "799", seen_version=7)
    with pytest.raises(Stale):
        hand_over(sqlite_engine, giver, third, "787", on=day(1), to_seen_version=1)


@pytest.mark.parametrize("role", list(Role))
def test_who_may_move_areas(sqlite_engine, role):
    giver, taker = enter(sqlite_engine, "00001", territories=("787",)), enter(sqlite_engine, "00002")
    who = actor(role, user_id=None)
    attempts = (
        lambda: assign(sqlite_engine, giver, "788", by=who),
        lambda: hand_over(sqlite_engine, giver, taker, "787", on=day(1), by=who),
        lambda: run(
            end_territory, bind=sqlite_engine, dealer_id=taker, seen_version=2, prefixes=["787"], valid_to=day(9),
            actor=who, now=NOW,
        ),
    )  # fmt: skip
    for attempt in attempts:
        if Permission.DEALERS_MANAGE in GRANTED[role]:
            attempt()
        else:
            with pytest.raises(Refused) as refusal:
                attempt()
            assert refusal.value.code == "not_allowed"


def test_people_of_a_region_move_their_own_areas_only_and_learn_no_other_name(engine):
    south = enter(engine, "00001", name="South Motors", region="South", territories=("787",))
    west = enter(engine, "00002", name="West Motors", region="West", territories=("7871", "790"))
    rita = regional("South")
    for attempt in (
        lambda: assign(engine, west, "799", by=rita),
        lambda: hand_over(engine, south, west, "787", on=day(1), by=rita),
        lambda: hand_over(engine, west, south, "790", on=day(1), by=rita),
    ):
        with pytest.raises(NotFound):
            attempt()
    for attempt in (
        lambda: assign(engine, south, "790", by=rita),
        lambda: change(engine, south, territories=("787", "790"), by=rita),
        lambda: enter(engine, "00003", region="South", territories=("790",), by=rita),
    ):
        with pytest.raises(Refused) as refusal:
            attempt()
        assert "a dealer outside of what you look after" in str(refusal.value)
        assert "West" not in str(refusal.value)
        assert "00002" not in str(refusal.value)
    result = bring_in(
        engine, csv_file([row("00004", territory="790")], header=("code", "name", "state", "region", "territory")),
        by=rita,
    )  # fmt: skip
    assert "outside of what you look after" in result.outcomes[0].message
    with reading(engine) as session:
        found = owner_on(session, postal_code="78712", on=TODAY, scope=rita.scope)
        assert (found.is_hidden, found.owners, [a.code for a in found.areas]) == (True, (), ["00001"])
        with pytest.raises(NotFound):
            areas_of(session, dealer_id=west, scope=rita.scope)
        (area,) = areas_of(session, dealer_id=south, scope=rita.scope)
        assert area.carved_out_of == ""
        west_scope = Scope("dealers", dealer_ids=frozenset({west}))
        carved = {a.prefix: a.carved_out_of for a in areas_of(session, dealer_id=west, scope=west_scope)}
        assert carved == {"7871": "787 of another dealer", "790": ""}


# ------------------------------------------------------------------------------------------------- routing and old data
def test_routing_uses_the_areas_of_the_day(engine):
    giver, taker = enter(engine, "00001", territories=("787",)), enter(engine, "00002")
    hand_over(engine, giver, taker, "787", on=day(7))

    def owner(number):
        with reading(engine) as session:
            network = load_network(session, DEFAULT, now=NOW + timedelta(days=number))
        return [d.code for d in network.owners("78701")[1]]

    assert [owner(n) for n in (0, 6, 7)] == [["00001"], ["00001"], ["00002"]]


def test_data_from_before_the_rule_is_kept_found_and_can_be_put_right(engine):
    first, second = enter(engine, "00001", territories=("787",)), enter(engine, "00002")
    with writing(engine, keeps_timeline=False) as session:
        session.add(DealerTerritory(dealer_id=second, postal_prefix="787"))
    assert periods(engine, second) == [("787", (date(2000, 1, 1) - TODAY).days, None)]
    with reading(engine) as session:
        assert check_territory(session) == ["area 787 belongs to 00001, 00002 at once"]
        network = load_network(session, DEFAULT, now=NOW)
        assert [d.code for d in network.owners("78701")[1]] == ["00001", "00002"]  # leads are shared as before
    change(engine, second, city="Waco")  # another change of the dealer is no reason to refuse
    change(engine, first, territories=())
    with reading(engine) as session:
        assert check_territory(session) == []


steps = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(["7", "78", "8"]), st.integers(-20, 20), st.integers(1, 15)),
    min_size=1, max_size=8,
)  # fmt: skip


@settings(max_examples=15)
@for_all(steps)
def test_whatever_is_asked_for_no_day_ever_has_two_owners(tmp_path_factory, sqlite_templates, given_steps):
    """Against a model that keeps an owner for each prefix and day: same refusals, same owners."""
    url = sqlite_templates.copy("migrated", migrate, to=tmp_path_factory.mktemp("areas") / "dealer.db")
    engine = make_engine(url)
    dealers = [enter(engine, f"0000{n}") for n in range(3)]
    model: dict[tuple[str, int], int] = {}
    for who, prefix, start, length in given_steps:
        wanted = {(prefix, n) for n in range(start, start + length)}
        taken = any(model.get(place, who) != who for place in wanted)
        said = given(engine, dealers[who], prefix, start=start, end=start + length)
        assert said == ("area_taken" if taken else "given")
        if not taken:
            model |= dict.fromkeys(wanted, who)
    with reading(engine) as session:
        for prefix in ("7", "78", "8"):
            for number in range(-21, 36):
                found = owner_on(session, postal_code=prefix, on=day(number), scope=EVERYTHING)
                exact = [a.dealer_id for a in found.areas if a.prefix == prefix]
                expected = model.get((prefix, number))
                assert exact == ([] if expected is None else [dealers[expected]])
    engine.dispose()
