"""The page Response quality, used as people use it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from db.core.session import engine, reading, run
from db.quality.coaching_commands import write_note
from db.quality.rules import DEFAULT_ITEMS
from db.quality.sample_commands import draw_sample
from db.quality.tables import CoachingNote, QualityForm, QualityReview
from tests.leads.factories import Network, make_network, receive, step
from tests.support.again import begun
from tests.support.users import app_as

PAGE = "pages/crm/quality.py"
AT = datetime.now(UTC)


@pytest.fixture
@begun
def net(app_database: str) -> Network:
    made = make_network(engine())
    for number in range(2):
        came = AT - timedelta(hours=30 + number)
        lead = receive(
            engine(), dealer_id=made.north, received_at=came, email=f"p{number}@mail.example", phone="",
            question="Is the blue one still there?",
        )  # fmt: skip
        step(
            engine(), "log_activity", lead, actor=made.staff, now=came + timedelta(minutes=5), kind="email",
            outcome="answered", note="Yes, it is; Tuesday at ten?",
        )  # fmt: skip
    return made


def draw(net: Network) -> list[int]:
    day = AT.date()
    run(
        draw_sample, bind=engine(), dealer_id=net.north, from_day=day - timedelta(days=4), to_day=day, seed=3,
        actor=net.dealer_manager, now=AT,
    )  # fmt: skip
    with reading() as session:
        return list(session.scalars(select(QualityReview.id).order_by(QualityReview.id)))


def at(username: str, **query: str) -> Any:
    app = app_as(username, page=PAGE)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, app.exception
    return app


def show(app: Any, view: str) -> Any:
    app.segmented_control(key="quality_view").set_value(view).run()
    assert not app.exception, app.exception
    return app


def written(app: Any) -> str:
    kinds = (app.markdown, app.caption, app.error, app.warning, app.info, app.toast)
    return "\n".join(one.value for kind in kinds for one in kind).replace("\\", "")


def test_a_good_response_is_reviewed_in_three_actions(net: Network):
    first = draw(net)[0]
    app = at("dan", review=str(first))  # 1: a click in My work leads here
    assert "Is the blue one still there?" in written(app)
    assert "Yes, it is; Tuesday at ten?" in written(app)
    app.button(key=f"quality_all_{first}").click().run()  # 2
    app.button(key=f"quality_save_{first}").click().run()  # 3
    assert not app.exception
    with reading() as session:
        review = session.get_one(QualityReview, first)
        assert (review.status, review.score, review.reviewer_name) == ("reviewed", 100, "Dan Dealer")


def test_an_exception_keeps_its_comment_and_an_open_item_is_named(net: Network):
    first = draw(net)[0]
    app = at("dan", review=str(first))
    app.button(key=f"quality_save_{first}").click().run()
    assert f"12 items still open, first: {DEFAULT_ITEMS[0].text}." in written(app)
    app.button(key=f"quality_all_{first}").click().run()
    app.segmented_control(key=f"quality_a_{first}_1_tone").set_value("no").run()
    assert "0 for a critical item; 95 without" in written(app)
    app.button(key=f"quality_save_{first}").click().run()
    assert "Say why this was not met" in written(app)
    app.text_input(key=f"quality_c_{first}_1_tone").set_value("Short, almost rude").run()
    app.button(key=f"quality_save_{first}").click().run()
    with reading() as session:
        review = session.get_one(QualityReview, first)
        assert (review.score, review.raw_score, review.comments) == (0, 95, {"tone": "Short, almost rude"})


def test_a_draw_is_made_and_explained_on_the_page(net: Network):
    app = show(at("dan"), "reviews")
    day = AT.date()
    app.date_input(key="quality_draw_from").set_value(day - timedelta(days=4))
    app.date_input(key="quality_draw_to").set_value(day)
    app.number_input(key="quality_draw_seed").set_value(17).run()
    app.button(key="quality_draw_go").click().run()
    assert not app.exception
    assert "2 of 2 responses of Sam Staff" in written(app)
    assert "drawn with seed 17" in written(app)
    assert "Drawing again gives the same ones" in written(app)


def test_staff_see_their_own_and_confirm_a_note(net: Network):
    draw(net)
    note = run(
        write_note, bind=engine(), dealer_id=net.north, person_id=net.staff.user_id, note="Name a price.",
        agreed="Price first", follow_up_day=AT.date() + timedelta(days=9), actor=net.dealer_manager, now=AT,
    )  # fmt: skip
    app = at("sam", note=str(note))
    assert "Name a price." in written(app)
    app.button(key=f"quality_note_{note}_acknowledge_go").click().run()
    assert not app.exception
    with reading() as session:
        assert session.get_one(CoachingNote, note).status == "acknowledged"
    assert app.segmented_control(key="quality_view").options == [
        "Speed", "Attempts", "My score", "My reviews", "Coaching"
    ]  # fmt: skip
    for username in ("kim", "leo"):
        other = at(username, note=str(note))
        assert "Name a price." not in written(other)
        assert "This coaching note was not found." in written(other)


def test_a_note_is_written_on_the_page(net: Network):
    app = show(at("dan"), "coaching")
    app.button(key="quality_cn_new").click().run()
    app.button(key="quality_cn_save").click().run()
    assert "Choose a person of this dealer." in written(app)
    app.selectbox(key="quality_cn_person").set_value(net.staff.user_id)
    app.text_area(key="quality_cn_note").set_value("Offer two times.")
    app.text_input(key="quality_cn_agreed").set_value("Two times in each answer").run()
    app.button(key="quality_cn_save").click().run()
    assert not app.exception
    with reading() as session:
        (note,) = session.scalars(select(CoachingNote))
        assert (note.note, note.person_id, note.submitted_by) == ("Offer two times.", net.staff.user_id, "dan")


@pytest.mark.parametrize("username", ["max", "dan", "sam", "leo", "sue"])
def test_every_view_draws_for_everybody_and_names_nobody_of_another_house(net: Network, username: str):
    for review in draw(net):
        app = at("dan", review=str(review))
        app.button(key=f"quality_all_{review}").click().run()
        app.button(key=f"quality_save_{review}").click().run()
    app = at(username)
    for view in app.segmented_control(key="quality_view").options:
        show(app, {"My score": "scores", "My reviews": "reviews", "Checklist": "form"}.get(view, view.lower()))
        if username == "sue":
            assert "Sam Staff" not in written(app)
            assert not any("Sam Staff" in frame.value.to_csv() for frame in app.dataframe)


def test_a_new_version_is_begun_and_thrown_away(net: Network):
    app = show(at("max"), "form")
    app.button(key="quality_form_new").click().run()
    assert "Draft of version 2" in "".join(s.value for s in app.subheader)
    app.button(key="quality_form_use").click().run()
    assert "What is new is needed." in written(app)
    app.button(key="quality_form_drop").click().run()
    assert not app.exception
    with reading() as session:
        assert [(f.number, f.status) for f in session.scalars(select(QualityForm).order_by(QualityForm.number))] == [
            (1, "active"), (2, "retired")
        ]  # fmt: skip
