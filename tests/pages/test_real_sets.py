"""What is published with the real data sets stands on the pages: incidents met and missed, money that was earned."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from db.calendar.queries import DESK_ZONE
from db.core.labels import local_day
from db.core.permissions import Role
from db.core.session import dispose, make_engine
from seed.real import Desk, incentives, incidents
from tests.support.clock import hold_clock
from tests.support.databases import migrate
from tests.support.paths import SHARED_DATA, shared
from tests.support.tier import figure
from tests.support.users import app_as, make_person

OVERVIEW, PERFORMANCE = "pages/reports/overview.py", "pages/leads/performance.py"
BUILDER, INCENTIVES = "pages/reports/report_builder.py", "pages/incentives/incentive_figures.py"


def use(monkeypatch: pytest.MonkeyPatch, url: str, at: datetime) -> None:
    """Let this process be the app on a database, at a moment."""
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("VAR_DIR", str(Path(url.removeprefix("sqlite:///")).parent))
    hold_clock(monkeypatch, at)
    dispose()


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, datetime, dict[str, Any]]:
    """The incidents, imported as `make try-real` does; skipped where the sets are not here."""
    shared("incident_sla", incidents.LOG)
    answers = json.loads(shared("known_answers.json").read_text(encoding="utf-8"))["incident_sla"]
    url = f"sqlite:///{tmp_path_factory.mktemp('incidents') / 'dealer.db'}"
    migrate(url)
    bind = make_engine(url)
    desk = Desk(engine=bind, data=SHARED_DATA, now=datetime.now(UTC), answers=answers, name="incident_sla")
    facts = incidents.incidents(desk)
    make_person(bind, "leah", Role.SALES_LEADER)
    bind.dispose()
    assert [fact for fact in facts if not fact.is_right] == []
    return url, incidents.until(desk), answers


@pytest.fixture
def opened(imported: tuple[str, datetime, dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> Iterator[datetime]:
    """The app a month after the last incident was opened."""
    url, last, _ = imported
    at = last + timedelta(days=40)
    use(monkeypatch, url, at)
    yield at
    dispose()


def show(page: str, **words: Any) -> Any:
    app = app_as("leah", page=page)
    for name, value in words.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, [str(one.value) for one in app.exception]
    return app


def said(app: Any) -> str:
    return "\n".join(str(e.value) for e in [*app.markdown, *app.caption])


def test_incidents_met_and_missed_stand_on_the_overview(opened: datetime, imported: Any):
    answers = imported[2]["made_sla_last_event"]
    assert (answers["TRUE"], answers["FALSE"]) == (495, 395)
    app = show(OVERVIEW, ovw_period="12")
    tiles = {metric.label: metric.value for metric in app.metric}
    assert (tiles["Leads"], tiles["Answered in time"]) == ("890", "55.6%")
    missed = re.search(r"495 of 890, (\d+) not", said(app))
    figure("R15", "incidents missed", int(missed[1]) if missed else -1)
    assert missed
    assert missed[1] == "395"


def test_incidents_by_priority_stand_in_the_report_builder(opened: datetime, imported: Any):
    app = show(BUILDER, rb_m="response_sla", rb_by="source", rb_period="12", rb_parts="1")
    rows = app.dataframe[0].value.set_index("source")
    for priority in ("1 - Critical", "2 - High", "3 - Moderate", "4 - Low"):
        parts = imported[2]["made_sla_by_priority_last_event"]
        met, missed = parts.get(f"{priority}|TRUE", 0), parts.get(f"{priority}|FALSE", 0)
        row = rows.loc[priority]
        assert (row["response_sla_numerator"], row["response_sla_denominator"]) == (met, met + missed)


def test_what_sales_of_bicycles_earned_stands_on_the_incentive_page(sqlite_url: str, monkeypatch: pytest.MonkeyPatch):
    """One state's resellers with two programs: the tile and the rows are what SQL over the raw lines gives."""
    shared("adventureworks_dealers", incentives.SALES)
    answers = json.loads(shared("known_answers.json").read_text(encoding="utf-8"))["adventureworks_dealers"]
    monkeypatch.setattr(incentives, "_whole", lambda _: [])  # `make try-real` reads every line of the set
    now = datetime.now(UTC)
    bind = make_engine(sqlite_url)
    desk = Desk(engine=bind, data=SHARED_DATA, now=now, answers=answers, name="adventureworks_dealers")
    facts = {fact.what: fact for fact in incentives.resellers(desk)}
    make_person(bind, "leah", Role.SALES_LEADER)
    bind.dispose()
    assert [fact for fact in facts.values() if not fact.is_right] == []
    expected = {code: facts[f"{code}: earned in all"].expected for code in ("AW-STEP", "AW-GROW")}
    assert expected == {"AW-STEP": "23220.00", "AW-GROW": "3850.00"}
    use(monkeypatch, sqlite_url, now)
    try:
        month = f"{local_day(now, DESK_ZONE):%Y-%m}"
        app = show(INCENTIVES, incf_from=month, incf_until=month)
        tiles = {metric.label: metric.value for metric in app.metric}
        rows = app.dataframe[0].value.set_index("Name")["Earned"]
    finally:
        dispose()
    assert tiles["Earned"] == "$27,070"
    assert {code: f"{rows[code]:.2f}" for code in expected} == expected
