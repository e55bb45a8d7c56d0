"""Entering, leaving out, publishing, and the life of an alert: what works, what is refused, and who may."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, delete, func, select, update

from db import catalog
from db.core import events
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run, writing
from db.core.timeline import TimelineEntry
from db.customers.tables import Customer, CustomerKey
from db.people.tables import Notification
from db.surveys import commands
from db.surveys.alert_queries import get_alert, work_counts, work_lines
from db.surveys.checks import CHECKS
from db.surveys.holder import HELD
from db.surveys.jobs import run_escalations
from db.surveys.survey_queries import customer_lines, get_survey
from db.surveys.tables import Questionnaire, Survey, SurveyAlert, SurveyAnswer
from tests.leads.factories import NOW, Network, make_network
from tests.support.again import begun
from tests.surveys.factories import BAD, DAY, GOOD, QUESTIONS, alert_of, enter, has_alert, publish, stored, survey


@pytest.fixture
@begun
def network(sqlite_engine: Engine) -> Network:
    made = make_network(sqlite_engine)
    publish(sqlite_engine, made)
    return made


def step(engine: Engine, name: str, alert_id: int, version: int, actor, *, now=NOW, **inputs) -> None:
    run(
        commands.COMMANDS[name], bind=engine, item_id=alert_id, seen_version=version, actor=actor, now=now, **inputs
    )  # fmt: skip


def test_a_happy_survey_is_scored_and_opens_nothing(sqlite_engine, network):
    survey_id = enter(sqlite_engine, network, answers={"q1": 4, "q2": 9, "q3": 9})
    found = survey(sqlite_engine, survey_id)
    # (60 * 4/5 + 40 * 9/10) / 100 = 0.84
    assert (found.index_hundredths, found.answers, found.tops, found.nps) == (8_400, 2, 1, 1)
    assert (found.is_counted, found.month, found.number) == (True, DAY.replace(day=1), "S-000001")
    assert not has_alert(sqlite_engine, survey_id)


def test_an_unhappy_one_opens_an_alert_for_the_dealers_manager(sqlite_engine, network, monkeypatch):
    told = []
    follower = events.Follower(
        name="a test", on=("surveys.alerted",), react=lambda _session, *, event, actor, now: told.append(event)
    )
    monkeypatch.setattr(events, "_followers", {**events._followers, "a test": follower})
    survey_id = enter(sqlite_engine, network, answers=BAD)
    alert = alert_of(sqlite_engine, survey_id)
    assert (alert.status, alert.assignee_id, alert.due_at) == (
        "open", network.dealer_manager.user_id, NOW + timedelta(hours=24),
    )  # fmt: skip
    assert alert.reasons == [
        "Lowest answer: Work done right?", "Would recommend: 2 of 10", "Index 28.0 below 60.0",
    ]  # fmt: skip
    assert [(e.item_ids, e.facts["survey_ids"]) for e in told] == [((alert.id,), [survey_id])]
    with reading(sqlite_engine) as session:
        people = session.scalars(select(Notification.person_id).where(Notification.kind == "survey_alert")).all()
        assert people == [network.dealer_manager.user_id]
        lines = catalog.work_lines(session, actor=network.dealer_manager, now=NOW)
        assert [w.number for w in lines if w.item_type == "survey_alert"] == ["SA-000001"]
        assert work_lines(session, actor=network.coordinator, now=NOW, limit=9) == []
        (count,) = work_counts(session, actor=network.dealer_manager, now=NOW + timedelta(hours=25))
        assert (count.count, count.overdue) == (1, 1)


def test_an_old_unhappy_answer_comes_too_late_for_a_call(sqlite_engine, network):
    old = DAY - timedelta(days=30)
    survey_id = enter(sqlite_engine, network, answers=BAD, sent_on=old, answered_on=old)
    assert survey(sqlite_engine, survey_id).is_bottom
    assert not has_alert(sqlite_engine, survey_id)


WRONG = [
    ("no dealer", {"dealer_id": None}, ["dealer_id"]),
    ("a kind there is not", {"kind": "xxx"}, ["kind"]),
    ("no version of the kind", {"kind": "ssi"}, ["version"]),
    ("before the first version", {"sent_on": date(2019, 1, 1)}, ["version"]),
    ("the agency's channel", {"channel": "import"}, ["channel"]),
    ("before it was sent", {"answered_on": DAY - timedelta(days=9)}, ["answered_on"]),
    ("tomorrow", {"answered_on": DAY + timedelta(days=9)}, ["answered_on"]),
    ("no day", {"answered_on": None}, ["answered_on", "answered_on"]),
    ("no answers", {"answers": {"q1": None}}, ["answers"]),
    ("out of range", {"answers": {"q1": 9, "q3": -1}}, ["q1", "q3"]),
    ("unknown question", {"answers": GOOD | {"q7": 1}}, ["q7"]),
    ("no e-mail", {"email": "nobody"}, ["email"]),
    ("no phone", {"phone": "12"}, ["phone"]),
    ("a novel", {"comment": "x" * 4001}, ["comment"]),
]


@pytest.mark.parametrize(("changed", "fields"), [c[1:] for c in WRONG], ids=[c[0] for c in WRONG])
def test_a_survey_that_is_refused_says_where_and_leaves_nothing(sqlite_engine, network, changed, fields):
    before = stored(sqlite_engine)
    with pytest.raises(Refused) as refusal:
        enter(sqlite_engine, network, **changed)
    assert [p.field for p in refusal.value.problems] == fields
    assert stored(sqlite_engine) == before


def test_the_same_form_twice_is_one_survey(engine):
    network = make_network(engine)
    publish(engine, network)
    first = enter(engine, network, form_key="k1", answers=BAD)
    assert enter(engine, network, form_key="k1", answers=BAD) == first
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(Survey)) == 1
        assert session.scalar(select(func.count()).select_from(SurveyAlert)) == 1


def test_another_dealer_answers_as_if_it_were_not_there(sqlite_engine, network):
    for dealer_id in (network.south, 999):
        with pytest.raises(NotFound, match="This dealer"):
            enter(sqlite_engine, network, actor=network.dealer_manager, dealer_id=dealer_id)
    with pytest.raises(Refused, match="Your role"):
        enter(sqlite_engine, network, actor=network.staff)


# ---- versions --------------------------------------------------------------------------------------------------------
def test_a_later_version_never_changes_an_old_score(engine):
    network = make_network(engine)
    publish(engine, network)
    old = enter(engine, network, answers={"q1": 4, "q2": 5})
    heavier = [QUESTIONS[0] | {"weight": 10}, QUESTIONS[1] | {"weight": 90}, QUESTIONS[2]]
    publish(engine, network, seen_number=1, from_day=NOW.date(), questions=heavier, reason="Friendliness counts")
    new = enter(engine, network, answers={"q1": 4, "q2": 5}, sent_on=NOW.date(), answered_on=NOW.date())
    assert survey(engine, old).index_hundredths == 6_800  # (60 * 0.8 + 40 * 0.5) / 100
    assert survey(engine, new).index_hundredths == 5_300  # (10 * 0.8 + 90 * 0.5) / 100
    assert [c for check in CHECKS for c in _run(engine, check)] == []
    with reading(engine) as session:
        page = get_survey(session, survey_id=old, actor=network.manager)
        assert (page.questionnaire, [a.weight for a in page.answers]) == (1, [60, 40, 0])


def _run(engine: Engine, check) -> list[str]:
    with reading(engine) as session:
        return check.run(session)


BAD_VERSIONS = [
    ("before the last", {"from_day": date(2019, 1, 1)}, "from_day"),
    ("in the past", {"from_day": DAY - timedelta(days=5)}, "from_day"),
    ("no day", {"from_day": None}, "from_day"),
    ("no reason", {"reason": " "}, "reason"),
    ("no title", {"title": ""}, "title"),
    ("over a hundred", {"alert_below": 101}, "alert_below"),
    ("no questions", {"questions": []}, "questions"),
    ("unknown kind", {"kind": "abc"}, "kind"),
]


@pytest.mark.parametrize(("changed", "field"), [c[1:] for c in BAD_VERSIONS], ids=[c[0] for c in BAD_VERSIONS])
def test_a_version_that_is_refused(sqlite_engine, network, changed, field):
    with pytest.raises(Refused) as refusal:
        publish(sqlite_engine, network, **({"seen_number": 1, "from_day": NOW.date()} | changed))
    assert field in [p.field for p in refusal.value.problems]
    with reading(sqlite_engine) as session:
        assert session.scalar(select(func.count()).select_from(Questionnaire)) == 1


def test_a_version_made_on_an_old_screen_is_stale_and_only_managers_publish(sqlite_engine, network):
    with pytest.raises(Stale, match="Max Manager"):
        publish(sqlite_engine, network, seen_number=0, from_day=NOW.date())
    with pytest.raises(Refused, match="Your role"):
        publish(sqlite_engine, network, seen_number=1, from_day=NOW.date(), actor=network.coordinator)


# ---- out of the figures ----------------------------------------------------------------------------------------------
def decide(engine: Engine, command, survey_id: int, version: int, actor, reason: str = "Own address") -> None:
    run(command, bind=engine, survey_id=survey_id, seen_version=version, reason=reason, actor=actor, now=NOW)


def test_a_manager_leaves_a_survey_out_and_counts_it_again(engine):
    network = make_network(engine)
    publish(engine, network)
    survey_id = enter(engine, network)
    decide(engine, commands.exclude_survey, survey_id, 1, network.manager)
    found = survey(engine, survey_id)
    assert (found.is_counted, found.excluded_by, found.exclude_reason) == (False, "Max Manager", "Own address")
    with pytest.raises(Stale, match="Max Manager"):
        decide(engine, commands.exclude_survey, survey_id, 1, network.manager)
    with pytest.raises(Refused, match="left out already"):
        decide(engine, commands.exclude_survey, survey_id, 2, network.manager)
    decide(engine, commands.include_survey, survey_id, 2, network.manager, reason="It was a customer")
    assert survey(engine, survey_id).is_counted
    with reading(engine) as session:
        entries = session.execute(
            select(TimelineEntry.command, TimelineEntry.reason).order_by(TimelineEntry.seq.desc()).limit(2)
        ).all()
        assert [tuple(e) for e in entries] == [
            ("include_survey", "It was a customer"),
            ("exclude_survey", "Own address"),
        ]


def test_who_may_not_leave_out(sqlite_engine, network):
    survey_id = enter(sqlite_engine, network)
    before = stored(sqlite_engine)
    for actor in (network.coordinator, network.dealer_manager, network.staff):
        with pytest.raises(Refused, match="Your role"):
            decide(sqlite_engine, commands.exclude_survey, survey_id, 1, actor)
    with pytest.raises(Refused, match="reason"):
        decide(sqlite_engine, commands.exclude_survey, survey_id, 1, network.manager, reason=" ")
    assert stored(sqlite_engine) == before


# ---- alerts ----------------------------------------------------------------------------------------------------------
def test_called_in_time_and_settled(engine):
    network = make_network(engine)
    publish(engine, network)
    alert = alert_of(engine, enter(engine, network, answers=BAD))
    dan = network.dealer_manager
    step(engine, "contact", alert.id, 1, dan, note="The noise is back", now=NOW + timedelta(hours=2))
    with pytest.raises(Stale, match="Dan Dealer"):
        step(engine, "contact", alert.id, 1, dan, note="Again")
    step(engine, "resolve", alert.id, 2, dan, outcome="fixed", root_cause="repair", note="Repaired for nothing")
    with reading(engine) as session:
        row = get_alert(session, item_id=alert.id, actor=dan, now=NOW)
        assert (row.status, row.is_open, row.outcome_words) == (
            "resolved", False, "Put right · Repair not right first time",
        )  # fmt: skip
        assert row.contacted_at == NOW + timedelta(hours=2)
        said = session.scalars(select(TimelineEntry.detail)).all()
        assert "noise" not in repr(said)
        assert "Repaired" not in repr(said)


def test_steps_in_the_wrong_state_or_without_words(sqlite_engine, network):
    alert = alert_of(sqlite_engine, enter(sqlite_engine, network, answers=BAD))
    before = stored(sqlite_engine)
    dan = network.dealer_manager
    with pytest.raises(Refused):
        step(sqlite_engine, "resolve", alert.id, 1, dan, outcome="fixed", root_cause="repair", note="Done")
    for name in ("contact", "not_reachable"):
        with pytest.raises(Refused, match="is needed"):
            step(sqlite_engine, name, alert.id, 1, dan, note=" ")
    with pytest.raises(Refused, match="Choose who"):
        step(sqlite_engine, "hand_over", alert.id, 1, dan, assignee_id=None)
    with pytest.raises(Refused, match="may call"):
        step(sqlite_engine, "hand_over", alert.id, 1, dan, assignee_id=network.south_staff.user_id)
    with pytest.raises(Refused, match="has it already"):
        step(sqlite_engine, "hand_over", alert.id, 1, dan, assignee_id=dan.user_id)
    assert stored(sqlite_engine) == before
    step(sqlite_engine, "not_reachable", alert.id, 1, dan, note="Three calls")
    with pytest.raises(Refused):
        step(sqlite_engine, "contact", alert.id, 2, dan, note="Reached")


def test_an_alert_of_another_dealer_is_not_there(sqlite_engine, network):
    alert = alert_of(sqlite_engine, enter(sqlite_engine, network, dealer_id=network.south, answers=BAD))
    assert alert.assignee_id is None  # South has no manager with an account: everybody who may call was told
    with pytest.raises(NotFound):
        step(sqlite_engine, "contact", alert.id, 1, network.dealer_manager, note="Hello")
    with reading(sqlite_engine) as session:
        told = set(session.scalars(select(Notification.person_id).where(Notification.item_type == "survey_alert")))
        assert network.coordinator.user_id in told
        assert network.dealer_manager.user_id not in told


def test_handing_over_tells_the_other(sqlite_engine, network):
    alert = alert_of(sqlite_engine, enter(sqlite_engine, network, answers=BAD))
    step(sqlite_engine, "hand_over", alert.id, 1, network.dealer_manager, assignee_id=network.coordinator.user_id)
    with reading(sqlite_engine) as session:
        lines = work_lines(session, actor=network.coordinator, now=NOW, limit=9)
        assert [line.number for line in lines] == ["SA-000001"]


def test_nobody_called_in_time_is_told_once(engine):
    network = make_network(engine)
    publish(engine, network)
    late = alert_of(engine, enter(engine, network, answers=BAD))
    called = alert_of(engine, enter(engine, network, answers=BAD))
    step(engine, "contact", called.id, 1, network.dealer_manager, note="Reached")
    assert run_escalations(engine, now=NOW + timedelta(hours=24)) == 0
    assert run_escalations(engine, now=NOW + timedelta(hours=25)) == 1
    assert run_escalations(engine, now=NOW + timedelta(hours=26)) == 0
    with reading(engine) as session:
        assert session.scalar(select(SurveyAlert.escalated_at).where(SurveyAlert.id == late.id)) is not None
        told = session.scalars(select(Notification.person_id).where(Notification.kind == "survey_alert_late")).all()
        assert network.coordinator.user_id in told
        assert len(told) == len(set(told))


# ---- flags, customers, purge -----------------------------------------------------------------------------------------
def test_the_dealers_own_address_is_flagged_with_evidence(sqlite_engine, network):
    survey_id = enter(sqlite_engine, network, email="DAN@desk.example")
    found = survey(sqlite_engine, survey_id)
    assert found.is_flagged
    assert found.is_counted  # never left out silently
    assert found.flags == [{"code": "own_contact", "evidence": "The e-mail is that of the account of Dan Dealer."}]


def test_the_third_survey_of_a_contact_flags_the_first_two(sqlite_engine, network):
    ids = [enter(sqlite_engine, network, phone="212-555-0143", form_key=f"f{n}") for n in range(3)]
    assert [[f["code"] for f in survey(sqlite_engine, i).flags] for i in ids] == [["repeated_contact"]] * 3


def _customer(engine: Engine, network: Network) -> int:
    with writing(engine, keeps_timeline=False) as session:
        one = Customer(dealer_id=network.north, region="East", name="Jane Doe", created_at=NOW)
        session.add(one)
        session.flush()
        session.add(CustomerKey(customer_id=one.id, kind="email", value="jane@mail.example"))
        return one.id


def test_a_customer_shows_its_surveys_and_can_be_forgotten(sqlite_engine, network):
    customer_id = _customer(sqlite_engine, network)
    given = {"email": "jane@mail.example", "customer_name": "Jane Doe", "vin": "1HGCM82633A004352"}
    survey_id = enter(sqlite_engine, network, answers=BAD, comment="Jane was here", **given)
    assert survey(sqlite_engine, survey_id).customer_id == customer_id
    with reading(sqlite_engine) as session:
        (line,) = customer_lines(session, customer_id=customer_id, actor=network.dealer_manager, limit=5)
        assert (line.title, line.badges[0]) == ("Survey CSI: index 28.0", ("Unhappy", "red"))
        assert customer_lines(session, customer_id=customer_id, actor=network.staff, limit=5) == []
        waiting, newest = HELD.facts(session, customer_ids=[customer_id])[customer_id]
        assert newest is not None
        assert (waiting, newest.date()) == (1, DAY)
        HELD.anonymise(session, customer_ids=[customer_id], now=NOW)
        found = session.get_one(Survey, survey_id)
        assert (found.email, found.vin, found.comment, found.customer_name) == ("", "", "", "Removed customer")
        assert (found.index_hundredths, found.raw_answers) == (2_800, BAD)
        assert session.scalar(select(func.count()).select_from(SurveyAnswer)) == 3


def test_the_checks_find_what_was_changed_by_hand(sqlite_engine, network):
    enter(sqlite_engine, network, answers=BAD)
    with writing(sqlite_engine, keeps_timeline=False) as session:
        session.execute(update(Survey).values(index_hundredths=9_999, region="West"))
        session.execute(update(SurveyAlert).values(status="contacted"))
        session.execute(delete(SurveyAnswer))
    said = [sentence for check in CHECKS for sentence in _run(sqlite_engine, check)]
    assert said == [
        "survey S-000001 has another score than its answers come to",
        "survey S-000001 has answers that the figures by question miss",
        "alert SA-000001 contradicts itself",
        "S-000001 lies in another region than its dealer",
    ]
