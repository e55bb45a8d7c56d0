"""Whom nobody of ours spoke to for long, the dealers that matter most first (P1: weighted by their volume)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.contact_log import rules
from db.contact_log.queries import Touch, open_by_dealer, touches
from db.core.actor import Scope
from db.core.labels import plural
from db.dealers.tables import Dealer
from db.leads.tables import LeadDealerMonth

VOLUME_DAYS = 90
USUAL_STATUSES = ("onboarding", "active", "suspended")
"""Whom somebody of ours should speak to; talks with prospects are their own pace, terminated dealers are gone."""


@dataclass(frozen=True, kw_only=True)
class Volume:
    """Leads a dealer received in the last months, and how many of those were sold."""

    received: int = 0
    sold: int = 0

    @property
    def weight(self) -> int:
        """As one number (rules.volume_of)."""
        return rules.volume_of(self.received, self.sold)


@dataclass(frozen=True, kw_only=True)
class Gap:
    """One dealer with its silence. `days` None means nobody ever spoke to it; `share` is of the scope's volume."""

    dealer_id: int
    code: str
    dealer: str
    region: str
    status: str
    last: datetime | None
    tried: datetime | None
    days: int | None
    volume: Volume
    share: float
    priority: float
    open_promises: int
    overdue_promises: int

    @property
    def why(self) -> str:
        """How the rank came about, in one sentence."""
        volume = f"{plural(self.volume.received, 'lead')}, {self.volume.sold:,} sold"
        share = f"{100 * self.share:.1f}% of the volume ({volume})"
        if self.days is None:
            return f"Never contacted, {share}"
        return f"{plural(self.days, 'day')} × {share} = {self.priority:,.0f}"


def volume_months(now: datetime) -> date:
    """The first month the last 90 days reach into: counts are kept by month, so up to a month more is counted."""
    return (now - timedelta(days=VOLUME_DAYS)).date().replace(day=1)


def volumes(session: Session, *, scope: Scope, now: datetime, dealer_id: int | None = None) -> dict[int, Volume]:
    """The volume of each dealer of a scope that has any, from the monthly rollup; one statement."""
    query = (
        select(LeadDealerMonth.dealer_id, func.sum(LeadDealerMonth.received), func.sum(LeadDealerMonth.sold))
        .join(Dealer, Dealer.id == LeadDealerMonth.dealer_id)
        .where(LeadDealerMonth.received_month >= volume_months(now), scope.where(Dealer.id, Dealer.region))
        .group_by(LeadDealerMonth.dealer_id)
    )
    if dealer_id is not None:
        query = query.where(LeadDealerMonth.dealer_id == dealer_id)
    return {i: Volume(received=int(received or 0), sold=int(sold or 0)) for i, received, sold in session.execute(query)}


def contact_gaps(
    session: Session, *, scope: Scope, now: datetime, days: int = rules.GAP_DAYS, region: str = "", status: str = "",
) -> list[Gap]:  # fmt: skip
    """Dealers without a counted contact for at least `days` days, most urgent first; never contacted ones lead.

    Shares are of the whole scope's volume, so a filter does not change a rank. Five statements, whatever the number.
    """
    every = volumes(session, scope=scope, now=now)
    spoken = touches(session, scope=scope)
    promised = open_by_dealer(session, scope=scope, now=now)
    total = sum(volume.weight for volume in every.values())
    query = select(Dealer.id, Dealer.code, Dealer.name, Dealer.region, Dealer.status).where(
        scope.where(Dealer.id, Dealer.region), Dealer.status.in_((status,) if status else USUAL_STATUSES)
    )
    if region:
        query = query.where(Dealer.region == region)
    found = []
    for dealer_id, code, name, dealer_region, dealer_status in session.execute(
        query.order_by(Dealer.name_key, Dealer.id)
    ):
        touch = spoken.get(dealer_id, Touch(last=None, tried=None))
        silent = rules.gap_days(touch.last, now)
        if silent is not None and silent < days:
            continue
        volume = every.get(dealer_id, Volume())
        open_promises, overdue = promised.get(dealer_id, (0, 0))
        found.append(
            Gap(
                dealer_id=dealer_id, code=code, dealer=name, region=dealer_region, status=dealer_status,
                last=touch.last, tried=touch.tried, days=silent, volume=volume,
                share=volume.weight / total if total else 0.0,
                priority=rules.gap_priority(silent, volume.weight, total), open_promises=open_promises,
                overdue_promises=overdue,
            )
        )  # fmt: skip
    return sorted(found, key=lambda gap: rules.gap_rank(gap.days, gap.priority))
