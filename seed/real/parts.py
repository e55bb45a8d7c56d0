"""The stock of 5,049 parts: taken whole, and every fault of the file where a user sees it."""

from __future__ import annotations

import csv
import re
from collections import Counter
from decimal import Decimal

from sqlalchemy import func, select, true

from db.core.actor import system_actor
from db.core.session import reading
from db.imports.commands import BatchResult
from db.parts.backorder_queries import stock_risks
from db.parts.tables import Part, PartsStock
from seed.real import Desk, Fact


def stock(desk: Desk) -> list[Fact]:
    """5,049 rows: blank lead times stay unknown, negative counts are oversold, and the result says how many."""
    files = desk.files("*.csv")
    with (desk.data / desk.name / files[0].name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    batch = desk.bring_in("parts_stock", files, mapping=desk.mapping())
    again = desk.bring_in("parts_stock", files, mapping=desk.mapping())
    negative = [n for n, row in enumerate(rows, 2) if int(row["national_inv"]) < 0]
    no_figure = sum(Decimal(row["perf_6_month_avg"]) == -99 for row in rows)
    return [
        desk.known("rows", batch.created, "stock rows created"),
        desk.fact("rejected", 0, batch.rejected),
        desk.fact("imported again: nothing changes", batch.read, again.duplicates),
        desk.known("missing_lead_time", _told(batch, "a lead time that is unknown"), "told: lead time unknown"),
        desk.known("negative_stock", _told(batch, "a negative stock"), "told: negative stock"),
        desk.fact("told: no figure of the supplier (-99)", no_figure, _told(batch, "no figure of the supplier")),
        desk.fact("told: was on backorder", desk.answers["went_on_backorder"]["Yes"],
                  _told(batch, "a part that was on backorder")),
        desk.fact("negative stock: the very rows listed", True, negative == [o.row for o in batch.warnings]),
        *_stored(desk, rows),
        *_shown(desk, rows),
    ]  # fmt: skip


def _told(batch: BatchResult, words: str) -> int | None:
    """The number the result gives for something."""
    found = re.search(rf"([\d,]+) rows? with {re.escape(words)}", " ".join(batch.sentences))
    return int(found[1].replace(",", "")) if found else None


def _stored(desk: Desk, rows: list[dict[str, str]]) -> list[Fact]:
    with reading(desk.engine) as session:
        parts = session.scalar(select(func.count()).select_from(Part))
        unknown = session.scalar(select(func.count()).where(PartsStock.lead_time_days.is_(None)))
        oversold = session.scalar(select(func.count()).where(PartsStock.oversold > 0))
        units = session.execute(select(func.sum(PartsStock.on_hand), func.sum(PartsStock.oversold))).one()
        went = Counter(session.scalars(select(PartsStock.went_on_backorder)))
        codes = set(session.scalars(select(Part.number)))
    counted = [int(row["national_inv"]) for row in rows]
    return [
        desk.fact("parts made, none lost", len({row["sku"] for row in rows}), parts),
        desk.fact("part numbers not as written", 0, len({row["sku"].strip() for row in rows} - codes)),
        desk.known("missing_lead_time", unknown, "lead time unknown, not 0"),
        desk.known("negative_stock", oversold, "kept as oversold"),
        desk.fact("units on hand", sum(n for n in counted if n > 0), units[0]),
        desk.fact("units oversold", -sum(n for n in counted if n < 0), units[1]),
        *desk.all_of("went_on_backorder", {"No": went[False], "Yes": went[True]}),
    ]


def _shown(desk: Desk, rows: list[dict[str, str]]) -> list[Fact]:
    """The page of parts at risk: every oversold part is among them, with its reason in words."""
    with reading(desk.engine) as session:
        risks = stock_risks(session, actor=system_actor("seed"), limit=len(rows))
        short = session.scalar(select(func.count()).where((PartsStock.shortfall > 0) == true()))
    negative = {row["sku"].strip() for row in rows if int(row["national_inv"]) < 0}
    shown = {risk.part for risk in risks if risk.oversold and any("oversold" in reason for reason in risk.reasons)}
    unknown = sum(risk.lead_time_days is None for risk in risks)
    return [
        desk.fact("parts at risk: all on the page", short, len(risks)),
        desk.fact("parts at risk: oversold ones that say so", len(negative), len(negative & shown)),
        desk.fact("parts at risk: each without a lead time says so", unknown,
                  sum(any("lead time" in reason.lower() for reason in risk.reasons) for risk in risks)),
    ]  # fmt: skip
