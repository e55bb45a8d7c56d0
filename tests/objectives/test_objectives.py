"""Objectives: sales effectiveness as a rule, files that bring registrations, and the metrics over real deliveries."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, select

from db import catalog
from db.core.actor import EVERYTHING, Scope, system_actor
from db.core.area import SourceFile
from db.core.problems import Refused
from db.core.session import reading, run, writing
from db.exports import run_export
from db.imports.commands import run_import, undo_import
from db.imports.tables import ImportRow
from db.incentives.tables import SaleReport
from db.objectives.rules import effectiveness, expected
from db.objectives.tables import SalesObjective
from tests.support.users import make_dealer

NOW = datetime(2026, 6, 29, 15, 0, tzinfo=UTC)
HEAD = "Dealer code,Month,Segment,Registrations,Benchmark share,Objective,Benchmark area,Territory version\n"
# The vector of domain-rules 2.8: shares .10/.25/.08 of 1200/800/1500 expect 440; 390 are 88.6%.
VECTOR = HEAD + (
    "04012,2026-05,Compact,1200,10,300,State of NY,2025-1\n"
    "04012,2026-05,Pickup,800,25,100,State of NY,2025-1\n"
    "04012,2026-05,SUV,1500,8,20,State of NY,2025-1\n"
)


@pytest.mark.parametrize(
    "segments, actual, wanted, share",
    [
        ([(1000, 1200), (2500, 800), (800, 1500)], 390, 440, 88.6),
        ([(1000, 1200), (2500, 800), (800, 1500)], 440, 440, 100.0),
        ([(850, 100)], 17, 8.5, 200.0),
        ([(0, 500), (500, 0)], 3, 0, None),
        ([], 0, 0, None),
    ],
)
def test_sales_effectiveness(segments, actual, wanted, share):
    assert expected(segments) == wanted
    found = effectiveness(actual, expected(segments))
    assert (None if found is None else round(100 * found, 1)) == share


def bring(bind: Engine, content: str, **more: Any):
    return run(
        run_import, bind=bind, kind="sales_objectives", channel="page", mapping=None,
        files=[SourceFile(name="objectives.csv", content=content.encode())],
        **{"actor": system_actor(), "now": NOW, **more},
    )  # fmt: skip


def sold(bind: Engine, dealer_id: int, day: date | None, number: int, **other: Any) -> None:
    with writing(bind, keeps_timeline=False) as session:
        first = len(session.scalars(select(SaleReport.id)).all())
        session.add_all(
            SaleReport(
                **{
                    "number": f"S-{first + n:06}", "dealer_id": dealer_id, "region": "East", "vin": f"VIN{first + n}",
                    "sale_type": "cash", "delivered_on": day, "dealer_status": "active", "dealer_region": "East",
                    "username": "test", "created_at": NOW, "updated_at": NOW, "updated_by": "Test", **other,
                }
            )
            for n in range(number)
        )  # fmt: skip


def figures(bind: Engine, name: str, *, scope: Scope = EVERYTHING, by: tuple[str, ...] = (), **filters: Any):
    with reading(bind) as session:
        return catalog.metric(name).compute(session, scope=scope, by=by, filters=filters, now=NOW)


def stored(bind: Engine) -> list[tuple[Any, ...]]:
    with reading(bind) as session:
        rows = session.scalars(select(SalesObjective).order_by(SalesObjective.segment)).all()
        return [(r.segment, r.month, r.registrations, r.share, r.objective) for r in rows]


def test_the_numbers_of_a_market_and_of_its_deliveries(engine: Engine):
    dealer = make_dealer(engine)
    other = make_dealer(engine, code="04013", name="Far Cars", region="West")
    result = bring(engine, VECTOR + "04013,2026-05,SUV,100,10,,,\n04013,2026-04,SUV,100,10,5,,\n")
    assert (result.created, result.rejected) == (5, 0)
    sold(engine, dealer, date(2026, 5, 1), 385)
    sold(engine, dealer, date(2026, 5, 31), 5)
    sold(engine, dealer, date(2026, 6, 1), 7)
    sold(engine, dealer, None, 2)
    sold(engine, dealer, date(2026, 5, 3), 3, condition="used")
    sold(engine, dealer, date(2026, 5, 3), 4, unwound_on=date(2026, 5, 20))
    sold(engine, other, date(2026, 5, 3), 6, region="West")
    may: dict[str, Any] = {"from": date(2026, 5, 1), "to": date(2026, 5, 31)}
    by_dealer = {r["dealer"]: r for r in figures(engine, "sales_effectiveness", by=("dealer",), **may)}
    assert (by_dealer["04012"]["numerator"], by_dealer["04012"]["denominator"]) == (390, 440)
    assert round(100 * by_dealer["04012"]["value"], 1) == 88.6
    assert by_dealer["04012"]["dealer_id"] == dealer
    (whole,) = figures(engine, "sales_effectiveness", **may)
    assert (whole["numerator"], whole["denominator"]) == (396, 450)
    (goal,) = figures(engine, "objective_attainment", **may)
    assert (goal["numerator"], goal["denominator"]) == (390, 420), "where nothing was agreed nothing is reached"
    months = figures(engine, "objective_units", by=("month",))
    assert [(r["month"], r["value"]) for r in months] == [("2026-04", 5), ("2026-05", 420)]
    (east,) = figures(engine, "sales_effectiveness", by=("region",), **may, region="East")
    assert (east["region"], east["denominator"]) == ("East", 440)
    (one,) = figures(engine, "sales_effectiveness", **may, dealer=["04013"])
    assert (one["numerator"], one["denominator"]) == (6, 10)
    own = Scope(dealer_ids=frozenset({other}))
    assert [r["dealer"] for r in figures(engine, "sales_effectiveness", scope=own, by=("dealer",), **may)] == ["04013"]


def test_a_large_market_does_not_overflow(engine: Engine):
    make_dealer(engine)
    bring(engine, HEAD + "04012,2026-05,SUV,9000000,99.99,,,\n")
    (row,) = figures(engine, "sales_effectiveness")
    assert row["denominator"] == pytest.approx(8_999_100)


def test_the_same_again_replaces_and_undo_gives_back(sqlite_engine: Engine):
    make_dealer(sqlite_engine)
    bring(sqlite_engine, VECTOR)
    before = stored(sqlite_engine)
    again = bring(sqlite_engine, VECTOR)
    assert (again.created, again.updated, again.duplicates) == (0, 0, 3)
    changed = bring(sqlite_engine, HEAD + "04012,May 2026,suv,1600,8.5,25,,\n04012,2026-05,Van,10,1,,,\n")
    assert (changed.created, changed.updated) == (1, 1)
    assert ("SUV", date(2026, 5, 1), 1600, 850, 25) in stored(sqlite_engine)
    run(undo_import, bind=sqlite_engine, batch_id=changed.batch_id, reason="Wrong file", actor=system_actor(), now=NOW)
    assert stored(sqlite_engine) == before


@pytest.mark.parametrize(
    "row, words",
    [
        ("99999,2026-05,SUV,10,5,,,", "no dealer"),
        ("04012,never,SUV,10,5,,,", "no month"),
        ("04012,2026-05,,10,5,,,", "segment"),
        ("04012,2026-05,SUV,-1,5,,,", "between 0 and 10,000,000"),
        ("04012,2026-05,SUV,10,101,,,", "between 0 and 100 percent"),
        ("04012,2026-05,SUV,10,5,-3,,", "between 0 and 10,000,000"),
        ("04012,2026-05,Compact,10,5,,,\n04012,2026-05,compact,10,5,,,", "same dealer, month and segment"),
    ],
)
def test_a_row_that_cannot_be_taken_says_why(sqlite_engine: Engine, row: str, words: str):
    make_dealer(sqlite_engine)
    result = bring(sqlite_engine, HEAD + row + "\n")
    assert (result.created, result.rejected) == (row.count("\n"), 1), "the rows beside it are taken"
    with reading(sqlite_engine) as session:
        said = session.scalars(select(ImportRow.message).where(ImportRow.outcome == "rejected")).one()
    assert words in said.lower()


def test_the_method_is_disclosed(sqlite_engine: Engine):
    make_dealer(sqlite_engine)
    bring(sqlite_engine, VECTOR)
    made = run(
        run_export, bind=sqlite_engine, kind="sales_objectives", file_format="csv", actor=system_actor(), now=NOW,
        filters={"from": "2026-05-01", "dealer": "04012"},
    )  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(made.content.decode("utf-8-sig"))))
    assert [(r["Segment"], float(r["Expected"]), r["Benchmark area"]) for r in rows] == [
        ("Compact", 120, "State of NY"), ("Pickup", 200, "State of NY"), ("SUV", 120, "State of NY"),
    ]  # fmt: skip


@pytest.mark.parametrize("wrong", [{"by": ("source",)}, {"colour": "red"}])
def test_what_objectives_are_not_counted_by(sqlite_engine: Engine, wrong: dict[str, Any]):
    with pytest.raises(Refused):
        figures(sqlite_engine, "sales_effectiveness", **wrong)
