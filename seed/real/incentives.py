"""Sales and targets of a maker of bicycles: two programs over them earn what SQL over the raw files says.

Read whole through the mapping, all 57,851 lines are as published. Stored are the orders of one state's resellers and
of three sellers, because a line of 40 units makes 40 sales.
"""

from __future__ import annotations

import csv
import io
import sqlite3
from collections import Counter
from typing import Any

from sqlalchemy import func, select

from db.core.actor import system_actor
from db.core.area import SourceFile
from db.core.session import reading, run
from db.dealers.tables import Dealer
from db.imports.commands import BatchResult
from db.imports.mapping import Mapping, load_mapping
from db.imports.reading import read_tables
from db.imports.tabular import read_table
from db.incentives.calculate import from_scratch
from db.incentives.commands import publish_program, save_program
from db.incentives.importing import FIELDS
from db.incentives.tables import IncentiveEarning, IncentiveEntry, IncentiveProgram, IncentiveVersion, SaleReport
from seed.real import MAPPINGS, Desk, Fact

SALES, PRODUCTS, TARGETS = "FactResellerSales.csv", "Product.csv", "ResellerSalesTargets.csv"
STATE = "Illinois"
"""The resellers whose orders are stored."""
SELLERS = ("290", "294", "296")
"""The sellers whose orders of 2019 are stored; their national numbers come from the mapping of the targets."""
YEAR = {"first": "2019-01-01", "last": "2019-12-31"}
ANY = {"makes": ["Adventure Works"], "any_serial": True}


def _tiers(*pairs: tuple[int, int]) -> list[dict[str, int]]:
    return [{"from_units": n, "cents": cents} for n, cents in pairs]


STEP: dict[str, Any] = {
    "code": "AW-STEP", "name": "Volume of the quarter", "program": YEAR, "period": "quarter", "eligible": ANY,
    "rule": {"kind": "stair_step", "method": "retroactive",
             "tiers": _tiers((1, 0), (5, 20_00), (10, 40_00), (30, 60_00))},
}  # fmt: skip
GROW: dict[str, Any] = {
    "code": "AW-GROW", "name": "Growth on the year before", "program": YEAR, "period": "quarter", "eligible": ANY,
    "rule": {"kind": "growth", "baseline": "year_before", "min_percent": 10_00, "pays": "above", "cents": 25_00},
}  # fmt: skip
SELLER_STEP = STEP | {
    "rule": {"kind": "stair_step", "method": "incremental", "tiers": _tiers((1, 1_00), (100, 2_00), (300, 5_00))},
}  # fmt: skip
GOAL: dict[str, Any] = {
    "code": "AW-GOAL", "name": "Above the target of the month", "program": YEAR, "period": "month", "eligible": ANY,
    "rule": {"kind": "growth", "baseline": "target", "targets": {"290": 0}, "min_percent": 5_00, "pays": "above",
             "cents": 12_50},
}  # fmt: skip
_UNITS = """WITH u AS (SELECT d, substr(OrderDate, 1, 4) AS y, (CAST(substr(OrderDate, 6, 2) AS INTEGER) + 2) / 3 AS q,
    SUM(CAST(OrderQuantity AS INTEGER)) AS n FROM sales GROUP BY 1, 2, 3) """
STEP_SQL = f"""{_UNITS} SELECT d, '2019-Q' || q,
    n * CASE WHEN n >= 30 THEN 6000 WHEN n >= 10 THEN 4000 WHEN n >= 5 THEN 2000 ELSE 0 END FROM u WHERE y = '2019'"""
GROW_SQL = f"""{_UNITS} SELECT a.d, '2019-Q' || a.q,
    CASE WHEN COALESCE(b.n, 0) > 0 AND a.n > b.n AND a.n * 100 >= b.n * 110 THEN (a.n - b.n) * 2500 ELSE 0 END
    FROM u a LEFT JOIN u b ON b.d = a.d AND b.q = a.q AND b.y = '2018' WHERE a.y = '2019'"""
SELLER_STEP_SQL = f"""{_UNITS} SELECT d, '2019-Q' || q,
    100 * MIN(n, 99) + 200 * MAX(0, MIN(n, 299) - 99) + 500 * MAX(0, n - 299) FROM u WHERE y = '2019'"""
GOAL_SQL = """WITH u AS (SELECT d, substr(OrderDate, 1, 7) AS m, SUM(CAST(OrderQuantity AS INTEGER)) AS n
    FROM sales WHERE substr(OrderDate, 1, 4) = '2019' GROUP BY 1, 2)
    SELECT u.d, u.m, CASE WHEN COALESCE(t.n, 0) > 0 AND u.n > t.n AND u.n * 100 >= t.n * 105 THEN (u.n - t.n) * 1250
    ELSE 0 END FROM u LEFT JOIN targets t ON t.d = u.d AND t.m = u.m"""


def resellers(desk: Desk) -> list[Fact]:
    """701 resellers, their orders as published, and two programs over those of one state."""
    rows = _csv(desk, "Resellers.csv")
    batch = desk.bring_in("dealers", desk.files("Resellers.csv"), mapping=_mapping("resellers"))
    abroad = [n for n, row in enumerate(rows, 2) if row["Country_Region"] not in ("United States", "Canada")]
    written = [n for n, row in enumerate(rows, 2) if row["BusinessType"] == "Ware House"]
    read = read_table(desk.files("Resellers.csv")[0].content, file_name="Resellers.csv")
    kinds = Counter(row.cells["BusinessType"] for row in read.rows)
    chosen = {row["ResellerKey"] for row in rows if row["StateProvinceName"] == STATE}
    lines = _csv(desk, SALES)
    sold = [r for r in lines if r["ResellerKey"] in chosen and "2018" <= r["OrderDate"][:4] <= "2019"]
    quiet = {row["ResellerKey"] for row in rows} - {r["ResellerKey"] for r in lines}
    facts = [
        desk.known("resellers", batch.read, "resellers read"),
        desk.fact("resellers of states we know", len(rows) - len(abroad), batch.created),
        desk.fact("refused, by row: abroad", _some(abroad), _some([o.row for o in batch.rejections])),
        *desk.all_of("resellers_by_type", dict(kinds), "resellers written"),
        desk.fact('by row: "Ware House"', written,
                  [row.row for row in read.rows if row.cells["BusinessType"] == "Ware House"]),
        desk.fact("resellers without a sale", 69, len(quiet)),
        *_whole(desk),
    ]  # fmt: skip
    for body in (STEP, GROW):
        _publish(desk, body)
    batch = _bring_sales(desk, sold, "sales")
    books = _books(sold, "ResellerKey")
    return [
        *facts,
        desk.fact(f"sales of {STATE}, 2018 and 2019: lines", len(sold), batch.created),
        *_units(desk, sold),
        *_earned(desk, "AW-STEP", books, STEP_SQL),
        *_earned(desk, "AW-GROW", books, GROW_SQL),
        _recomputed(desk),
    ]


def sellers(desk: Desk) -> list[Fact]:
    """Targets of sellers by month, with cells that are empty and cells that say NULL, and what is earned above them."""
    codes = ",".join(("code", "name", "state")) + "\n"
    codes += "".join(f"{key},Seller {key},WA\n" for key in SELLERS)
    desk.bring_in("dealers", [SourceFile(name="sellers.csv", content=codes.encode())])
    for body in (SELLER_STEP, GOAL):
        _publish(desk, body)
    mapping = _mapping("targets")
    given = _csv(desk, TARGETS)
    keys = mapping.columns["dealer_code"].values
    batch = desk.bring_in("incentive_targets", desk.files(TARGETS), mapping=mapping)
    again = desk.bring_in("incentive_targets", desk.files(TARGETS), mapping=mapping)
    asked = [n for n, row in enumerate(given, 2) if keys[row["EmployeeID"]] in SELLERS and row["Year"] == "2019"]
    other = [n for n, row in enumerate(given, 2) if keys[row["EmployeeID"]] not in SELLERS]
    months = [f"M{n:02}" for n in range(1, 13)]
    partly = [n for n in asked if any(given[n - 2][m] in ("", "NULL") for m in months)]
    _publish_draft(desk, "AW-GOAL")
    targets = {
        (keys[row["EmployeeID"]], f"{row['Year']}-{n:02}"): int(row[m])
        for row in given for n, m in enumerate(months, 1) if row[m] not in ("", "NULL")
    }  # fmt: skip
    sold = [r for r in _csv(desk, SALES) if r["EmployeeKey"] in SELLERS and r["OrderDate"].startswith("2019")]
    brought = _bring_sales(desk, sold, "seller_sales")
    books = _books(sold, "EmployeeKey", targets)
    taken = [o for o in batch.outcomes if o.outcome == "created"]
    return [
        desk.fact("rows of targets (no byte mark in the way)", len(given), batch.read),
        desk.fact("targets taken, by row", asked, [o.row for o in taken]),
        desk.fact("of them with blank months, empty or NULL, by row", partly, [o.row for o in taken if o.code]),
        desk.fact("refused, by row: other sellers", _some(other),
                  _some([o.row for o in batch.rejections if o.code == "unknown_dealer"])),
        desk.fact("refused: other years of these sellers", batch.read - len(asked) - len(other),
                  sum(o.code == "outside" for o in batch.rejections)),
        desk.fact("imported again: already there", len(asked), again.duplicates),
        desk.fact("sales of three sellers, 2019: lines", len(sold), brought.created),
        *_units(desk, sold),
        *_earned(desk, "AW-STEP", books, SELLER_STEP_SQL),
        *_earned(desk, "AW-GOAL", books, GOAL_SQL),
        _recomputed(desk),
    ]  # fmt: skip


# ---- reading ---------------------------------------------------------------------------------------------------------
def _csv(desk: Desk, name: str) -> list[dict[str, str]]:
    with (desk.data / desk.name / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _mapping(name: str) -> Mapping:
    return load_mapping((MAPPINGS / f"adventureworks_{name}.toml").read_text(encoding="utf-8"))


def _some(rows: list[int]) -> str:
    """Row numbers as one short text that still differs where one row does."""
    return f"{len(rows)}: {', '.join(map(str, rows[:4]))} ... {rows[-1] if rows else '-'} (sum {sum(rows)})"


def _whole(desk: Desk) -> list[Fact]:
    """Every line of the orders through the mapping, without storing one."""
    tables = read_tables(desk.files(SALES, PRODUCTS), mapping=_mapping("sales"), fields=FIELDS)
    values = [row.values for row in tables.rows]
    cents: Counter[str] = Counter()
    by_reseller: Counter[str] = Counter()
    for one in values:
        worth = one["price"] * one["quantity"]
        cents[str(one["delivered_on"].year)] += worth
        by_reseller[one["dealer_code"]] += worth
    return [
        desk.known("sales_lines", len(values), "order lines read"),
        desk.fact("order lines refused", 0, len(tables.rejected)),
        desk.known("orders", len({one["external_number"].split("-")[0] for one in values})),
        desk.known("resellers_in_sales", len(by_reseller)),
        desk.known("max_order_line_date", max(one["delivered_on"] for one in values).isoformat()),
        desk.known("sales_amount", _dollars(sum(cents.values()))),
        *desk.all_of("sales_by_year", {y: _dollars(c) for y, c in sorted(cents.items())}, "sales of"),
        *desk.all_of("top3_resellers", {k: _dollars(c) for k, c in by_reseller.most_common(3)}, "sales of reseller"),
    ]


def _dollars(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def _bring_sales(desk: Desk, rows: list[dict[str, str]], mapping: str) -> BatchResult:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    files = [SourceFile(name=SALES, content=text.getvalue().encode()), *desk.files(PRODUCTS)]
    return desk.bring_in("sales", files, mapping=_mapping(mapping))


# ---- programs --------------------------------------------------------------------------------------------------------
def _publish(desk: Desk, body: dict[str, Any]) -> None:
    run(
        save_program, bind=desk.engine, body=body, effective_from=None, form_key=None, actor=system_actor("seed"),
        now=desk.now,
    )  # fmt: skip
    _publish_draft(desk, body["code"])


def _publish_draft(desk: Desk, code: str) -> None:
    """Publish the draft of a program as another person than who drafted it."""
    with reading(desk.engine) as session:
        query = select(IncentiveVersion).join(IncentiveProgram).where(IncentiveProgram.code == code)
        draft = session.scalars(query.where(IncentiveVersion.state == "draft")).one()
        version_id, seen = draft.id, draft.version
    run(
        publish_program, bind=desk.engine, version_id=version_id, seen_version=seen, reason="Agreed",
        actor=system_actor("sweep"), now=desk.now,
    )  # fmt: skip


def _books(
    rows: list[dict[str, str]], dealer: str, targets: dict[tuple[str, str], int] | None = None
) -> sqlite3.Connection:
    """The raw lines in a database of their own, where nothing of this program plays a part."""
    books = sqlite3.connect(":memory:")
    books.execute("CREATE TABLE sales (d TEXT, OrderDate TEXT, OrderQuantity TEXT)")
    books.execute("CREATE TABLE targets (d TEXT, m TEXT, n INTEGER)")
    books.executemany(
        "INSERT INTO sales VALUES (?, ?, ?)", [(r[dealer], r["OrderDate"], r["OrderQuantity"]) for r in rows]
    )
    books.executemany("INSERT INTO targets VALUES (?, ?, ?)", [(d, m, n) for (d, m), n in (targets or {}).items()])
    return books


def _earned(desk: Desk, code: str, books: sqlite3.Connection, sql: str) -> list[Fact]:
    """What a program has earned by dealer and period, beside what SQL over the raw lines gives."""
    expected = {(d, period): cents for d, period, cents in books.execute(sql)}
    with reading(desk.engine) as session:
        rows = session.execute(
            select(Dealer.code, IncentiveEarning.period, IncentiveEarning.cents)
            .join(Dealer, Dealer.id == IncentiveEarning.dealer_id)
            .join(IncentiveProgram, IncentiveProgram.id == IncentiveEarning.program_id)
            .where(IncentiveProgram.code == code)
        )
        found = {(dealer, period): cents for dealer, period, cents in rows}
        posted = session.scalar(
            select(func.coalesce(func.sum(IncentiveEntry.cents), 0))
            .join(IncentiveProgram, IncentiveProgram.id == IncentiveEntry.program_id)
            .where(IncentiveProgram.code == code, IncentiveEntry.book == "earned")
        )
    wrong = {
        key: (expected.get(key), found.get(key)) for key in expected | found if expected.get(key) != found.get(key)
    }
    return [
        desk.fact(f"{code}: accounts by SQL", len(expected), len(found)),
        desk.fact(f"{code}: accounts that differ from SQL", {}, wrong),
        desk.fact(f"{code}: accounts that earn", sum(c > 0 for c in expected.values()),
                  sum(c > 0 for c in found.values())),
        desk.fact(f"{code}: earned in all", _dollars(sum(expected.values())), _dollars(int(posted or 0))),
    ]  # fmt: skip


def _units(desk: Desk, rows: list[dict[str, str]]) -> list[Fact]:
    with reading(desk.engine) as session:
        stored = session.scalar(select(func.count()).select_from(SaleReport))
        worth = session.scalar(select(func.sum(SaleReport.price_cents)))
    cents = sum(int(r["OrderQuantity"]) * round(float(r["UnitPrice"]) * 100) for r in rows)
    return [
        desk.fact("units stored, one sale each", sum(int(r["OrderQuantity"]) for r in rows), stored),
        desk.fact("their price in all", _dollars(cents), _dollars(int(worth or 0))),
    ]


def _recomputed(desk: Desk) -> Fact:
    """The sums as they are kept, beside those calculated from sales and programs alone."""
    with reading(desk.engine) as session:
        kept = {
            (row.program_id, row.dealer_id, row.period): row.cents for row in session.scalars(select(IncentiveEarning))
        }
        scratch = {key: one.cents for key, one in from_scratch(session, today=desk.now.date()).items()}
    return desk.fact("calculated from scratch: the same", True, kept == scratch and bool(kept))
