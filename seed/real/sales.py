"""The pipeline of a hardware maker and the funnel of a marketplace: other systems' leads, through a mapping only."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from datetime import datetime
from statistics import mean, median
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from db import catalog
from db.core.actor import EVERYTHING
from db.core.session import reading
from db.imports.commands import BatchResult
from db.imports.mapping import ambiguous_dates
from db.imports.tabular import read_table
from db.leads.tables import Lead, LeadVehicle
from seed.real import Desk, Fact

NEW_YORK, SAO_PAULO = ZoneInfo("America/New_York"), ZoneInfo("America/Sao_Paulo")
STAGES = {"delivered": "Won", "lost": "Lost", "contacted": "Engaging", "new": "Prospecting"}


def _leads(desk: Desk, batch: BatchResult) -> list[Any]:
    with reading(desk.engine) as session:
        return list(
            session.execute(
                select(
                    Lead.status, Lead.source, Lead.region, Lead.customer_name, Lead.received_at, Lead.sold_at,
                    Lead.value_cents, LeadVehicle.model,
                )
                .outerjoin(LeadVehicle, LeadVehicle.lead_id == Lead.id)
                .where(Lead.batch_id == batch.batch_id)
            ).all()
        )  # fmt: skip


def _metric(desk: Desk, name: str, *, by: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """What `python -m db metric` and the performance page show."""
    with reading(desk.engine) as session:
        return catalog.metric(name).compute(session, scope=EVERYTHING, by=by, filters={}, now=desk.now)


def crm(desk: Desk) -> list[Fact]:
    """8,800 deals with the offices of their sales people; "GTXPro" is understood, no deal is lost over it."""
    files = desk.files("sales_pipeline.csv", "sales_teams.csv")
    batch = desk.bring_in("leads", files, mapping=desk.mapping())
    again = desk.bring_in("leads", files, mapping=desk.mapping())
    leads = _leads(desk, batch)
    stages = Counter(STAGES.get(lead.status, lead.status) for lead in leads)
    won = [lead for lead in leads if lead.status == "delivered"]
    by_quarter: dict[str, int] = defaultdict(int)
    by_region: dict[str, int] = defaultdict(int)
    for lead in won:
        day = lead.sold_at.astimezone(NEW_YORK)
        by_quarter[f"{day.year}Q{(day.month + 2) // 3}"] += lead.value_cents
        by_region[lead.region] += lead.value_cents
    days = [(_wall(lead.sold_at, NEW_YORK) - _wall(lead.received_at, NEW_YORK)).days for lead in won]
    written = {row["product"] for row in _rows(desk, "products.csv")}
    unknown = Counter(row["product"] for row in _rows(desk, "sales_pipeline.csv") if row["product"] not in written)
    shown = _metric(desk, "close_rate")[0]
    return [
        desk.known("rows", batch.created, "deals created"),
        desk.fact("rejected", 0, batch.rejected),
        *desk.all_of("stage_counts", dict(stages), "deals"),
        desk.known("won_value", _whole(sum(lead.value_cents for lead in won))),
        desk.known("win_rate_of_closed", round(stages["Won"] / (stages["Won"] + stages["Lost"]), 6)),
        desk.fact("won, as the metric shows it", desk.answers["stage_counts"]["Won"], shown["numerator"]),
        desk.known("missing_account", sum(lead.customer_name == "No account" for lead in leads), "without an account"),
        desk.known("won_mean_days_to_close", round(mean(days), 3)),
        *desk.all_of("won_value_by_quarter", {q: _whole(v) for q, v in sorted(by_quarter.items())}, "won in"),
        *desk.all_of("won_value_by_region", {r: _whole(v) for r, v in sorted(by_region.items())}, "won in"),
        *desk.all_of("pipeline_products_not_in_products_csv", dict(unknown), "not in the price list"),
        desk.fact(
            'kept as "GTX Pro"', unknown["GTXPro"], sum(lead.model == "GTX Pro" for lead in leads),
        ),
        desk.known("agents_in_teams_without_deals", _unmatched(batch), "sales people without deals, as told"),
        desk.fact("imported again: already there", batch.read, again.duplicates),
    ]  # fmt: skip


def _wall(moment: datetime, zone: ZoneInfo = SAO_PAULO) -> datetime:
    """What the clock on the wall showed: days are counted as the sets do, without the hour daylight saving moves."""
    return moment.astimezone(zone).replace(tzinfo=None)


def _rows(desk: Desk, name: str) -> list[dict[str, str]]:
    with (desk.data / desk.name / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _whole(cents: int) -> float:
    """Whole dollars where there are no cents, as the answers are published."""
    return cents // 100 if cents % 100 == 0 else cents / 100


def _unmatched(batch: BatchResult) -> int:
    found = [re.search(r'([\d,]+) rows of "sales_teams.csv" match no row', sentence) for sentence in batch.sentences]
    return sum(int(match[1].replace(",", "")) for match in found if match)


def olist(desk: Desk) -> list[Fact]:
    """8,000 leads joined with 842 won deals; dates are day first, and without being told so nothing is guessed."""
    files = desk.files("*.csv")
    batch = desk.bring_in("leads", files, mapping=desk.mapping())
    again = desk.bring_in("leads", files, mapping=desk.mapping())
    leads = _leads(desk, batch)
    won = [lead for lead in leads if lead.sold_at is not None]
    days = [(_wall(lead.sold_at) - _wall(lead.received_at)).total_seconds() / 86_400 for lead in won]
    contacts = sorted(lead.received_at.astimezone(SAO_PAULO).date().isoformat() for lead in leads)
    shown = {_origin(row["source"]): row for row in _metric(desk, "close_rate", by=("source",))}
    stored = Counter(_origin(lead.source) for lead in leads)
    main = next(file for file in files if "qualified" in file.name)
    dates = ambiguous_dates(read_table(main.content, file_name=main.name), "first_contact_date")
    return [
        desk.known("leads", batch.created, "leads created"),
        desk.fact("rejected", 0, batch.rejected),
        desk.known("closed", len(won)),
        desk.known("conversion", round(len(won) / len(leads), 6)),
        *desk.all_of("origin_counts", dict(stored), "leads from"),
        *desk.all_of("origin_counts", {name: row["denominator"] for name, row in shown.items()}, "leads in the metric"),
        *desk.all_of("closed_by_origin", {name: row["numerator"] for name, row in shown.items()}, "won in the metric"),
        desk.known("days_to_win_median", round(median(days), 4)),
        desk.known("won_before_first_contact", sum(number < 0 for number in days)),
        desk.known("first_contact_range", [contacts[0], contacts[-1]]),
        desk.known("ambiguous_day_month_dates", dates.ambiguous, "dates that read both ways"),
        desk.fact("the order of day and month, proved by the others", "day_first", dates.verdict),
        desk.fact("imported again: already there", batch.read, again.duplicates),
    ]


def _origin(source: str) -> str:
    return "" if source == "Not stated" else source
