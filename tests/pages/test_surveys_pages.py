"""Customer surveys, used as people use the page."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from db.core.permissions import Role
from db.core.session import engine, reading, run
from db.surveys.commands import enter_survey, publish_questionnaire
from db.surveys.tables import Questionnaire, Survey, SurveyAlert
from tests.support.again import begun
from tests.support.users import actor_named, app_as, make_dealer, make_person

PAGE = "pages/crm/surveys.py"
QUESTIONS = [
    {"text": "Work done right?", "weight": 60, "best": 5, "top_from": 5},
    {"text": "Would you recommend?", "weight": 0, "is_nps": True},
]


@pytest.fixture
@begun
def desk(app_database: str) -> dict[str, int]:
    made = {"lone": make_dealer(engine()), "star": make_dealer(engine(), code="0999", name="North Star", region="West")}
    make_person(engine(), "cora", Role.COORDINATOR)
    make_person(engine(), "max", Role.MANAGER)
    make_person(engine(), "leo", Role.SALES_LEADER)
    make_person(engine(), "dan", Role.DEALER_MANAGER)  # of the dealer lone
    run(
        publish_questionnaire, bind=engine(), kind="csi", title="Service", from_day=date(2020, 1, 1),
        questions=QUESTIONS, alert_below=60, reason="First", seen_number=0, actor=actor_named(engine(), "max"),
        now=now(),
    )  # fmt: skip
    return made


def now() -> datetime:
    return datetime.now(UTC)


def enter(dealer_id: int, q1: int = 5, nps: int = 9, **other: Any) -> int:
    day = now().date() - timedelta(days=2)
    return run(
        enter_survey, bind=engine(), dealer_id=dealer_id, kind="csi", channel="paper", sent_on=day, answered_on=day,
        answers={"q1": q1, "q2": nps}, actor=actor_named(engine(), "cora"), now=now(), **other,
    )  # fmt: skip


def written(app: Any) -> str:
    kinds = (app.markdown, app.caption, app.error, app.warning, app.title, app.toast)
    return "\n".join(one.value for kind in kinds for one in kind).replace("\\", "")


def opened(username: str, **query: str) -> Any:
    app = app_as(username)
    app.switch_page(PAGE)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, app.exception
    return app


def one_of(table: type) -> Any:
    with reading() as session:
        found: Any = session.scalars(select(table)).one()
        session.expunge(found)
    return found


def test_nothing_yet_says_what_to_do(desk):
    app = opened("cora")
    assert "No survey in this time." in written(app)


def test_figures_with_their_interval_and_what_is_too_few(desk):
    for answer in (5, 4, 3):
        enter(desk["lone"], answer)
    app = opened("leo")
    values = {m.label: m.value for m in app.metric}
    assert values["Customer satisfaction index (CSI)"] == "80.0"
    assert values["Net promoter score (NPS)"] == "100.0"
    said = written(app)
    assert "95%: 30.3 to 100.0 · n = 3 surveys" in said
    assert "Only 3 surveys: too few to compare" in said
    assert "too few" in app.dataframe[0].value["Place"].tolist()
    assert not [b for b in app.button if b.key == "svy_entry_go"]


def test_the_filters_stand_in_the_address(desk):
    enter(desk["star"])
    assert "No survey in this time." in written(opened("cora", svy_region="East"))
    assert "No survey in this time." not in written(opened("cora", svy_region="West"))
    assert "No survey in this time." in written(opened("cora", svy_kind="ssi", svy_region="West"))


def test_months_of_ones_own_stand_in_the_address(desk):
    enter(desk["star"])
    month = f"{now().date() - timedelta(days=2):%Y-%m}"
    long_ago = f"{now().date() - timedelta(days=200):%Y-%m}"
    app = opened("cora", svy_from=month, svy_until=month)
    assert not app.exception
    assert "No survey in this time." not in written(app)
    assert f"Answered in **{now().date() - timedelta(days=2):%b %Y}**." in written(app)
    app = opened("cora", svy_from=long_ago, svy_until=long_ago, svy_days="365")
    assert "No survey in this time." in written(app)


def test_a_survey_is_entered_in_the_drawer(desk):
    app = opened("dan")
    app.button(key="svy_entry_go").click().run()
    app.number_input(key="svn_q1").set_value(1)
    app.number_input(key="svn_q2").set_value(3).run()
    app.text_input(key="svn_email").set_value("nobody").run()
    app.button(key="svn_save").click().run()
    assert "This is no e-mail address." in written(app)
    app.text_input(key="svn_email").set_value("jane@mail.example").run()
    app.button(key="svn_save").click().run()
    assert not app.exception
    found: Any = one_of(Survey)
    assert (found.dealer_id, found.index_hundredths, found.email) == (desk["lone"], 2_000, "jane@mail.example")
    assert one_of(SurveyAlert).survey_id == found.id


def test_an_alert_is_called_and_settled(desk):
    enter(desk["lone"], 1, 0)
    alert = one_of(SurveyAlert)
    app = opened("dan", alert=str(alert.id))
    assert "Lowest answer: Work done right?" in written(app)
    app.text_area(key=f"alert_{alert.id}_contact_note").set_value("Noise is back").run()
    app.button(key=f"alert_{alert.id}_contact_go").click().run()
    assert not app.exception
    assert one_of(SurveyAlert).status == "contacted"
    app = opened("dan", alert=str(alert.id))
    (outcome,) = [g for g in app.get("button_group") if g.key == f"alert_{alert.id}_resolve_outcome"]
    outcome.set_value("fixed").run()
    app.selectbox(key=f"alert_{alert.id}_resolve_root_cause").set_value("repair")
    app.text_area(key=f"alert_{alert.id}_resolve_note").set_value("Repaired").run()
    app.button(key=f"alert_{alert.id}_resolve_go").click().run()
    assert not app.exception
    assert one_of(SurveyAlert).status == "resolved"
    closed = opened("dan", svy_view="alerts", sva_state="closed")
    assert closed.dataframe[0].value["Outcome"].tolist() == ["Put right · Repair not right first time"]


def test_a_manager_leaves_a_flagged_survey_out_with_a_reason(desk):
    survey_id = enter(desk["lone"], email="dan@example.test")
    app = opened("max", survey=str(survey_id))
    assert "The e-mail is that of the account of" in written(app)
    app.button(key="survey_decide_go").click().run()
    assert "The reason is needed." in written(app)
    app.text_area(key="survey_reason").set_value("The dealer's own address").run()
    app.button(key="survey_decide_go").click().run()
    assert not app.exception
    assert not one_of(Survey).is_counted
    assert "counting the 1 left out" in written(opened("max"))
    assert not [b for b in opened("cora", survey=str(survey_id)).button if b.key == "survey_decide_go"]


def test_another_dealers_survey_and_alert_are_not_there(desk):
    survey_id = enter(desk["star"], 1, 0)
    alert_id = one_of(SurveyAlert).id
    for wanted in ({"survey": str(survey_id)}, {"survey": "999"}, {"alert": str(alert_id)}, {"alert": "999"}):
        app = opened("dan", **wanted)
        assert "was not found." in written(app)
        assert "North Star" not in written(app)


def test_the_next_version_is_published_from_the_last(desk):
    app = opened("max", svy_view="versions")
    app.button(key="svy_publish_open").click().run()
    app.text_input(key="svp_csi_reason").set_value("Every year").run()
    app.button(key="svp_save").click().run()
    assert not app.exception
    with reading() as session:
        assert session.scalar(select(func.max(Questionnaire.number))) == 2
        newest = session.scalars(select(Questionnaire).order_by(Questionnaire.number.desc())).first()
        assert newest is not None
        assert [q["weight"] for q in newest.questions] == [60, 0]
    assert not [b for b in opened("cora", svy_view="versions").button if b.key == "svy_publish_open"]


@pytest.mark.parametrize("view", ["figures", "alerts", "surveys", "versions"])
@pytest.mark.parametrize("who", ["max", "cora", "leo", "dan"])
def test_every_view_draws_for_everybody_who_may(desk, view, who):
    for answer in (1, 5, 5):
        enter(desk["lone"], answer)
    opened(who, svy_view=view)
