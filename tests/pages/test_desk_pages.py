"""The board, the lead page, performance, My work, search and the timeline, used as a person uses them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.testing.v1 import AppTest

from components import auth, clock, steady
from components.navigation import PAGES, page_of
from db.core.actor import system_actor
from db.core.area import SourceFile
from db.core.permissions import Role
from db.core.session import engine, reading, run
from db.imports.commands import run_import
from db.leads.tables import Lead, LeadActivity
from tests.support.again import begun
from tests.support.clock import hold_clock
from tests.support.paths import ROOT
from tests.support.users import app_as, make_dealer, make_person, open_tab

BOARD, LEAD, PERFORMANCE = "pages/leads/board.py", "pages/leads/lead.py", "pages/leads/performance.py"


def document(number: int, name: str, model: str) -> str:
    """One prospect for the dealer of these tests."""
    return (
        f'<prospect><id source="Site">S-{number}</id><requestdate>2026-11-22T09:15:00-05:00</requestdate>'
        f"<vehicle><year>2026</year><make>Halden</make><model>{model}</model></vehicle>"
        f'<customer><contact><name part="full">{name}</name><phone>518-555-01{number:02}</phone></contact></customer>'
        "<vendor><vendorname>Lone Pine Motors</vendorname></vendor></prospect>"
    )


@pytest.fixture
@begun
def desk(app_database: str) -> None:
    """One dealer with three leads, another dealer, and people."""
    import db.catalog  # noqa: F401 - registers the kinds of import

    make_dealer(engine())
    other = make_dealer(engine(), code="07777", name="Cedar Ridge Motors")
    make_person(engine(), "omar", Role.COORDINATOR)
    make_person(engine(), "lena", Role.SALES_LEADER)
    make_person(engine(), "drew", Role.DEALER_STAFF)
    make_person(engine(), "otto", Role.DEALER_STAFF, scope_kind="dealers", dealer_ids=[other])
    names = (("Ann Otter", "Vega"), ("Ben Birch", "Orion"), ("Cleo Cedar", "Atlas"))
    body = "".join(document(n, name, model) for n, (name, model) in enumerate(names, start=11))
    run(
        run_import, kind="adf", files=[SourceFile(name="three.xml", content=f"<adf>{body}</adf>".encode())],
        channel="file", actor=system_actor("cli"), now=datetime.now(UTC),
    )  # fmt: skip


def written(app: Any) -> str:
    kinds = (app.markdown, app.caption, app.warning, app.error, app.title, app.subheader, app.toast)
    return "\n".join(one.value for kind in kinds for one in kind).replace("\\", "")


def lead_of(name: str) -> Any:
    with reading() as session:
        return session.execute(
            select(Lead.id, Lead.version, Lead.status, Lead.dealer_id, Lead.number).where(Lead.customer_name == name)
        ).one()


def opened(username: str, name: str) -> Any:
    """The board with the drawer of a lead open, as a click on its number opens it."""
    app = app_as(username, page=BOARD)
    app.session_state["lead_open"] = lead_of(name).id
    return app.run()


def test_the_board_lists_open_leads_and_counts_them(desk: None):
    app = app_as("omar", page=BOARD)
    assert not app.exception
    tiles = {m.label: m.value for m in app.metric}
    assert (tiles["Open"], tiles["No action yet"], tiles["No dealer"]) == ("3", "3", "0")
    assert sorted(app.dataframe[0].value["Customer"]) == ["Ann Otter", "Ben Birch", "Cleo Cedar"]


def test_people_of_another_dealer_see_none_of_it(desk: None):
    app = app_as("otto", page=BOARD)
    assert {m.label: m.value for m in app.metric}["Open"] == "0"
    assert len(app.dataframe) == 0
    stranger = app_as("otto", page=LEAD)
    stranger.query_params["lead"] = str(lead_of("Ann Otter").id)
    assert "was not found" in written(stranger.run())


def test_a_lead_is_answered_in_the_drawer_and_the_clock_stops(desk: None):
    app = opened("drew", "Ann Otter")
    lead = lead_of("Ann Otter")
    app.button_group(key=f"lead_{lead.id}_log_activity_outcome").set_value("reached").run()
    app.button(key=f"lead_{lead.id}_log_activity_go").click().run()
    assert not app.exception
    assert lead_of("Ann Otter").status == "contacted"
    assert "contact logged, answered in time" in written(app)


def test_an_answer_without_an_outcome_is_refused_at_the_field(desk: None):
    app = opened("drew", "Ann Otter")
    app.button(key=f"lead_{lead_of('Ann Otter').id}_log_activity_go").click().run()
    assert "Outcome is needed." in written(app)
    assert lead_of("Ann Otter").status == "assigned"


def test_a_stale_drawer_is_told_who_was_first_and_keeps_the_note(desk: None):
    first, second = opened("omar", "Ann Otter"), opened("drew", "Ann Otter")
    prefix = f"lead_{lead_of('Ann Otter').id}_log_activity"
    for app in (first, second):
        app.button_group(key=f"{prefix}_outcome").set_value("voicemail").run()
    second.text_area(key=f"{prefix}_note").set_value("Wants blue").run()
    first.button(key=f"{prefix}_go").click().run()
    second.button(key=f"{prefix}_go").click().run()
    assert "was changed by" in written(second)
    assert second.text_area(key=f"{prefix}_note").value == "Wants blue"
    with reading() as session:
        assert len(session.scalars(select(LeadActivity).where(LeadActivity.kind == "call")).all()) == 1


def test_bad_needs_proof_and_says_so_at_the_reason(desk: None):
    app = opened("drew", "Ben Birch")
    lead = lead_of("Ben Birch")
    app.button_group(key=f"lead_step_{lead.id}").set_value("mark_bad").run()
    app.button_group(key=f"lead_{lead.id}_mark_bad_reason").set_value("wrong_number")
    app.text_area(key=f"lead_{lead.id}_mark_bad_note").set_value("Somebody else answered")
    app.button(key=f"lead_{lead.id}_mark_bad_go").click().run()
    assert "log at least one attempt first" in written(app)
    assert lead_of("Ben Birch").status == "assigned"


def test_chosen_leads_are_handed_over_together(desk: None):
    with reading() as session:
        from db.dealers.queries import find_dealer_by_code

        target = find_dealer_by_code(session, code="07777", scope=system_actor().scope)
    assert target is not None
    app = app_as("omar", page=BOARD)
    app.session_state["lead_table"] = {"selection": {"rows": [0, 1, 2], "columns": [], "cells": []}}
    app.run()
    app.selectbox(key="lead_bulk_dealer").set_value(target.dealer_id)
    app.text_input(key="lead_bulk_note").set_value("Closer to the customers")
    app.button(key="lead_bulk_go").click().run()
    assert not app.exception
    assert {lead_of(n).dealer_id for n in ("Ann Otter", "Ben Birch", "Cleo Cedar")} == {target.dealer_id}


def test_the_lead_page_explains_clock_score_and_routing(desk: None):
    app = app_as("omar", page=LEAD)
    app.query_params["lead"] = str(lead_of("Cleo Cedar").id)
    text = written(app.run())
    assert not app.exception
    for words in ("Why this dealer", "Score", "First action", "The clock started", "2026 Halden Atlas"):
        assert words in text


@pytest.mark.parametrize("written_id", ["", "abc", "0", "999999", "9" * 30, "1 OR 1=1"])
def test_an_address_that_names_no_lead_is_answered_quietly(desk: None, written_id: str):
    app = app_as("omar", page=LEAD)
    app.query_params["lead"] = written_id
    assert not app.run().exception


def test_performance_counts_what_happened_and_masks_names_for_leaders(desk: None):
    app = app_as("lena", page=PERFORMANCE)
    assert not app.exception
    tiles = {m.label: m.value for m in app.metric}
    assert tiles["Leads received"] == "3"
    behind = next(d.value for d in app.dataframe if "Lead" in d.value.columns)
    assert sorted(behind["Customer"]) == ["A. O.", "B. B.", "C. C."]


def test_my_work_shows_what_waits_and_search_finds_it(desk: None):
    home = app_as("drew", page="pages/work/my_work.py")
    home.switch_page("pages/work/my_work.py").run()  # staff land on To do now first
    assert not home.exception
    numbers = {lead_of(n).number for n in ("Ann Otter", "Ben Birch", "Cleo Cedar")}
    assert set(home.dataframe[0].value["Number"]) == numbers
    tiles = {tile.label: tile.value for tile in home.metric}
    assert tiles["Open leads"] == "3"
    assert "0" not in tiles.values()  # follow-up tasks begin minutes after the leads came
    assert "Nothing in " in written(home)
    search = app_as("omar", page="pages/work/search.py")
    search.text_input(key="q").set_value("cleo").run()
    assert "Leads" in written(search)
    nothing = app_as("otto", page="pages/work/search.py")
    nothing.text_input(key="q").set_value("cleo").run()
    assert "Nothing was found" in written(nothing)


def test_the_timeline_and_the_flows_are_drawn(desk: None):
    make_person(engine(), "mia", Role.MANAGER)
    timeline = app_as("mia", page="pages/admin/timeline.py")
    assert not timeline.exception
    assert any("ADF" in what for what in timeline.dataframe[0].value["What"])
    assert not app_as("omar", page="pages/admin/flows.py").exception
    assert not app_as("drew", page="pages/work/notifications.py").exception


def test_a_click_that_a_process_meets_before_its_page_stands_is_answered(desk: None):
    """The browser's tab is older than this process, which took over from another one."""
    app = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=30)
    app.session_state[auth.SESSION] = open_tab(engine(), "omar")

    def click() -> list[str]:
        sent = app._tree.get_widget_states() if app._tree.children else WidgetStates()
        sent.widgets.add(id="$$ID-of-another-process-save", trigger_value=True)
        return [said.value for said in app._run(sent).toast]

    assert click() == [steady.TOO_EARLY]
    assert click() == [], "now it is the second of two clicks on what is gone, and says nothing"


# ---------------------------------------------------------------------------------------------------- the reader's day
def test_the_day_is_that_of_the_readers_zone(monkeypatch):
    hold_clock(monkeypatch, datetime(2026, 11, 27, 3, tzinfo=UTC))
    assert clock.today("America/New_York") == date(2026, 11, 26)
    assert clock.today("Europe/Berlin") == date(2026, 11, 27)


def test_no_screen_takes_the_day_of_utc():
    """An American evening is tomorrow in UTC, and a visit of tomorrow is refused."""
    screens = [*(ROOT / "components").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
    found = [
        path.relative_to(ROOT).as_posix()
        for path in screens
        if re.search(r"\b(at|moment|now\(\)|closed_at|created_at)\.date\(\)", path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_no_day_is_written_with_a_zero_before_it():
    """Grids and moments say "5 Nov 2026"; a sentence beside them says the same."""
    found = [
        path.relative_to(ROOT).as_posix()
        for folder in ("components", "db", "pages", "seed")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"\{[^{}\n]*:[^{}\n]*%d %[bB]", path.read_text(encoding="utf-8"))
    ]
    assert found == []


def _names_its_page() -> None:
    import streamlit as st

    from components.navigation import PAGES, page_of

    entry = next(entry for entry in PAGES if entry.title == "Lead performance")
    st.text(page_of(entry, "made twice", False, True).url_path)


def test_a_page_made_outside_of_a_run_is_not_kept():
    """There Streamlit makes one without an address; every link to it would lead nowhere from then on."""
    entry = next(entry for entry in PAGES if entry.title == "Lead performance")
    page_of(entry, "made twice", False, True)
    app = AppTest.from_function(_names_its_page).run()
    assert not app.exception
    assert app.text[0].value == "performance"
