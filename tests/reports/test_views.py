"""Views of a page under a name: kept as their address, opened by whoever may, never sent; and how they read."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from db import catalog  # noqa: F401 - makes every metric known by name
from db.core.problems import NotFound, Refused
from db.core.session import reading, run
from db.core.timeline import TimelineEntry
from db.reports import saved_commands as commands
from db.reports.builder_rules import Spec, to_query
from db.reports.saved_checks import CHECKS
from db.reports.saved_queries import get_report, list_reports, list_views
from db.reports.saved_tables import SavedReport
from db.reports.view_rules import VIEWS, describe_view, fixed, kept, page_of
from tests.leads.factories import NOW, make_network
from tests.reports.test_period_rules import span

QUERY = {"ovw_period": ["own"], "ovw_from": ["2026-03"], "ovw_until": ["2026-05"], "ovw_region": ["East"]}


def keep(engine, actor, **other: Any) -> int:
    values = {"page": "overview", "name": "Spring", "query": QUERY, "shared": "me", "form_key": None} | other
    return run(commands.keep_view, bind=engine, actor=actor, now=NOW, **values)


# ---- rules ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "query, words",
    [
        (QUERY, "Overview, Mar 2026 to May 2026, East"),
        ({"ovw_period": ["12"], "ovw_tier": ["gold"], "ovw_dealer": ["7"]}, "Overview, 12 months, gold, one dealer"),
        ({"ovw_period": ["own"], "ovw_from": ["2026-03"], "ovw_until": ["2026-03"]}, "Overview, Mar 2026"),
        ({"ovw_period": ["own"], "ovw_from": ["nonsense"], "ovw_brand": ["Halden"]}, "Overview, Halden"),
        ({"ovw_period": ["nonsense"]}, "Overview"),
    ],
)
def test_a_view_in_words(query, words):
    assert describe_view(kept("overview", query)) == words


def test_only_the_fields_of_the_page_are_kept_one_word_each():
    query = {"ovw_region": ["East", "West"], "ovw_brand": [""], "ovw_tier": ["x" * 121], "session": ["secret"]}
    assert kept("overview", query) == {"page": ["overview"], "ovw_region": ["West"]}


@pytest.mark.parametrize("query, page", [({}, ""), ({"page": []}, ""), ({"page": ["other"]}, "")])
def test_what_is_no_view(query, page):
    assert page_of(query) == page


def test_a_view_may_keep_the_months_it_shows_now():
    found = fixed("overview", {"ovw_period": ["3"], "ovw_region": ["East"]}, span("2026-03-01", "2026-05-31"))
    assert found == QUERY


def test_the_page_draws_every_field_of_its_view():
    assert {name.split("_")[0] for name in VIEWS["overview"].fields} == {VIEWS["overview"].prefix}


# ---- keeping and opening --------------------------------------------------------------------------------------------
def test_a_view_is_kept_once_and_found_as_it_was(engine):
    network = make_network(engine)
    view = keep(engine, network.sales_leader, form_key="k")
    assert keep(engine, network.sales_leader, name="Again", form_key="k") == view
    report = run(
        commands.keep_report, bind=engine, name="Leads", query=to_query(Spec(metrics=("received",))), shared="me",
        form_key=None, actor=network.sales_leader, now=NOW,
    )  # fmt: skip
    with reading(engine) as session:
        line = get_report(session, report_id=view, actor=network.sales_leader)
        (found,) = list_views(session, page="overview", actor=network.sales_leader)
        everything = {one.report_id: one for one in list_reports(session, actor=network.sales_leader)[0]}
        entries = list(session.scalars(select(TimelineEntry.command).order_by(TimelineEntry.seq)))
        problems = CHECKS[0].run(session)
    assert (line.name, line.page, line.what) == ("Spring", "overview", "Overview, Mar 2026 to May 2026, East")
    assert {name: list(words) for name, words in line.query.items()} == {"page": ["overview"], **QUERY}
    assert found.report_id == view
    assert {i: one.page for i, one in everything.items()} == {view: "overview", report: ""}
    assert (entries, problems) == (["keep_view", "keep_report"], [])


@pytest.mark.parametrize(
    "who, other, problem",
    [
        ("sales_leader", {"name": "  "}, ("name", "required")),
        ("sales_leader", {"page": "elsewhere"}, ("page", "unknown")),
        ("sales_leader", {"shared": "world"}, ("shared", "unknown")),
        ("sales_leader", {"shared": "all", "query": {"ovw_dealer": ["1"]}}, ("shared", "names_dealers")),
        ("dealer_manager", {"shared": "desk"}, ("shared", "not_allowed")),
        ("staff", {}, ("", "not_allowed")),
    ],
)
def test_what_is_not_kept(sqlite_engine, who, other, problem):
    network = make_network(sqlite_engine)
    with pytest.raises(Refused) as refusal:
        keep(sqlite_engine, getattr(network, who), **other)
    assert (refusal.value.problems[0].field, refusal.value.problems[0].code) == problem
    with reading(sqlite_engine) as session:
        assert session.scalar(select(SavedReport.id)) is None


@pytest.mark.parametrize(
    "command, other",
    [
        (commands.change_report, {"query": to_query(Spec(metrics=("received",)))}),
        (commands.schedule_report, {"rhythm": "weekly", "day": 1, "people": []}),
    ],
)
def test_a_view_is_neither_sent_nor_turned_into_a_report(sqlite_engine, command, other):
    network = make_network(sqlite_engine)
    view = keep(sqlite_engine, network.sales_leader)
    with pytest.raises(Refused) as refusal:
        run(
            command, bind=sqlite_engine, report_id=view, seen_version=1, actor=network.sales_leader, now=NOW, **other
        )  # fmt: skip
    assert refusal.value.code == "is_view"
    with reading(sqlite_engine) as session:
        assert session.get_one(SavedReport, view).version == 1


def test_a_view_is_shared_renamed_and_removed_as_a_report_is(sqlite_engine):
    network, more = make_network(sqlite_engine), dict[str, Any](now=NOW)
    more["actor"] = network.sales_leader
    view = keep(sqlite_engine, network.sales_leader)
    own = keep(sqlite_engine, network.sales_leader, query={"ovw_dealer": ["1"]})
    with pytest.raises(NotFound), reading(sqlite_engine) as session:
        get_report(session, report_id=view, actor=network.dealer_manager)
    run(commands.share_report, bind=sqlite_engine, report_id=view, seen_version=1, shared="all", **more)
    with pytest.raises(Refused, match="names dealers"):
        run(commands.share_report, bind=sqlite_engine, report_id=own, seen_version=1, shared="all", **more)
    with reading(sqlite_engine) as session:
        seen = list_views(session, page="overview", actor=network.dealer_manager)
    assert [(line.report_id, line.is_mine) for line in seen] == [(view, False)]
    run(commands.rename_report, bind=sqlite_engine, report_id=view, seen_version=2, name="Spring 2026", **more)
    run(commands.remove_report, bind=sqlite_engine, report_id=view, seen_version=3, **more)
    with reading(sqlite_engine) as session:
        assert list_views(session, page="overview", actor=network.dealer_manager) == []
