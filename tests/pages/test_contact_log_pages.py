"""Dealer 360 and the page Dealer contacts, used as people use them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from components.areas import contact_log, documents
from db.contact_log.commands import PromiseDraft, log_contact, make_promise
from db.contact_log.tables import ContactReport, Promise
from db.core.permissions import Role
from db.core.session import engine, reading, run
from tests.support.again import begun
from tests.support.users import actor_named, app_as, make_dealer, make_person

DEALER, CONTACTS = "pages/network/dealer.py", "pages/network/contacts.py"
DAY = timedelta(days=1)


@pytest.fixture
@begun
def desk(app_database: str) -> dict[str, int]:
    make_person(engine(), "cora", Role.COORDINATOR)
    make_person(engine(), "leah", Role.SALES_LEADER)
    make_person(engine(), "fin", Role.FINANCE)
    return {
        "lone": make_dealer(engine()), "star": make_dealer(engine(), code="0999", name="North Star", region="West"),
    }  # fmt: skip


def now() -> datetime:
    return datetime.now(UTC)


def log(dealer_id: int, *, ago: timedelta = timedelta(0), who: str = "cora", **other: Any) -> int:
    facts: dict[str, Any] = {"dealer_id": dealer_id, "summary": "Talked about parts."} | other
    return run(log_contact, bind=engine(), actor=actor_named(engine(), who), now=now() - ago, **facts)


def written(app: Any) -> str:
    kinds = (app.markdown, app.caption, app.error, app.title, app.toast)
    return "\n".join(one.value for kind in kinds for one in kind).replace("\\", "")


def opened(username: str, dealer: int, tab: str = "") -> Any:
    app = app_as(username, page=DEALER)
    app.query_params["dealer"] = str(dealer)
    if tab:
        app.query_params["tab"] = tab
    return app.run()


def at_contacts(username: str, view: str = "") -> Any:
    app = app_as(username, page=CONTACTS)
    if view:
        app.segmented_control(key="con_view").set_value(view).run()
    return app


def reports() -> list[ContactReport]:
    with reading() as session:
        found = list(session.scalars(select(ContactReport).order_by(ContactReport.id)))
        session.expunge_all()
        return found


class Hands:
    """Counts what a person does: one for each box typed into and each button clicked."""

    def __init__(self, app: Any) -> None:
        self.app, self.actions = app, 0

    def write(self, key: str, text: str) -> None:
        self.actions += 1
        self.app.text_area(key=key).set_value(text)

    def click(self, key: str) -> None:
        self.actions += 1
        self.app.button(key=key).click().run()


# ---- two actions, and no more
def test_a_call_is_logged_in_two_actions_from_dealer_360(desk: dict[str, int]):
    hands = Hands(opened("cora", desk["lone"]))
    hands.write(f"dl_note_{desk['lone']}", "Waits for two Atlas.")
    hands.click("dl_log")
    assert hands.actions == 2
    (report,) = reports()
    assert (report.channel, report.outcome, report.summary, report.counts) == (
        "call",
        "reached",
        "Waits for two Atlas.",
        True,
    )
    assert report.dealer_id == desk["lone"]
    assert "Logged: reached" in written(hands.app)
    assert hands.app.text_area(key=f"dl_note_{desk['lone']}").value == ""
    assert "Waits for two Atlas." in written(hands.app.run())  # it is the last contact now


def test_a_call_is_logged_in_two_actions_from_the_gap_list(desk: dict[str, int]):
    log(desk["star"], ago=40 * DAY)
    hands = Hands(at_contacts("cora"))
    assert list(hands.app.dataframe[0].value["Dealer"]) == ["Lone Pine Motors", "North Star"]
    hands.write(f"gapq_note_{desk['lone']}", "First call, went well.")
    hands.click("gapq_log")
    assert hands.actions == 2
    assert reports()[-1].dealer_id == desk["lone"]
    assert list(hands.app.dataframe[0].value["Dealer"]) == ["North Star"]  # the next one has moved up


def test_a_try_is_one_click_and_the_gap_goes_on(desk: dict[str, int]):
    log(desk["star"])
    hands = Hands(at_contacts("cora"))
    hands.click("gapq_none")
    assert hands.actions == 1
    assert [r.outcome for r in reports()] == ["reached", "no_answer"]
    assert list(hands.app.dataframe[0].value["Dealer"]) == ["Lone Pine Motors"]
    assert list(hands.app.dataframe[0].value["Tried since"]) == ["0 d ago"]


def test_a_second_click_on_the_same_form_logs_nothing_more(desk: dict[str, int]):
    app = opened("cora", desk["lone"])
    key = app.session_state[f"_form_key_dl_note_{desk['lone']}"]
    log(desk["lone"], form_key=key)
    app.text_area(key=f"dl_note_{desk['lone']}").set_value("Once more")
    app.button(key="dl_log").click().run()
    assert len(reports()) == 1


def test_an_empty_note_is_refused_beside_its_box(desk: dict[str, int]):
    app = opened("cora", desk["lone"])
    app.button(key="dl_log").click().run()
    assert "What was said is needed." in written(app)
    assert reports() == []


# ---- the whole form
def test_a_visit_with_promises_is_logged_in_the_drawer(desk: dict[str, int]):
    app = at_contacts("cora")
    app.session_state["gap_click"] = None
    app.text_area(key=f"gapq_note_{desk['lone']}").set_value("Walked the showroom.")
    app.button(key="gapq_more").click().run()
    assert app.text_area(key="cf_summary").value == "Walked the showroom."  # what was typed comes along
    app.button_group(key="cf_channel").set_value("visit").run()
    assert app.session_state["cf_outcome"] == "met"  # a visit is met, not reached
    app.text_input(key="cf_us_text").set_value("Send the list")
    app.text_input(key="cf_dealer_text").set_value("Name a manager")
    app.button(key="cf_save").click().run()
    assert not app.exception
    (report,) = reports()
    assert (report.channel, report.outcome) == ("visit", "met")
    with reading() as session:
        made = session.execute(select(Promise.made_by, Promise.text).order_by(Promise.id)).all()
    assert [tuple(row) for row in made] == [("us", "Send the list"), ("dealer", "Name a manager")]
    assert "cf_save" not in {button.key for button in app.button}


def test_a_refusal_in_the_drawer_keeps_what_was_typed(desk: dict[str, int]):
    app = opened("cora", desk["lone"])
    app.button(key="dl_more").click().run()
    app.text_input(key="cf_us_text").set_value("Send the list")
    app.button(key="cf_save").click().run()
    assert "What was said is needed." in written(app)
    assert app.text_input(key="cf_us_text").value == "Send the list"
    assert reports() == []


# ---- who sees what
def test_the_dealers_manager_sees_the_dealer_and_nothing_of_the_log(desk: dict[str, int]):
    make_person(engine(), "dana", Role.DEALER_MANAGER)
    log(desk["lone"], summary="They will never make the target.", promises=[
        PromiseDraft(made_by="us", text="Secret promise", due_day=now().date() + DAY),
    ])  # fmt: skip
    for tab in ("", "timeline", "contacts"):
        app = opened("dana", desk["lone"], tab)
        assert not app.exception
        words = written(app)
        assert "never make the target" not in words
        assert "Secret promise" not in words
        assert "C-000001" not in words
        assert not {button.key for button in app.button} & {"dl_log", "dl_none", "dl_more"}
        assert "Contacts" not in [tab.label for tab in app.tabs]
    assert "You have no access to this page" in written(app_as("dana", page=CONTACTS))
    assert "This dealer was not found" in written(opened("dana", desk["star"]))


def test_who_only_reads_logs_nothing(desk: dict[str, int]):
    log(desk["lone"])
    app = opened("fin", desk["lone"], "contacts")
    assert "Talked about parts." in written(app)
    assert "dl_log" not in {button.key for button in app.button}
    app = at_contacts("fin")
    assert not app.exception
    assert "gapq_log" not in {button.key for button in app.button}


def test_a_link_to_a_record_of_another_dealer_says_it_is_not_there(desk: dict[str, int]):
    make_person(engine(), "rita", Role.COORDINATOR, scope_kind="regions", regions=["East"])
    report_id = log(desk["star"], promises=[PromiseDraft(made_by="us", text="Do it", due_day=now().date() + DAY)])
    for name, number, sentence in (
        ("contact", report_id, "This contact was not found."), ("promise", 1, "This promise was not found."),
    ):  # fmt: skip
        app = app_as("rita", page=CONTACTS)
        app.query_params[name] = str(number)
        assert sentence in written(app.run())


# ---- the tabs
def test_each_tab_has_an_address_and_only_the_open_one_is_computed(desk: dict[str, int], monkeypatch):
    drawn: list[str] = []
    monkeypatch.setattr(documents, "draw_dealer_tab", lambda dealer, actor: drawn.append("documents"))
    monkeypatch.setattr(contact_log, "draw_dealer_tab", lambda dealer, actor: drawn.append("contacts"))
    app = opened("cora", desk["lone"], "documents")
    assert drawn == ["documents"]
    assert [tab.label for tab in app.tabs] == [
        "Overview", "People", "Terms", "Documents", "Onboarding", "Access", "Customers", "Contacts", "Timeline",
    ]  # fmt: skip
    drawn.clear()
    opened("cora", desk["lone"], "nonsense")
    assert drawn == []
    opened("leah", desk["lone"], "documents")  # a sales leader has no documents: the first tab stands there
    assert drawn == []


def test_the_page_asks_as_much_for_many_contacts_as_for_few(desk: dict[str, int]):
    def statements() -> int:
        asked: list[str] = []

        def listen(_c: Any, _cur: Any, sql: str, *_more: Any) -> None:
            if sql.lstrip().upper().startswith("SELECT"):
                asked.append(sql)

        event.listen(engine(), "before_cursor_execute", listen)
        opened("cora", desk["lone"], "contacts")
        event.remove(engine(), "before_cursor_execute", listen)
        return len(asked)

    log(desk["lone"], promises=[PromiseDraft(made_by="us", text="Do it", due_day=now().date())])
    few = statements()
    for number in range(12):
        log(desk["lone"], promises=[PromiseDraft(made_by="us", text=f"Do {number}", due_day=now().date())])
    assert statements() <= few


def test_the_first_thing_is_what_is_overdue(desk: dict[str, int]):
    log(
        desk["lone"], ago=10 * DAY,
        promises=[PromiseDraft(made_by="us", text="Send the price list", due_day=now().date() - 8 * DAY)],
    )  # fmt: skip
    words = written(opened("cora", desk["lone"]))
    assert "1 overdue" in words
    assert "We promised: Send the price list" in words
    assert "Last contact" in words


# ---- promises, the log
def test_a_promise_is_kept_in_the_drawer(desk: dict[str, int]):
    run(
        make_promise, bind=engine(), dealer_id=desk["lone"], made_by="us", text="Send it",
        due_day=now().date() + DAY, actor=actor_named(engine(), "cora"), now=now(),
    )  # fmt: skip
    app = at_contacts("cora", "promises")
    assert list(app.dataframe[0].value["What"]) == ["Send it"]
    app.session_state["prm_open"] = 1
    app.run()
    app.text_area(key="prm_1_keep_note").set_value("Sent by mail").run()
    app.button(key="prm_1_keep_go").click().run()
    assert not app.exception
    with reading() as session:
        assert session.execute(select(Promise.status, Promise.closing_note)).one() == ("kept", "Sent by mail")
    app.segmented_control(key="prm_view").set_value("closed").run()
    assert list(app.dataframe[0].value["What"]) == ["Send it"]
    app.segmented_control(key="prm_side").set_value("dealer").run()
    assert "No promise here" in written(app)


def test_the_log_is_narrowed_and_a_contact_corrected_and_voided(desk: dict[str, int]):
    log(desk["lone"], summary="The latch again", topics=["warranty"])
    log(desk["star"], channel="visit", summary="Met the team", who="leah")
    app = at_contacts("cora", "log")
    assert sorted(app.dataframe[0].value["Contact"]) == ["C-000001", "C-000002"]
    app.selectbox(key="log_channel").set_value("visit").run()
    assert list(app.dataframe[0].value["Contact"]) == ["C-000002"]
    app.button(key="log_clear").click().run()
    app.text_input(key="log_text").set_value("warranty").run()
    assert list(app.dataframe[0].value["Contact"]) == ["C-000001"]
    app.session_state["_contact_open"] = 1
    app.run()
    app.text_area(key="cr_summary").set_value("The tailgate latch again").run()
    app.button(key="cr_save").click().run()
    assert reports()[0].summary == "The tailgate latch again"
    app.session_state["_contact_open"] = 2
    app.run()
    assert "cr_save" not in {button.key for button in app.button}  # leah wrote it
    app.text_input(key="cr_reason").set_value("Wrong dealer").run()
    app.button(key="cr_void").click().run()
    assert reports()[1].void_reason == "Wrong dealer"
    assert not app.exception


def test_the_export_of_the_log_asks_for_its_purpose(desk: dict[str, int]):
    log(desk["lone"])
    app = at_contacts("cora", "log")
    button = next(one for one in app.get("download_button") if one.key == "export_contact_reports_go")
    assert button.disabled


def test_the_pages_say_something_when_there_is_nothing(desk: dict[str, int]):
    for view, sentence in (("promises", "No promise here"), ("log", "No contact matches")):
        assert sentence in written(at_contacts("cora", view))
    for dealer in desk.values():
        log(dealer)
    assert "Every dealer here was spoken to" in written(at_contacts("cora"))
    assert "Nothing was promised yet." in written(opened("cora", desk["lone"], "contacts"))


def test_a_promise_is_noted_by_itself_on_the_tab(desk: dict[str, int]):
    app = opened("cora", desk["lone"], "contacts")
    app.session_state["np_open"] = True
    app.run()
    app.button(key="np_save").click().run()
    assert "What was promised is needed." in written(app)
    app.button_group(key="np_made_by").set_value("dealer")
    app.text_input(key="np_text").set_value("Name a manager").run()
    app.button(key="np_save").click().run()
    assert not app.exception
    with reading() as session:
        assert session.execute(select(Promise.made_by, Promise.text)).one() == ("dealer", "Name a manager")
    assert "Name a manager" in written(app)
