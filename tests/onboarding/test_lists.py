"""What people see of onboardings: each query within its scope, what waits for whom, reminders once, first times."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, func, select, text, update

from db import catalog
from db.core.actor import EVERYTHING, Scope
from db.core.area import Milestone
from db.core.permissions import Role
from db.core.problems import NotFound, Refused
from db.core.session import make_engine, reading, run, writing
from db.dealers.commands import change_dealer
from db.dealers.queries import get_dealer
from db.exports import run_export
from db.onboarding import jobs, queries, work_queries
from db.onboarding.case_queries import get_case
from db.onboarding.checks import CHECKS
from db.onboarding.kpi_queries import compute, first_times
from db.onboarding.queries import CaseFilters, board, count_cases, list_cases, open_case_of, overview, owners
from db.onboarding.tables import ChecklistItem, Onboarding
from db.people.tables import Notification
from tests.onboarding.factories import (
    NOW,
    TODAY,
    at_stage,
    case_of,
    complete,
    finish_stage,
    live,
    new_dealer,
    on_item,
    start,
    step,
)
from tests.support.users import actor_named, make_people, make_person

EAST, WEST = "0801", "0802"


@pytest.fixture(scope="module")
def world(sqlite_templates, tmp_path_factory):
    """A case in the East (looked after by Cora, a gate failed), one in the West (in review), a live and a lost one."""
    from tests.support.databases import migrate

    engine = make_engine(sqlite_templates.copy("migrated", migrate, to=tmp_path_factory.mktemp("lists") / "dealer.db"))
    make_people(engine)
    dealers = {code: new_dealer(engine, code, region=region) for code, region in ((EAST, "East"), (WEST, "West"))}
    old = new_dealer(engine, "0803", region="East")
    lost = new_dealer(engine, "0804", region="West")
    make_person(engine, "dana", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[dealers[EAST]])
    make_person(engine, "wes", Role.COORDINATOR, scope_kind="regions", regions=["West"])
    cora, mason = actor_named(engine, "coordinator"), actor_named(engine, "manager")
    live(engine, cora, mason, dealer_id=old, now=NOW - timedelta(days=150), days=10)
    gone = start(engine, actor_named(engine, "wes"), dealer_id=lost, now=NOW - timedelta(days=20))
    step(engine, "withdraw", gone, actor_named(engine, "wes"), note="No money", now=NOW - timedelta(days=9))
    east = start(engine, cora, dealer_id=dealers[EAST], now=NOW - timedelta(days=30))
    complete(engine, east, "business_profile", cora, now=NOW - timedelta(days=1))
    on_item(engine, "fail_gate", east, "application_gate", cora, reason="Bankrupt twice", now=NOW - timedelta(hours=5))
    west = at_stage(engine, "golive", actor_named(engine, "wes"), dealer_id=dealers[WEST], now=NOW - timedelta(days=2))
    finish_stage(engine, west, actor_named(engine, "wes"), leave=("golive_gate",), now=NOW - timedelta(days=1))
    jobs.run_summaries(engine, now=NOW)
    yield engine, dealers, {"east": east, "west": west, "live": 1, "lost": gone}
    engine.dispose()


def scopes(dealers):
    return {
        "all": EVERYTHING, "East": Scope("regions", regions=frozenset({"East"})),
        "dealer": Scope("dealers", dealer_ids=frozenset({dealers[WEST]})), "nobody": Scope("dealers"),
    }  # fmt: skip


SEEN = [("all", ["east", "west"]), ("East", ["east"]), ("dealer", ["west"]), ("nobody", [])]


@pytest.mark.parametrize("scope, names", SEEN)
def test_every_list_stays_within_its_scope(world, scope, names):
    engine, dealers, cases = world
    mine = scopes(dealers)[scope]
    wanted = sorted(cases[n] for n in names)
    with reading(engine) as session:
        rows, following = list_cases(session, scope=mine, filters=CaseFilters())
        assert sorted(r.id for r in rows) == wanted
        assert following is None
        assert count_cases(session, scope=mine, filters=CaseFilters()) == len(wanted)
        found = board(session, scope=mine, filters=CaseFilters())
        assert sorted(r.id for rows in found.cards.values() for r in rows) == wanted
        assert sum(found.counts.values()) == len(wanted)
        assert overview(session, scope=mine, now=NOW).running == len(wanted)
        assert len(owners(session, scope=mine)) == len(wanted)
        signals = work_queries.dealer_signals(session, scope=mine, now=NOW)
        assert set(signals) == ({dealers[EAST]} if "east" in names else set())
        exported = list(
            queries.export_rows(
                session, actor=actor_named(engine, "manager"), scope=mine, filters={"view": "open"}, now=NOW
            )
        )
        assert len(exported) == len(wanted)


FILTERS = [
    ({"stage": "golive"}, ["west"]), ({"region": "East"}, ["east"]), ({"risk": "stuck"}, ["east"]),
    ({"risk": "on_track"}, ["west"]), ({"view": "live"}, ["live"]), ({"view": "ended"}, ["lost"]),
    ({}, ["east", "west"]),
]  # fmt: skip


@pytest.mark.parametrize("filters, names", FILTERS)
def test_filters(world, filters, names):
    engine, _, cases = world
    with reading(engine) as session:
        rows, _ = list_cases(session, scope=EVERYTHING, filters=CaseFilters(**filters))
    assert sorted(r.id for r in rows) == sorted(cases[n] for n in names)


def test_one_case_is_shown_to_who_may_see_its_dealer(world):
    engine, dealers, cases = world
    with reading(engine) as session:
        detail = get_case(session, item_id=cases["east"], actor=actor_named(engine, "dana"), now=NOW)
        assert (detail.gates[0].title, detail.gates[0].state) == ("Application review", "failed")
        assert detail.missing[0] == "Gate “Application review” failed: Bankrupt twice."
        waits = {i.code: i.waits for i in detail.items}
        assert waits["market_review"] == ""
        assert (
            waits["nda"]
            == "Non-disclosure and data agreement waits on Application review (failed), which waits on Owners named"
        )
        assert detail.forecast.p50.steps[0].code in {"ownership", "market_review", "application_gate"}
        for who in ("dealer_manager", "wes"):
            with pytest.raises(NotFound):
                get_case(session, item_id=cases["east"], actor=actor_named(engine, who), now=NOW)
        with pytest.raises(Refused, match="may not do this"):
            get_case(session, item_id=cases["east"], actor=actor_named(engine, "dealer_staff"), now=NOW)
        assert open_case_of(session, dealer_id=dealers[EAST], scope=scopes(dealers)["dealer"]) is None
        row = open_case_of(session, dealer_id=dealers[EAST], scope=EVERYTHING)
        assert row is not None
        assert row.id == cases["east"]


WORK = [
    ("dana", ["Owners named"]),
    ("coordinator", ["Market reviewed"]),
    ("manager", ["Final review", "93% ready, waits on Final review"]),
    ("finance", []),
    ("wes", []),
    ("dealer_staff", []),
    ("dealer_manager", []),
]


@pytest.mark.parametrize("who, titles", WORK)
def test_what_waits_for_whom(world, only, who, titles):
    only("onboarding")
    engine, _, _ = world
    actor = actor_named(engine, who)
    with reading(engine) as session:
        lines = catalog.work_lines(session, actor=actor, now=NOW + timedelta(days=85 if who == "manager" else 0))
        assert sorted(line.title for line in lines) == sorted(titles)


def test_counts_search_and_what_to_know_of_one_dealer(world):
    engine, dealers, cases = world
    cora, dana, wes = (actor_named(engine, n) for n in ("coordinator", "dana", "wes"))
    with reading(engine) as session:
        assert [c.count for c in catalog.work_counts(session, actor=cora, now=NOW) if c.label == "Onboardings"] == [2]
        assert [c.count for c in catalog.work_counts(session, actor=dana, now=NOW) if c.label == "Onboardings"] == [1]
        found = catalog.search_everything(session, "0801", actor=cora)["Onboarding"]
        assert [(f.item_id, f.query) for f in found] == [(cases["east"], {"onboarding": str(cases["east"])})]
        assert "Onboarding" not in catalog.search_everything(session, "0801", actor=wes)
        lines = work_queries.dealer_lines(
            session, dealer_id=dealers[EAST], actor=cora, now=NOW, since=NOW - timedelta(days=2)
        )
        said = [(line.kind, line.title) for line in lines]
        assert ("overdue", "The gate “Application review” failed") in said
        assert ("overdue", "Onboarding: Owners named, the dealer's part") in said
        assert ("changed", "Onboarding: Business profile is done") in said
        assert ("open", "Onboarding waits on the dealer: Bank account for transfers") in said
        assert work_queries.dealer_lines(session, dealer_id=dealers[EAST], actor=wes, now=NOW, since=None) == []
        signals = work_queries.dealer_signals(session, scope=EVERYTHING, now=NOW)[dealers[EAST]]
        assert [(s.level, s.sentence) for s in signals] == [
            ("risk", "Onboarding: the gate “Application review” failed: Bankrupt twice"),
            ("watch", "Onboarding: 6 items are more than 7 days late, the oldest since 31 Oct"),
        ]


def test_the_export_is_within_scope_and_logged(world):
    engine, _, _ = world
    made = run(
        run_export,
        bind=engine,
        kind="onboardings",
        file_format="csv",
        filters={},
        actor=actor_named(engine, "wes"),
        now=NOW,
    )
    assert b"O-000004" in made.content
    assert b"O-000003" not in made.content


METRICS = [
    ("onboarding_days", EVERYTHING, (), [(None, 1, 50)]),
    ("activation_rate", EVERYTHING, (), [(1, 2, 0.5)]),
    ("activation_rate", EVERYTHING, ("region",), [(1, 1, 1.0), (0, 1, 0.0)]),
    ("activation_rate", Scope("dealers"), (), [(0, 0, None)]),
    ("onboarding_days", Scope("dealers"), (), [(None, 0, None)]),
]


@pytest.mark.parametrize("name, scope, by, rows", METRICS)
def test_metrics(world, name, scope, by, rows):
    engine, _, _ = world
    with reading(engine) as session:
        found = catalog.metric(name).compute(session, scope=scope, by=by, filters={}, now=NOW)
        assert [(r["numerator"], r["denominator"], r["value"]) for r in found] == rows
        with pytest.raises(Refused, match="cannot be divided"):
            compute(session, scope=scope, name=name, by=("moon",), now=NOW)


def test_first_times_count_who_had_their_days(world):
    engine, _, _ = world
    with reading(engine) as session:
        activated = session.scalars(select(Onboarding.activated_at).where(Onboarding.status == "active")).one()
    assert activated is not None
    cases = [
        (activated + timedelta(days=89), NOW, (1, 1)),
        (activated + timedelta(days=91), NOW, (0, 1)),
        (None, NOW, (0, 1)),
        (None, activated + timedelta(days=89), (0, 0)),  # its days are not over
        (activated + timedelta(days=5), activated + timedelta(days=6), (1, 1)),
        (activated + timedelta(days=5), activated + timedelta(days=366), (0, 0)),  # more than a year ago
    ]
    for moment, now, expected in cases:
        answer = {3: (moment, "L-000001")} if moment else {}
        milestone = Milestone(
            name="first_lead", label="First lead", within_days=90, first=lambda _s, *, dealer_ids, a=answer: {
                i: a[3] for i in dealer_ids if a
            },
        )  # fmt: skip
        with reading(engine) as session:
            (found,) = first_times(session, scope=EVERYTHING, milestones=[milestone], now=now)
            (none,) = first_times(session, scope=Scope("dealers"), milestones=[milestone], now=now)
        assert (found.reached, found.counted) == expected, (moment, now)
        assert none.dealers == ()


def test_pages_follow_each_other_and_cards_end_at_fifteen(sqlite_engine):
    make_people(sqlite_engine)
    cora = actor_named(sqlite_engine, "coordinator")
    for number in range(17):
        start(sqlite_engine, cora, dealer_id=new_dealer(sqlite_engine, f"07{number:03}"))
    with reading(sqlite_engine) as session:
        first, following = list_cases(session, scope=EVERYTHING, filters=CaseFilters(), limit=9)
        second, end = list_cases(session, scope=EVERYTHING, filters=CaseFilters(), after=following, limit=9)
        assert [r.id for r in (*first, *second)] == sorted(r.id for r in (*first, *second))
        assert (len(first), len(second), end) == (9, 8, None)
        found = board(session, scope=EVERYTHING, filters=CaseFilters())
        assert (len(found.cards["application"]), found.counts["application"]) == (15, 17)


def test_a_list_asks_the_same_few_questions_whatever_its_length(world):
    engine, _, _ = world
    asked: list[str] = []
    with reading(engine) as session:
        event.listen(
            session.get_bind(), "before_cursor_execute", lambda *a: asked.append(a[2]) if a[2] != "BEGIN" else None
        )
        board(session, scope=EVERYTHING, filters=CaseFilters())
        assert len(asked) == 2
        list_cases(session, scope=EVERYTHING, filters=CaseFilters())
        assert len(asked) == 3
        overview(session, scope=EVERYTHING, now=NOW)
        assert len(asked) == 6
        work_queries.dealer_signals(session, scope=EVERYTHING, now=NOW)
        assert len(asked) == 8


def test_every_question_is_understood_by_both_databases(engine):
    make_people(engine)
    cora = actor_named(engine, "coordinator")
    live(
        engine, cora, actor_named(engine, "manager"), dealer_id=new_dealer(engine), now=NOW - timedelta(days=60), days=5
    )
    dealer_id = new_dealer(engine, "07002")
    case_id = start(engine, cora, dealer_id=dealer_id, now=NOW - timedelta(days=40))
    on_item(engine, "fail_gate", case_id, "application_gate", cora, reason="Bankrupt twice")
    filters = CaseFilters(region="East", owner_id=cora.user_id, risk="stuck", dealer_id=dealer_id, stage="application")
    never = Milestone(name="x", label="X", within_days=30, first=lambda _s, *, dealer_ids: {})
    with reading(engine) as session:
        assert [r.id for r in list_cases(session, scope=EVERYTHING, filters=filters, after=(NOW, 0))[0]] == [case_id]
        assert count_cases(session, scope=EVERYTHING, filters=filters) == 1
        assert board(session, scope=EVERYTHING, filters=CaseFilters()).counts["application"] == 1
        above = overview(session, scope=EVERYTHING, now=NOW)
        assert (above.running, above.late, above.stuck, above.decisions, above.live) == (1, 1, 1, 0, 1)
        assert (above.total_days, above.stage_days["setup"]) == (25, 5)
        assert owners(session, scope=EVERYTHING) == [(cora.user_id, cora.name)]
        assert len(work_queries.dealer_lines(session, dealer_id=dealer_id, actor=cora, now=NOW, since=NOW)) > 10
        assert [s.level for s in work_queries.dealer_signals(session, scope=EVERYTHING, now=NOW)[dealer_id]] == [
            "risk", "watch",
        ]  # fmt: skip
        assert [line.title for line in work_queries.work_lines(session, actor=cora, now=NOW, limit=50)] == []
        assert [c.count for c in work_queries.work_counts(session, actor=cora, now=NOW)] == [1]
        assert [
            r["value"] for r in compute(session, scope=EVERYTHING, name="onboarding_days", by=("month",), now=NOW)
        ] == [25]
        (first,) = first_times(session, scope=EVERYTHING, milestones=[never], now=NOW)
        assert (first.reached, first.counted) == (0, 1)
        exported = list(queries.export_rows(session, actor=cora, scope=EVERYTHING, filters={"view": "live"}, now=NOW))
        assert [row[4] for row in exported] == ["Live"]
        assert get_case(session, item_id=case_id, actor=cora, now=NOW).template == 1
        assert [found for check in CHECKS for found in check.run(session)] == []


# ------------------------------------------------------------------------------------------------ jobs and checks
def test_people_are_reminded_once_of_what_falls_due(engine):
    make_people(engine)
    cora = actor_named(engine, "coordinator")
    dealer_id = new_dealer(engine)
    make_person(engine, "dana", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[dealer_id])
    case_id = start(engine, cora, dealer_id=dealer_id)
    assert jobs.run_reminders(engine, now=NOW + timedelta(days=1)) == 0  # due in four days
    assert jobs.run_reminders(engine, now=NOW + timedelta(days=2)) == 1
    assert jobs.run_reminders(engine, now=NOW + timedelta(days=3)) == 0
    complete(engine, case_id, "business_profile", cora, now=NOW + timedelta(days=4))
    assert jobs.run_reminders(engine, now=NOW + timedelta(days=9)) == 2
    with reading(engine) as session:
        told = session.execute(select(Notification.title, Notification.person_id).order_by(Notification.id)).all()
        names = [title for title, _ in told]
    assert names == ["O-000001: an item is due"] * 3
    assert len({person for _, person in told}) == 2  # the dealer's manager twice, who looks after the case once


def test_the_new_day_moves_forecasts_once(engine):
    make_people(engine)
    case_id = start(engine, actor_named(engine, "coordinator"))
    before = case_of(engine, case_id)
    assert jobs.run_summaries(engine, now=NOW) == 0
    assert jobs.run_summaries(engine, now=NOW + timedelta(days=30)) == 1
    assert jobs.run_summaries(engine, now=NOW + timedelta(days=30)) == 0
    after = case_of(engine, case_id)
    assert (before.overdue_items, after.overdue_items) == (0, 11)  # those due within 29 days of the start
    assert after.forecast_p50_on > before.forecast_p50_on  # type: ignore[operator]
    assert (after.version, after.summary_on) == (before.version, TODAY + timedelta(days=30))


def test_a_dealer_that_moves_takes_its_case_along(engine):
    make_people(engine)
    cora = actor_named(engine, "coordinator")
    case_id = start(engine, cora)
    dealer_id = case_of(engine, case_id).dealer_id or 0
    with reading(engine) as session:
        version = get_dealer(session, dealer_id=dealer_id, scope=EVERYTHING).version
    run(
        change_dealer, bind=engine, dealer_id=dealer_id, seen_version=version, changes={"region": "North"}, actor=cora,
        now=NOW,
    )  # fmt: skip
    assert case_of(engine, case_id).region == "North"
    with reading(engine) as session:
        assert set(session.scalars(select(ChecklistItem.region))) == {"North"}
        assert [found for check in CHECKS for found in check.run(session)] == []


SPOILED = [
    ("UPDATE onboarding SET readiness = 7", "shows another readiness"),
    ("UPDATE onboarding SET is_open = 0", "is open in a closed state or closed in an open one"),
    ("UPDATE onboarding SET open_for = NULL", "does not hold its dealer"),
    ("UPDATE dealer SET status = 'active' WHERE code = '07001'", "its dealer is not onboarding"),
    ("DELETE FROM onboarding_stage", "is in no stage"),
    (
        "UPDATE checklist_item SET status = 'done', done_on = '2026-11-22' WHERE code = 'agreement'",
        "is done, but it waits",
    ),
    ("UPDATE checklist SET outcome = 'completed'", "is closed and has open items"),
    ("UPDATE checklist_template_item SET depends_on = '[\"golive_gate\"]' WHERE code = 'business_profile'", "circle"),
]


@pytest.mark.parametrize("statement, sentence", SPOILED)
def test_the_checks_find_what_was_spoiled(sqlite_engine, statement, sentence):
    make_people(sqlite_engine)
    start(sqlite_engine, actor_named(sqlite_engine, "coordinator"))
    with writing(sqlite_engine, keeps_timeline=False) as session:
        session.execute(text(statement))
    with reading(sqlite_engine) as session:
        found = " ".join(sentence for check in CHECKS for sentence in check.run(session))
    assert sentence in found


def test_what_was_opened_again_reminds_again(sqlite_engine):
    make_people(sqlite_engine)
    cora = actor_named(sqlite_engine, "coordinator")
    case_id = start(sqlite_engine, cora)
    with writing(sqlite_engine, keeps_timeline=False) as session:
        session.execute(update(ChecklistItem).values(reminded_on=ChecklistItem.due_on))
    complete(sqlite_engine, case_id, "business_profile", cora)
    on_item(sqlite_engine, "reopen_item", case_id, "business_profile", cora, reason="Not theirs")
    with reading(sqlite_engine) as session:
        waiting = session.scalar(select(func.count()).where(ChecklistItem.reminded_on.is_(None)))
    assert waiting == 1
