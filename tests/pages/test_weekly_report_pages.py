"""The weekly report as people use it: choose a dealer and a week, read what to do and why, get it by mail, print it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from components.navigation import PAGES
from db.core import changes
from db.core.session import engine as process_engine
from db.core.session import reading, run, writing
from db.dealers.tables import Dealer
from db.leads.tables import Lead
from db.reports.weekly_advice_rules import ALL
from db.reports.weekly_commands import subscribe_weekly
from db.reports.weekly_jobs import run_weekly
from db.reports.weekly_tables import WeeklySwitch, WeeklyWish
from tests.leads.factories import NOW, make_network, receive
from tests.support.clock import hold_clock
from tests.support.users import app_as

PAGE = "pages/reports/weekly_report.py"
NEXT = NOW + timedelta(days=7)
DAY = timedelta(days=1)


@pytest.fixture
def network(app_database, monkeypatch):
    """North has a lead nobody answered in the week that is over; it is Monday after."""
    hold_clock(monkeypatch, NEXT)
    made = make_network(process_engine())
    receive(process_engine(), dealer_id=made.north, received_at=NOW + DAY)
    return made


def opened(who, **state):
    app = app_as(who, page=PAGE)
    for name, value in state.items():
        app.session_state[name] = value
    return app.run() if state else app


def said(app):
    return "\n".join(str(e.value) for e in [*app.markdown, *app.caption, *app.error, *app.warning, *app.title])


def tile(app, label):
    return next(m.value for m in app.metric if m.label == label)


def test_a_dealer_manager_reads_the_own_week_and_what_to_do(network):
    app = opened("dan")
    assert not app.exception
    words = said(app)
    assert "North Motors" in words
    assert "29 Jun to 5 Jul 2026" in app.selectbox(key="wkr_week").options
    assert "Answer 1 lead nobody has called" in words
    assert "Rule A01, Leads nobody has answered" in words
    assert "Source\\: 2.2 A, B" in words or "Source: 2.2 A, B" in words
    assert tile(app, "Leads received") == "1"
    assert not any(key.key == "wkr_dealer" for key in app.selectbox)
    assert "South" not in words
    assert not any(b.key == "wkr_switch" for b in app.button)


def test_another_dealers_report_is_not_to_be_had_by_its_address(network):
    app = app_as("dan", page=PAGE)
    app.query_params["wkr_dealer"] = str(network.south)
    app.run()
    assert not app.exception
    assert "South Motors" not in said(app)
    assert "North Motors" in said(app)


def test_a_coordinator_opens_a_dealer_from_the_list_and_goes_back_a_week(network):
    app = opened("cora")
    assert not app.exception
    assert "Week of **29 Jun to 5 Jul 2026**" in said(app)
    app.selectbox(key="wkr_dealer").select(str(network.north)).run()
    assert "Answer 1 lead" in said(app)
    assert app.button(key="wkr_next").disabled
    app.button(key="wkr_prior").click().run()
    assert not app.exception
    assert app.session_state["wkr_week"] == "2026-06-22"
    assert tile(app, "Leads received") == "0"
    app.button(key="wkr_next").click().run()
    assert app.session_state["wkr_week"] == ""
    assert tile(app, "Leads received") == "1"


def test_every_rule_that_was_asked_is_listed_with_its_answer(network):
    app = opened("max", wkr_dealer=str(network.north))
    assert not app.exception
    tables = [frame.value for frame in app.dataframe]
    listed = next(t for t in tables if "Rule" in t.columns)
    assert len(listed) == len(ALL)
    assert "Recommended" in list(listed["Answer"])


def test_a_manager_switches_it_on_and_the_dealers_manager_stops_it(network):
    app = opened("max", wkr_dealer=str(network.north))
    app.button(key="wkr_switch").click().run()
    assert not app.exception
    assert app.button(key="wkr_switch").label == "Switch off for the dealer"
    theirs = opened("dan")
    assert theirs.button(key="wkr_mail").label == "Stop mailing me"
    theirs.button(key="wkr_mail").click().run()
    assert theirs.button(key="wkr_mail").label == "Mail me"
    with reading(process_engine()) as session:
        assert [s.is_on for s in session.scalars(select(WeeklySwitch))] == [True]
        assert [w.wants for w in session.scalars(select(WeeklyWish))] == [False]


def test_somebody_who_was_faster_is_named(network):
    first, second = opened("max", wkr_dealer=str(network.north)), opened("cora", wkr_dealer=str(network.north))
    first.button(key="wkr_switch").click().run()
    second.button(key="wkr_switch").click().run()
    assert "Max Manager" in said(second)


def test_a_sent_report_stands_beside_today(network):
    engine = process_engine()
    run(subscribe_weekly, bind=engine, dealer_id=network.north, actor=network.manager, now=NOW)
    assert run_weekly(engine, now=NEXT - timedelta(hours=2)) == 1
    with writing(engine, keeps_timeline=False) as session:
        session.execute(update(Lead).values(first_action_at=datetime(2026, 7, 6, 12, tzinfo=UTC)))
        changes.touch(session, "leads")
    app = opened("dan")
    assert not app.exception
    assert "Answer 1 lead nobody has called" in said(app), "as it was sent"
    assert "Sent as counted" in said(app)
    assert "1 difference" in " ".join(e.label for e in app.expander) or "2 differences" in " ".join(
        e.label for e in app.expander
    )
    app.segmented_control(key="wkr_version").set_value("today").run()
    assert not app.exception
    assert "As it stands now" in said(app)
    assert "Answer 1 lead nobody has called" not in said(app)


def test_a_new_dealer_has_nothing_to_tell_yet(network):
    with writing(process_engine(), keeps_timeline=False) as session:
        session.execute(update(Dealer).where(Dealer.id == network.west).values(status="prospect"))
    app = opened("max", wkr_dealer=str(network.west))
    assert not app.exception
    assert "Nothing was counted at this dealer yet" in said(app)
    assert not app.metric


def test_dealer_staff_see_what_their_role_sees(network):
    app = opened("sam")
    assert not app.exception
    assert "Answer 1 lead nobody has called" in said(app)
    labels = {m.label for m in app.metric}
    assert "Leads received" in labels
    assert "Customer satisfaction (CSI)" not in labels
    assert "not shown" in said(app) or "cannot be shown to your role" in said(app)


def test_the_page_is_listed_for_everybody():
    entry = next(p for p in PAGES if p.file == PAGE)
    assert entry.permission.value == "weekly.view"
