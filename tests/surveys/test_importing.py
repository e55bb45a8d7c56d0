"""Surveys of an agency: every row accounted for, tried first, taken back whole."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, func, select

from db.core.problems import Refused
from db.core.session import reading, run
from db.imports.commands import dry_run_import, undo_import
from db.surveys.commands import COMMANDS
from db.surveys.tables import Survey, SurveyAlert, SurveyAnswer
from tests.leads.factories import NOW, Network, make_network
from tests.support.again import begun
from tests.surveys.factories import DAY, ROW, SENT_ONLY, bring, file_of, has_alert, publish, stored, survey


@pytest.fixture
@begun
def network(sqlite_engine: Engine) -> Network:
    made = make_network(sqlite_engine)
    publish(sqlite_engine, made)
    return made


def outcomes(result) -> list[tuple[str, str]]:
    return [(o.outcome, o.code) for o in result.outcomes]


ROWS = [
    ("plain", {}, ("created", "")),
    ("only sent", SENT_ONLY, ("created", "")),
    ("unhappy", {"q3": "3"}, ("created", "bottom")),
    ("a named version", {"Version": "1"}, ("created", "")),
    ("a version there is not", {"Version": "7"}, ("rejected", "no_version")),
    ("an unknown dealer", {"Dealer code": "999"}, ("rejected", "unknown_dealer")),
    ("a code without its zeros", {"Dealer code": "101"}, ("rejected", "unknown_dealer")),
    ("out of range", {"q1": "6"}, ("rejected", "out_of_range")),
    ("an unknown question", {"q8": "3"}, ("rejected", "unknown_question")),
    ("answered before sent", {"Answered": (DAY - timedelta(days=9)).isoformat()}, ("rejected", "before_sent")),
    ("to come", {"Answered": (DAY + timedelta(days=9)).isoformat()}, ("rejected", "future")),
    ("answers without a day", {"Answered": ""}, ("rejected", "required")),
    ("a day without answers", SENT_ONLY | {"Answered": DAY.isoformat()}, ("rejected", "required")),
    ("no id", {"Survey id": ""}, ("rejected", "required")),
    ("another kind", {"Kind": "pdi"}, ("rejected", "not_a_choice")),
]


@pytest.mark.parametrize(("changed", "expected"), [c[1:] for c in ROWS], ids=[c[0] for c in ROWS])
def test_what_becomes_of_a_row(sqlite_engine, network, changed, expected):
    result = bring(sqlite_engine, network, ROW | changed)
    assert outcomes(result) == [expected]
    if expected[0] == "rejected":
        assert result.outcomes[0].row == 2
        assert result.outcomes[0].message
    with reading(sqlite_engine) as session:
        assert session.scalar(select(func.count()).select_from(Survey)) == (expected[0] == "created")


def test_ambiguous_dates_are_asked_for(sqlite_engine, network):
    result = bring(sqlite_engine, network, ROW | {"Sent": "03/04/2026", "Answered": "04/05/2026"})
    assert outcomes(result) == [("rejected", "ambiguous_date")]


def test_a_survey_is_answered_once(sqlite_engine, network):
    first = bring(sqlite_engine, network, ROW, ROW, ROW | {"q1": "3"})
    assert outcomes(first) == [("created", ""), ("duplicate", "unchanged"), ("rejected", "duplicate_survey")]
    again = bring(sqlite_engine, network, ROW, ROW | {"q1": "3"}, ROW | {"Dealer code": "00102"})
    assert outcomes(again) == [("duplicate", "unchanged"), *[("rejected", "duplicate_survey")] * 2]


def test_it_comes_back_later_and_the_undo_makes_it_wait_again(engine):
    network = make_network(engine)
    publish(engine, network)
    bring(engine, network, ROW | SENT_ONLY)
    with reading(engine) as session:
        survey_id = session.scalars(select(Survey.id)).one()
    before = stored(engine, ignoring=("id", "version", "updated_at", "updated_by"))
    result = bring(engine, network, ROW | {"q3": "1"})
    assert outcomes(result) == [("updated", "bottom")]
    found = survey(engine, survey_id)
    assert (found.is_returned, found.index_hundredths, found.nps) == (True, 10_000, -1)
    assert has_alert(engine, survey_id)
    run(undo_import, bind=engine, batch_id=result.batch_id, reason="Wrong", actor=network.coordinator, now=NOW)
    after = stored(engine, ignoring=("id", "version", "updated_at", "updated_by"))
    assert after == before


def test_a_dry_run_leaves_nothing(sqlite_engine, network):
    before = stored(sqlite_engine)
    result = dry_run_import(
        sqlite_engine, kind="surveys", files=[file_of(ROW | {"q3": "1"})], channel="page", actor=network.coordinator,
        now=NOW,
    )  # fmt: skip
    assert outcomes(result) == [("created", "bottom")]
    assert stored(sqlite_engine) == before


def test_undo_takes_everything_back_until_somebody_called(sqlite_engine, network):
    rows = [ROW | {"Survey id": f"AG-{n}", "q3": "1" if n == 1 else "9"} for n in range(1, 6)]
    result = bring(sqlite_engine, network, *rows)
    with reading(sqlite_engine) as session:
        alert = session.scalars(select(SurveyAlert.id)).one()
        assert session.scalar(select(func.count()).select_from(SurveyAnswer)) == 15
    undo = {"batch_id": result.batch_id, "reason": "Wrong file", "actor": network.coordinator, "now": NOW}
    run(
        COMMANDS["contact"], bind=sqlite_engine, item_id=alert, seen_version=1, note="Sorry", now=NOW,
        actor=network.dealer_manager,
    )  # fmt: skip
    with pytest.raises(Refused, match="SA-000001"):
        run(undo_import, bind=sqlite_engine, **undo)
    fresh = bring(sqlite_engine, network, ROW | {"Survey id": "AG-9", "q3": "1"})
    run(undo_import, bind=sqlite_engine, **(undo | {"batch_id": fresh.batch_id}))
    with reading(sqlite_engine) as session:
        assert session.scalars(select(Survey.survey_key).order_by(Survey.id)).all() == [f"AG-{n}" for n in range(1, 6)]
        assert session.scalars(select(SurveyAlert.number)).all() == ["SA-000001"]


def test_nobody_imports_for_dealers_out_of_scope(sqlite_engine, network):
    west = bring(sqlite_engine, network, ROW | {"Dealer code": "00201"}, actor=network.east_coordinator)
    assert outcomes(west) == [("rejected", "unknown_dealer")]
    with pytest.raises(Refused, match="Your role"):
        bring(sqlite_engine, network, ROW, actor=network.dealer_manager)


def test_an_import_takes_no_more_statements_for_more_rows(sqlite_engine, network):
    seen: list[str] = []
    event.listen(sqlite_engine, "before_cursor_execute", lambda _c, _cur, statement, *_: seen.append(statement))

    def many(first: int, count: int) -> int:
        rows = [ROW | {"Survey id": f"N-{first + n}", "E-mail": f"c{first + n}@mail.example"} for n in range(count)]
        seen.clear()
        bring(sqlite_engine, network, *rows)
        return sum("survey" in statement for statement in seen)

    many(0, 2)
    few, lots = many(50, 4), many(100, 7)
    assert lots <= few + 3  # rows are written in bulk; search words are one statement a survey, which names none
