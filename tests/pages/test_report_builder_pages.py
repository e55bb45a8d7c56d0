"""The report builder as a manager, finance, a dealer manager and dealer staff use it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from db.core.permissions import Role
from db.core.session import engine as process_engine
from db.core.session import reading, run
from db.reports.saved_commands import keep_report, schedule_report
from db.reports.saved_tables import ReportRecipient, SavedReport
from tests.leads.factories import make_dealer, receive
from tests.support import users
from tests.support.clock import hold_clock
from tests.support.users import actor_named, app_as, make_people, make_person

PAGE = "pages/reports/report_builder.py"
CLOCK = datetime(2026, 6, 29, 14, 0, tzinfo=UTC)
OWN, OTHER = "Lone Pine Motors", "West Motors"


@pytest.fixture
def desk(app_database, monkeypatch):
    """Two dealers with leads of their own, and somebody of each role; the dealer manager is of the first."""
    hold_clock(monkeypatch, CLOCK)
    engine = process_engine()
    make_people(engine)
    own = users.make_dealer(engine)
    from db.core.session import writing

    with writing(engine, keeps_timeline=False) as session:
        west = make_dealer(session, "00201", OTHER, region="West").id
    receive(engine, dealer_id=own, received_at=CLOCK, source="EASTWEB")
    receive(engine, dealer_id=own, received_at=CLOCK - timedelta(days=40), source="EASTWEB")
    receive(engine, dealer_id=west, received_at=CLOCK, source="WESTWEB")
    return {"own": own, "west": west}


def opened(who, **query):
    app = app_as(who, page=PAGE)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run() if query else app


def address(app):
    found = {k: v for k, v in app.query_params.items() if k.startswith("rb_") and k != "rb_view"}
    return {k: v if isinstance(v, list) else [v] for k, v in found.items()}


def kept(who):
    app = app_as(who, page=PAGE)
    app.session_state["rb_view"] = "kept"
    return app.run()


def text(app):
    parts = [str(e.value) for e in [*app.markdown, *app.caption, *app.warning, *app.info, *app.error]]
    return "\n".join(parts + [frame.value.to_string() for frame in app.dataframe])


def button(app, label):
    return next(b for b in app.button if b.label == label)


def test_from_nothing_to_a_report_that_is_kept_and_opened_by_its_link(desk):
    app = opened("manager")
    assert not app.exception
    assert "Choose figures above" in text(app)
    button(app, "Leads and answers by month").click().run()
    assert not app.exception
    assert address(app) == {"rb_m": ["received", "response_sla"], "rb_by": ["month"], "rb_shape": ["line"]}
    assert app.metric[0].value == "3"
    app.text_input(key="rs_name").set_value("By month").run()
    app.radio(key="rs_shared").set_value("desk").run()
    app.button(key="rs_save").click().run()
    assert not app.exception
    assert "By month" in text(app)
    with reading(process_engine()) as session:
        spec = session.scalars(select(SavedReport.spec)).one()
    assert spec == {"rb_m": ["received", "response_sla"], "rb_by": ["month"], "rb_shape": ["line"]}
    other = opened("coordinator", report="1")
    assert not other.exception
    assert address(other) == spec
    assert "kept by Manager Manager" in text(other)
    assert [b.label for b in other.button if b.label in ("Manage", "Save changes")] == []


@pytest.mark.parametrize("shape", ["table", "bars", "line", "heat", "pivot"])
def test_each_shape_is_drawn_from_its_address(desk, shape):
    app = opened("manager", rb_m=["received", "valid_share"], rb_by=["region", "month"], rb_shape=shape)
    assert not app.exception
    assert address(app).get("rb_shape", ["table"]) == [shape]
    assert {"East", "West"} <= set(app.dataframe[0].value["region"])
    if shape == "pivot":
        whole = app.dataframe[0].value.set_index("region")
        assert (whole.loc["All", "all"], whole.loc["East", "c_2026-05"], whole.loc["West", "c_2026-05"]) == (
            "3", "1", "–",
        )  # fmt: skip


def test_numerator_and_denominator_on_demand(desk):
    app = opened("manager", rb_m=["received", "valid_share"], rb_by=["region"])
    assert list(app.dataframe[0].value) == ["region", "received", "valid_share"]
    app.toggle(key="rb_w_parts").set_value(True).run()
    assert list(app.dataframe[0].value) == [
        "region", "received", "valid_share", "valid_share_numerator", "valid_share_denominator",
    ]  # fmt: skip
    assert address(app)["rb_parts"] == ["1"]


@pytest.mark.parametrize(
    "query, said",
    [
        ({"rb_m": "received", "rb_period": "own", "rb_from": "2024-01", "rb_to": "2024-02", "rb_by": "region"},
         "nothing to count"),
        ({"rb_m": ["received", "gone"]}, "1 Jul 2025 to 29 Jun 2026"),
        ({"rb_m": "received", "rb_as_of": "2026-05-31"}, "1 Jun 2025 to 31 May 2026"),
        ({"rb_m": "received", "rb_dealer": "99999"}, "narrowed to 1 dealer you do not see"),
        ({"report": "77"}, "not here any more"),
        ({"rb_m": ["received", "claim_cost"], "rb_by": "source"}, "All dealers"),
    ],
)  # fmt: skip
def test_odd_addresses_are_answered_in_words(desk, query, said):
    app = opened("manager", **query)
    assert not app.exception
    assert said in text(app)


def test_a_dealer_manager_sees_their_own_numbers_only(desk):
    app = opened("dealer_manager", rb_m="received", rb_by=["dealer", "source"])
    assert not app.exception
    assert OWN in text(app)
    assert OTHER not in text(app)
    assert "WESTWEB" not in text(app)
    assert app.metric[0].value == "2"
    labels = "\n".join(o for m in app.multiselect for o in m.options)
    assert OTHER not in labels
    app = opened("dealer_manager", rb_m="received", rb_by="source", rb_dealer="00201", rb_region="West")
    assert not app.exception
    assert "WESTWEB" not in text(app)
    assert app.radio(key="rs_shared").options == ["Only me"]


def test_other_roles_get_their_figures_or_no_page(desk):
    app = opened("finance", rb_m=["received", "claim_cost"])
    assert not app.exception
    assert "1 figure of this report cannot be shown to your role" in text(app)
    assert address(app)["rb_m"] == ["claim_cost"]
    assert "You have no access" in text(opened("dealer_staff", rb_m="received"))


def test_what_was_kept_is_found_managed_and_removed(desk):
    engine = process_engine()
    manager = actor_named(engine, "manager")
    for name, shared in (("Mine", "me"), ("Ours", "desk")):
        run(
            keep_report, bind=engine, name=name, query={"rb_m": ["received"], "rb_by": ["region"]}, shared=shared,
            form_key=None, actor=manager, now=CLOCK,
        )  # fmt: skip
    app = kept("coordinator")
    assert list(app.dataframe[0].value["Report"]) == ["Ours"]
    app = kept("manager")
    assert set(app.dataframe[0].value["Report"]) == {"Mine", "Ours"}
    app.text_input(key="rs_text").set_value("min").run()
    assert list(app.dataframe[0].value["Report"]) == ["Mine"]
    app.session_state["rs_open"] = 1
    app.run()
    app.text_input(key="rs_1_name").set_value("Mine too").run()
    app.button(key="rs_1_name_go").click().run()
    app.segmented_control(key="rs_1_rhythm").set_value("weekly").run()
    app.multiselect(key="rs_1_people").set_value([manager.user_id]).run()
    app.button(key="rs_1_rhythm_go").click().run()
    assert not app.exception
    assert "Every Monday" in text(app)
    with reading(engine) as session:
        report = session.get_one(SavedReport, 1)
        assert (report.name, report.rhythm, report.send_day) == ("Mine too", "weekly", 1)
        assert session.scalars(select(ReportRecipient.person_id)).all() == [manager.user_id]
    app.button(key="rs_1_remove_go").click().run()
    assert not app.exception
    with reading(engine) as session:
        assert session.get_one(SavedReport, 1).removed_at is not None


def test_a_changed_report_says_so_and_is_kept_by_its_keeper(desk):
    engine = process_engine()
    run(
        keep_report, bind=engine, name="Ours", query={"rb_m": ["received"], "rb_by": ["region"]}, shared="desk",
        form_key=None, actor=actor_named(engine, "manager"), now=CLOCK,
    )  # fmt: skip
    app = opened("manager", report="1")
    assert [b.label for b in app.button if b.label == "Save changes"] == []
    app.segmented_control(key="rb_w_shape").set_value("bars").run()
    button(app, "Save changes").click().run()
    assert not app.exception
    with reading(engine) as session:
        assert session.get_one(SavedReport, 1).spec["rb_shape"] == ["bars"]
    assert [b.label for b in app.button if b.label == "Save changes"] == []


def test_who_gets_a_report_by_mail_chooses_whether_the_workbook_comes_along(desk):
    engine = process_engine()
    manager, cora = actor_named(engine, "manager"), actor_named(engine, "coordinator")
    run(
        keep_report, bind=engine, name="Ours", query={"rb_m": ["received"]}, shared="desk", form_key=None,
        actor=manager, now=CLOCK,
    )  # fmt: skip
    run(
        schedule_report, bind=engine, report_id=1, seen_version=1, rhythm="weekly", day=1, people=[cora.user_id],
        actor=manager, now=CLOCK,
    )  # fmt: skip
    assert not [t for t in opened("manager", report="1").toggle if t.key == "rs_1_file"], "gets no mail of it"
    app = opened("coordinator", report="1")
    app.toggle(key="rs_1_file").set_value(True).run()
    assert not app.exception
    assert "Your mails of this report were changed" in text(app) + "".join(t.value for t in app.toast)
    with reading(engine) as session:
        assert session.scalars(select(ReportRecipient.with_file)).all() == [True]
    assert opened("coordinator", report="1").toggle(key="rs_1_file").value is True


def test_a_regional_person_sees_their_region(desk):
    make_person(process_engine(), "rhea", Role.COORDINATOR, scope_kind="regions", regions=["West"])
    app = opened("rhea", rb_m="received", rb_by="dealer")
    assert not app.exception
    assert OTHER in text(app)
    assert OWN not in text(app)
