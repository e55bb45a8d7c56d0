"""Figures, lists and metrics: the published cases, with and without what was left out, and only one's own dealers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event

from db import catalog
from db.core.problems import NotFound, Refused
from db.core.session import reading, run
from db.exports import run_export
from db.surveys import alert_queries, figure_queries, figure_sum_queries, survey_queries
from db.surveys.alert_queries import AlertFilters
from db.surveys.commands import COMMANDS, exclude_survey
from db.surveys.dealer_queries import dealer_lines, dealer_signals
from db.surveys.figure_sum_queries import FigureFilters
from db.surveys.survey_queries import SurveyFilters
from tests.leads.factories import NOW, Network, make_network
from tests.support.again import begun
from tests.surveys.factories import BAD, DAY, ROW, SENT_ONLY, alert_of, bring, enter, publish, survey

ALL = FigureFilters()


@pytest.fixture
@begun
def network(sqlite_engine: Engine) -> Network:
    made = make_network(sqlite_engine)
    publish(sqlite_engine, made)
    return made


def rows(count: int, *, first: int = 0, code: str = "00101", **changed: str) -> list[dict[str, str]]:
    return [
        ROW | {"Survey id": f"{code}-{first + n}", "Dealer code": code, "E-mail": f"{code}.{first + n}@mail.example",
               "Comment": ""} | changed
        for n in range(count)
    ]  # fmt: skip


def metric(engine: Engine, name: str, actor, by=(), now=NOW, **filters):
    with reading(engine) as session:
        return catalog.metric(name).compute(session, scope=actor.scope, by=by, filters=filters, now=now)


def test_the_nps_of_the_book(engine):
    network = make_network(engine)
    publish(engine, network)
    spread = [*rows(46, q3="9"), *rows(30, first=46, q3="8"), *rows(24, first=76, q3="5")]
    bring(engine, network, *spread)
    (whole,) = metric(engine, "nps", network.coordinator)
    assert (whole["value"], whole["numerator"], whole["denominator"], whole["n"]) == (22.0, 22, 100, 100)
    assert (round(whole["low"], 1), round(whole["high"], 1)) == (6.2, 37.8)
    (by_dealer,) = metric(engine, "nps", network.coordinator, by=("dealer",))
    assert (by_dealer["dealer"], by_dealer["dealer_name"], by_dealer["n"]) == ("00101", "North Motors", 100)
    (month,) = metric(engine, "csi", network.coordinator, by=("month",))
    assert (month["month"], month["value"]) == (f"{DAY:%Y-%m}", 100.0)
    sent = metric(engine, "survey_response_rate", network.coordinator, by=("month", "region"))
    assert [(r["region"], r["denominator"]) for r in sent] == [("East", 100)]
    alerts = metric(engine, "survey_contacted_24h", network.coordinator, by=("month",), now=NOW + timedelta(days=9))
    assert [(r["month"], r["denominator"]) for r in alerts] == [(f"{DAY:%Y-%m}", 24)]


def test_every_metric_with_its_parts(sqlite_engine, network):
    bring(sqlite_engine, network, *rows(3), *rows(1, first=3, **SENT_ONLY), *rows(1, first=4, q1="3", q2="5"))
    cora = network.coordinator
    (csi,) = metric(sqlite_engine, "csi", cora)  # 3 x 100 and (60 x 3/5 + 40 x 5/10) = 56
    assert (csi["value"], csi["numerator"], csi["n"]) == (89.0, 356.0, 4)
    assert csi["low"] < 89 < csi["high"] <= 100
    (top,) = metric(sqlite_engine, "survey_top_box", cora)
    assert (top["numerator"], top["denominator"], top["value"]) == (6, 8, 0.75)
    (rate,) = metric(sqlite_engine, "survey_response_rate", cora)
    assert (rate["numerator"], rate["denominator"], rate["value"]) == (4, 5, 0.8)
    (ssi,) = metric(sqlite_engine, "ssi", cora)
    assert (ssi["value"], ssi["n"], ssi["low"]) == (None, 0, None)
    with pytest.raises(Refused, match="cannot be split by"):
        metric(sqlite_engine, "csi", cora, by=("colour",))
    with pytest.raises(Refused, match="2026-05-31"):
        metric(sqlite_engine, "csi", cora, since="yesterday")
    assert metric(sqlite_engine, "csi", cora, since=str(DAY + timedelta(days=1)))[0]["n"] == 0


def test_called_within_24_hours(sqlite_engine, network):
    alerts = [alert_of(sqlite_engine, enter(sqlite_engine, network, answers=BAD)) for _ in range(4)]
    dan = network.dealer_manager
    for alert, hours in zip(alerts[:2], (24, 25), strict=True):
        run(
            COMMANDS["contact"], bind=sqlite_engine, item_id=alert.id, seen_version=1, actor=dan, note="Reached",
            now=NOW + timedelta(hours=hours),
        )  # fmt: skip
    (running,) = metric(sqlite_engine, "survey_contacted_24h", dan, now=NOW + timedelta(hours=23))
    assert (running["numerator"], running["denominator"]) == (1, 2)  # the other two still have time
    (over,) = metric(sqlite_engine, "survey_contacted_24h", dan, now=NOW + timedelta(hours=30))
    assert (over["numerator"], over["denominator"], over["value"]) == (1, 4, 0.25)


def test_figures_with_and_without_what_was_left_out(engine):
    network = make_network(engine)
    publish(engine, network)
    first = enter(engine, network, answers={"q1": 5, "q3": 10})
    enter(engine, network, answers={"q1": 3, "q3": 7})
    run(exclude_survey, bind=engine, survey_id=first, seen_version=1, reason="Own", actor=network.manager, now=NOW)
    with reading(engine) as session:
        pair = figure_sum_queries.figures_by(session, scope=network.manager.scope, filters=ALL)[()]
        assert (pair.counted.index, pair.everything.index, pair.excluded) == (60.0, 80.0, 1)
        assert (pair.counted.nps, pair.everything.nps) == (0.0, 50.0)
        listed, _ = survey_queries.list_surveys(session, actor=network.manager, filters=SurveyFilters(show="excluded"))
        assert [row.id for row in listed] == [first]
        (question, _nps) = figure_queries.by_question(session, scope=network.manager.scope, filters=ALL)
        assert (question.text, question.answers, question.mean) == ("Work done right?", 1, 60.0)


def test_small_dealers_have_no_place(sqlite_engine, network):
    bring(sqlite_engine, network, *rows(10, q1="4"), *rows(9, code="00102"), *rows(11, code="00201"))
    with reading(sqlite_engine) as session:
        found = figure_queries.by_dealer(session, scope=network.manager.scope, filters=ALL)
    assert [(d.code, d.rank, d.pair.counted.indexed) for d in found] == [
        ("00201", 1, 11), ("00101", 2, 10), ("00102", None, 9),
    ]  # fmt: skip


def test_a_low_index_is_a_signal_from_ten_surveys_on(sqlite_engine, network):
    bring(sqlite_engine, network, *rows(10, q1="3", q2="6", q3="7"), *rows(9, code="00102", q1="3", q2="6", q3="7"))
    with reading(sqlite_engine) as session:
        found = dealer_signals(session, scope=network.manager.scope, now=NOW)
        assert {k: [s.sentence for s in v] for k, v in found.items()} == {
            network.north: ["CSI is 60.0 over 90 days (10 surveys)"]
        }
        (line,) = dealer_lines(session, dealer_id=network.north, actor=network.dealer_manager, now=NOW, since=None)
        assert line.title == "CSI is 60.0 over 90 days (10 surveys)"


def test_a_falling_index_is_a_signal(sqlite_engine, network):
    past: dict[str, Any] = {"Sent": str(DAY - timedelta(days=125)), "Answered": str(DAY - timedelta(days=120))}
    bring(sqlite_engine, network, *rows(10, **past), *rows(10, first=10, q1="4"))
    with reading(sqlite_engine) as session:
        (signal,) = dealer_signals(session, scope=network.manager.scope, now=NOW)[network.north]
    assert (signal.level, signal.sentence) == ("watch", "CSI fell from 100.0 to 88.0 in 90 days (10 surveys)")


# ---- only one's own --------------------------------------------------------------------------------------------------
def test_a_dealer_manager_sees_their_own_dealer_only(sqlite_engine, network):
    own = enter(sqlite_engine, network, answers=BAD)
    other = enter(sqlite_engine, network, answers=BAD, dealer_id=network.south)
    dan = network.dealer_manager
    alerts = {i: alert_of(sqlite_engine, i).id for i in (own, other)}
    with reading(sqlite_engine) as session:
        listed, _ = survey_queries.list_surveys(session, actor=dan, filters=SurveyFilters())
        assert [row.id for row in listed] == [own]
        assert survey_queries.count_surveys(session, actor=dan, filters=SurveyFilters()) == 1
        found, _ = alert_queries.list_alerts(session, actor=dan, filters=AlertFilters(), now=NOW)
        assert [row.id for row in found] == [alerts[own]]
        assert alert_queries.count_alerts(session, actor=dan, filters=AlertFilters(), now=NOW) == 1
        for missing in (other, 999):
            with pytest.raises(NotFound, match="This survey"):
                survey_queries.get_survey(session, survey_id=missing, actor=dan)
        for missing in (alerts[other], 999):
            with pytest.raises(NotFound, match="This alert"):
                alert_queries.get_alert(session, item_id=missing, actor=dan, now=NOW)
        for figures in (figure_sum_queries.figures_by, figure_queries.rates_by):
            assert list(figures(session, scope=dan.scope, filters=ALL, by=("dealer",))) == [(network.north,)]
        assert [d.dealer_id for d in figure_queries.by_dealer(session, scope=dan.scope, filters=ALL)] == [network.north]
        assert {q.answers for q in figure_queries.by_question(session, scope=dan.scope, filters=ALL)} == {1}
        assert figure_queries.lag_days(session, scope=dan.scope, filters=ALL) == 3
        assert survey_queries.list_versions(session, scope=dan.scope)[0].surveys == 1
        results = survey_queries.found_surveys(session, ids=[own, other], actor=dan)
        assert [r.item_id for r in results] == [own]
        assert set(dealer_signals(session, scope=dan.scope, now=NOW + timedelta(days=2))) == {network.north}
        row = alert_queries.get_alert(session, item_id=alerts[other], actor=network.manager, now=NOW)
        assert alert_queries.caller_choices(session, alert=row, actor=dan) == []
    made = run(run_export, bind=sqlite_engine, kind="surveys", file_format="csv", purpose="x", actor=dan, now=NOW)
    assert b"North" in made.content
    assert b"South" not in made.content


def test_contact_data_is_masked_for_who_has_no_need(sqlite_engine, network):
    given = {"customer_name": "Jane Doe", "email": "jane@mail.example", "phone": "212-555-0143",
             "vin": "1HGCM82633A004352"}  # fmt: skip
    survey_id = enter(sqlite_engine, network, answers=BAD, **given)
    with reading(sqlite_engine) as session:
        page = survey_queries.get_survey(session, survey_id=survey_id, actor=network.sales_leader)
        assert (page.customer, page.email, page.phone, page.is_masked) == ("J. D.", "j•••@•••.example", "••• 43", True)
        assert "004352" not in page.vin
        (row,), _ = survey_queries.list_surveys(session, actor=network.sales_leader, filters=SurveyFilters())
        assert row.customer == "J. D."
        (alert,), _ = alert_queries.list_alerts(session, actor=network.sales_leader, filters=AlertFilters(), now=NOW)
        assert (alert.customer, alert.phone) == ("J. D.", "••• 43")
        assert (
            survey_queries.get_survey(session, survey_id=survey_id, actor=network.dealer_manager).phone
            == "+12125550143"
        )


def test_pages_of_fifty_hold_every_survey_once(sqlite_engine, network):
    bring(sqlite_engine, network, *rows(60))
    with reading(sqlite_engine) as session:
        first, after = survey_queries.list_surveys(session, actor=network.manager, filters=SurveyFilters())
        rest, end = survey_queries.list_surveys(session, actor=network.manager, filters=SurveyFilters(), after=after)
    assert (len(first), len(rest), end) == (50, 10, None)
    assert len({row.id for row in (*first, *rest)}) == 60


def test_figures_take_the_same_statements_for_any_number_of_dealers(sqlite_engine, network):
    seen: list[str] = []
    event.listen(sqlite_engine, "before_cursor_execute", lambda _c, _cur, statement, *_: seen.append(statement))

    def asked() -> int:
        seen.clear()
        with reading(sqlite_engine) as session:
            figure_queries.by_dealer(session, scope=network.manager.scope, filters=ALL)
        return sum(statement.startswith("SELECT") for statement in seen)

    bring(sqlite_engine, network, *rows(2))
    few = asked()
    bring(sqlite_engine, network, *rows(5, code="00102"), *rows(5, code="00201"))
    assert asked() == few == 4


def test_old_figures_stay_as_they_were_when_a_survey_is_flagged(sqlite_engine, network):
    survey_id = enter(sqlite_engine, network, email="dan@desk.example")
    with reading(sqlite_engine) as session:
        pair = figure_sum_queries.figures_by(session, scope=network.manager.scope, filters=ALL)[()]
        (row,) = figure_queries.by_dealer(session, scope=network.manager.scope, filters=ALL)
    assert survey(sqlite_engine, survey_id).is_flagged
    assert (pair.counted.surveys, row.flagged) == (1, 1)
