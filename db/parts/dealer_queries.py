"""What parts say of a dealer: lines to know before a call, and signals for the health of the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import case, func, or_, select, true
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.core.actor import Actor, Scope
from db.core.area import DealerLine, DealerSource, Signal
from db.core.labels import local_day, percent_label, plural
from db.core.permissions import Permission
from db.parts import rules
from db.parts.fill_queries import counts
from db.parts.slip_queries import SlipFilters, slips_by_cause
from db.parts.tables import PartsClaim, PartsOrderLine

PAGE: Final = "pages/parts/backorders.py"
CLAIMS_PAGE: Final = "pages/parts/parts_claims.py"
DAYS: Final = 90
LEAST: Final = 10
"""Lines below which a fill rate says nothing of a dealer (D)."""
LOW_FILL: Final = 0.8
"""Share of lines covered below which a dealer is watched (D)."""
LONG_DOWN: Final = 7
"""Days since the order from which a vehicle that stands makes the dealer a risk (D)."""


def lines(session: Session, *, dealer_id: int, actor: Actor, now: datetime, since: datetime | None) -> list[DealerLine]:
    """Vehicles that stand, backorders, promises that slipped, parts claims that wait, and what stock could cover."""
    line, claim = PartsOrderLine, PartsClaim
    today = local_day(now, DESK_ZONE)
    query = {"bo_dealer": str(dealer_id)}
    late = or_(line.first_promised_on.is_(None), line.first_promised_on < today)
    down, waits, first = session.execute(
        select(func.sum(case((line.rank == 0, 1), else_=0)), func.count(), func.min(line.ordered_on)).where(
            line.dealer_id == dealer_id, actor.scope.where(line.dealer_id, line.region), line.is_open == true(), late
        )
    ).one()  # fmt: skip
    found: list[DealerLine] = []
    if down:
        found.append(
            DealerLine(
                kind="overdue", title=f"{plural(down, 'vehicle-down line')} on backorder",
                detail="A vehicle stands until the part is there", page=PAGE,
                query={**query, "bo_kind": "vehicle_down"},
            )
        )  # fmt: skip
    if waits:
        age = plural((today - first).days, "day")
        found.append(
            DealerLine(
                kind="open", title=f"{plural(waits, 'parts line')} on backorder", detail=f"The oldest for {age}",
                page=PAGE, query=query,
            )
        )  # fmt: skip
    lately = SlipFilters(dealer_id=dealer_id, since=since or now - timedelta(days=30))
    slips = slips_by_cause(session, actor=actor, filters=lately)
    if slips:
        found.append(
            DealerLine(
                kind="changed", title=f"{plural(sum(s.slips for s in slips), 'promised day')} of parts slipped",
                detail=f"Mostly: {rules.CAUSES.get(slips[0].cause, slips[0].cause).lower()}", page=PAGE,
                query={**query, "bo_view": "slips"},
            )
        )  # fmt: skip
    asked, ours, due = session.execute(
        select(
            func.sum(case((claim.status == "asked", 1), else_=0)),
            func.sum(case((claim.status == "sent_in", 1), else_=0)),
            func.min(case((claim.status == "sent_in", claim.due_at))),
        ).where(
            claim.dealer_id == dealer_id, actor.scope.where(claim.dealer_id, claim.region), claim.is_open == true()
        )
    ).one()  # fmt: skip
    of_claims = {"pc_dealer": str(dealer_id)}
    if asked:
        found.append(
            DealerLine(
                kind="promised", title=f"{plural(asked, 'parts claim')} to be answered by the dealer",
                page=CLAIMS_PAGE, query=of_claims,
            )
        )  # fmt: skip
    if ours:
        found.append(
            DealerLine(
                kind="overdue" if due < now else "open", title=f"{plural(ours, 'parts claim')} to decide", at=due,
                page=CLAIMS_PAGE, query=of_claims,
            )
        )  # fmt: skip
    (fill,) = counts(
        session, scope=actor.scope, filters={"dealer": dealer_id, "from": today - timedelta(days=DAYS - 1)}
    )  # fmt: skip
    if fill["lines"]:
        share = percent_label(fill["filled_lines"], fill["lines"], 0)
        if fill["lines"] < LEAST:
            share = f"{fill['filled_lines']} of {fill['lines']}"
        found.append(
            DealerLine(
                kind="open", title=f"Line fill {share} in {DAYS} days",
                detail=f"Target {rules.FILL_TARGET[0]}–{rules.FILL_TARGET[1]}%", page=PAGE,
                query={**query, "bo_view": "fill"},
            )
        )  # fmt: skip
    return found


def signals(session: Session, *, scope: Scope, now: datetime) -> Mapping[int, Sequence[Signal]]:
    """Dealers whose vehicles stand for parts, and dealers whose orders stock seldom covers; two statements in all."""
    line, today = PartsOrderLine, local_day(now, DESK_ZONE)
    found: dict[int, list[Signal]] = {}
    rows = session.execute(
        select(line.dealer_id, func.count(), func.min(line.ordered_on))
        .where(
            scope.where(line.dealer_id, line.region), line.is_open == true(), line.rank == 0,
            or_(line.first_promised_on.is_(None), line.first_promised_on < today),
        )
        .group_by(line.dealer_id)
    )  # fmt: skip
    for dealer_id, number, first in rows:
        days = (today - first).days
        words = f"{plural(number, 'vehicle-down line')} on backorder, the oldest for {plural(days, 'day')}."
        found.setdefault(dealer_id, []).append(Signal(level="risk" if days >= LONG_DOWN else "watch", sentence=words))
    period = {"from": today - timedelta(days=DAYS - 1), "to": today}
    for row in counts(session, scope=scope, by=("dealer",), filters=period):
        if row["lines"] >= LEAST and row["filled_lines"] / row["lines"] < LOW_FILL:
            words = f"Stock covered {row['filled_lines']} of {row['lines']} parts lines ordered in {DAYS} days."
            found.setdefault(row["dealer"], []).append(Signal(level="watch", sentence=words))
    return found


SOURCE = DealerSource(name="parts", label="Parts", permission=Permission.PARTS_VIEW, lines=lines, signals=signals)
