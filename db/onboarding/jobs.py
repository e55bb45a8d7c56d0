"""What the sweep does for onboardings: derive what lists show for the new day, and remind of items that fall due.

Both may run twice, or in two processes at once: a case is claimed by its summary day, an item by its reminder.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, or_, select, true, update
from sqlalchemy.orm import Session

from db.checklist.rules import SOON_DAYS
from db.core import changes
from db.core.area import Job
from db.core.session import reading, writing
from db.onboarding import notices, summary
from db.onboarding.tables import Checklist, ChecklistItem, Dealer, Onboarding

MOST_A_SWEEP = 200


def run_summaries(bind: Engine | None, *, now: datetime) -> int:
    """Derive every open case whose columns are of an earlier day; gives how many."""
    with reading(bind) as session:
        stale = _stale(session, now)
    if not stale:
        return 0
    with writing(bind, keeps_timeline=False) as session:
        cases = session.scalars(
            select(Onboarding)
            .where(Onboarding.id.in_(sorted(stale)), Onboarding.is_open == true())
            .order_by(Onboarding.id)
            .with_for_update(of=Onboarding, skip_locked=True)
        ).all()
        fresh = [c for c in cases if c.summary_on is None or c.summary_on < stale[c.id]]
        done = summary.refresh_many(session, fresh, stale)
        if done:
            changes.touch(session, "onboarding")
    return done


def _stale(session: Session, now: datetime) -> dict[int, date]:
    """Open cases whose columns are of an earlier day, with the day it is where the dealer is."""
    tomorrow = now.date() + timedelta(days=1)  # somewhere it is tomorrow already
    rows = session.execute(
        select(Onboarding.id, Onboarding.summary_on, Dealer.zone)
        .join(Dealer, Dealer.id == Onboarding.dealer_id)
        .where(Onboarding.is_open == true(), or_(Onboarding.summary_on.is_(None), Onboarding.summary_on < tomorrow))
        .order_by(Onboarding.summary_on, Onboarding.id)
    )
    found: dict[int, date] = {}
    for case_id, day, zone in rows:
        today = summary.zone_day(zone, now)
        if (day is None or day < today) and len(found) < MOST_A_SWEEP:
            found[case_id] = today
    return found


def run_reminders(bind: Engine | None, *, now: datetime) -> int:
    """Tell who owes an item that it is due within three days or past, once for each due day; gives how many items."""
    with reading(bind) as session:
        if not _due(session, now):
            return 0
    with writing(bind, keeps_timeline=False) as session:
        due = _due(session, now)
        groups: dict[tuple[int, str], list[Any]] = defaultdict(list)
        for row in due:
            # The condition claims the item: a second sweep at the same moment finds it reminded.
            claimed = session.scalar(
                update(ChecklistItem)
                .where(
                    ChecklistItem.id == row.id, ChecklistItem.is_open == true(),
                    or_(ChecklistItem.reminded_on.is_(None), ChecklistItem.reminded_on != ChecklistItem.due_on),
                )
                .values(reminded_on=ChecklistItem.due_on)
                .returning(ChecklistItem.id)
                .execution_options(synchronize_session=False)
            )  # fmt: skip
            if claimed is not None:
                groups[row.case_id, "dealer" if row.owner == "dealer" else "us"].append(row)
        for (case_id, side), rows in sorted(groups.items()):
            case = session.get_one(Onboarding, case_id)
            notices.tell_due(
                session, case, owner=side, titles=[f"{r.title} (due {r.due_on:%-d %b})" for r in rows],
                day=now.date(), now=now,
            )  # fmt: skip
    return sum(len(rows) for rows in groups.values())


def _due(session: Session, now: datetime) -> list[Any]:
    """Items that can be worked on, fall due within days, and were not reminded of this due day yet."""
    return list(
        session.execute(
            select(ChecklistItem.id, ChecklistItem.title, ChecklistItem.due_on, ChecklistItem.owner,
                   Onboarding.id.label("case_id"))
            .join(Checklist, Checklist.id == ChecklistItem.checklist_id)
            .join(Onboarding, Onboarding.checklist_id == Checklist.id)
            .where(
                ChecklistItem.is_open == true(), ChecklistItem.ready_on.is_not(None),
                ChecklistItem.status == "open", ChecklistItem.due_on <= now.date() + timedelta(days=SOON_DAYS),
                or_(ChecklistItem.reminded_on.is_(None), ChecklistItem.reminded_on != ChecklistItem.due_on),
            )
            .order_by(ChecklistItem.due_on, ChecklistItem.id)
            .limit(MOST_A_SWEEP)
        )
    )  # fmt: skip


JOBS = (
    Job(name="Onboardings for the new day", run=run_summaries),
    Job(name="Remind of onboarding items that fall due", run=run_reminders),
)
