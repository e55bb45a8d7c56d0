"""What the lead desk says of a dealer: leads that wait too long, for its page and for its health.

The thresholds are our decision (D), written down in decision 0017.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, func, select, true
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.area import CAP, DealerLine, Signal
from db.core.labels import count_label, minutes_label, plural
from db.core.permissions import Permission
from db.leads.board_queries import BoardFilters, BoardRow, list_board
from db.leads.dealer_queries import Carried, count_carried
from db.leads.tables import Lead
from db.leads.work_queries import BOARD_PAGE, LEAD_PAGE

LATE_WATCH = 1
"""So many leads whose first action is overdue are to be watched (D)."""
LATE_RISK = 5
"""So many are a risk (D)."""
LATE_FOR_RISK = timedelta(hours=24)
"""One whose first action is so long overdue on the wall clock is a risk by itself (D)."""
HELD_WATCH = 3
"""So many held leads are to be watched: nobody can be contacted, so nobody is (D)."""
LISTED = 3
NEWS = timedelta(days=30)
"""What is told as changed of a dealer nobody has called yet (D)."""


def dealer_signals(session: Session, *, scope: Scope, now: datetime) -> Mapping[int, Sequence[Signal]]:
    """Overdue first actions and held leads of all dealers of a scope, in one statement."""
    is_late = and_(Lead.first_action_at.is_(None), Lead.first_action_due_at < now, Lead.status != "held")
    rows = session.execute(
        select(
            Lead.dealer_id, func.sum(case((is_late, 1), else_=0)).label("late"),
            func.min(case((is_late, Lead.first_action_due_at))).label("oldest"),
            func.sum(case((Lead.status == "held", 1), else_=0)).label("held"),
        )
        .where(Lead.is_open == true(), Lead.dealer_id.is_not(None), scope.where(Lead.dealer_id, Lead.region))
        .group_by(Lead.dealer_id)
    )  # fmt: skip
    found = {
        dealer_id: signals_of(late=int(late or 0), oldest=oldest, held=int(held or 0), now=now)
        for dealer_id, late, oldest, held in rows
    }
    return {dealer_id: signals for dealer_id, signals in found.items() if signals}


def signals_of(*, late: int, oldest: datetime | None, held: int, now: datetime) -> list[Signal]:
    """The signals of one dealer: `late` first actions, the oldest due at `oldest`, and `held` leads."""
    found = []
    if late >= LATE_WATCH:
        behind = now - oldest if oldest is not None else timedelta(0)
        is_risk = late >= LATE_RISK or behind > LATE_FOR_RISK
        waited = minutes_label(behind / timedelta(minutes=1))
        which = "it is" if late == 1 else "the oldest is"
        sentence = f"{plural(late, 'lead')} without a first action; {which} {waited} overdue."
        found.append(Signal(level="risk" if is_risk else "watch", sentence=sentence))
    if held >= HELD_WATCH:
        found.append(Signal(level="watch", sentence=f"{plural(held, 'held lead')} with nobody to contact."))
    return found


def dealer_lines(
    session: Session, *, dealer_id: int, actor: Actor, now: datetime, since: datetime | None
) -> list[DealerLine]:
    """What of a dealer's leads is overdue (a count and the most overdue), how many are open, and what arrived since.

    Of a dealer nobody has called the last 30 days count. Names are shown to people who may see personal data.
    """
    counts = count_carried(session, scope=actor.scope, dealer_ids=[dealer_id], now=now).get(dealer_id, Carried())
    board: dict[str, Any] = {"page": BOARD_PAGE, "query": {"lead_dealer": str(dealer_id)}}
    lines = []
    if counts.overdue:
        lines.append(
            DealerLine(
                kind="overdue", title=f"{plural(counts.overdue, 'lead')} overdue",
                detail="Most overdue first below", page=BOARD_PAGE,
                query={"lead_dealer": str(dealer_id), "lead_view": "overdue"},
            )
        )  # fmt: skip
        late = list_board(
            session, scope=actor.scope, filters=BoardFilters(view="overdue", dealer_id=dealer_id), limit=LISTED,
            now=now, personal=actor.can(Permission.PERSONAL_DATA_VIEW),
        )  # fmt: skip
        lines += [_line(row) for row in late.rows]
    if counts.open:
        lines.append(DealerLine(kind="open", title=f"{plural(counts.open, 'open lead')}", **board))
    begin = since if since is not None else now - NEWS
    arrived = _count(session, actor.scope, dealer_id, Lead.received_at, begin)
    sold = _count(session, actor.scope, dealer_id, Lead.sold_at, begin)
    if arrived:
        title = f"{count_label(arrived, CAP)} {'lead' if arrived == 1 else 'leads'} arrived"
        lines.append(DealerLine(kind="changed", title=title, at=begin, **board))
    if sold:
        title = f"{count_label(sold, CAP)} {'lead' if sold == 1 else 'leads'} sold"
        lines.append(DealerLine(kind="changed", title=title, at=begin, **board))
    return lines


def _line(row: BoardRow) -> DealerLine:
    title = " · ".join(part for part in (row.number, row.customer_name, row.wants) if part)
    return DealerLine(
        kind="overdue", title=title, detail=row.next_step or row.status_label, at=row.due_at, page=LEAD_PAGE,
        query={"lead": str(row.id)},
    )  # fmt: skip


def _count(session: Session, scope: Scope, dealer_id: int, moment: Any, begin: datetime) -> int:
    some = (
        select(Lead.id)
        .where(Lead.dealer_id == dealer_id, moment > begin, scope.where(Lead.dealer_id, Lead.region))
        .limit(CAP + 1)
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(some)) or 0
