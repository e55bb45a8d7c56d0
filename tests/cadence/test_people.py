"""Versions of plans, absences with a stand-in, hand-over, gaps, and the list of what to do now."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import event as sql_event
from sqlalchemy import select

from db.cadence import absence_commands, plan_commands, rules
from db.cadence.jobs import run_days
from db.cadence.plan_queries import (
    coverage_gaps,
    list_absences,
    list_versions,
    open_leads_of,
    own_dealers,
    people_with_leads,
)
from db.cadence.rules import PlanStep
from db.cadence.today_queries import count_open, get_line, list_today, progress, work_counts
from db.core.actor import EVERYTHING
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run
from db.core.timeline import TimelineEntry, TimelineLink
from tests.cadence.test_runs import DAY, arrive, runs, sound, tasks
from tests.leads.factories import NOW, load, make_network, minutes, step

TODAY = date(2026, 6, 29)
SOON = NOW + minutes(1)
SHORT = [PlanStep(day=0, kind="call", minutes=30).stored(), PlanStep(day=1, kind="any").stored()]


# ---- plans ---------------------------------------------------------------------------------------------------------
def draft(engine: Any, actor: Any, **more: Any) -> int:
    values: dict[str, Any] = {"plan": "new_lead", "steps": SHORT, "reason": "Fewer, better calls", "seen_version": 1}
    return run(plan_commands.draft_plan, bind=engine, actor=actor, now=NOW, **(values | more))


def test_a_new_version_holds_for_new_leads_only(engine):
    network = make_network(engine)
    old = arrive(engine, network)
    version = draft(engine, network.manager, form_key="k")
    assert draft(engine, network.manager, form_key="k") == version
    assert len(tasks(engine, arrive(engine, network, name="Two", email="two@mail.example", phone="+12125550177"))) == 4
    run(plan_commands.activate_plan, bind=engine, version_id=version, seen_active=1, actor=network.manager, now=NOW)
    new = arrive(engine, network, name="Three", email="three@mail.example", phone="+12125550178")
    assert [(t.kind, t.due_at - NOW) for t in tasks(engine, new)] == [("call", minutes(30))]
    with reading(engine) as session:
        second, first = list_versions(session, plan="new_lead", scope=EVERYTHING, now=NOW)
        assert (second.state, first.state, second.running, first.running) == ("active", "retired", 1, 2)
        assert list_versions(session, plan="no_show", scope=EVERYTHING, now=NOW)[0].version_id == 0
    assert runs(engine, old)[0].plan_version_id != runs(engine, new)[0].plan_version_id
    with pytest.raises(Refused, match="Only a draft"):
        run(plan_commands.activate_plan, bind=engine, version_id=version, seen_active=2, actor=network.manager, now=NOW)
    sound(engine)


WRONG = [
    ({"plan": "other"}, "plan"), ({"reason": " "}, "reason"), ({"steps": []}, "steps"), ({"steps": [{"day": 0}]}, "steps"),  # noqa: E501
    ({"steps": [s.stored() for s in rules.in_order(rules.DEFAULTS["new_lead"])]}, "steps"),
]  # fmt: skip


@pytest.mark.parametrize("wrong, field", WRONG, ids=range(len(WRONG)))
def test_a_draft_that_is_refused_says_where(sqlite_engine, wrong, field):
    network = make_network(sqlite_engine)
    with pytest.raises(Refused) as refusal:
        draft(sqlite_engine, network.manager, **wrong)
    assert field in [p.field for p in refusal.value.problems]
    with reading(sqlite_engine) as session:
        assert [v.version for v in list_versions(session, plan="new_lead", scope=EVERYTHING, now=NOW)] == [1]


def test_who_may_change_plans_and_from_which_screen(sqlite_engine):
    network = make_network(sqlite_engine)
    for actor in (network.coordinator, network.dealer_manager, network.staff):
        with pytest.raises(Refused, match="may not"):
            draft(sqlite_engine, actor)
    version = draft(sqlite_engine, network.manager)
    with pytest.raises(Stale):
        draft(sqlite_engine, network.manager)
    with pytest.raises(Stale):
        run(
            plan_commands.activate_plan,
            bind=sqlite_engine,
            version_id=version,
            seen_active=7,
            actor=network.manager,
            now=NOW,
        )
    with pytest.raises(NotFound):
        run(
            plan_commands.activate_plan,
            bind=sqlite_engine,
            version_id=99,
            seen_active=1,
            actor=network.manager,
            now=NOW,
        )


# ---- away ----------------------------------------------------------------------------------------------------------
def away(engine: Any, network: Any, *, actor: Any = None, **more: Any) -> int:
    values: dict[str, Any] = {
        "dealer_id": network.north, "person_id": network.staff.user_id, "stand_in_id": network.colleague.user_id,
        "first_day": TODAY, "last_day": TODAY + 2 * DAY,
    }  # fmt: skip
    return run(absence_commands.add_absence, bind=engine, actor=actor or network.staff, now=NOW, **(values | more))


def mine(engine: Any, network: Any, lead: int, actor: Any) -> None:
    step(
        engine,
        "assign",
        lead,
        actor=network.dealer_manager,
        now=NOW,
        dealer_id=network.north,
        assignee_id=actor.user_id,
        note="Yours",
    )


def seen(engine: Any, actor: Any, *, view: str = "mine", now: Any = SOON) -> list[Any]:
    with reading(engine) as session:
        return list(list_today(session, actor=actor, view=view, now=now).lines)


def test_the_tasks_of_who_is_away_show_at_the_stand_in(engine):
    network = make_network(engine)
    lead = arrive(engine, network)
    mine(engine, network, lead, network.staff)
    assert seen(engine, network.colleague) == []
    key = away(engine, network, form_key="a")
    assert away(engine, network, form_key="a") == key
    (line,) = seen(engine, network.colleague)
    assert (line.lead_id, line.covers) == (lead, network.staff.name)
    assert seen(engine, network.colleague, now=NOW + 3 * DAY) == []
    step(engine, "log_activity", lead, actor=network.colleague, now=NOW + minutes(3), kind="call", outcome="voicemail")
    assert tasks(engine, lead)[0].stand_in_id == network.colleague.user_id
    with reading(engine) as session:
        (row,) = list_absences(session, actor=network.dealer_manager, now=NOW)
        assert row.is_now
        assert list_absences(session, actor=network.south_staff, now=NOW) == []
    run(
        absence_commands.end_absence, bind=engine, absence_id=key, seen_version=1, last_day=None, actor=network.staff,
        now=NOW,
    )  # fmt: skip
    assert seen(engine, network.colleague) == []


AWAY_WRONG = [
    ({"stand_in_id": "staff"}, "stand_in_id"), ({"stand_in_id": "south_staff"}, "stand_in_id"),
    ({"stand_in_id": None}, "stand_in_id"), ({"dealer_id": None}, "dealer_id"), ({"first_day": None}, "first_day"),
    ({"last_day": TODAY - DAY}, "last_day"),
]  # fmt: skip


@pytest.mark.parametrize("wrong, field", AWAY_WRONG, ids=range(len(AWAY_WRONG)))
def test_an_absence_that_is_refused_says_where(sqlite_engine, wrong, field):
    network = make_network(sqlite_engine)
    wrong = {k: getattr(network, v).user_id if isinstance(v, str) else v for k, v in wrong.items()}
    with pytest.raises(Refused) as refusal:
        away(sqlite_engine, network, **wrong)
    assert [p.field for p in refusal.value.problems] == [field]


def test_absences_never_overlap_and_nobody_away_stands_in(engine):
    network = make_network(engine)
    away(engine, network)
    with pytest.raises(Refused, match="entered already"):
        away(engine, network, first_day=TODAY + 2 * DAY, last_day=TODAY + 9 * DAY)
    with pytest.raises(Refused, match="stands in"):
        away(
            engine, network, actor=network.dealer_manager, person_id=network.colleague.user_id,
            stand_in_id=network.dealer_manager.user_id,
        )  # fmt: skip
    with pytest.raises(Refused, match="is away"):
        away(
            engine, network, actor=network.dealer_manager, person_id=network.dealer_manager.user_id,
            stand_in_id=network.staff.user_id,
        )  # fmt: skip
    with pytest.raises(Refused, match="may not"):
        away(engine, network, person_id=network.colleague.user_id, stand_in_id=network.staff.user_id)


def test_ending_an_absence(sqlite_engine):
    network = make_network(sqlite_engine)
    key = away(sqlite_engine, network)

    def end(actor: Any, *, version: int = 1, last_day: Any = None, now: Any = NOW) -> None:
        run(
            absence_commands.end_absence, bind=sqlite_engine, absence_id=key, seen_version=version, last_day=last_day,
            actor=actor, now=now,
        )  # fmt: skip

    with pytest.raises(NotFound):
        end(network.south_staff)
    with pytest.raises(Refused, match="may not"):
        end(network.colleague)
    with pytest.raises(Stale):
        end(network.staff, version=5)
    with pytest.raises(Refused, match="begun"):
        end(network.staff, now=NOW + DAY)
    with pytest.raises(Refused, match="before its last"):
        end(network.staff, last_day=TODAY + 2 * DAY)
    end(network.dealer_manager, last_day=TODAY + DAY, now=NOW + DAY)
    with pytest.raises(Refused, match="over"):
        end(network.staff, version=2, now=NOW + 5 * DAY)


# ---- hand-over -----------------------------------------------------------------------------------------------------
def give(engine: Any, network: Any, *, actor: Any = None, **more: Any) -> int:
    values: dict[str, Any] = {
        "dealer_id": network.north, "from_id": network.staff.user_id, "to_id": network.colleague.user_id,
        "note": "Leaves the house",
    }  # fmt: skip
    return run(
        absence_commands.hand_over,
        bind=engine,
        actor=actor or network.dealer_manager,
        now=NOW + minutes(2),
        **(values | more),
    )


def test_a_hand_over_moves_leads_and_tasks_with_one_entry(engine):
    network = make_network(engine)
    leads = [
        arrive(engine, network, name=f"Jo {n}", email=f"jo{n}@mail.example", phone=f"+1212555010{n}") for n in range(3)
    ]
    for lead in leads:
        mine(engine, network, lead, network.staff)
    due = [load(engine, lead).due_at for lead in leads]
    assert give(engine, network, lead_ids=leads[:1]) == 1
    assert give(engine, network) == 2
    assert {load(engine, lead).assignee_id for lead in leads} == {network.colleague.user_id}
    assert {t.assignee_id for lead in leads for t in tasks(engine, lead) if t.is_open} == {network.colleague.user_id}
    assert [load(engine, lead).due_at for lead in leads] == due
    with reading(engine) as session:
        entries = session.scalars(select(TimelineEntry).where(TimelineEntry.command == "hand_over")).all()
        links = session.scalars(select(TimelineLink).where(TimelineLink.seq == entries[-1].seq)).all()
        assert len(entries) == 2
        assert sorted(link.item_id for link in links) == leads[1:]
    with pytest.raises(Refused, match="no open lead"):
        give(engine, network)
    sound(engine)


def test_who_may_hand_over_what(sqlite_engine):
    network = make_network(sqlite_engine)
    lead = arrive(sqlite_engine, network)
    mine(sqlite_engine, network, lead, network.staff)
    with pytest.raises(Refused, match="may not"):
        give(sqlite_engine, network, actor=network.staff)
    for wrong, field in (
        ({"to_id": network.south_staff.user_id}, "to_id"), ({"to_id": network.coordinator.user_id}, "to_id"),
        ({"dealer_id": network.south}, "dealer_id"), ({"note": ""}, "note"), ({"from_id": None}, "from_id"),
    ):  # fmt: skip
        with pytest.raises(Refused) as refusal:
            give(sqlite_engine, network, **wrong)
        assert field in [p.field for p in refusal.value.problems]
    assert load(sqlite_engine, lead).assignee_id == network.staff.user_id
    with reading(sqlite_engine) as session:
        assert len(people_with_leads(session, dealer_id=network.north, actor=network.dealer_manager)) == 1
        assert people_with_leads(session, dealer_id=network.north, actor=network.south_staff) == []
        whose: dict[str, Any] = {"person_id": network.staff.user_id, "dealer_id": network.north, "now": NOW}
        assert len(open_leads_of(session, actor=network.dealer_manager, **whose)) == 1
        assert open_leads_of(session, actor=network.south_staff, **whose) == []
        assert [d for d, _ in own_dealers(session, actor=network.staff)] == [network.north]


def test_a_dealer_where_everybody_is_away_is_named(sqlite_engine):
    network = make_network(sqlite_engine)
    arrive(sqlite_engine, network)
    with reading(sqlite_engine) as session:
        assert coverage_gaps(session, scope=EVERYTHING, now=NOW) == []
    west = arrive(sqlite_engine, network, name="Wes", email="wes@mail.example", phone="+12125550166")
    step(sqlite_engine, "assign", west, actor=network.coordinator, now=NOW, dealer_id=network.west, note="Theirs")
    with reading(sqlite_engine) as session:
        assert [g.dealer_id for g in coverage_gaps(session, scope=EVERYTHING, now=NOW)] == [network.west]
        assert coverage_gaps(session, scope=network.dealer_manager.scope, now=NOW) == []


# ---- what to do now ------------------------------------------------------------------------------------------------
def test_the_list_is_in_the_order_to_do_it(sqlite_engine):
    network = make_network(sqlite_engine)
    tried = arrive(sqlite_engine, network, at=NOW - 3 * DAY)  # a Friday
    step(sqlite_engine, "log_activity", tried, actor=network.staff, now=NOW - 3 * DAY, kind="call", outcome="no_answer")
    run_days(sqlite_engine, now=NOW)
    fresh = arrive(sqlite_engine, network, name="Fred", email="fred@mail.example", phone="+12125550144")
    lines = seen(sqlite_engine, network.dealer_manager, view="all")
    assert [line.lead_id for line in lines] == [fresh, tried]
    assert (lines[0].what, lines[0].more, lines[0].why) == ("Call", 2, "New lead, nobody has answered yet")
    assert lines[1].why == "Day 2 of the follow-up"
    assert seen(sqlite_engine, network.south_staff, view="all") == []
    hidden = seen(sqlite_engine, network.sales_leader, view="all")
    assert hidden[0].customer == "F."
    assert "0144" not in hidden[0].reach
    with reading(sqlite_engine) as session:
        assert count_open(session, actor=network.staff, view="mine", now=NOW + minutes(20), overdue=True) == 1
        assert progress(session, actor=network.staff, view="mine", now=NOW).due == 5
        assert count_open(session, actor=network.south_staff, view="all", now=NOW) == 0
        assert progress(session, actor=network.south_staff, view="all", now=NOW).due == 0
        assert work_counts(session, actor=network.staff, now=NOW)[0].count == 5
        assert get_line(session, lead_id=fresh, actor=network.staff, now=NOW).lead_id == fresh
        with pytest.raises(NotFound):
            get_line(session, lead_id=fresh, actor=network.south_staff, now=NOW)


def test_pages_hold_every_customer_once_and_cost_the_same(sqlite_engine):
    network = make_network(sqlite_engine)
    leads = [
        arrive(sqlite_engine, network, name=f"Jo {n}", email=f"jo{n}@mail.example", phone=f"+1212555{1000 + n}")
        for n in range(7)
    ]
    called = arrive(sqlite_engine, network, name="Promised", email="p@mail.example", phone="+12125559999")
    step(sqlite_engine, "log_activity", called, actor=network.staff, now=NOW, kind="call", outcome="reached")
    from sqlalchemy import update

    from db.core.session import writing
    from db.leads.tables import Lead

    with writing(sqlite_engine, keeps_timeline=False) as session:
        session.execute(update(Lead).where(Lead.id == called).values(due_at=NOW + minutes(15), next_step="Call back"))
    counted: list[int] = []
    found, after = [], None
    for _ in range(9):
        made: list[str] = []

        def count(*args: Any, made: list[str] = made) -> None:
            made.append(args[2])

        sql_event.listen(sqlite_engine, "before_cursor_execute", count)
        with reading(sqlite_engine) as session:
            page = list_today(
                session, actor=network.dealer_manager, view="all", now=NOW + minutes(1), after=after, limit=3
            )
        sql_event.remove(sqlite_engine, "before_cursor_execute", count)
        counted.append(len(made))
        found += [line.lead_id for line in page.lines]
        after = page.following
        if after is None:
            break
    assert found == [*leads, called]
    assert max(counted) <= 4
