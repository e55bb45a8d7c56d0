"""What a claim is judged by, as of a day: components, operations, parts, plans, blocks, campaigns, technicians.

Warranty data hold for every dealer alike; technicians are asked for by the dealer whose claim it is, which the caller
has checked. Each question is one statement whatever the number of codes. Codes are found however they are written, and
answers stand under the code as it was asked for.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from db.core import vin as vins
from db.warranty.codes import clean_code
from db.warranty.facts import (
    BlockRow,
    CampaignRow,
    ComponentRow,
    OperationRow,
    PartRow,
    PlanRow,
    TechnicianRow,
)
from db.warranty.tables import (
    Campaign,
    CampaignVehicle,
    Component,
    CoveragePlan,
    LabourOperation,
    Part,
    PartPrice,
    Technician,
    TechnicianSkill,
    VehicleBlock,
    VehicleCoverage,
)

CONTRACT = "contract"
BLOCK_KINDS = {"blocked": "Blocked", "void": "Void"}


def _asked(codes: Collection[str]) -> dict[str, str]:
    """The code as stored, by the code as asked for; blanks are left out."""
    return {code: clean for code in codes if (clean := clean_code(code))}


def _by_asked(asked: dict[str, str], found: dict[str, Any]) -> dict[str, Any]:
    return {code: found[clean] for code, clean in asked.items() if clean in found}


def component_row(c: Component) -> ComponentRow:
    """A component as it is given away."""
    return ComponentRow(
        id=c.id, code=c.code, name=c.name, system=c.system, is_wear=c.is_wear, is_major=c.is_major,
        auth_class=c.auth_class, is_active=c.is_active,
    )  # fmt: skip


def operation_row(o: LabourOperation) -> OperationRow:
    """A period of an operation as it is given away."""
    return OperationRow(
        id=o.id, code=o.code, name=o.name, kind=o.kind, hours=o.hours, component=o.component, models=tuple(o.models),
        year_from=o.year_from, year_until=o.year_until, skill=o.skill, needs_authorization=o.needs_authorization,
        valid_from=o.valid_from, valid_until=o.valid_until,
    )  # fmt: skip


def components_by_code(session: Session, codes: Collection[str]) -> dict[str, ComponentRow]:
    """The components of these codes, also those no longer in use; unknown codes are left out."""
    asked = _asked(codes)
    if not asked:
        return {}
    rows = session.scalars(select(Component).where(Component.code.in_(sorted(set(asked.values())))))
    return _by_asked(asked, {c.code: component_row(c) for c in rows})


def operations_on(session: Session, codes: Collection[str], on: date) -> dict[str, OperationRow]:
    """The operations of these codes as they hold on a day; a code without a period that day is left out."""
    asked = _asked(codes)
    if not asked:
        return {}
    rows = session.scalars(
        select(LabourOperation)
        .where(LabourOperation.code.in_(sorted(set(asked.values()))), *holds(LabourOperation, on))
        .order_by(LabourOperation.code, LabourOperation.valid_from)
    )
    return _by_asked(asked, {o.code: operation_row(o) for o in rows})


def holds(table: type[LabourOperation] | type[CoveragePlan], on: date) -> tuple[Any, Any]:
    """The condition that a dated row is in force on a day."""
    return table.valid_from <= on, or_(table.valid_until.is_(None), table.valid_until >= on)


def net_on(on: date) -> Any:
    """The net price of the outer row's part on a day, as a scalar subquery."""
    return (
        select(PartPrice.net_cents)
        .where(PartPrice.part_id == Part.id, PartPrice.valid_from <= on)
        .order_by(PartPrice.valid_from.desc())
        .limit(1)
        .correlate(Part)
        .scalar_subquery()
    )


def parts_on(session: Session, numbers: Collection[str], on: date) -> dict[str, PartRow]:
    """The parts of these numbers with their net price on a day; unknown numbers are left out."""
    asked = _asked(numbers)
    if not asked:
        return {}
    rows = session.execute(
        select(Part, net_on(on).label("net")).where(Part.number.in_(sorted(set(asked.values()))))
    ).all()
    return _by_asked(asked, {part.number: part_row(part, net) for part, net in rows})


def part_row(p: Part, net_cents: int | None) -> PartRow:
    """A part with a price as it is given away."""
    return PartRow(
        id=p.id, number=p.number, name=p.name, component=p.component, needs_authorization=p.needs_authorization,
        repair_allowed=p.repair_allowed, superseded_by=p.superseded_by, is_active=p.is_active, net_cents=net_cents,
    )  # fmt: skip


def fits_model(models: Collection[str], model: str) -> bool:
    """Whether something for `models` (empty: every model) holds for this model, whatever its case."""
    return not models or model.strip().casefold() in {m.strip().casefold() for m in models}


def _plan(plan: CoveragePlan, starts_on: date, contract: str = "") -> PlanRow:
    return PlanRow(
        code=plan.code, name=plan.name, kind=plan.kind, months=plan.months, distance=plan.distance, unit=plan.unit,
        deductible_cents=plan.deductible_cents, components=tuple(plan.components), excluded=tuple(plan.excluded),
        starts_on=starts_on, contract_number=contract,
    )  # fmt: skip


def plans_of_vehicle(
    session: Session, *, vehicle_id: int | None, model: str, in_service_on: date | None
) -> tuple[PlanRow, ...]:
    """The plans a vehicle has: those of its model on the day it went into service, and its own contracts.

    Without an in-service date only contracts are known. A contract holds in the version of its first day.
    """
    found: list[PlanRow] = []
    if in_service_on is not None:
        plans = session.scalars(
            select(CoveragePlan)
            .where(CoveragePlan.kind != CONTRACT, *holds(CoveragePlan, in_service_on))
            .order_by(CoveragePlan.code)
        )
        found += [_plan(plan, in_service_on) for plan in plans if fits_model(plan.models, model)]
    if vehicle_id is not None:
        own = session.execute(
            select(CoveragePlan, VehicleCoverage.starts_on, VehicleCoverage.contract_number)
            .join(
                VehicleCoverage,
                and_(
                    VehicleCoverage.plan_code == CoveragePlan.code,
                    CoveragePlan.valid_from <= VehicleCoverage.starts_on,
                    or_(CoveragePlan.valid_until.is_(None), CoveragePlan.valid_until >= VehicleCoverage.starts_on),
                ),
            )
            .where(VehicleCoverage.vehicle_id == vehicle_id)
            .order_by(VehicleCoverage.starts_on, VehicleCoverage.plan_code)
        )
        found += [_plan(plan, starts_on, number) for plan, starts_on, number in own]
    return tuple(found)


def block_of(session: Session, vehicle_id: int, on: date) -> BlockRow | None:
    """The block of a vehicle in force on a day; of several a void one, else the newest. It ends on the day lifted."""
    rows = session.scalars(
        select(VehicleBlock)
        .where(
            VehicleBlock.vehicle_id == vehicle_id,
            VehicleBlock.since <= on,
            or_(VehicleBlock.lifted_on.is_(None), VehicleBlock.lifted_on > on),
        )
        .order_by(VehicleBlock.since.desc(), VehicleBlock.id.desc())
    ).all()
    if not rows:
        return None
    one = next((row for row in rows if row.kind == "void"), rows[0])
    return BlockRow(id=one.id, kind=one.kind, reason=one.reason, since=one.since)


def _campaign(campaign: Campaign, vehicle: CampaignVehicle | None, on: date) -> CampaignRow:
    return CampaignRow(
        number=campaign.number, is_known=True, id=campaign.id, title=campaign.title, kind=campaign.kind,
        starts_on=campaign.starts_on, ends_on=campaign.ends_on,
        runs=campaign.starts_on <= on and (campaign.ends_on is None or campaign.ends_on >= on),
        is_listed=vehicle is not None, done_on=vehicle.done_on if vehicle else None,
        operations=tuple(campaign.operations), parts=tuple(campaign.parts),
    )  # fmt: skip


def campaign_for_vin(session: Session, number: str, vin: str, on: date) -> CampaignRow:
    """A campaign and whether this VIN is on its list; `is_known` False where there is no such number."""
    row = session.execute(
        select(Campaign, CampaignVehicle)
        .outerjoin(
            CampaignVehicle,
            and_(CampaignVehicle.campaign_id == Campaign.id, CampaignVehicle.vin == vins.clean(vin)),
        )
        .where(Campaign.number == clean_code(number))
    ).one_or_none()
    return CampaignRow(number=clean_code(number)) if row is None else _campaign(row[0], row[1], on)


def open_campaigns_for_vin(session: Session, vin: str, on: date) -> tuple[CampaignRow, ...]:
    """The campaigns that run on a day, list this VIN and are not remedied yet; the oldest first."""
    rows = session.execute(
        select(Campaign, CampaignVehicle)
        .join(CampaignVehicle, CampaignVehicle.campaign_id == Campaign.id)
        .where(
            CampaignVehicle.vin == vins.clean(vin),
            CampaignVehicle.done_on.is_(None),
            Campaign.starts_on <= on,
            or_(Campaign.ends_on.is_(None), Campaign.ends_on >= on),
        )
        .order_by(Campaign.starts_on, Campaign.number)
    )
    return tuple(_campaign(campaign, vehicle, on) for campaign, vehicle in rows)


def technician_on(session: Session, *, dealer_id: int, code: str, on: date) -> TechnicianRow:
    """A technician of one dealer on a day, with the skills certified then; `is_known` False where there is none."""
    wanted = clean_code(code)
    rows = session.execute(
        select(Technician.name, Technician.active_from, Technician.left_on, TechnicianSkill.skill)
        .outerjoin(
            TechnicianSkill,
            and_(
                TechnicianSkill.technician_id == Technician.id,
                TechnicianSkill.certified_on <= on,
                or_(TechnicianSkill.expires_on.is_(None), TechnicianSkill.expires_on >= on),
            ),
        )
        .where(Technician.dealer_id == dealer_id, Technician.code == wanted)
        .order_by(TechnicianSkill.skill)
    ).all()
    if not wanted or not rows:
        return TechnicianRow(code=wanted)
    name, active_from, left_on, _ = rows[0]
    return TechnicianRow(
        code=wanted, is_known=True, name=name, is_active=active_from <= on and (left_on is None or left_on > on),
        skills=tuple(dict.fromkeys(skill for _, _, _, skill in rows if skill)),
    )  # fmt: skip
