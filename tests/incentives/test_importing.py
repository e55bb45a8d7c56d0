"""Sales from a file: none lost, each counted, taken back whole; real orders of resellers against independent SQL."""

from __future__ import annotations

import csv
import io
import sqlite3
from pathlib import Path

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
from db.incentives.tables import IncentiveEarning, IncentiveEntry, SaleReport
from tests.incentives.factories import CASH, NOW, House
from tests.support.users import make_dealer

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared" / "data" / "adventureworks_dealers"
MAPPING = load_mapping((ROOT / "seed/mappings/adventureworks_sales.toml").read_text(encoding="utf-8"))
PLAIN = load_mapping(
    'kind = "sales"\ntitle = "Sales"\n[columns]\nexternal_number = "no"\ndealer_code = "dealer"\nvin = "vin"\n'
    'make = "make"\nmodel = "model"\nsale_type = "type"\nstocked_on = "stock"\ndelivered_on = "delivered"\n'
    'documents = "papers"\n'
)
HEAD = "no,dealer,vin,make,model,type,stock,delivered,papers\n"
ROWS = (
    "A1,04012,1HGCM82633A004352,Honda,Accord,Retail,2026-10-01,2026-11-18,Registration\n"
    "A2,04012,2HGCM82633A004351,Honda,Accord,Finance,2026-10-01,2026-11-18,\n"
    "A3,04012,1HGCM82633A004352,Honda,Accord,Cash,2026-10-01,2026-11-19,title\n"
    "A4,00000,3HGCM82633A004350,Honda,Accord,Cash,2026-10-01,2026-11-19,title\n"
    "A5,04012,3HGCM82633A004350,Honda,Accord,gift,2026-10-01,2026-11-19,title\n"
    "A6,04012,3HGCM82633A004350,Honda,Accord,Export,2026-10-01,2026-11-19,\"title, odometer\"\n"
)  # fmt: skip


def bring(engine, content, mapping=PLAIN, *others):
    files = [SourceFile(name="sales.csv", content=content.encode()), *others]
    return run(
        run_import, bind=engine, kind="sales", channel="cli", files=files, mapping=mapping,
        actor=system_actor("seed"), now=NOW,
    )  # fmt: skip


def test_rows_are_taken_or_told_why_and_count_at_once(engine):
    house = House(engine)
    house.publish(CASH)
    batch = bring(engine, HEAD + ROWS)
    assert [o.outcome for o in batch.outcomes] == ["created", "created", "rejected", "rejected", "rejected", "created"]
    assert "sold already with S-" in batch.outcomes[2].message
    assert "no dealer 00000" in batch.outcomes[3].message
    with reading(engine) as session:
        kinds = session.scalars(select(SaleReport.sale_type).order_by(SaleReport.id)).all()
    assert kinds == ["cash", "loan", "export"]
    assert house.book("earned") == [500_00]
    house.agrees()
    again = bring(engine, HEAD + ROWS)
    assert [o.outcome for o in again.outcomes][:2] == ["duplicate", "duplicate"]
    house.agrees()


def test_a_batch_is_taken_back_whole_unless_a_sale_was_claimed(sqlite_engine):
    house = House(sqlite_engine)
    house.publish(CASH)
    batch = bring(sqlite_engine, HEAD + ROWS)
    (claim,) = house.claim(batch.outcomes[0].item_id)
    ask = {"batch_id": batch.batch_id, "reason": "Wrong file", "actor": house.cora, "now": NOW}
    with pytest.raises(Refused, match="changed since by Dealer manager Dora"):
        run(undo_import, bind=sqlite_engine, **ask)
    assert house.status(claim) == "in_review"
    other = bring(sqlite_engine, HEAD + "B1,04012,4HGCM82633A004359,Honda,Accord,Cash,2026-10-01,2026-11-18,title\n")
    assert sum(house.book("earned")) == 1_000_00
    run(undo_import, bind=sqlite_engine, **{**ask, "batch_id": other.batch_id})
    assert sum(house.book("earned")) == 500_00
    house.agrees()


# ---- real orders -----------------------------------------------------------------------------------------------------
CHOSEN = ("661", "311", "449", "424")
YEAR = {"first": "2019-01-01", "last": "2019-12-31"}
ANY = {"makes": ["Adventure Works"], "any_serial": True}
STEP = {
    "code": "AW-STEP", "name": "Volume of the quarter", "program": YEAR, "period": "quarter", "eligible": ANY,
    "rule": {"kind": "stair_step", "method": "retroactive", "tiers": [
        {"from_units": n, "cents": c * 100} for n, c in ((1, 0), (5, 20), (10, 40), (30, 60))]},
}  # fmt: skip
GROW = {
    "code": "AW-GROW", "name": "Growth on the year", "program": YEAR, "period": "quarter", "eligible": ANY,
    "rule": {"kind": "growth", "baseline": "year_before", "min_percent": 10_00, "pays": "above", "cents": 25_00},
}  # fmt: skip
STEP_SQL = """
    WITH units AS (SELECT ResellerKey AS d, (CAST(substr(OrderDate, 6, 2) AS INTEGER) + 2) / 3 AS q,
        SUM(CAST(OrderQuantity AS INTEGER)) AS n FROM sales WHERE substr(OrderDate, 1, 4) = '2019' GROUP BY 1, 2)
    SELECT d, '2019-Q' || q, n * CASE WHEN n >= 30 THEN 6000 WHEN n >= 10 THEN 4000 WHEN n >= 5 THEN 2000 ELSE 0 END
    FROM units"""
GROW_SQL = """
    WITH units AS (SELECT ResellerKey AS d, substr(OrderDate, 1, 4) AS y,
        (CAST(substr(OrderDate, 6, 2) AS INTEGER) + 2) / 3 AS q, SUM(CAST(OrderQuantity AS INTEGER)) AS n
        FROM sales GROUP BY 1, 2, 3)
    SELECT a.d, '2019-Q' || a.q,
        CASE WHEN COALESCE(b.n, 0) > 0 AND a.n > b.n AND a.n * 100 >= b.n * 110 THEN (a.n - b.n) * 2500 ELSE 0 END
    FROM units a LEFT JOIN units b ON b.d = a.d AND b.q = a.q AND b.y = '2018' WHERE a.y = '2019'"""


def test_real_orders_earn_what_independent_sql_says(sqlite_engine):
    if not REAL.exists():
        pytest.skip("the shared data sets are not here")
    with (REAL / "FactResellerSales.csv").open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        names = list(reader.fieldnames or ())
        rows = [r for r in reader if r["ResellerKey"] in CHOSEN and "2018-01-01" <= r["OrderDate"] <= "2019-12-31"]
    text = io.StringIO()
    writer = csv.DictWriter(text, names)
    writer.writeheader()
    writer.writerows(rows)
    house = House(sqlite_engine)
    for key in CHOSEN:
        make_dealer(sqlite_engine, code=key, name=f"Reseller {key}")
    step, grow = house.publish(STEP), house.publish(GROW)
    products = SourceFile(name="Product.csv", content=(REAL / "Product.csv").read_bytes())
    batch = bring(sqlite_engine, text.getvalue(), MAPPING, products)
    assert {o.outcome for o in batch.outcomes} == {"created"}
    assert house.count(SaleReport) == sum(int(r["OrderQuantity"]) for r in rows) > 200

    books = sqlite3.connect(":memory:")
    books.execute("CREATE TABLE sales (ResellerKey TEXT, OrderDate TEXT, OrderQuantity TEXT)")
    books.executemany(
        "INSERT INTO sales VALUES (?, ?, ?)", [(r["ResellerKey"], r["OrderDate"], r["OrderQuantity"]) for r in rows]
    )
    with reading(sqlite_engine) as session:
        for program_id, wanted in ((step, STEP_SQL), (grow, GROW_SQL)):
            expected = {(d, p): c for d, p, c in books.execute(wanted)}
            found = {
                (code, period): cents
                for code, period, cents in session.execute(
                    select(Dealer.code, IncentiveEarning.period, IncentiveEarning.cents)
                    .join(Dealer, Dealer.id == IncentiveEarning.dealer_id)
                    .where(IncentiveEarning.program_id == program_id)
                )
            }
            assert found == expected
            assert len({c for c in expected.values() if c}) > 2
            posted = session.scalars(select(IncentiveEntry.cents).where(IncentiveEntry.program_id == program_id))
            assert sum(posted) == sum(expected.values())
