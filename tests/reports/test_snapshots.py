"""Frozen months: once each, by two processes too; never changed, restated beside the old; seen within scope."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from db import catalog
from db.core.actor import EVERYTHING, Actor, Scope, system_actor
from db.core.area import Metric, MetricDefinition
from db.core.permissions import Permission, Role
from db.core.problems import Refused
from db.core.session import reading, run, writing
from db.core.timeline import TimelineEntry
from db.reports.snapshot_checks import months_are_whole
from db.reports.snapshot_commands import freeze_month, restate_month
from db.reports.snapshot_jobs import freeze, run_freeze
from db.reports.snapshot_queries import changed_since, frozen_figures, frozen_months, versions
from db.reports.snapshot_rules import BY_DEALER, differs, gaps, month_from, months_due
from db.reports.snapshot_store import count_month
from db.reports.snapshot_tables import MonthFigure, MonthFreeze
from tests.support.at_once import at_once, works
from tests.support.metrics import only_metrics
from tests.support.users import make_dealer

OCTOBER = date(2026, 10, 1)
NOW = datetime(2026, 11, 6, 15, tzinfo=UTC)
DESK = system_actor()
FACTS: dict[str, float] = {}


def compute(session: Any, *, scope: Scope, by: Any, filters: Any, now: datetime) -> list[dict[str, Any]]:
    """A metric whose facts a test sets: {region or dealer code or "": numerator}, over 100."""
    assert filters == {"from": date(2026, 10, 1), "to": date(2026, 10, 31)} or filters["from"].day == 1
    if not by:
        return [{"numerator": FACTS[""], "denominator": 100, "value": FACTS[""] / 100}]
    places = {"region": ("East", "West"), "dealer": ("E1", "W1", None)}[by[0]]
    return [{by[0]: p, "numerator": FACTS[p or ""], "denominator": 100, "value": FACTS[p or ""] / 100} for p in places]


TEST = Metric(
    definition=MetricDefinition(
        name="response_sla", title="Answered in time", formula="a / b", numerator="a", denominator="b", unit="percent"
    ),
    dims=("month", "region", "dealer"), compute=compute, permission=Permission.PERFORMANCE_VIEW,
)  # fmt: skip


@pytest.fixture
def one_metric(monkeypatch):
    """The catalogue is one metric whose facts the test sets."""
    only_metrics(monkeypatch, TEST)
    FACTS.clear()
    FACTS.update({"": 70, "East": 40, "West": 30, "E1": 40, "W1": 30})


def person(role: Role = Role.MANAGER, **scope: Any) -> Actor:
    return Actor(user_id=None, username="p", name="Pat", role=role, scope=Scope(**scope) if scope else EVERYTHING)


# ---- rules ---------------------------------------------------------------------------------------------------------
DUE = [
    ("never frozen, before the fifth", [], date(2026, 11, 4), []),
    ("never frozen, on the fifth", [], date(2026, 11, 5), ["2026-10"]),
    ("last month is frozen", ["2026-10"], date(2026, 11, 30), []),
    ("the next before the fifth", ["2026-10"], date(2026, 12, 4), []),
    ("the next on the fifth", ["2026-10"], date(2026, 12, 5), ["2026-11"]),
    ("the sweep stood still", ["2026-08"], date(2026, 12, 5), ["2026-09", "2026-10", "2026-11"]),
    ("stood still, before the fifth", ["2026-09"], date(2026, 12, 4), ["2026-10"]),
    ("over the year", ["2026-11"], date(2027, 1, 5), ["2026-12"]),
]


@pytest.mark.parametrize("why, frozen, today, wanted", DUE, ids=[c[0] for c in DUE])
def test_what_is_due(why, frozen, today, wanted):
    assert [f"{m:%Y-%m}" for m in months_due(frozen, today)] == wanted


@pytest.mark.parametrize("frozen, wanted", [
    ([], []), (["2026-10"], []), (["2026-10", "2026-09"], []), (["2026-12", "2026-09"], ["2026-10", "2026-11"]),
])  # fmt: skip
def test_gaps(frozen, wanted):
    assert gaps(frozen) == wanted


@pytest.mark.parametrize("one, other, wanted", [
    (None, None, False), (None, 0.0, True), (0.0, None, True), (1.0, 1.0, False), (0.1 + 0.2, 0.3, False),
    (1e12, 1e12 + 1, False), (100_00, 100_01, True), (0.5, 0.501, True),
])  # fmt: skip
def test_differs(one, other, wanted):
    assert differs(one, other) is wanted


@pytest.mark.parametrize("wrong", ["", "2026", "2026-13", "2026-00", "10/2026", "2026-1", "0000-01", "2026-10-01"])
def test_a_month_is_written_in_one_way(wrong):
    with pytest.raises(Refused) as refusal:
        month_from(wrong)
    assert refusal.value.code == "bad_month"
    assert month_from(" 2026-10 ") == OCTOBER


def test_what_is_frozen_by_dealer_exists_and_can_be_split():
    for name in BY_DEALER:
        assert {"month", "dealer"} <= set(catalog.metric(name).dims), name


# ---- freezing ------------------------------------------------------------------------------------------------------
def test_the_whole_catalogue_is_frozen_once(engine):
    """Every metric with months, on both databases, from an empty desk; a second sweep does nothing."""
    make_dealer(engine)
    assert run_freeze(engine, now=NOW) == 1
    assert run_freeze(engine, now=NOW) == 0
    with reading(engine) as session:
        row = session.scalars(select(MonthFreeze)).one()
        names = set(session.scalars(select(MonthFigure.metric).where(MonthFigure.level == "network")))
        assert names == set(row.metrics) == {m.definition.name for m in catalog.all_metrics() if "month" in m.dims}
        assert (row.month, row.version, row.reason) == ("2026-10", 1, "")
        assert months_are_whole(session) == []


def test_two_processes_freeze_a_month_once(engine, one_metric):
    assert sorted(at_once(engine, *works(lambda bind: run_freeze(bind, now=NOW)))) == [0, 1]
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(MonthFreeze)) == 1
        assert session.scalar(select(func.count()).select_from(TimelineEntry)) == 1
        assert months_are_whole(session) == []


def test_the_day_is_the_desks(sqlite_engine, one_metric):
    """Four in the morning of the fifth in UTC is still the fourth in New York."""
    assert run_freeze(sqlite_engine, now=datetime(2026, 11, 5, 4, tzinfo=UTC)) == 0
    assert run_freeze(sqlite_engine, now=datetime(2026, 11, 5, 6, tzinfo=UTC)) == 1


def test_a_month_that_still_runs_is_refused(sqlite_engine, one_metric):
    for moment in (datetime(2026, 10, 31, 20, tzinfo=UTC), datetime(2026, 11, 1, 3, tzinfo=UTC)):
        with pytest.raises(Refused, match="not over yet"):
            freeze(sqlite_engine, month=OCTOBER, actor=DESK, now=moment)
        with reading(sqlite_engine) as session:
            counted = count_month(session, month=OCTOBER, now=moment)
        with pytest.raises(Refused, match="not over yet"):
            run(freeze_month, bind=sqlite_engine, counted=counted, actor=DESK, now=NOW)
    assert freeze(sqlite_engine, month=OCTOBER, actor=DESK, now=datetime(2026, 11, 1, 6, tzinfo=UTC)) == 3


def test_a_failing_metric_freezes_nothing(sqlite_engine, one_metric):
    del FACTS["West"]
    with pytest.raises(KeyError):
        run_freeze(sqlite_engine, now=NOW)
    with reading(sqlite_engine) as session:
        assert session.scalar(select(func.count()).select_from(MonthFreeze)) == 0


WRITES = [
    "UPDATE month_figure SET value = 1",
    "DELETE FROM month_figure",
    "UPDATE month_freeze SET reason = 'x'",
    "DELETE FROM month_freeze",
]


@pytest.mark.parametrize("statement", WRITES)
def test_the_database_itself_keeps_a_frozen_month(engine, one_metric, statement):
    freeze(engine, month=OCTOBER, actor=DESK, now=NOW)
    with (
        pytest.raises(DBAPIError, match="a frozen month cannot be changed"),
        writing(engine, keeps_timeline=False) as session,
    ):
        session.execute(text(statement))


def test_a_row_cannot_be_replaced(sqlite_engine, one_metric):
    freeze(sqlite_engine, month=OCTOBER, actor=DESK, now=NOW)
    for table, columns in (
        ("month_freeze", "id, month, version, reason, frozen_at, username, by, figures, metrics"),
        ("month_figure", "freeze_id, month, metric, level, place, value"),
    ):
        with pytest.raises(DBAPIError, match="cannot be changed"), sqlite_engine.begin() as connection:
            connection.execute(text(f"INSERT OR REPLACE INTO {table} ({columns}) SELECT {columns} FROM {table}"))


# ---- restating -----------------------------------------------------------------------------------------------------
def restate(engine, **more):
    asked = {"month": OCTOBER, "seen_version": 1, "reason": "Late claims", "form_key": "k1", "actor": person()}
    return run(restate_month, bind=engine, now=NOW, **{**asked, **more})


def test_a_restatement_keeps_both(engine, one_metric):
    freeze(engine, month=OCTOBER, actor=DESK, now=NOW)
    FACTS[""] = 60
    assert restate(engine) == 2
    assert restate(engine) == 2  # a double click
    with reading(engine) as session:
        asked: dict[str, Any] = {"months": [OCTOBER], "level": "network", "actor": person()}
        assert [(f.version, f.value) for f in frozen_figures(session, **asked)] == [(2, 0.6)]
        both = frozen_figures(session, all_versions=True, **asked)
        assert [(f.version, f.value) for f in both] == [(1, 0.7), (2, 0.6)]
        known = versions(session, month=OCTOBER, actor=person())
        assert [(v.version, v.reason, v.by) for v in known] == [(1, "", "Automatic"), (2, "Late claims", "Pat")]
        assert frozen_months(session, actor=person()) == {OCTOBER: 2}
        assert months_are_whole(session) == []


def test_a_stale_restatement_names_who_was_first(engine, one_metric):
    freeze(engine, month=OCTOBER, actor=DESK, now=NOW)
    restate(engine)
    with pytest.raises(Refused, match="changed by Pat") as refusal:
        restate(engine, form_key="k2")
    assert refusal.value.code == "stale"


REFUSED = [
    ("nobody may", {"actor": person(Role.SALES_LEADER)}, "not_allowed"),
    ("without a reason", {"reason": "  "}, "required"),
    ("never frozen", {"month": date(2026, 9, 1), "seen_version": 0}, "not_frozen"),
]


@pytest.mark.parametrize("why, more, code", REFUSED, ids=[c[0] for c in REFUSED])
def test_a_restatement_is_refused(sqlite_engine, one_metric, why, more, code):
    freeze(sqlite_engine, month=OCTOBER, actor=DESK, now=NOW)
    with pytest.raises(Refused) as refusal:
        restate(sqlite_engine, **more)
    assert refusal.value.code == code
    with reading(sqlite_engine) as session:
        assert session.scalar(select(func.count()).select_from(MonthFreeze)) == 1


# ---- what changed since --------------------------------------------------------------------------------------------
def test_what_changed_since_it_was_frozen(sqlite_engine, one_metric):
    freeze(sqlite_engine, month=OCTOBER, actor=DESK, now=NOW)
    FACTS["West"] = 33

    def changed(actor, month=OCTOBER, **more):
        with reading(sqlite_engine) as session:
            found = changed_since(session, month=month, actor=actor, now=NOW, **more)
        return [(c.level, c.place, c.frozen, c.live) for c in found]

    west = ("region", "West", 0.3, 0.33)
    assert changed(person()) == [west]
    FACTS[""] = 73
    assert changed(person()) == [("network", "", 0.7, 0.73), west]
    assert changed(person(), place="West") == [west]
    assert changed(person(), place="") == [("network", "", 0.7, 0.73)]
    assert changed(person(kind="regions", regions=frozenset({"West"}))) == [west]
    assert changed(person(kind="regions", regions=frozenset({"East"}))) == []
    assert changed(person(kind="dealers", dealer_ids=frozenset({1}))) == []
    assert changed(person(Role.FINANCE)) == []  # who may not see the metric
    assert changed(person(), month=date(2026, 9, 1)) == []
    with pytest.raises(Refused), reading(sqlite_engine) as session:
        changed_since(session, month=OCTOBER, actor=person(Role.DEALER_MANAGER), now=NOW)


def test_figures_are_seen_within_scope(sqlite_engine, one_metric):
    east, west = make_dealer(sqlite_engine, code="E1"), make_dealer(sqlite_engine, code="W1", region="West")
    freeze(sqlite_engine, month=OCTOBER, actor=DESK, now=NOW)

    def places(level, actor):
        with reading(sqlite_engine) as session:
            return [f.place for f in frozen_figures(session, months=[OCTOBER], level=level, actor=actor)]

    everybody = person()
    assert (places("network", everybody), places("region", everybody)) == ([""], ["East", "West"])
    assert places("dealer", everybody) == ["E1", "W1"]
    regional = person(kind="regions", regions=frozenset({"West"}))
    assert [places(level, regional) for level in ("network", "region", "dealer")] == [[], ["West"], ["W1"]]
    of_one = person(kind="dealers", dealer_ids=frozenset({east}))
    assert [places(level, of_one) for level in ("network", "region", "dealer")] == [[], [], ["E1"]]
    assert west != east
    assert places("dealer", person(Role.FINANCE)) == []
    with pytest.raises(Refused):
        places("dealer", person(Role.DEALER_STAFF))


def test_a_dealer_that_moves_changes_no_frozen_month(sqlite_engine, one_metric):
    """Its figure stays as it was; who may see it is asked of the dealer as it is today."""
    make_dealer(sqlite_engine, code="E1")
    freeze(sqlite_engine, month=OCTOBER, actor=DESK, now=NOW)
    with writing(sqlite_engine, keeps_timeline=False) as session:
        session.execute(text("UPDATE dealer SET region = 'West'"))
    with reading(sqlite_engine) as session:
        west = person(kind="regions", regions=frozenset({"West"}))
        found = frozen_figures(session, months=[OCTOBER], level="dealer", actor=west)
        assert [(f.place, f.value) for f in found] == [("E1", 0.4)]
        assert {"dealer_id", "region"} - set(MonthFigure.__table__.c.keys()) == {"region"}


# ---- the check -----------------------------------------------------------------------------------------------------
BROKEN = [
    ("month_freeze", {"month": "2026-10", "version": 3}, "2026-10 has the versions 1, 3"),
    ("month_freeze", {"month": "2026-08", "version": 1}, "2026-09 was never frozen"),
    ("month_freeze", {"month": "2026-10", "version": 2}, "version 2 has no figure of response_sla"),
    ("month_freeze", {"month": "2026-10", "version": 2, "figures": 4}, "version 2 has 0 figures, 4 were frozen"),
    ("month_freeze", {"month": "2026-10", "version": 2}, "version 2 is a restatement without a reason"),
]


@pytest.mark.parametrize("table, values, wanted", BROKEN, ids=[c[2] for c in BROKEN])
def test_the_check_sees(sqlite_engine, one_metric, table, values, wanted):
    freeze(sqlite_engine, month=OCTOBER, actor=DESK, now=NOW)
    base = {
        "reason": "", "frozen_at": NOW, "username": "x", "by": "x", "figures": 0, "metrics": ["response_sla"]
    }  # fmt: skip
    with writing(sqlite_engine, keeps_timeline=False) as session:
        session.add(MonthFreeze(**{**base, **values}))
    with reading(sqlite_engine) as session:
        assert any(wanted in sentence for sentence in months_are_whole(session))
