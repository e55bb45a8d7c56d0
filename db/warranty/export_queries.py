"""Warranty data as files people take away. Money is cents, hours are decimals; VINs of campaigns are left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.core.actor import Actor, Scope
from db.core.area import ExportKind
from db.core.export_files import ExportColumn
from db.core.labels import local_day
from db.core.permissions import Permission
from db.warranty import rules
from db.warranty.list_queries import list_campaigns
from db.warranty.people_queries import all_technicians
from db.warranty.queries import holds, net_on
from db.warranty.tables import Component, CoveragePlan, LabourOperation, Part


def _text(name: str, label: str) -> ExportColumn:
    return ExportColumn(name=name, label=label)


COMPONENT_COLUMNS = (
    _text("code", "Code"), _text("name", "Name"), _text("system", "System"),
    ExportColumn(name="is_wear", label="Wear item", kind="bool"),
    ExportColumn(name="is_major", label="Major assembly", kind="bool"), _text("auth_class", "Self-authorization"),
    ExportColumn(name="is_active", label="In use", kind="bool"),
)  # fmt: skip
PLAN_COLUMNS = (
    _text("code", "Code"), _text("name", "Name"), _text("kind", "Kind"),
    ExportColumn(name="months", label="Months", kind="integer"),
    ExportColumn(name="distance", label="Distance", kind="integer"), _text("unit", "Unit"),
    ExportColumn(name="deductible", label="Deductible", kind="money"), _text("components", "Components"),
    _text("excluded", "Excluded"), _text("models", "Models"),
    ExportColumn(name="valid_from", label="Valid from", kind="date"),
    ExportColumn(name="valid_until", label="Valid until", kind="date"),
)  # fmt: skip
OPERATION_COLUMNS = (
    _text("code", "Code"), _text("name", "Name"), _text("kind", "Kind"),
    ExportColumn(name="hours", label="Hours", kind="decimal"), _text("component", "Component"),
    _text("models", "Models"), ExportColumn(name="year_from", label="Model year from", kind="integer"),
    ExportColumn(name="year_until", label="Model year until", kind="integer"), _text("skill", "Skill"),
    ExportColumn(name="needs_authorization", label="Needs authorization", kind="bool"),
    ExportColumn(name="valid_from", label="Valid from", kind="date"),
    ExportColumn(name="valid_until", label="Valid until", kind="date"),
)  # fmt: skip
PART_COLUMNS = (
    _text("number", "Part number"), _text("name", "Name"), _text("component", "Component"),
    ExportColumn(name="net", label="Net price", kind="money"),
    ExportColumn(name="needs_authorization", label="Needs authorization", kind="bool"),
    ExportColumn(name="repair_allowed", label="May be repaired", kind="bool"),
    _text("superseded_by", "Superseded by"), ExportColumn(name="is_active", label="In use", kind="bool"),
)  # fmt: skip
CAMPAIGN_COLUMNS = (
    _text("number", "Campaign"), _text("title", "Title"), _text("kind", "Kind"),
    ExportColumn(name="starts_on", label="Starts", kind="date"),
    ExportColumn(name="ends_on", label="Ends", kind="date"), _text("operations", "Operations"),
    _text("parts", "Parts"), ExportColumn(name="vehicles", label="Vehicles", kind="integer"),
    ExportColumn(name="done", label="Remedied", kind="integer"),
)  # fmt: skip
TECHNICIAN_COLUMNS = (
    _text("dealer", "Dealer"), _text("code", "Technician"), _text("name", "Name"),
    ExportColumn(name="active_from", label="Works since", kind="date"),
    ExportColumn(name="left_on", label="Left on", kind="date"), _text("skill", "Skill"),
    ExportColumn(name="certified_on", label="Certified on", kind="date"),
    ExportColumn(name="expires_on", label="Expires on", kind="date"), _text("state", "State"),
)  # fmt: skip


def _day(filters: Mapping[str, Any], now: datetime) -> date:
    """The day a list is asked for, else today at the desk."""
    try:
        return date.fromisoformat(str(filters.get("on") or ""))
    except ValueError:
        return local_day(now, DESK_ZONE)


def _words(filters: Mapping[str, Any], code: Any, name: Any) -> list[Any]:
    text = str(filters.get("text") or "").strip()
    if not text:
        return []
    return [or_(code.startswith(text.upper(), autoescape=True), name.icontains(text, autoescape=True))]


def export_components(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a component, in the order of `COMPONENT_COLUMNS`."""
    for c in session.scalars(select(Component).order_by(Component.code)):
        yield c.code, c.name, c.system, c.is_wear, c.is_major, c.auth_class, c.is_active


def export_plans(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a plan for vehicles in service from the day on."""
    query = select(CoveragePlan).where(*holds(CoveragePlan, _day(filters, now)))
    query = query.where(*_words(filters, CoveragePlan.code, CoveragePlan.name)).order_by(CoveragePlan.code)
    for p in session.scalars(query):
        yield (
            p.code, p.name, p.kind, p.months, p.distance, p.unit, p.deductible_cents, ", ".join(p.components),
            ", ".join(p.excluded), ", ".join(p.models), p.valid_from, p.valid_until,
        )  # fmt: skip


def export_operations(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple an operation as of the day."""
    wanted = [
        *holds(LabourOperation, _day(filters, now)), *_words(filters, LabourOperation.code, LabourOperation.name)
    ]  # fmt: skip
    if filters.get("component"):
        wanted.append(LabourOperation.component == str(filters["component"]))
    for o in session.scalars(select(LabourOperation).where(*wanted).order_by(LabourOperation.code)):
        yield (
            o.code, o.name, o.kind, Decimal(o.hours) / 100, o.component, ", ".join(o.models), o.year_from, o.year_until,
            o.skill, o.needs_authorization, o.valid_from, o.valid_until,
        )  # fmt: skip


def export_parts(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a part with the net price of the day."""
    wanted = _words(filters, Part.number, Part.name)
    if filters.get("component"):
        wanted.append(Part.component == str(filters["component"]))
    query = select(Part, net_on(_day(filters, now))).where(*wanted).order_by(Part.number)
    for p, net in session.execute(query):
        yield (
            p.number, p.name, p.component, net, p.needs_authorization, p.repair_allowed, p.superseded_by, p.is_active,
        )  # fmt: skip


def export_campaigns(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a campaign with how far it has come."""
    for c in list_campaigns(session, text=str(filters.get("text") or ""), actor=actor):
        kind = rules.CAMPAIGN_KINDS.get(c.kind, c.kind)
        yield (
            c.number, c.title, kind, c.starts_on, c.ends_on, ", ".join(c.operations), ", ".join(c.parts), c.vehicles,
            c.done,
        )  # fmt: skip


def export_technicians(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a technician and certificate, one without certificates once."""
    for one in all_technicians(session, scope=scope, on=_day(filters, now)):
        who = (one.dealer, one.code, one.name, one.active_from, one.left_on)
        if not one.skills:
            yield (*who, "", None, None, "")
        for s in one.skills:
            yield (*who, s.skill, s.certified_on, s.expires_on, s.state)


def _kind(name: str, title: str, columns: Any, rows: Any, **more: Any) -> ExportKind:
    return ExportKind(
        name=name, title=title, permission=Permission.WARRANTY_VIEW, columns=columns, rows=rows, **more
    )  # fmt: skip


KINDS = (
    _kind("warranty_components", "Components", COMPONENT_COLUMNS, export_components),
    _kind("warranty_plans", "Coverage plans", PLAN_COLUMNS, export_plans),
    _kind("warranty_operations", "Labour operations", OPERATION_COLUMNS, export_operations),
    _kind("warranty_parts", "Parts and prices", PART_COLUMNS, export_parts),
    _kind("warranty_campaigns", "Campaigns", CAMPAIGN_COLUMNS, export_campaigns),
    _kind("technicians", "Technicians", TECHNICIAN_COLUMNS, export_technicians),
)
