"""Plans, components, operations, parts and campaigns as the page of warranty data lists them, as of a chosen day.

They hold for every dealer alike, so everybody with `warranty.view` sees all of them. Keyset pages of 50 by code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.area import CAP, SearchResult
from db.core.permissions import Permission
from db.warranty.codes import clean_code
from db.warranty.facts import ComponentRow, OperationRow, PartRow
from db.warranty.queries import component_row, holds, net_on, operation_row, part_row
from db.warranty.tables import (
    Campaign,
    CampaignVehicle,
    Component,
    CoveragePlan,
    LabourOperation,
    Part,
    PartPrice,
)

PAGE = 50
PAGE_FILE = "pages/claims/warranty.py"
MOST_PERIODS = 100


@dataclass(frozen=True, kw_only=True)
class PlanVersion:
    """One version of a plan; `components` empty covers all but those excluded."""

    id: int
    code: str
    name: str
    kind: str
    months: int
    distance: int
    unit: str
    deductible_cents: int
    components: tuple[str, ...]
    excluded: tuple[str, ...]
    models: tuple[str, ...]
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, kw_only=True)
class PricePeriod:
    """A net price from its day on."""

    valid_from: date
    net_cents: int


@dataclass(frozen=True, kw_only=True)
class CampaignLine:
    """A campaign with how many vehicles it lists and how many of them are remedied."""

    id: int
    number: str
    title: str
    kind: str
    starts_on: date
    ends_on: date | None
    operations: tuple[str, ...]
    parts: tuple[str, ...]
    vehicles: int
    done: int


@dataclass(frozen=True, kw_only=True)
class Found:
    """One page of a list: its rows, the cursor of the next page, and how many there are in all (capped)."""

    rows: tuple[Any, ...]
    following: str | None
    total: int


def _words(text: str, code: Any, name: Any) -> list[ColumnElement[bool]]:
    """The code starts with what was typed, or the name holds it."""
    if not text.strip():
        return []
    named = func.lower(name).contains(text.strip().lower(), autoescape=True)
    return [or_(code.startswith(clean_code(text), autoescape=True), named)]


def _page(
    session: Session, query: Any, *, key: Any, wanted: list[Any], after: str | None, make: Any, code_of: Any
) -> Found:  # fmt: skip
    counted = select(key).where(*wanted).limit(CAP + 1).subquery()
    total = session.scalar(select(func.count()).select_from(counted)) or 0
    query = query.where(*wanted)
    if after is not None:
        query = query.where(key > after)
    rows = [make(*row) for row in session.execute(query.order_by(key).limit(PAGE + 1))]
    following = code_of(rows[PAGE - 1]) if len(rows) > PAGE else None
    return Found(rows=tuple(rows[:PAGE]), following=following, total=total)


def _plan(p: CoveragePlan) -> PlanVersion:
    return PlanVersion(
        id=p.id, code=p.code, name=p.name, kind=p.kind, months=p.months, distance=p.distance, unit=p.unit,
        deductible_cents=p.deductible_cents, components=tuple(p.components), excluded=tuple(p.excluded),
        models=tuple(p.models), valid_from=p.valid_from, valid_until=p.valid_until,
    )  # fmt: skip


def list_plans(session: Session, *, on: date, text: str = "", actor: Actor) -> tuple[PlanVersion, ...]:
    """Every plan for vehicles that go into service on a day; there are few."""
    actor.require(Permission.WARRANTY_VIEW)
    query = select(CoveragePlan).where(*holds(CoveragePlan, on), *_words(text, CoveragePlan.code, CoveragePlan.name))
    return tuple(_plan(p) for p in session.scalars(query.order_by(CoveragePlan.code).limit(CAP)))


def plan_history(session: Session, *, code: str, actor: Actor) -> tuple[PlanVersion, ...]:
    """All versions of a plan, the newest first."""
    actor.require(Permission.WARRANTY_VIEW)
    query = select(CoveragePlan).where(CoveragePlan.code == clean_code(code))
    return tuple(_plan(p) for p in session.scalars(query.order_by(CoveragePlan.valid_from.desc()).limit(MOST_PERIODS)))


def list_components(session: Session, *, actor: Actor) -> tuple[ComponentRow, ...]:
    """Every component by code, also those no longer in use; there are some dozens."""
    actor.require(Permission.WARRANTY_VIEW)
    return tuple(component_row(c) for c in session.scalars(select(Component).order_by(Component.code).limit(CAP)))


def list_operations(
    session: Session, *, on: date, text: str = "", component: str = "", after: str | None = None, actor: Actor
) -> Found:
    """Labour operations as they hold on a day."""
    actor.require(Permission.WARRANTY_VIEW)
    wanted = [*holds(LabourOperation, on), *_words(text, LabourOperation.code, LabourOperation.name)]
    if component:
        wanted.append(LabourOperation.component == component)
    return _page(
        session, select(LabourOperation), key=LabourOperation.code, wanted=wanted, after=after, make=operation_row,
        code_of=lambda o: o.code,
    )  # fmt: skip


def operation_history(session: Session, *, code: str, actor: Actor) -> tuple[OperationRow, ...]:
    """All periods of an operation, the newest first."""
    actor.require(Permission.WARRANTY_VIEW)
    rows = session.scalars(
        select(LabourOperation)
        .where(LabourOperation.code == clean_code(code))
        .order_by(LabourOperation.valid_from.desc())
        .limit(MOST_PERIODS)
    )
    return tuple(operation_row(o) for o in rows)


def list_parts(
    session: Session, *, on: date, text: str = "", component: str = "", after: str | None = None, actor: Actor
) -> Found:
    """Parts by number with the net price of a day; parts without a price that day are there, too."""
    actor.require(Permission.WARRANTY_VIEW)
    wanted = _words(text, Part.number, Part.name)
    if component:
        wanted.append(Part.component == component)
    return _page(
        session, select(Part, net_on(on)), key=Part.number, wanted=wanted, after=after, make=part_row,
        code_of=lambda p: p.number,
    )  # fmt: skip


def price_history(
    session: Session, *, number: str, on: date, actor: Actor
) -> tuple[PartRow | None, tuple[PricePeriod, ...]]:
    """A part as of a day with every price it ever had or will have, the newest first."""
    actor.require(Permission.WARRANTY_VIEW)
    row = session.execute(select(Part, net_on(on)).where(Part.number == clean_code(number))).one_or_none()
    if row is None:
        return None, ()
    prices = session.execute(
        select(PartPrice.valid_from, PartPrice.net_cents)
        .where(PartPrice.part_id == row[0].id)
        .order_by(PartPrice.valid_from.desc())
        .limit(MOST_PERIODS)
    )
    return part_row(*row), tuple(PricePeriod(valid_from=day, net_cents=net) for day, net in prices)


def list_campaigns(session: Session, *, text: str = "", actor: Actor) -> tuple[CampaignLine, ...]:
    """Campaigns, the newest first, with how far each has come."""
    actor.require(Permission.WARRANTY_VIEW)
    done = func.count(case((CampaignVehicle.done_on.is_not(None), 1)))
    rows = session.execute(
        select(Campaign, func.count(CampaignVehicle.id), done)
        .outerjoin(CampaignVehicle, CampaignVehicle.campaign_id == Campaign.id)
        .where(*_words(text, Campaign.number, Campaign.title))
        .group_by(Campaign.id)
        .order_by(Campaign.starts_on.desc(), Campaign.id.desc())
        .limit(CAP)
    )
    return tuple(
        CampaignLine(
            id=c.id, number=c.number, title=c.title, kind=c.kind, starts_on=c.starts_on, ends_on=c.ends_on,
            operations=tuple(c.operations), parts=tuple(c.parts), vehicles=vehicles, done=remedied,
        )
        for c, vehicles, remedied in rows
    )  # fmt: skip


# ---- the search box --------------------------------------------------------------------------------------------------
def _in_order(ids: Sequence[int], kind: str, rows: Any, view: str) -> list[SearchResult]:
    found = {item_id: (key, title, subtitle) for item_id, key, title, subtitle in rows}
    return [
        SearchResult(
            kind=kind, item_id=i, title=found[i][1], subtitle=found[i][2], page=PAGE_FILE,
            query={"wty_view": view, "wty_text": found[i][0]},
        )
        for i in ids
        if i in found
    ]  # fmt: skip


def found_parts(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Search hits among parts."""
    actor.require(Permission.WARRANTY_VIEW)
    rows = session.execute(select(Part.id, Part.number, Part.name).where(Part.id.in_(list(ids))))
    return _in_order(ids, "part", ((i, n, f"Part {n}", name) for i, n, name in rows), "parts")


def found_operations(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Search hits among labour operations, each code once."""
    actor.require(Permission.WARRANTY_VIEW)
    rows = session.execute(
        select(LabourOperation.id, LabourOperation.code, LabourOperation.name)
        .where(LabourOperation.id.in_(list(ids)))
        .order_by(LabourOperation.valid_from)
    )
    newest = {code: (i, code, f"Operation {code}", name) for i, code, name in rows}
    return _in_order(ids, "labour_operation", newest.values(), "operations")


def found_campaigns(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Search hits among campaigns."""
    actor.require(Permission.WARRANTY_VIEW)
    rows = session.execute(select(Campaign.id, Campaign.number, Campaign.title).where(Campaign.id.in_(list(ids))))
    return _in_order(ids, "campaign", ((i, n, f"Campaign {n}", title) for i, n, title in rows), "campaigns")


def found_plans(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Search hits among coverage plans, each code once."""
    actor.require(Permission.WARRANTY_VIEW)
    rows = session.execute(
        select(CoveragePlan.id, CoveragePlan.code, CoveragePlan.name)
        .where(CoveragePlan.id.in_(list(ids)))
        .order_by(CoveragePlan.valid_from)
    )
    newest = {code: (i, code, f"Plan {code}", name) for i, code, name in rows}
    return _in_order(ids, "coverage_plan", newest.values(), "plans")


def plan_choices(session: Session, *, on: date, actor: Actor) -> dict[str, str]:
    """Codes and names of service contracts that may be sold on a day."""
    actor.require(Permission.WARRANTY_VIEW)
    rows = session.execute(
        select(CoveragePlan.code, CoveragePlan.name)
        .where(and_(*holds(CoveragePlan, on)), CoveragePlan.kind == "contract")
        .order_by(CoveragePlan.code)
    )
    return {code: f"{code} {name}" for code, name in rows}
