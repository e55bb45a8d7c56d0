"""Targets of dealers by period: read from files into a draft, published by another, and what they make one earn."""

from __future__ import annotations

import csv
import io
import sqlite3

import pytest
from sqlalchemy import select

from db import catalog  # noqa: F401 - makes the kinds of import known
from db.core.actor import system_actor
from db.core.area import SourceFile
from db.core.problems import Refused
from db.core.session import reading, run
from db.dealers.tables import Dealer
from db.imports.commands import run_import, undo_import
from db.imports.mapping import load_mapping
from db.incentives.commands import publish_program
from db.incentives.model import Growth, program_from_json
from db.incentives.tables import IncentiveEarning, IncentiveEntry, IncentiveVersion, SaleReport
from tests.incentives.cases import of_kind
from tests.incentives.factories import CASH, NOW, House
from tests.support.again import begun
from tests.support.paths import ROOT, shared
from tests.support.users import make_dealer

GOAL = CASH | {
    "code": "GOAL", "name": "Goal", "documents": [], "checklist": [],
    "program": {"first": "2026-01-01", "last": "2026-12-31"},
    "rule": {"kind": "growth", "baseline": "target", "targets": {"04012": 3}, "cents": 100_00},
}  # fmt: skip


@pytest.fixture
@begun
def house(sqlite_engine):
    return House(sqlite_engine)


def bring(house, content, *, who="sally", mapping=None, name="targets.csv"):
    return run(
        run_import, bind=house.engine, kind="incentive_targets", channel="page", mapping=mapping,
        files=[SourceFile(name=name, content=content.encode())], actor=getattr(house, who), now=NOW,
    )  # fmt: skip


def versions(house):
    with reading(house.engine) as session:
        rows = session.scalars(select(IncentiveVersion).order_by(IncentiveVersion.id)).all()
        return [(r.state, program_from_json(r.body).rule) for r in rows]


def publish(house, number, *, who="mason"):
    with reading(house.engine) as session:
        row = session.scalars(select(IncentiveVersion).where(IncentiveVersion.number == number)).one()
        version_id, seen = row.id, row.version
    run(
        publish_program, bind=house.engine, version_id=version_id, seen_version=seen, reason="Agreed",
        actor=getattr(house, who), now=NOW,
    )  # fmt: skip


def test_a_file_fills_a_draft_and_counts_once_somebody_else_published_it(engine):
    house = House(engine)
    program = house.publish(GOAL)
    house.sell_many(4)
    assert house.book("earned", program) == [100_00]  # 4 against 3
    batch = bring(house, "program,dealer code,period,target\nGOAL,04012,2026-11,1\ngoal,04099,2026-12,9\n")
    assert [o.outcome for o in batch.outcomes] == ["created", "created"]
    assert "somebody else publishes it" in " ".join(batch.sentences)
    (_, before), (state, rule) = versions(house)
    assert (state, rule.by_period) == ("draft", {"2026-11": {"04012": 1}, "2026-12": {"04099": 9}})
    assert before.by_period == {}
    assert sum(house.book("earned", program)) == 100_00
    with pytest.raises(Refused, match="not"):
        publish(house, 2, who="sally")
    publish(house, 2)
    assert house.book("earned", program) == [100_00, 200_00]  # 4 against 1
    house.agrees()


def test_months_of_a_quarterly_program_add_up_and_blanks_are_no_targets(house):
    house.publish(GOAL, period="quarter")
    head = "program,dealer code,year," + ",".join(f"M{n:02}" for n in range(1, 13)) + "\n"
    rows = (
        "GOAL,04012,2026,,,,,,,,,,10,20,30\n"
        "GOAL,04099,2026,1,2,3,,,,,,7,,,\n"
        "GOAL,04099,2025,1,1,1,1,1,1,1,1,1,1,1,1\n"
        "GOAL,04099,2026,,,,,,,,,,,,\n"
        "GOAL,04099,,1,,,,,,,,,,,\n"
        "GOAL,00000,2026,1,,,,,,,,,,,\n"
        "CASH-11,04012,2026,1,,,,,,,,,,,\n"
        "GOAL,04099,2026,1,2,4,,,,,,,,,\n"
        "GOAL,04012,2026,-1,,,,,,,,,,,\n"
        "GOAL,04012,2026,,,,,,,,,,30,,30\n"
    )
    batch = bring(house, head + rows)
    said = [(o.outcome, o.code) for o in batch.outcomes]
    assert said == [
        ("created", "partly"), ("created", "partly"), ("rejected", "outside"), ("rejected", "required"),
        ("rejected", "required"), ("rejected", "unknown_dealer"), ("rejected", "no_targets"), ("rejected", "twice"),
        ("rejected", "out_of_range"), ("duplicate", "known"),
    ]  # fmt: skip
    assert "9 cells are blank" in batch.outcomes[0].message
    rule = versions(house)[-1][1]
    assert rule.by_period == {"2026-Q1": {"04099": 6}, "2026-Q3": {"04099": 7}, "2026-Q4": {"04012": 60}}


@pytest.mark.parametrize(
    ("period", "cells", "code"),
    [
        ("month", "2026,,5,,", "no_period"), ("month", ",,,2026-Q4,5", "no_period"),
        ("quarter", ",,,2026-11,5", "no_period"),
        ("program", "2026,5,,,", "no_period"), ("month", ",,,2027-01,5", "outside"),
        ("month", ",,,2026-11,", "required"),
    ],
)  # fmt: skip
def test_a_target_is_of_the_program_s_own_periods(house, period, cells, code):
    house.publish(GOAL, period=period)
    batch = bring(house, f"program,dealer code,year,M01,Q1,period,units\nGOAL,04012,{cells}\n")
    assert [(o.outcome, o.code) for o in batch.outcomes] == [("rejected", code)]
    assert len(versions(house)) == 1


def test_the_same_file_again_changes_nothing_and_the_undo_gives_the_draft_back(house):
    house.publish(GOAL)
    house.draft(GOAL, name="Wider goal")
    text = "program,dealer code,period,units\nGOAL,04012,2026-11,7\n"
    batch = bring(house, text)
    again = bring(house, text)
    assert [o.outcome for o in again.outcomes] == ["duplicate"]
    assert versions(house)[-1][1].by_period == {"2026-11": {"04012": 7}}
    run(undo_import, bind=house.engine, batch_id=batch.batch_id, reason="Wrong file", actor=house.mason, now=NOW)
    assert versions(house)[-1][1].by_period == {}
    last = bring(house, text)
    publish(house, 2)
    with pytest.raises(Refused, match="changed since"):
        run(undo_import, bind=house.engine, batch_id=last.batch_id, reason="Too late", actor=house.mason, now=NOW)


def test_without_a_draft_the_undo_takes_the_new_one_away(house):
    house.publish(GOAL)
    batch = bring(house, "program,dealer code,period,units\nGOAL,04012,2026-11,7\n")
    run(undo_import, bind=house.engine, batch_id=batch.batch_id, reason="Wrong file", actor=house.mason, now=NOW)
    assert [state for state, _ in versions(house)] == ["published"]


def test_only_who_looks_after_every_dealer_sets_targets(house):
    house.publish(GOAL)
    with pytest.raises(Refused):
        bring(house, "program,dealer code,period,units\nGOAL,04012,2026-11,7\n", who="dora")


def test_the_target_of_a_period_wins_over_that_of_every_period():
    from db.incentives.tier_rules import target_of

    rule = of_kind("growth", baseline="target", cents=1, targets={"A": 4}, by_period={"2026-11": {"A": 9, "B": 0}}).rule
    assert isinstance(rule, Growth)
    found = [target_of(rule, c, p) for c, p in (("A", "2026-11"), ("A", "2026-12"), ("B", "2026-11"), ("C", "2026-11"))]
    assert found == [9, 4, 0, 0]


# ---- real sales against real targets ---------------------------------------------------------------------------------
SELLERS = {"294": "481044938", "296": "758596752"}
"""Sellers by their key in the sales, and their number in the targets."""
YEAR = {"first": "2020-01-01", "last": "2020-12-31"}
ANY = {"makes": ["Adventure Works"], "any_serial": True}
STEP = {
    "code": "AW-STEP", "name": "Volume of the quarter", "program": YEAR, "period": "quarter", "eligible": ANY,
    "rule": {"kind": "stair_step", "method": "incremental", "tiers": [
        {"from_units": n, "cents": c * 100} for n, c in ((1, 1), (100, 2), (300, 5))]},
}  # fmt: skip
AW_GOAL = {
    "code": "AW-GOAL", "name": "Above the target", "program": YEAR, "period": "month", "eligible": ANY,
    "rule": {"kind": "growth", "baseline": "target", "targets": {"294": 0}, "min_percent": 5_00, "pays": "above",
             "cents": 12_50},
}  # fmt: skip
STEP_SQL = """
    WITH u AS (SELECT EmployeeKey AS d, (CAST(substr(OrderDate, 6, 2) AS INTEGER) + 2) / 3 AS q,
        SUM(CAST(OrderQuantity AS INTEGER)) AS n FROM sales WHERE substr(OrderDate, 1, 4) = '2020' GROUP BY 1, 2)
    SELECT d, '2020-Q' || q, 100 * MIN(n, 99) + 200 * MAX(0, MIN(n, 299) - 99) + 500 * MAX(0, n - 299) FROM u"""
GOAL_SQL = """
    WITH u AS (SELECT EmployeeKey AS d, substr(OrderDate, 1, 7) AS m, SUM(CAST(OrderQuantity AS INTEGER)) AS n
        FROM sales WHERE substr(OrderDate, 1, 4) = '2020' GROUP BY 1, 2)
    SELECT u.d, u.m, CASE WHEN COALESCE(t.n, 0) > 0 AND u.n > t.n AND u.n * 100 >= t.n * 105
        THEN (u.n - t.n) * 1250 ELSE 0 END FROM u LEFT JOIN targets t ON t.d = u.d AND t.m = u.m"""


def test_real_targets_and_sales_earn_what_independent_sql_says(sqlite_engine):
    folder = shared("adventureworks_dealers")
    with (folder / "FactResellerSales.csv").open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        names = list(reader.fieldnames or ())
        rows = [r for r in reader if r["EmployeeKey"] in SELLERS and r["OrderDate"].startswith("2020")]
    text = io.StringIO()
    writer = csv.DictWriter(text, names)
    writer.writeheader()
    writer.writerows(rows)
    house = House(sqlite_engine)
    for key in SELLERS:
        make_dealer(sqlite_engine, code=key, name=f"Seller {key}")
    step, goal = house.publish(STEP), house.publish(AW_GOAL)

    def read(kind, mapping, *files):
        toml = (ROOT / f"seed/mappings/{mapping}.toml").read_text(encoding="utf-8")
        sources = [SourceFile(name=name, content=content) for name, content in files]
        return run(
            run_import, bind=sqlite_engine, kind=kind, channel="cli", files=sources, mapping=load_mapping(toml),
            actor=system_actor("seed"), now=NOW,
        )  # fmt: skip

    given = (folder / "ResellerSalesTargets.csv").read_bytes()
    targets = read("incentive_targets", "adventureworks_targets", ("ResellerSalesTargets.csv", given))
    # Of 34 rows those of the two sellers in 2020 say something here; each other one is refused with why.
    taken = [(o.row, o.outcome, o.code) for o in targets.outcomes if o.outcome != "rejected"]
    assert taken == [(24, "created", ""), (26, "created", "")]
    assert {o.code for o in targets.rejections} == {"unknown_dealer", "outside"}
    sales = read(
        "sales", "adventureworks_seller_sales", ("sales.csv", text.getvalue().encode()),
        ("Product.csv", (folder / "Product.csv").read_bytes()),
    )  # fmt: skip
    assert {o.outcome for o in sales.outcomes} == {"created"}
    assert house.count(SaleReport) == sum(int(r["OrderQuantity"]) for r in rows) > 1_000
    with reading(sqlite_engine) as session:
        draft = session.scalars(select(IncentiveVersion).where(IncentiveVersion.state == "draft")).one()
        version_id, seen = draft.id, draft.version
    run(publish_program, bind=sqlite_engine, version_id=version_id, seen_version=seen, reason="Agreed",
        actor=house.mason, now=NOW)  # fmt: skip
    house.agrees()

    books = sqlite3.connect(":memory:")
    books.execute("CREATE TABLE sales (EmployeeKey TEXT, OrderDate TEXT, OrderQuantity TEXT)")
    books.execute("CREATE TABLE targets (d TEXT, m TEXT, n INTEGER)")
    books.executemany(
        "INSERT INTO sales VALUES (?, ?, ?)", [(r["EmployeeKey"], r["OrderDate"], r["OrderQuantity"]) for r in rows]
    )
    numbers = {number: key for key, number in SELLERS.items()}
    for line in csv.DictReader(io.StringIO(given.decode("utf-8-sig"))):
        for month in range(1, 13):
            cell = line[f"M{month:02}"]
            if line["EmployeeID"] in numbers and cell not in ("", "NULL"):
                books.execute(
                    "INSERT INTO targets VALUES (?, ?, ?)",
                    (numbers[line["EmployeeID"]], f"{line['Year']}-{month:02}", int(cell)),
                )
    with reading(sqlite_engine) as session:
        for program_id, wanted, many in ((step, STEP_SQL, 4), (goal, GOAL_SQL, 8)):
            expected = {(d, p): c for d, p, c in books.execute(wanted)}
            earned = session.execute(
                select(Dealer.code, IncentiveEarning.period, IncentiveEarning.cents)
                .join(Dealer, Dealer.id == IncentiveEarning.dealer_id)
                .where(IncentiveEarning.program_id == program_id)
            )
            assert {(code, period): cents for code, period, cents in earned} == expected
            assert len(expected) == many
            assert len({c for c in expected.values() if c}) > 2
            assert 0 in expected.values() or program_id == step
            posted = session.scalars(select(IncentiveEntry.cents).where(IncentiveEntry.program_id == program_id))
            assert sum(posted) == sum(expected.values())
