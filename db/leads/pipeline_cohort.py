"""How leads come from one stage to the next, by the month they were received (2.2 F), beside peers and with speed.

Counts come from the rollups. Speed is a median and cannot be added up: it is read from the leads of the dealers asked
for, or from the first leads of each month where it is about a whole network.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, func, select, union_all
from sqlalchemy.orm import Session

from db.core.actor import EVERYTHING, Scope
from db.leads import cohorts
from db.leads.pipeline_rules import FEWEST_PEERS, LADDER, settled_months
from db.leads.rollup import MEASURES
from db.leads.tables import Dealer, Lead, LeadDealerMonth

SAMPLE = 300
"""So many leads of each month speak for the speed of a network; a dealer's are all read."""
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Peers:
    """An average of other dealers, never of fewer than `FEWEST_PEERS`, so that it tells nothing of one of them."""

    label: str
    dealers: int
    counts: Mapping[str, int]


def cohort(session: Session, *, scope: Scope, filters: Mapping[str, Any]) -> dict[str, int]:
    """Every measure of the rollup for the leads received in the months of the filters (see `cohorts`)."""
    return cohorts.sums(session, scope=scope, by=(), filters=filters).get((), dict.fromkeys(MEASURES, 0))


def cohort_by_dealer(session: Session, *, scope: Scope, filters: Mapping[str, Any]) -> dict[int, dict[str, int]]:
    """`valid` and `sold` for each dealer; leads without one are left out."""
    found = cohorts.sums(session, scope=scope, by=("dealer",), filters=filters, measures=("valid", "sold"))
    return {key[0]: counts for key, counts in found.items() if key[0]}


def peers(session: Session, *, scope: Scope, filters: Mapping[str, Any]) -> Peers | None:
    """Whom a pipeline is measured against: for dealers, the others of their regions; for a region, the network.

    None for the whole network, with a product line chosen (the counts by dealer do not have it), and where there are
    fewer than `FEWEST_PEERS` dealers. It looks beyond the scope on purpose: an average of many names nobody.
    """
    wanted = cohorts.check((), filters)
    if "product" in wanted or "state" in wanted:
        return None
    own = set(wanted.get("dealer", ()))
    if scope.kind == "dealers":
        own = own & scope.dealer_ids if own else set(scope.dealer_ids)
    regions = set(wanted.get("region", ()))
    if scope.kind == "regions":
        regions = regions & scope.regions if regions else set(scope.regions)
    where: list[ColumnElement[bool]] = []
    if own:
        regions = set(session.scalars(select(Dealer.region).where(Dealer.id.in_(sorted(own))).distinct()))
        where = [Dealer.region.in_(sorted(regions)), Dealer.id.not_in(sorted(own))]
    elif not regions:
        return None
    found = _of_dealers(session, wanted, where)
    if found is None:
        return None
    label = f"Peers in {', '.join(sorted(regions))}" if own else "Network"
    return Peers(label=label, dealers=found[0], counts=found[1])


def weights(session: Session, *, scope: Scope, now: datetime) -> dict[str, int] | None:
    """The counts a value is weighted by: of every dealer's settled cohorts (see `settled_months`).

    The same weights for everybody, so that dealers can be compared. None for people of a dealership where they would
    be the average of fewer than `FEWEST_PEERS` dealers.
    """
    months = [date(year, month, 1) for year, month in settled_months((now.year, now.month))]
    filters = {"from": months[0], "to": months[-1]}
    if scope.kind == "dealers" and _of_dealers(session, filters, []) is None:
        return None
    return cohort(session, scope=EVERYTHING, filters=filters)


def _of_dealers(
    session: Session, wanted: Mapping[str, Any], where: Iterable[ColumnElement[bool]]
) -> tuple[int, dict[str, int]] | None:
    """How many dealers had valid leads, and the sums of their counts; None for too few."""
    conditions = [LeadDealerMonth.dealer_id != cohorts.UNASSIGNED, *where]
    if "from" in wanted:
        conditions.append(LeadDealerMonth.received_month >= wanted["from"])
    if "to" in wanted:
        conditions.append(LeadDealerMonth.received_month <= wanted["to"])
    if "source" in wanted:
        conditions.append(LeadDealerMonth.source.in_(wanted["source"]))
    row = session.execute(
        select(
            func.count(func.distinct(LeadDealerMonth.dealer_id)).label("dealers"),
            *(func.sum(getattr(LeadDealerMonth, m)).label(m) for m in MEASURES),
        )
        .join(Dealer, Dealer.id == LeadDealerMonth.dealer_id)
        .where(*conditions, LeadDealerMonth.valid > 0)
    ).one()
    if row.dealers < FEWEST_PEERS:
        return None
    return row.dealers, {m: int(getattr(row, m) or 0) for m in MEASURES}


# ---- speed ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Speed:
    """Median days between rungs, by the name of the later one, and of how many leads; `is_sampled`: of each month the
    first `SAMPLE` leads were read."""

    days: Mapping[str, float]
    measured: Mapping[str, int]
    is_sampled: bool


_STEPS = tuple(rung for rung in LADDER if rung.until)
_STAMPS: tuple[Any, ...] = (Lead.received_at, *(getattr(Lead, rung.until) for rung in _STEPS))


def speed(session: Session, *, scope: Scope, filters: Mapping[str, Any]) -> Speed:
    """How long valid leads took from one stage to the next, by the months they were received in.

    Months are needed, else nothing is read. All leads of the dealers asked for are read; for regions and the network
    the first of each month speak for it: they are all equally old, so fast ones are not favoured.
    """
    wanted = cohorts.check((), filters)
    is_sampled = False
    if scope.kind == "dealers" or "dealer" in wanted:
        found = select(*_STAMPS).where(*cohorts.lead_conditions(scope, filters), cohorts.measure_sql("valid"))
        rows = session.execute(found).all() if "from" in wanted and "to" in wanted else []
    else:
        wide: dict[str, Any] = {name: wanted[name] for name in ("from", "to", "region") if name in wanted}
        by_month = cohorts.sums(session, scope=scope, by=("month",), filters=wide, measures=("received",))
        is_sampled = any(counts["received"] > SAMPLE for counts in by_month.values())
        months = [month for (month,) in by_month]
        rows = session.execute(union_all(*(_first_of(scope, m, wanted) for m in months))).all() if months else []
    taken: dict[str, list[float]] = {rung.name: [] for rung in _STEPS}
    for row in rows:
        for rung in _STEPS:
            since, until = getattr(row, rung.since), getattr(row, rung.until)
            if since is not None and until is not None and until >= since:
                taken[rung.name].append((until - since) / DAY)
    return Speed(
        days={name: median(values) for name, values in taken.items() if values},
        measured={name: len(values) for name, values in taken.items()}, is_sampled=is_sampled,
    )  # fmt: skip


def _first_of(scope: Scope, month: date, wanted: Mapping[str, Any]) -> Any:
    """The stamps of a month's first leads that pass the filters; source and product are asked of those only.

    The month is a local one: the walk over moments begins two days early, so that it finds the first leads anywhere.
    """
    starts = datetime.combine(month, time(), tzinfo=UTC)
    # Behind a function, for the index on months would be read whole and sorted where the one on moments stops early.
    where = [scope.where(Lead.dealer_id, Lead.region), func.coalesce(Lead.received_month, month) == month]
    where += [Lead.received_at >= starts - 2 * DAY, Lead.received_at < starts + 33 * DAY]
    if "region" in wanted:
        where.append(Lead.region.in_(wanted["region"]))
    is_valid = cohorts.measure_sql("valid").label("is_valid")
    first = (
        select(*_STAMPS, Lead.source, Lead.product, is_valid)
        .where(*where)
        .order_by(Lead.received_at, Lead.id)
        .limit(SAMPLE)
        .subquery()
    )
    passed = select(*(first.c[stamp.key] for stamp in _STAMPS)).where(first.c.is_valid)
    for name in ("source", "product"):
        if name in wanted:
            passed = passed.where(first.c[name].in_(wanted[name]))
    return passed
