"""Every metric of every area takes the same filters, names things alike, adds up, and says what it is (0064)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from db import catalog
from db.core.actor import EVERYTHING
from db.core.problems import Refused
from db.core.session import reading
from db.reports.catalogue import entries
from db.reports.catalogue_rules import BETTER, DIMS, PERIODS, UNITS
from tests.leads.factories import NOW
from tests.reports.contract import broken
from tests.reports.told import WORLDS, told

UNTOLD = {
    "cadence_late", "pipeline_weighted", "claim_deemed", "claim_days_to_pay", "coop_expired", "coop_expiring_30",
    "incentive_new_units",
}  # fmt: skip
"""Metrics whose world has nothing of them: what is walked there is only that nothing is nothing."""


@pytest.mark.parametrize("name", sorted(WORLDS))
def test_every_metric_keeps_what_it_promises(sqlite_templates, tmp_path, name):
    world = WORLDS[name]
    days = [world.last - n * timedelta(days=1) for n in range(24, -1, -1)]
    wrong: list[str] = []
    untold: set[str] = set()
    with told(sqlite_templates, name, tmp_path) as engine, reading(engine) as session:
        for entry in entries():
            if entry.area in world.areas:
                span = (world.first, world.last)
                wrong += broken(session, entry.metric, now=world.now, span=span, days=days)
                (whole,) = entry.metric.compute(session, scope=EVERYTHING, filters={"from": span[0], "to": span[1]},
                                                now=world.now)  # fmt: skip
                if not whole["numerator"] and not whole["denominator"]:
                    untold.add(entry.metric.definition.name)
    assert wrong == []
    assert untold <= UNTOLD


def test_every_area_with_metrics_is_told():
    areas = [area for world in WORLDS.values() for area in world.areas]
    assert sorted(areas) == sorted({entry.area for entry in entries()})


@pytest.mark.parametrize("metric", catalog.all_metrics(), ids=lambda m: m.definition.name)
def test_every_metric_says_what_it_is(metric):
    what = metric.definition
    for said in (what.title, what.formula, what.numerator, what.owner, what.rule):
        assert said.strip() == said != ""
    assert what.unit in UNITS
    assert what.better in BETTER
    assert metric.period in PERIODS
    assert set(metric.dims) <= set(DIMS)
    assert set(metric.overlaps) <= set(metric.dims)
    if what.unit == "percent":
        assert what.denominator != ""


def test_titles_are_told_apart_within_an_area():
    seen = [(entry.area, entry.metric.definition.title) for entry in entries()]
    assert len(seen) == len(set(seen))


WRONG = [
    ({"from": "June"}, (), "bad_day"),
    ({"to": "2026-02-30"}, (), "bad_day"),
    ({"from": "2026-06-02", "to": "2026-06-01"}, (), "reversed"),
    ({}, ("moon",), "unknown_dimension"),
    ({}, ("region", "moon"), "unknown_dimension"),
]


@pytest.mark.parametrize("filters, by, code", WRONG)
def test_what_cannot_be_answered_is_refused(sqlite_engine, filters, by, code):
    with reading(sqlite_engine) as session:
        for name in ("received", "claim_cost", "nps", "incentive_paid", "coop_paid", "appointments_due"):
            with pytest.raises(Refused) as refusal:
                catalog.metric(name).compute(session, scope=EVERYTHING, by=by, filters=filters, now=NOW)
            assert [p.code for p in refusal.value.problems] == [code], name


def test_a_month_as_text_is_all_its_days(sqlite_templates, tmp_path):
    with told(sqlite_templates, "parts", tmp_path) as engine, reading(engine) as session:

        def lines(**filters):
            (row,) = catalog.metric("parts_line_fill").compute(
                session, scope=EVERYTHING, filters=filters, now=WORLDS["parts"].now
            )
            return row["denominator"]

        assert lines(**{"from": "2026-10", "to": "2026-10"}) == lines(**{"from": "2026-10-01", "to": "2026-10-31"}) > 0
        assert lines(**{"from": "2026-10", "to": "2026-11"}) > lines(**{"from": "2026-10", "to": "2026-10"})
