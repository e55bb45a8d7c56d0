"""Objectives of the demo: what each market registered by segment, the brand's share elsewhere, what was agreed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial
from random import Random

from db.core.area import SourceFile
from db.core.session import reading
from db.dealers.queries import dealer_choices
from db.imports.commands import run_import
from db.leads.metrics_queries import months_before
from seed.story import Story

# Share of the brand in percent, and about how many vehicles of all brands a market registers in a month.
SEGMENTS = {"Compact": (1.1, 30), "Pickup": (1.4, 22), "SUV": (0.8, 45)}
LARGE = {"00402": 5.5, "00313": 1.9, "00501": 1.7}
HEAD = "Dealer code,Month,Segment,Registrations,Benchmark share,Objective,Benchmark area,Territory version"


def expect(story: Story, *, seed: int) -> None:
    """The registrations of a quarter come as one file some days after it; the newest months follow one by one."""
    chosen = Random(f"objectives {seed}")
    months = months_before((story.until.date().replace(day=1) - timedelta(days=1)).replace(day=1), 12)
    story.at(story.until - timedelta(days=20), partial(_file, story, months=months[:-1], chosen=chosen))
    story.at(story.until - timedelta(days=5), partial(_file, story, months=months[-1:], chosen=chosen))


def _file(story: Story, now: datetime, *, months: list[date], chosen: Random) -> None:
    cora = story.cast.named("cora")
    with reading(story.bind) as session:
        dealers = [d for d in dealer_choices(session, cora.scope) if d.status == "active"]
    rows = [HEAD]
    for dealer in sorted(dealers, key=lambda d: d.code):
        size = LARGE.get(dealer.code, 0.4 + chosen.random())
        for month in months:
            for segment, (share, market) in SEGMENTS.items():
                registered = round(size * market * (0.85 + 0.3 * chosen.random()))
                agreed = int(registered * share / 100 + chosen.random())  # whole vehicles that add up to the share
                benchmark = f"{dealer.region} {month:%Y}"
                rows.append(
                    f"{dealer.code},{month:%Y-%m},{segment},{registered},{share},{agreed},{benchmark},{month.year}-1"
                )
    name = f"registrations_{months[0]:%Y_%m}.csv"
    file = SourceFile(name=name, content="\n".join(rows).encode())
    story.do(run_import, kind="sales_objectives", files=[file], channel="page", actor=cora, now=now)
