"""What pages may ask about dealer pipelines: what is open now, how it converts, dealer by dealer, lead by lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.core.masking import mask_name
from db.core.problems import Problem, Refused
from db.leads import pipeline_open
from db.leads.cohorts import median_of
from db.leads.flow import FLOW
from db.leads.pipeline_cohort import SAMPLE, Peers, Speed, cohort, peers, speed, weights
from db.leads.pipeline_dealers import SORTS, DealerPage, DealerRow, completed, dealer_rows, page_of
from db.leads.pipeline_metrics import DEFINITIONS
from db.leads.pipeline_open import Standing, in_bucket, is_stale, merged_ages, standing
from db.leads.pipeline_rules import (
    BUCKET_BY_NAME,
    BY_NAME,
    LADDER,
    STAGE_OF,
    STAGES,
    WON,
    age_days,
    is_small,
    share,
    weighted_cents,
)
from db.leads.tables import Dealer, Lead, Person

PAGE = 50


# ---- the whole of a scope ------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class StageLine:
    """One stage. `weighted_cents` is None where too few leads came to it to weigh by, and for what is sold already."""

    name: str
    label: str
    stale_days: int
    count: int
    value_cents: int
    unvalued: int
    weighted_cents: int | None
    median_days: float | None
    stale: int
    by_bucket: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """Open leads by stage. The totals leave out what is sold, which stands in `won`; `parked` is by status."""

    lines: tuple[StageLine, ...]
    parked: Mapping[str, int]
    median_days: float | None

    @property
    def working(self) -> tuple[StageLine, ...]:
        """The stages before the sale."""
        return tuple(line for line in self.lines if line.name != WON)

    @property
    def won(self) -> StageLine:
        """What is sold and not delivered yet."""
        return next(line for line in self.lines if line.name == WON)

    @property
    def count(self) -> int:
        """Open leads before the sale."""
        return sum(line.count for line in self.working)

    @property
    def value_cents(self) -> int:
        """Their known values."""
        return sum(line.value_cents for line in self.working)

    @property
    def unvalued(self) -> int:
        """How many of them have no value."""
        return sum(line.unvalued for line in self.working)

    @property
    def stale(self) -> int:
        """How many of them stand in their stage for too long."""
        return sum(line.stale for line in self.working)

    @property
    def weighted_cents(self) -> int | None:
        """Their weighted values; None where no stage can be weighed."""
        known = [line.weighted_cents for line in self.working if line.weighted_cents is not None]
        return sum(known) if known else None

    @property
    def unweighed(self) -> tuple[str, ...]:
        """The stages that have value and could not be weighed."""
        return tuple(line.label for line in self.working if line.weighted_cents is None and line.value_cents)


def open_pipeline(
    session: Session, *, scope: Scope, filters: Mapping[str, Any], now: datetime, weighing: Mapping[str, int] | None
) -> Pipeline:
    """What is open now under the filters region, dealer, source and product; `weighing` comes from `weights`."""
    stages, parked = standing(session, scope=scope, filters=filters, now=now)
    working = [one for name, one in stages.items() if name != WON]
    return Pipeline(
        lines=tuple(_line(one, weighing) for one in stages.values()), parked=parked,
        median_days=median_of(merged_ages(working)),
    )  # fmt: skip


def _line(one: Standing, weighing: Mapping[str, int] | None) -> StageLine:
    stage = one.stage
    weighted = None
    if weighing is not None and stage.name != WON:
        weighted = weighted_cents(one.value_cents, sold=weighing[stage.sold_of], reached=weighing[stage.reached])
    return StageLine(
        name=stage.name, label=stage.label, stale_days=stage.stale_days, count=one.count, value_cents=one.value_cents,
        unvalued=one.unvalued, weighted_cents=weighted, median_days=one.median_days, stale=one.stale,
        by_bucket=one.by_bucket,
    )  # fmt: skip


# ---- from stage to stage -------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class StepLine:
    """A rung of the ladder: `count` leads came to it; `share` of the `of` leads of the rung before came here too."""

    name: str
    label: str
    count: int
    of: int
    both: int
    share: float | None
    is_small: bool
    peers: float | None
    days: float | None


def ladder(
    counts: Mapping[str, int], *, beside: Peers | None = None, pace: Speed | None = None
) -> tuple[StepLine, ...]:
    """The cohort's funnel from its counts, beside its peers, with the days each step took."""
    found = []
    before = None
    for rung in LADDER:
        of, both = (counts[before.count], counts[rung.both]) if before else (counts["received"], counts["valid"])
        peer = None
        if beside is not None and before and not is_small(beside.counts[before.count]):
            peer = share(beside.counts[rung.both], beside.counts[before.count])
        found.append(
            StepLine(
                name=rung.name, label=rung.label, count=counts[rung.count], of=of, both=both, share=share(both, of),
                is_small=is_small(of), peers=peer, days=pace.days.get(rung.name) if pace else None,
            )
        )  # fmt: skip
        before = rung
    return tuple(found)


# ---- lead by lead --------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class PipelineLead:
    """A lead behind a number. `days` are whole days in its stage; `due_at` is its next promise."""

    id: int
    number: str
    status_label: str
    tone: str
    stage: str
    customer_name: str
    wants: str
    value_cents: int | None
    days: int
    is_stale: bool
    assignee_name: str
    due_at: datetime | None
    dealer_id: int | None
    dealer_name: str
    source: str


Cursor = tuple[datetime, int]


@dataclass(frozen=True, kw_only=True)
class LeadPage:
    """One page, longest in its stage first; `following` is the cursor of the next one, None on the last."""

    rows: tuple[PipelineLead, ...]
    following: Cursor | None


def pipeline_leads(
    session: Session, *, scope: Scope, filters: Mapping[str, Any], now: datetime, stage: str = "", bucket: str = "",
    stale: bool = False, after: Cursor | None = None, limit: int = PAGE, personal: bool = False,
) -> LeadPage:  # fmt: skip
    """One page of exactly the leads a number counted: of one stage or all before the sale, of one span of days.

    `personal` shows names in full: pass `actor.can(Permission.PERSONAL_DATA_VIEW)`.
    """
    if (stage and stage not in BY_NAME) or (bucket and bucket not in BUCKET_BY_NAME):
        raise Refused(Problem(code="unknown_stage", field="stage", message="There is no such stage or span of days."))
    stages = [BY_NAME[stage]] if stage else [one for one in STAGES if one.name != WON]
    wanted = pipeline_open.where(scope, filters)
    if bucket:
        wanted += in_bucket(bucket, now)
    if stale:
        wanted.append(is_stale(now))
    if after is not None:
        entered, last_id = after
        wanted += [Lead.stage_entered_at >= entered, or_(Lead.stage_entered_at > entered, Lead.id > last_id)]
    # One walk of the index a status, each in order: an IN over them would have to sort all of their leads.
    found: list[Any] = []
    for status in (status for one in stages for status in one.statuses):
        query = (
            select(Lead.id, Lead.stage_entered_at)
            .where(*wanted, Lead.status == status)
            .order_by(Lead.stage_entered_at, Lead.id)
            .limit(limit + 1)
        )
        found += session.execute(query)
    found.sort(key=lambda row: (row.stage_entered_at, row.id))
    shown = found[:limit]
    following = (shown[-1].stage_entered_at, shown[-1].id) if len(found) > limit else None
    return LeadPage(rows=_leads(session, [row.id for row in shown], now=now, personal=personal), following=following)


def _leads(session: Session, ids: Sequence[int], *, now: datetime, personal: bool) -> tuple[PipelineLead, ...]:
    if not ids:
        return ()
    rows = {
        row.id: row
        for row in session.execute(
            select(
                Lead.id, Lead.number, Lead.status, Lead.customer_name, Lead.wants, Lead.value_cents,
                Lead.stage_entered_at, Lead.due_at, Lead.dealer_id, Lead.source, Dealer.name,
                Person.name.label("assignee"),
            )
            .outerjoin(Dealer, Dealer.id == Lead.dealer_id)
            .outerjoin(Person, Person.id == Lead.assignee_id)
            .where(Lead.id.in_(ids))
        )
    }  # fmt: skip
    found = []
    for lead_id in ids:
        row, stage = rows[lead_id], STAGE_OF[rows[lead_id].status]
        state, days = FLOW.state(row.status), age_days(row.stage_entered_at, now)
        found.append(
            PipelineLead(
                id=row.id, number=row.number, status_label=state.label, tone=state.tone, stage=stage.name,
                customer_name=row.customer_name if personal else mask_name(row.customer_name), wants=row.wants,
                value_cents=row.value_cents, days=days, is_stale=days >= stage.stale_days,
                assignee_name=row.assignee or "", due_at=row.due_at, dealer_id=row.dealer_id,
                dealer_name=row.name or "", source=row.source,
            )
        )  # fmt: skip
    return tuple(found)


__all__ = [
    "DEFINITIONS",
    "SAMPLE", "SORTS", "DealerPage", "DealerRow", "LeadPage", "Peers", "Pipeline", "PipelineLead", "Speed",
    "StageLine", "StepLine", "cohort", "completed", "dealer_rows", "ladder", "open_pipeline", "page_of", "peers",
    "pipeline_leads", "speed", "weights",
]  # fmt: skip
