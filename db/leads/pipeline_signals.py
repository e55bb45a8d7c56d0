"""What a dealer's pipeline says of the dealer: lines to know before a call, and when it has gone stale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.area import DealerLine, DealerSource, Signal
from db.core.labels import plural
from db.core.permissions import Permission
from db.leads.pipeline_open import standing, totals_by_dealer
from db.leads.pipeline_rules import WON, is_small

PAGE = "pages/network/pipeline.py"
WATCH, RISK = 1 / 3, 2 / 3
"""Shares of stale leads a dealer is watched from, and is a risk from; of ten open leads or more (D)."""


def lines(session: Session, *, dealer_id: int, actor: Actor, now: datetime, since: datetime | None) -> list[DealerLine]:
    """Its open pipeline in one line, and its stale leads in another; nothing without open leads."""
    stages, _ = standing(session, scope=actor.scope, filters={"dealer": dealer_id}, now=now)
    working = [one for name, one in stages.items() if name != WON and one.count]
    if not working:
        return []
    count, stale = sum(one.count for one in working), sum(one.stale for one in working)
    by_stage = ", ".join(f"{one.stage.label.lower()} {one.count}" for one in working)
    query = {"pipe_dealer": str(dealer_id)}
    found = [
        DealerLine(
            kind="open", title=f"{plural(count, 'lead')} in the pipeline", detail=by_stage, page=PAGE, query=query
        )
    ]
    if stale:
        worst = max(working, key=lambda one: one.stale)
        found.append(
            DealerLine(
                kind="overdue", title=f"{plural(stale, 'lead')} too long in the same stage",
                detail=f"Most of them {worst.stage.label.lower()}, for {worst.stage.stale_days} days or more",
                page=PAGE, query={**query, "pipe_leads": "stale"},
            )
        )  # fmt: skip
    return found


def signals(session: Session, *, scope: Scope, now: datetime) -> Mapping[int, Sequence[Signal]]:
    """Dealers a third of whose open leads are stale, and two thirds; few open leads say nothing."""
    found: dict[int, list[Signal]] = {}
    for dealer in totals_by_dealer(session, scope=scope, filters={}, now=now):
        count = sum(held[0] for name, held in dealer.stages.items() if name != WON)
        if is_small(count) or dealer.stale < WATCH * count:
            continue
        sentence = f"{dealer.stale} of {count} open leads stand too long in the same stage."
        found[dealer.dealer_id] = [Signal(level="risk" if dealer.stale >= RISK * count else "watch", sentence=sentence)]
    return found


SOURCE = DealerSource(
    name="pipeline", label="Sales pipeline", permission=Permission.PIPELINE_VIEW, lines=lines, signals=signals
)
