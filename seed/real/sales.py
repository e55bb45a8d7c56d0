"""The pipeline of a hardware maker and the funnel of a marketplace: other systems' leads, through a mapping only."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import datetime
from statistics import mean, median
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from db import catalog
from db.core.actor import EVERYTHING, system_actor
from db.core.area import SourceFile
from db.core.session import reading, run
from db.imports.commands import BatchResult
from db.imports.mapping import Mapping, ambiguous_dates
from db.imports.mapping_dates import both_readings
from db.imports.mapping_spec import ColumnRule
from db.imports.reading import read_tables
from db.imports.tabular import read_table
from db.leads.routing_commands import save_product_line
from db.leads.tables import Lead, LeadVehicle
from db.leads.won_queries import WonRow, days_to_win, won_rows
from db.reports.funnel_queries import breakdown, funnel_of, months_known
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
    for row in _rows(desk, "products.csv"):
        run(
            save_product_line, bind=desk.engine, name=row["product"], brand="", models=[row["product"]],
            actor=system_actor("seed"), now=desk.now,
        )  # fmt: skip
    untold = desk.bring_in("leads", files, mapping=_as_written(desk.mapping()), dry_run=True)
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
        desk.fact("not translated: listed by the import", unknown["GTXPro"], _listed(untold).get("GTXPro")),
        desk.fact("not translated: products listed", sorted(unknown), sorted(_listed(untold))),
        desk.fact("not translated: still come in", batch.created, untold.created),
        desk.fact("translated: listed by the import", {}, _listed(batch)),
        desk.fact("imported again: already there", batch.read, again.duplicates),
        *_shown_won(desk),
    ]  # fmt: skip


def _as_written(mapping: Mapping) -> Mapping:
    """The mapping without its translations of products."""
    plain = {
        name: replace(rule, values={}) if name in ("product", "model") else rule
        for name, rule in mapping.columns.items()
    }
    return replace(mapping, columns=plain)


def _listed(batch: BatchResult) -> dict[str, int]:
    """The products an import says are not among the product lines, with their leads."""
    said = [sentence for sentence in batch.sentences if sentence.startswith("Not among the product lines")]
    return {name: int(n.replace(",", "")) for one in said for name, n in re.findall(r'"([^"]+)" ([\d,]+)', one)}


def _shown_won(desk: Desk) -> list[Fact]:
    """Won business as the Funnel page asks for it, and as `python -m db metric` prints it."""
    answers = desk.answers

    def page(*by: str) -> list[WonRow]:
        with reading(desk.engine) as session:
            return won_rows(session, scope=EVERYTHING, by=by, filters={})

    whole = page()[0]
    quarters = {str(row.keys["quarter"]): _whole(row.cents) for row in page("quarter")}
    regions = {str(row.keys["region"]): _whole(row.cents) for row in page("region")}
    (won,), (value,) = desk.printed("won"), desk.printed("won_value")
    by_product = sum(row.cents for row in page("product"))
    by_person = sum(row.cents for row in page("person"))
    return [
        desk.fact("page: won", answers["stage_counts"]["Won"], whole.won),
        desk.fact("page: lost", answers["stage_counts"]["Lost"], whole.lost),
        desk.known("won_value", _whole(whole.cents), "page: won value"),
        desk.known("win_rate_of_closed", round(whole.win_rate or 0, 6), "page: win rate"),
        *desk.all_of("won_value_by_quarter", {k: v for k, v in quarters.items() if v}, "page: won in"),
        *desk.all_of("won_value_by_region", {k: v for k, v in regions.items() if v}, "page: won in"),
        desk.fact("page: won by product adds up", whole.cents, by_product),
        desk.fact("page: won by salesperson adds up", whole.cents, by_person),
        desk.fact("db metric won", answers["stage_counts"]["Won"], _number(won["value"])),
        desk.known("won_value", _number(value["value"]), "db metric won_value"),
        *desk.all_of("won_value_by_quarter", _table(desk, "won_value", "quarter"), "db metric won_value in"),
        *desk.all_of("won_value_by_region", _table(desk, "won_value", "region"), "db metric won_value in"),
        desk.known("win_rate_of_closed", _number(desk.printed("win_rate")[0]["value"]), "db metric win_rate"),
    ]


def _table(desk: Desk, name: str, by: str, column: str = "value") -> dict[str, Any]:
    """A metric by one dimension as it is printed; cells of nothing are left out."""
    rows = {row[by]: _number(row[column]) for row in desk.printed(name, "--by", by)}
    return {_origin(key): value for key, value in rows.items() if value}


def _number(printed: str) -> float:
    """A printed number, whole where it is."""
    value = float(printed.replace(",", ""))
    return int(value) if value.is_integer() else value


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
        *_asked(desk, files, main),
        desk.fact("imported again: already there", batch.read, again.duplicates),
        *_shown_funnel(desk),
    ]


def _asked(desk: Desk, files: list[SourceFile], main: SourceFile) -> list[Fact]:
    """Without a date format the doubtful dates are asked for; where others prove the order, the import says so."""
    mapping = desk.mapping()
    untold = replace(mapping, columns={**mapping.columns, "received_at": ColumnRule(columns=("first_contact_date",))})
    tables = read_tables(files, mapping=untold, fields=catalog.import_kind("leads").fields)
    proved = [one for one in tables.sentences if "read both ways" in one]
    heading, *lines = main.content.decode().splitlines()
    doubtful = [line for line in lines if _reads_both_ways(line.split(",")[1])]
    only = SourceFile(name=main.name, content="\n".join([heading, *doubtful]).encode())
    refused = desk.bring_in("leads", [only, *(f for f in files if f is not main)], mapping=untold, dry_run=True)
    question = " ".join(one.message for one in refused.rejections)
    found = re.search(r"([\d,]+) of ([\d,]+) dates read both ways", question)
    numbers = [int(n.replace(",", "")) for n in found.groups()] if found else []
    number = desk.answers["ambiguous_day_month_dates"]
    return [
        desk.fact("no date format: the import says how many prove it", 1, len(proved)),
        desk.fact("no date format: doubtful dates told of", f"{number:,} of 8,000", _between(proved)),
        desk.fact("only doubtful dates: leads created", 0, refused.created),
        desk.fact("only doubtful dates: asked about", [number, number], numbers),
        desk.fact(
            "only doubtful dates: both readings named", [True, True],
            [words in question for words in ("with the day first", "with the month first")],
        ),
    ]  # fmt: skip


def _reads_both_ways(text: str) -> bool:
    found = both_readings(text)
    return bool(found and found.day_first and found.month_first)


def _between(sentences: list[str]) -> str:
    found = re.search(r"([\d,]+ of [\d,]+) dates", " ".join(sentences))
    return found[1] if found else ""


def _shown_funnel(desk: Desk) -> list[Fact]:
    """The funnel as the Funnel page asks for it, and as `python -m db metric` prints it."""
    with reading(desk.engine) as session:
        known = months_known(session, scope=EVERYTHING)
        assert known is not None
        span = {"from": known[0], "to": known[1]}
        ladder = funnel_of(session, scope=EVERYTHING, filters=span, now=desk.now)
        sources = breakdown(session, scope=EVERYTHING, by="source", filters=span, now=desk.now)
        sold = won_rows(session, scope=EVERYTHING, filters={})[0]
        took = days_to_win(session, scope=EVERYTHING, filters={})
    (closed,) = desk.printed("close_rate")
    return [
        desk.known("leads", ladder.counts["received"], "page: received"),
        desk.known("closed", ladder.counts["sold"], "page: sold"),
        desk.known("conversion", round(ladder.rates["close_rate"]["value"], 6), "page: close rate"),
        desk.known("closed", sold.won, "page: won by the day of the sale"),
        # The set counts days on the wall; the page counts hours that passed, so daylight saving moves it by one.
        desk.fact(
            "page: median days to win, within the hour of daylight saving",
            True,
            took.median is not None and abs(took.median - desk.answers["days_to_win_median"]) <= 1 / 24,
        ),
        *desk.all_of("origin_counts", {_origin(r["source"]): r["received"] for r in sources}, "page: received from"),
        *desk.all_of("closed_by_origin", {_origin(r["source"]): r["sold"] for r in sources}, "page: sold from"),
        desk.known("leads", _number(closed["denominator"]), "db metric close_rate: of"),
        desk.known("closed", _number(closed["numerator"]), "db metric close_rate: sold"),
        desk.known("conversion", _number(closed["value"]), "db metric close_rate"),
        *desk.all_of("origin_counts", _table(desk, "received", "source"), "db metric received from"),
        *desk.all_of("closed_by_origin", _table(desk, "won", "source"), "db metric won from"),
    ]


def _origin(source: str) -> str:
    return "" if source == "Not stated" else source
