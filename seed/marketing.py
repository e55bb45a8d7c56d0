"""Marketing spend of the demo: a year of invoices as the desk enters and imports them, a correction, and a plan."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial
from random import Random

from sqlalchemy import select

from db.core.area import SourceFile
from db.core.session import reading
from db.imports.commands import run_import
from db.leads.metrics_queries import months_before
from db.marketing.commands import correct_spend, enter_spend
from db.marketing.queries import list_spend
from db.marketing.tables import Dealer
from seed.story import Story

# Dollars a month for each source; those that are not here cost nothing anybody entered. The radio brought no lead.
MONTHLY = {
    "Manufacturer site": 1_850, "AutoMarket": 1_240, "Car finder": 690, "Event": 820, "Partner bank": 250,
    "Regional radio": 600,
}  # fmt: skip
LOCAL = (("00101", "Dealer website", 190), ("00402", "Dealer website", 250), ("00402", "AutoMarket", 140))


def expect(story: Story, *, seed: int) -> None:
    """Let the invoices arrive: the year before as a file, each later month by hand, and next month's plan."""
    chosen = Random(f"marketing {seed}")
    months = months_before(story.until.date().replace(day=1), 12)
    first = story.until - timedelta(days=170)
    story.at(first, partial(_file, story, months=[m for m in months if m < first.date().replace(day=1)], chosen=chosen))
    for month in months:
        if month >= first.date().replace(day=1):
            at = datetime(month.year, month.month, 3, 15, 20, tzinfo=story.until.tzinfo)
            story.at(max(at, first + timedelta(hours=1)), partial(_month, story, month=month, chosen=chosen))
    story.at(story.until - timedelta(days=9), partial(_correct, story))
    story.at(story.until - timedelta(days=4), partial(_plan, story))


def _amount(dollars: int, chosen: Random) -> int:
    return dollars + 10 * chosen.randrange(-dollars // 100, dollars // 50)


def _file(story: Story, now: datetime, *, months: list[date], chosen: Random) -> None:
    rows = ["Month,Source,Amount,Note"]
    for month in months:
        rows += [f"{month:%Y-%m},{name},{_amount(dollars, chosen)}.00,Invoice" for name, dollars in MONTHLY.items()]
    file = SourceFile(name=f"media_invoices_{now:%Y_%m}.csv", content="\n".join(rows).encode())
    story.do(
        run_import, kind="marketing_spend", files=[file], channel="page", actor=story.cast.named("cora"), now=now
    )  # fmt: skip


def _month(story: Story, now: datetime, *, month: date, chosen: Random) -> None:
    cora = story.cast.named("cora")
    for name, dollars in MONTHLY.items():
        cents = 100 * _amount(dollars, chosen)
        story.do(enter_spend, source=name, month=month, cents=cents, note="Invoice", actor=cora, now=now)
    with reading(story.bind) as session:
        codes = [code for code, _, _ in LOCAL]
        dealers = dict(session.execute(select(Dealer.code, Dealer.id).where(Dealer.code.in_(codes))).all())
    for code, name, dollars in LOCAL:
        if code in dealers:
            story.do(
                enter_spend, source=name, month=month, cents=100 * _amount(dollars, chosen), dealer_id=dealers[code],
                note="Local campaign", actor=cora, now=now,
            )  # fmt: skip


def _correct(story: Story, now: datetime) -> None:
    mason = story.cast.named("mason")
    with reading(story.bind) as session:
        lines, _ = list_spend(session, scope=mason.scope, filters={"source": "AutoMarket"}, now=now)
    line = next((one for one in lines if one.month < now.date().replace(day=1) and one.dealer_id is None), None)
    if line is not None:
        story.do(
            correct_spend, spend_id=line.spend_id, seen_version=line.version, cents=line.cents - 12_000,
            reason="Credit note for duplicate leads", actor=mason, now=now,
        )  # fmt: skip


def _plan(story: Story, now: datetime) -> None:
    month = (now.date().replace(day=1) + timedelta(days=62)).replace(day=1)
    cora = story.cast.named("cora")
    for name in ("AutoMarket", "Event"):
        story.do(enter_spend, source=name, month=month, cents=100 * MONTHLY[name], note="Plan", actor=cora, now=now)
