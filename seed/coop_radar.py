"""The demo's programme gets later versions; the desk and its coordinator remind dealers of money that expires."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from db.coop.commands import remind, save_programme
from db.coop.model import programme_to_json
from db.coop.programme_queries import list_programmes, programme_page
from db.coop.radar_queries import RadarFilters, list_radar
from db.coop.remind_jobs import run_reminders
from db.core.problems import Refused
from db.core.session import reading
from seed.story import Story

CHANGES: tuple[tuple[int, dict[str, Any], dict[str, Any], str], ...] = (
    (118, {"remind_days": [60, 30, 15]}, {}, "Dealers asked to be told once more"),
    (61, {"minimum_cents": 50_00}, {"digital": {"rate": 80_00}}, "Digital brings most leads; small claims cost more"),
    (6, {"claim_days": 75}, {"event": {"cap_cents": 4_000_00}}, "Invoices of trade shows come late"),
)  # fmt: skip
"""(days before the end, fields, fields of media, reason); the last one is still to come."""
BY_HAND = ((23, 90, 3), (9, 60, 2), (2, 30, 1))
"""(days before the end, window, dealers)."""


def expect(story: Story) -> None:
    """Let versions follow, the desk remind each week, the coordinator now and then."""
    for days, fields, media, reason in CHANGES:
        at = (story.until - timedelta(days=days)).replace(hour=14, minute=35)
        story.at(at, partial(_change, story, fields, media, reason))
    for days in range(170, 0, -6):
        story.at(story.until - timedelta(days=days, hours=1), partial(_sweep, story))
    for days, window, many in BY_HAND:
        at = (story.until - timedelta(days=days)).replace(hour=15, minute=5)
        story.at(min(at, story.until - timedelta(hours=1)), partial(_remind, story, window, many))


def _sweep(story: Story, now: datetime) -> None:
    run_reminders(story.bind, now=now)


def _change(story: Story, fields: dict[str, Any], media: dict[str, Any], reason: str, now: datetime) -> None:
    """The next version of the programme of the year, from the first of the month after on."""
    mason = story.cast.named("mason")
    first = date(now.year + now.month // 12, now.month % 12 + 1, 1)
    with reading(story.bind) as session:
        rows = list_programmes(session, actor=mason, today=now.date(), year=first.year)
        page = programme_page(session, programme_id=rows[0].id, actor=mason, today=now.date()) if rows else None
    if page is None:
        return
    body = programme_to_json(page.newest.programme)
    body["media"] = {m: {**rule, **media.get(m, {})} for m, rule in body["media"].items()}
    try:
        story.do(
            save_programme, body={**body, **fields}, effective_from=first, reason=reason,
            seen_version=page.row.version, actor=mason, now=now,
        )  # fmt: skip
    except Refused:
        story.overtaken["coop_version"] += 1


def _remind(story: Story, window: int, many: int, now: datetime) -> None:
    """The coordinator reminds the dealers with most to lose of whom the desk has not told yet, or any."""
    cora = story.cast.named("cora")
    with reading(story.bind) as session:
        rows, _ = list_radar(
            session, scope=cora.scope, now=now, filters=RadarFilters(window=window), limit=many
        )  # fmt: skip
    if not rows:
        return
    try:
        story.do(
            remind, dealer_ids=[r.dealer_id for r in rows], window=window, form_key=f"demo-remind-{window}", actor=cora,
            now=now,
        )  # fmt: skip
    except Refused:
        story.overtaken["coop_remind"] += 1
