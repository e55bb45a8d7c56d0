"""Campaigns counted for figures: by the day they begin on, of their dealer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.calendar.months import month_of
from db.coop.campaign_queries import Facts, facts_of
from db.coop.campaign_tables import CoopCampaign, CoopCampaignRequest
from db.coop.figure_filters import Asked
from db.coop.queue_tables import CoopRequest
from db.coop.tables import CoopFund
from db.core.actor import Scope
from db.core.among import among

NAMES: Final = ("campaigns", "cost", "leads", "sales", "all_leads", "all_sales", "over", "reached")


def costs(session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Campaigns begun in the days asked for: what they cost (cents) with the leads and sales of those that cost
    something, all their leads and sales, how many are over and reached their goal. A campaign is of the programmes its
    requests are of; one without requests is of none. Five statements at most."""
    wanted = [
        scope.where(CoopCampaign.dealer_id, CoopCampaign.region), CoopCampaign.starts_on >= asked.first,
        CoopCampaign.starts_on <= asked.last,
    ]  # fmt: skip
    if asked.region:
        wanted.append(among(CoopCampaign.region, asked.region))
    if asked.dealer:
        wanted.append(among(CoopCampaign.dealer_id, asked.dealer))
    if asked.medium:
        wanted.append(CoopCampaign.medium == asked.medium)
    programme = (
        select(CoopFund.programme_id)
        .join(CoopRequest, CoopRequest.fund_id == CoopFund.id)
        .join(CoopCampaignRequest, CoopCampaignRequest.request_id == CoopRequest.id)
        .where(CoopCampaignRequest.campaign_id == CoopCampaign.id)
        .order_by(CoopRequest.id)
        .limit(1)
        .correlate(CoopCampaign)
        .scalar_subquery()
    )
    if asked.programme is not None:
        wanted.append(programme == asked.programme)
    rows = session.execute(
        select(
            CoopCampaign.id, CoopCampaign.starts_on, CoopCampaign.ends_on, CoopCampaign.region, CoopCampaign.dealer_id,
            CoopCampaign.medium, CoopCampaign.goal, CoopCampaign.goal_kind, programme.label("programme"),
        ).where(*wanted)
    ).all()  # fmt: skip
    known = facts_of(session, wanted) if rows else {}
    found: dict[tuple[Any, ...], dict[str, int]] = {}
    for r in rows:
        facts = known.get(r.id, Facts())
        whole = {
            "month": month_of(r.starts_on), "region": r.region, "dealer": r.dealer_id, "medium": r.medium,
            "programme": r.programme or 0,
        }  # fmt: skip
        cell = found.setdefault(tuple(whole[d] for d in by), dict.fromkeys(NAMES, 0))
        is_over = r.ends_on < asked.today
        got = facts.leads if r.goal_kind == "leads" else facts.sales
        for name, value in (
            ("campaigns", 1), ("cost", facts.cost), ("leads", facts.leads if facts.cost else 0),
            ("sales", facts.sales if facts.cost else 0), ("all_leads", facts.leads), ("all_sales", facts.sales),
            ("over", int(is_over)), ("reached", int(is_over and got >= r.goal)),
        ):  # fmt: skip
            cell[name] += value
    if not found and not by:
        found[()] = dict.fromkeys(NAMES, 0)
    order = sorted(found, key=lambda k: tuple(str(part) for part in k))
    return [{**dict(zip(by, key, strict=True)), **found[key]} for key in order]
