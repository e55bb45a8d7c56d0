"""Setting what approvals of a region may cost in a quarter."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.locks import hold
from db.core.permissions import Permission
from db.core.problems import NotFound, Problems, Stale
from db.people.queries import list_regions
from db.pricing.band_rules import money
from db.pricing.record import AREA
from db.pricing.tables import PriceBudget

QUARTER = re.compile(r"20\d\d" + "Q[1-4]")
MOST = 10_000_000_000_00


def set_budget(
    session: Session, *, region: str, quarter: str, budget_cents: int | None, seen_version: int, actor: Actor,
    now: datetime,
) -> int:  # fmt: skip
    """Set or change a budget; `seen_version` is 0 for a new one. Gives its id. Problems: region, quarter, budget_cents.

    A budget never goes below what was approved with it.
    """
    actor.require(Permission.PRICING_BUDGET)
    if not actor.scope.is_all and not (actor.scope.kind == "regions" and region in actor.scope.regions):
        raise NotFound("This region")
    hold(session, f"pricing:budget:{region}:{quarter}")
    problems = Problems()
    if region not in list_regions(session):
        problems.add("region", "required", "Choose a region.")
    if not QUARTER.fullmatch(quarter or ""):
        problems.add("quarter", "required", "Choose a quarter such as 2026Q4.")
    if budget_cents is None or not 0 <= budget_cents <= MOST:
        problems.add("budget_cents", "required", "The budget is an amount of 0 or more.")
    problems.refuse_if_any()
    assert budget_cents is not None
    row = session.scalars(
        select(PriceBudget)
        .where(PriceBudget.region == region, PriceBudget.quarter == quarter)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if (row.version if row is not None else 0) != seen_version:
        raise Stale(
            what=f"The budget of {region} in {quarter}", changed_by=row.updated_by if row is not None else "",
            changed_at=row.updated_at if row is not None else now,
        )  # fmt: skip
    before = row.budget_cents if row is not None else None
    if row is None:
        row = PriceBudget(
            region=region, quarter=quarter, budget_cents=budget_cents, committed_cents=0, version=1, updated_at=now,
            updated_by=actor.name,
        )  # fmt: skip
        session.add(row)
    else:
        if budget_cents < row.committed_cents:
            message = f"{money(row.committed_cents)} of it were approved already."
            problems.add("budget_cents", "below_approved", message)
            problems.refuse_if_any()
        row.budget_cents, row.version, row.updated_at, row.updated_by = (
            budget_cents, row.version + 1, now, actor.name,
        )  # fmt: skip
    session.flush()
    changes.touch(session, AREA)
    timeline.record(
        session, actor=actor, now=now, area=AREA, command="set_budget",
        summary=f"The budget of {region} for exceptions in {quarter} is {money(budget_cents)}.",
        items=[timeline.Item("price_budget", row.id)], before={"budget_cents": before},
        after={"budget_cents": budget_cents},
    )  # fmt: skip
    return row.id
