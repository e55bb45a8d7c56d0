"""Kept reports of the demo: one the desk reads, one finance is sent each month, one a dealer manager keeps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from db.core.session import reading
from db.reports.builder_rules import Spec, to_query
from db.reports.saved_commands import keep_report, schedule_report, share_report
from db.reports.saved_jobs import run_reports
from db.reports.saved_queries import get_report
from seed.story import Story

KEPT: tuple[tuple[int, str, str, Spec, str, str, int, tuple[str, ...]], ...] = (
    (
        40, "mason", "Leads and answers, month by month",
        Spec(metrics=("received", "response_sla", "contact_rate"), by=("region", "month"), shape="heat"),
        "desk", "weekly", 1, ("mason", "cora"),
    ),
    (
        33, "finn", "Cost of claims and co-op money by dealer",
        Spec(metrics=("claim_cost", "coop_paid"), by=("dealer",), period="6", parts=True), "desk", "monthly", 3,
        ("finn",),
    ),
    (
        20, "dana", "My leads by source", Spec(metrics=("received", "close_rate"), by=("source",), shape="bars"),
        "me", "", 0, (),
    ),
)  # fmt: skip
"""(days before the end, who, name, report, shared, rhythm, day, to whom)."""


def expect(story: Story) -> None:
    """Let reports be kept, shared and sent."""
    for days, who, name, spec, shared, rhythm, day, people in KEPT:
        at = (story.until - timedelta(days=days)).replace(hour=16, minute=20)
        plan = {"spec": spec, "shared": shared, "rhythm": rhythm, "day": day, "people": people}
        story.at(at, partial(_keep, story, who, name, plan))
    for days in (15, 8, 1):
        story.at(story.until - timedelta(days=days, hours=2), partial(_sweep, story))


def _keep(story: Story, who: str, name: str, plan: Mapping[str, Any], now: datetime) -> None:
    actor = story.cast.named(who)
    report_id = story.do(
        keep_report, name=name, query=to_query(plan["spec"]), shared="me", form_key=f"demo-report-{who}", actor=actor,
        now=now,
    )  # fmt: skip
    if plan["shared"] != "me":
        _change(story, share_report, who, report_id, now, shared=plan["shared"])
    if plan["rhythm"]:
        people = [story.cast.named(one).user_id for one in plan["people"]]
        _change(story, schedule_report, who, report_id, now, rhythm=plan["rhythm"], day=plan["day"], people=people)


def _change(story: Story, command: Any, who: str, report_id: int, now: datetime, **other: Any) -> None:
    """A command on the report as its keeper sees it now."""
    actor = story.cast.named(who)
    with reading(story.bind) as session:
        line = get_report(session, report_id=report_id, actor=actor)
    story.do(command, report_id=report_id, seen_version=line.version, actor=actor, now=now, **other)


def _sweep(story: Story, now: datetime) -> None:
    run_reports(story.bind, now=now)
