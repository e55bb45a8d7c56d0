"""The monthly pack as people use it: choose a month and a region, read, freeze and restate; who may not, is told so."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from components.areas.reports import drill
from components.navigation import PAGES
from db.core.session import engine as process_engine
from db.core.session import reading, run
from db.reports.overview_queries import Narrowed
from db.reports.pack_rules import HEADLINES
from db.reports.pack_tables import PackSubscription
from db.reports.period_rules import Span
from db.reports.snapshot_commands import freeze_now, restate_month
from db.reports.snapshot_tables import MonthFreeze
from tests.coop.factories import House
from tests.coop.test_figures import tell
from tests.support.clock import hold_clock
from tests.support.users import actor_named, app_as

PAGE = "pages/reports/monthly_pack.py"
CLOCK = datetime(2026, 6, 20, 15, 0, tzinfo=UTC)
MAY = date(2026, 5, 1)


@pytest.fixture
def house(app_database, monkeypatch):
    hold_clock(monkeypatch, CLOCK)
    made = House(process_engine())
    tell(made)
    return made


def opened(who, **state):
    app = app_as(who, page=PAGE)
    for name, value in state.items():
        app.session_state[name] = value
    return app.run() if state else app


def said(app):
    return "\n".join(str(e.value) for e in [*app.markdown, *app.caption, *app.error, *app.warning])


def frozen():
    with reading(process_engine()) as session:
        rows = session.scalars(select(MonthFreeze).order_by(MonthFreeze.month, MonthFreeze.version))
        return [(row.month, row.version, row.by, row.reason) for row in rows]


def tile(app, label):
    return next(m.value for m in app.metric if m.label == label)


def test_a_manager_reads_the_month_and_narrows_it(house):
    app = opened("mason")
    assert tile(app, "Co-op paid") == "$2,100"
    assert "Co\\-op paid\\: \\$2,100 in May 2026" in said(app)
    assert "Not frozen" in said(app)
    assert "No figure for May 2026\\: " in said(app)
    assert ":material/rule:" not in said(app)
    assert app.get("progress") == []  # it was there while the pack was made
    app.toggle(key="mpk_rows").set_value(True).run()
    assert "All dealers\\: May 2026 \\$2,100" in said(app)
    app.selectbox(key="mpk_region").select("West").run()
    assert not app.exception
    assert tile(app, "Co-op paid") == "$0"
    app.selectbox(key="mpk_month").select("2025-06").run()
    assert "Nothing was counted in this month." in said(app)


def test_a_month_is_frozen_and_restated_by_hand(house):
    app = opened("mason")
    app.button(key="mpk_freeze_go").click().run()
    assert not app.exception
    assert frozen() == [("2026-05", 1, "Manager Mason", "")]
    assert "As frozen on 20 Jun 2026" in said(app)
    app.button(key="mpk_restate_go").click().run()
    assert "Why the month is counted again is needed." in said(app)
    app.text_area(key="mpk_reason").set_value("Claims came late").run()
    app.button(key="mpk_restate_go").click().run()
    assert not app.exception
    assert frozen()[1] == ("2026-05", 2, "Manager Mason", "Claims came late")
    assert "**Version 2**" in said(app)
    assert "Claims came late" in said(app)


def test_every_figure_leads_to_the_page_behind_it_with_the_month_and_the_region(house):
    mason = actor_named(house.engine, "mason")
    april = Span(first=date(2026, 4, 1), last=date(2026, 4, 30))
    asked = {name: drill(mason, name, Narrowed(region="West"), april) for name in HEADLINES}
    ways = {name: way for name, way in asked.items() if way is not None}
    assert ways.keys() == asked.keys()
    assert {page for page, _query in ways.values()} <= {entry.file for entry in PAGES}
    for name, prefix in (
        ("won", "fun"), ("csi", "svy"), ("claim_cost", "cpf"), ("incentive_paid", "incf"), ("price_cost", "incf"),
        ("coop_paid", "cof"),
    ):  # fmt: skip
        query = ways[name][1]
        end = "to" if prefix == "fun" else "until"
        assert (query[f"{prefix}_from"], query[f"{prefix}_{end}"]) == ("2026-04", "2026-04"), name
        assert query[f"{prefix}_region"] == "West", name
    assert ways["price_cost"][1]["incf_show"] == "prices"
    app = opened("mason", mpk_region="East")
    links = {link.proto.page: link.proto.query_string for link in app.main.get("page_link")}
    assert {"cof_from=2026-05", "cof_until=2026-05", "cof_region=East"} <= set(links["coop_figures"].split("&"))
    assert {"svy_from=2026-05", "svy_until=2026-05", "svy_region=East"} <= set(links["surveys"].split("&"))


def test_the_pack_comes_by_mail_for_who_wants_it(house):
    app = opened("mason")
    app.button(key="mpk_mail").click().run()
    assert app.button(key="mpk_mail").label == "Stop mailing me"
    app.selectbox(key="mpk_mail_files_").select("both").run()
    assert not app.exception
    with reading(process_engine()) as session:
        assert session.scalars(select(PackSubscription.files)).all() == ["both"]
    app.selectbox(key="mpk_region").select("East").run()
    assert app.button(key="mpk_mail").label == "Mail me"
    assert [s.key for s in app.selectbox if "mail_files" in str(s.key)] == []
    app.selectbox(key="mpk_region").select("").run()
    app.selectbox(key="mpk_region").select("West").run()
    assert app.button(key="mpk_mail").label == "Mail me"  # another wish
    app.selectbox(key="mpk_region").select("").run()
    app.button(key="mpk_mail").click().run()
    assert app.button(key="mpk_mail").label == "Mail me"


def test_a_stale_screen_restates_nothing(house):
    run(freeze_now, month=MAY, actor=house.mason, now=CLOCK)
    app = opened("mason")
    app.text_area(key="mpk_reason").set_value("Mine").run()
    run(restate_month, month=MAY, seen_version=1, reason="First", form_key=None, actor=house.mira, now=CLOCK)
    app.button(key="mpk_restate_go").click().run()
    assert "was changed by Manager Mira" in said(app)
    assert app.text_area(key="mpk_reason").value == "Mine"
    assert [row[1] for row in frozen()] == [1, 2]


def test_what_a_role_may_not_is_not_offered(house):
    for who in ("cora", "finn"):
        app = opened(who)
        assert not app.exception
        assert not [b for b in app.button if b.key in ("mpk_freeze_go", "mpk_restate_go")]
    assert "not shown to your role" in said(app)  # finance sees no leads
    assert not [m for m in app.metric if m.label == "Leads received"]


def test_people_of_a_region_see_it_and_people_of_dealers_nothing(house):
    app = opened("wes")
    assert tile(app, "Co-op paid") == "$0"
    assert "for west" in said(app)
    assert "All dealers" not in said(app)
    assert [s.key for s in app.selectbox if s.key == "mpk_region"] == []
    app = opened("dora")
    assert "You have no access to this page" in said(app)
    assert not app.metric
