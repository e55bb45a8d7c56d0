"""The page Documents as people use it, the tab of a dealer, and the form other areas draw."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from components import auth
from components.areas.documents_drawer import What
from db.core.permissions import Role
from db.core.session import engine, reading, run
from db.core.timeline import TimelineEntry
from db.documents import commands, storage
from db.documents.tables import Document
from tests.documents.examples import pdf
from tests.support.clock import clock_held
from tests.support.users import NOW, actor_named, app_as, make_dealer, make_person, open_tab

PAGE = "pages/network/documents.py"
TODAY = NOW.astimezone(ZoneInfo("America/New_York")).date()  # where the dealers are

of_that_day = clock_held(NOW)


@pytest.fixture
def desk(app_database: str) -> dict[str, int]:
    """Lone Pine has a contract and a licence that expired; North Star has nothing but a photo."""
    lone, star = make_dealer(engine()), make_dealer(engine(), code="0999", name="North Star", region="West")
    make_person(engine(), "cora", Role.COORDINATOR)
    make_person(engine(), "mia", Role.MANAGER)
    make_person(engine(), "fin", Role.FINANCE)
    make_person(engine(), "dana", Role.DEALER_MANAGER, dealer_ids=[lone], scope_kind="dealers")
    found = {"lone": lone, "star": star}
    for name, dealer, kind, ends in (
        ("contract", lone, "contract", TODAY + timedelta(days=400)),
        ("licence", lone, "licence", TODAY - timedelta(days=5)),
        ("photo", star, "photo", None),
    ):
        found[name] = run(
            commands.add_document, dealer_id=dealer, document_type=kind, title=f"The {name}", file_name=f"{name}.pdf",
            content=pdf(name), expires_on=ends, actor=actor_named(engine(), "cora"), now=NOW,
        )  # fmt: skip
    return found


def written(app: Any) -> str:
    kinds = (app.markdown, app.caption, app.error, app.title, app.table)
    return "\n".join(str(one.value) for kind in kinds for one in kind).replace("\\", "")


def opened(username: str, kind: str, number: int) -> Any:
    app = app_as(username, page=PAGE)
    app.session_state["doc_drawer"] = What(kind, number)
    return app.run()


def field(app: Any, form: str, name: str) -> str:
    return f"{form}_{app.session_state[f'{form}_form_key'][:8]}_{name}"


def stored(number: int) -> Document:
    with reading() as session:
        document = session.get_one(Document, number)
        session.expunge(document)
        return document


def labels(app: Any) -> list[str]:
    return [button.label for button in app.button]


# ---- the lists -------------------------------------------------------------------------------------------------------
def test_the_matrix_shows_who_lacks_what(desk):
    app = app_as("cora", page=PAGE)
    assert not app.exception
    shown = app.dataframe[0].value
    assert list(shown["Dealer"]) == ["Lone Pine Motors", "North Star"]
    assert list(shown["Gaps"]) == [3, 4]
    assert [list(cell) for cell in shown["licence"]] == [["Expired"], ["Missing"]]
    assert "1 expired" in written(app)
    app.selectbox(key="doc_region").set_value("West").run()
    assert list(app.dataframe[0].value["Dealer"]) == ["North Star"]
    app.button(key="doc_clear_missing").click().run()
    app.selectbox(key="doc_status").set_value("suspended").run()
    assert "No gap here" in written(app)


def test_a_dealers_manager_sees_their_own_alone_on_every_list(desk):
    app = app_as("dana", page=PAGE)
    assert list(app.dataframe[0].value["Dealer"]) == ["Lone Pine Motors"]
    for view in ("expiring", "renewals", "all"):
        app.segmented_control(key="doc_view").set_value(view).run()
        assert not app.exception
        assert {dealer.rpartition(" (")[0] for dealer in app.dataframe[0].value["Dealer"]} == {"Lone Pine Motors"}
    assert "What is required" not in labels(app)


@pytest.mark.parametrize("kind, name, said", [
    ("document", "photo", "This document was not found"), ("dealer", "star", "This dealer was not found"),
])  # fmt: skip
def test_the_drawer_of_another_dealer_does_not_exist(desk, kind, name, said):
    app = opened("dana", kind, desk[name])
    assert said in written(app)
    assert "North Star" not in written(app)


def test_a_link_opens_the_document(desk):
    app = app_as("cora", page=PAGE)
    app.query_params["document"] = str(desk["licence"])
    app.run()
    assert not app.exception
    assert "expire" in written(app)
    assert "5 days ago" in written(app)


def test_expiring_and_renewals_are_sorted_by_the_day_they_end(desk):
    app = app_as("cora", page=PAGE)
    app.segmented_control(key="doc_view").set_value("expiring").run()
    assert list(app.dataframe[0].value["Title"]) == ["The licence"]
    app.segmented_control(key="doc_when").set_value("year").run()
    assert "Nothing expires here" in written(app)
    app.segmented_control(key="doc_view").set_value("renewals").run()
    assert list(app.dataframe[0].value["Rank"]) == [1]


def test_a_click_on_a_week_narrows_the_list(desk):
    end = TODAY + timedelta(days=20)
    run(
        commands.add_document, dealer_id=desk["star"], document_type="licence", file_name="l.pdf", content=pdf("x"),
        title="Soon", expires_on=end, actor=actor_named(engine(), "cora"), now=NOW,
    )  # fmt: skip
    app = app_as("cora", page=PAGE)
    app.segmented_control(key="doc_view").set_value("expiring").run()
    assert list(app.dataframe[0].value["Title"]) == ["The licence", "Soon"]
    monday = end - timedelta(days=end.weekday())
    app.session_state["doc_weeks"] = {"selection": {"pick": [{"monday": monday.isoformat()}]}}
    app.run()
    assert list(app.dataframe[0].value["Title"]) == ["Soon"]


def test_everything_can_be_searched_and_old_versions_are_there(desk):
    run(
        commands.renew_document, document_id=desk["licence"], seen_version=1, file_name="new.pdf", content=pdf("new"),
        expires_on=TODAY + timedelta(days=300), actor=actor_named(engine(), "dana"), now=NOW,
    )  # fmt: skip
    app = app_as("cora", page=PAGE)
    app.segmented_control(key="doc_view").set_value("all").run()
    assert len(app.dataframe[0].value) == 3
    app.text_input(key="doc_text").set_value("licence").run()
    assert list(app.dataframe[0].value["Version"]) == [2]
    app.checkbox(key="doc_versions").set_value(True).run()
    assert list(app.dataframe[0].value["Version"]) == [2, 1]
    app.text_input(key="doc_text").set_value("nothing like it").run()
    assert "No document matches" in written(app)


# ---- adding and renewing ---------------------------------------------------------------------------------------------
def test_a_missing_document_is_uploaded_and_a_refusal_keeps_what_was_typed(desk):
    app = opened("dana", "dealer", desk["lone"])
    app.button(key="doc_gap_insurance").click().run()
    assert app.selectbox(key=field(app, "doc_upload", "document_type")).value == "insurance"
    app.text_input(key=field(app, "doc_upload", "number")).set_value("GL-1").run()
    app.button(key="doc_upload_save").click().run()
    assert "Choose a file." in written(app)
    assert "Insurance needs the day it expires" in written(app)
    assert app.text_input(key=field(app, "doc_upload", "number")).value == "GL-1"
    app.date_input(key=field(app, "doc_upload", "effective_on")).set_value(date(2026, 7, 1)).run()
    assert app.date_input(key=field(app, "doc_upload", "expires_on")).value == date(2027, 6, 30)
    app.file_uploader(key=field(app, "doc_upload", "file")).upload("policy.pdf", b"MZ\x90\x00 not a PDF").run()
    app.button(key="doc_upload_save").click().run()
    assert "The file is a program" in written(app)
    assert app.text_input(key=field(app, "doc_upload", "number")).value == "GL-1"
    app.file_uploader(key=field(app, "doc_upload", "file")).upload("policy.pdf", pdf("policy")).run()
    app.button(key="doc_upload_save").click().run()
    assert not app.exception
    with reading() as session:
        made = session.scalars(select(Document).where(Document.document_type == "insurance")).one()
        assert (made.number, made.expires_on, made.uploaded_by) == ("GL-1", date(2027, 6, 30), "dana")
    assert not [b for b in app.button if b.key == "doc_gap_insurance"]


def test_an_expired_document_is_renewed_in_its_drawer(desk):
    app = opened("cora", "document", desk["licence"])
    assert app.date_input(key=field(app, "doc_renew", "effective_on")).value == TODAY - timedelta(days=4)
    app.file_uploader(key=field(app, "doc_renew", "file")).upload("l.pdf", pdf("renewed")).run()
    app.button(key="doc_renew_save").click().run()
    assert not app.exception
    assert stored(desk["licence"]).status == "superseded"
    assert "doc_drawer" not in app.session_state


def test_a_stale_drawer_changes_nothing(desk):
    app = opened("cora", "document", desk["licence"])
    app.file_uploader(key=field(app, "doc_renew", "file")).upload("l.pdf", pdf("mine")).run()
    run(
        commands.set_hold, document_id=desk["licence"], seen_version=1, reason="Audit",
        actor=actor_named(engine(), "mia"), now=NOW,
    )  # fmt: skip
    # The click carries the version the person saw, although the drawer is drawn anew by the click itself.
    app.button(key="doc_renew_save").click().run()
    assert "was changed by Manager Mia" in written(app)
    assert stored(desk["licence"]).status == "current"


ACTIONS = [
    ("hold", "set_hold", lambda d: d.is_held and d.hold_reason == "Because"),
    ("void", "void_document", lambda d: d.status == "void" and d.void_reason == "Because"),
]


@pytest.mark.parametrize("action, command, is_done", ACTIONS, ids=[a[0] for a in ACTIONS])
def test_the_desk_holds_and_voids_with_a_reason(desk, action, command, is_done):
    number = desk["contract"]
    app = opened("cora", "document", number)
    app.pills(key=f"doc_action_{number}").set_value(action).run()
    app.button(key=f"doc_{number}_{command}_go").click().run()
    assert "The reason is needed" in written(app)
    app.text_input(key=f"doc_{number}_1_{command}_reason").set_value("Because").run()
    app.button(key=f"doc_{number}_{command}_go").click().run()
    assert not app.exception
    assert is_done(stored(number))


def test_all_documents_of_a_dealer_are_held_at_once(desk):
    app = opened("cora", "dealer", desk["lone"])
    app.button(key="doc_hold_go").click().run()
    assert "The reason is needed" in written(app)
    app.text_input(key="doc_hold_reason").set_value("Audit").run()
    app.button(key="doc_hold_go").click().run()
    assert not app.exception
    assert [stored(desk[name]).hold_reason for name in ("contract", "licence", "photo")] == ["Audit", "Audit", ""]
    assert not [b for b in app.button if b.key == "doc_hold_go"]
    assert not [b for b in opened("dana", "dealer", desk["lone"]).button if b.key == "doc_hold_go"]


def test_days_are_corrected(desk):
    number = desk["contract"]
    app = opened("cora", "document", number)
    app.pills(key=f"doc_action_{number}").set_value("dates").run()
    app.date_input(key=f"doc_{number}_1_expires_on").set_value(TODAY + timedelta(days=30))
    app.text_input(key=f"doc_{number}_1_reason").set_value("Misread").run()
    app.button(key=f"doc_{number}_correct_dates_go").click().run()
    assert stored(number).expires_on == TODAY + timedelta(days=30)


@pytest.mark.parametrize(
    "username, actions", [("dana", {"renew"}), ("fin", set()), ("mia", {"renew", "dates", "hold", "void"})]
)
def test_who_is_offered_what(desk, username, actions):
    app = opened(username, "document", desk["contract"])
    assert not app.exception
    offered = [p for p in app.pills if p.key == f"doc_action_{desk['contract']}"]
    assert len(offered[0].options if offered else ()) == len(actions)
    assert [d.label for d in app.get("download_button")] == ["Download", "Renewal pack"]


# ---- what is required ------------------------------------------------------------------------------------------------
def test_what_is_required_is_decided_on_the_page(desk):
    app = app_as("mia", page=PAGE)
    app.multiselect(key="doc_req_active_0").set_value(["contract"]).run()
    app.button(key="doc_req_save").click().run()
    assert not app.exception
    assert list(app.dataframe[0].value["Dealer"]) == ["North Star"]
    assert app.multiselect(key="doc_req_active_1").value == ["contract"]


# ---- pieces other pages draw -----------------------------------------------------------------------------------------
def tab_script(dealer_id: int) -> None:
    from components.access import current_actor
    from components.areas.documents import draw_dealer_tab
    from db.core.session import reading
    from db.dealers.queries import get_dealer

    actor = current_actor()
    with reading() as session:
        dealer = get_dealer(session, dealer_id=dealer_id, scope=actor.scope)
    draw_dealer_tab(dealer, actor)


def form_script(dealer_id: int) -> None:
    import streamlit as st

    from components.areas.documents import upload_form

    upload_form(
        dealer_id, key="onb_7", item_type="checklist_item", item_id=7, fixed_type="evidence",
        after=lambda number: st.session_state.update(made=number),
    )  # fmt: skip


def scripted(script: Any, username: str, dealer_id: int) -> Any:
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_function(script, kwargs={"dealer_id": dealer_id}, default_timeout=30)
    app.session_state[auth.SESSION] = open_tab(engine(), username)
    return app.run()


def test_the_tab_of_a_dealer_has_gaps_on_top_and_what_is_there_below(desk):
    app = scripted(tab_script, "dana", desk["lone"])
    assert not app.exception
    assert "3 gaps" in written(app)
    assert [list(frame.value["Title"]) for frame in app.dataframe] == [["The contract"], ["The licence"]]
    app.button(key="doc_tab_gap_licence").click().run()
    assert app.session_state["doc_drawer"] == ("document", desk["licence"])
    assert not app.exception
    reader = scripted(tab_script, "fin", desk["lone"])
    assert labels(reader) == []


def test_another_area_asks_for_evidence_with_the_same_form(desk):
    app = scripted(form_script, "dana", desk["lone"])
    assert not app.date_input
    app.text_input(key=field(app, "onb_7", "title")).set_value("Sign order")
    app.file_uploader(key=field(app, "onb_7", "file")).upload("order.pdf", pdf("order")).run()
    app.button(key="onb_7_save").click().run()
    assert not app.exception
    made = stored(app.session_state["made"])
    assert (made.document_type, made.item_type, made.item_id, made.title) == (
        "evidence", "checklist_item", 7, "Sign order",
    )  # fmt: skip
    assert app.text_input(key=field(app, "onb_7", "title")).value == ""
    assert len(list(storage.walk())) == 4


def test_each_download_is_written_down(desk):
    from components.exports import _actor_of

    actor = _actor_of(open_tab(engine(), "dana"))
    made = run(commands.fetch_document, document_id=desk["contract"], actor=actor, now=NOW)
    assert made.content == pdf("contract")
    with reading() as session:
        last = session.scalars(select(TimelineEntry).order_by(TimelineEntry.seq.desc()).limit(1)).one()
        assert (last.command, last.actor) == ("fetch_document", "dana")
