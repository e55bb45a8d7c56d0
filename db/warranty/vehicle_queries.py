"""The warranty of one vehicle by its whole VIN: plans with what is left of them, blocks, campaigns that are open.

Whoever has a vehicle on the lift must learn of its recall, so a whole VIN is answered for every dealer. The answer
names no owner and no other dealer, and the odometer is looked up only for vehicles of one's own scope.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import vin as vins
from db.core.actor import Actor
from db.core.masking import mask_vin
from db.core.permissions import Permission
from db.customers import vehicle_record
from db.customers.vehicle_tables import Vehicle
from db.warranty import rules
from db.warranty.facts import CampaignRow, PlanRow
from db.warranty.queries import open_campaigns_for_vin, plans_of_vehicle
from db.warranty.rules import Left
from db.warranty.tables import VehicleBlock
from db.warranty.vehicles import newest_reading

MOST = 50


@dataclass(frozen=True, kw_only=True)
class BlockLine:
    """A block, in force or lifted; `vehicle_id` None on lines of one vehicle only."""

    id: int
    version: int
    kind: str
    reason: str
    since: date
    lifted_on: date | None
    lifted_reason: str
    created_by: str
    vehicle_id: int
    vin: str
    vehicle: str


@dataclass(frozen=True, kw_only=True)
class PlanLeft:
    """A plan of a vehicle and what is left of it on the day asked for."""

    plan: PlanRow
    left: Left


@dataclass(frozen=True, kw_only=True)
class VehicleCover:
    """Everything about the warranty of one VIN. `id` None: the vehicle is not on file, only campaigns may list it.

    `is_own` says that the vehicle is one of this person's dealers; `odometer` is the reading counted with.
    """

    vin: str
    id: int | None = None
    title: str = ""
    in_service_on: date | None = None
    is_own: bool = False
    odometer: int | None = None
    odometer_on: date | None = None
    unit: str = "mi"
    plans: tuple[PlanLeft, ...] = ()
    blocks: tuple[BlockLine, ...] = ()
    campaigns: tuple[CampaignRow, ...] = ()


def _title(vehicle: Vehicle) -> str:
    return " ".join(str(part) for part in (vehicle.year, vehicle.make, vehicle.model) if part)


def _block(block: VehicleBlock, vehicle: Vehicle, vin: str) -> BlockLine:
    return BlockLine(
        id=block.id, version=block.version, kind=block.kind, reason=block.reason, since=block.since,
        lifted_on=block.lifted_on, lifted_reason=block.lifted_reason, created_by=block.created_by,
        vehicle_id=vehicle.id, vin=vin, vehicle=_title(vehicle),
    )  # fmt: skip


def vehicle_cover(
    session: Session, *, vin: str, on: date, odometer: int | None = None, actor: Actor
) -> VehicleCover | None:
    """The warranty of a whole VIN on a day; None for what has not the form of one and is not on file.

    `odometer` (miles) counts instead of the newest reading where it is given. A bounded number of statements.
    """
    actor.require(Permission.WARRANTY_VIEW)
    number = vins.clean(vin)
    vehicle = session.scalars(select(Vehicle).where(Vehicle.vin == number)).one_or_none() if number else None
    if vehicle is None:
        if not vins.has_shape(number):
            return None
        return VehicleCover(vin=number, campaigns=open_campaigns_for_vin(session, number, on))
    seen = select(Vehicle.id).where(Vehicle.id == vehicle.id, vehicle_record.seen_by(actor.scope))
    is_own = session.scalar(seen) is not None
    reading = newest_reading(session, vehicle.id, "mi") if is_own else None
    count, day = (odometer, on) if odometer is not None else reading or (None, None)
    plans = plans_of_vehicle(
        session, vehicle_id=vehicle.id, model=vehicle.model, in_service_on=vehicle.in_service_on
    )  # fmt: skip
    blocks = session.scalars(
        select(VehicleBlock)
        .where(VehicleBlock.vehicle_id == vehicle.id)
        .order_by(VehicleBlock.since.desc(), VehicleBlock.id.desc())
        .limit(MOST)
    )
    return VehicleCover(
        vin=number, id=vehicle.id, title=_title(vehicle), in_service_on=vehicle.in_service_on, is_own=is_own,
        odometer=count, odometer_on=day,
        plans=tuple(
            PlanLeft(
                plan=plan,
                left=rules.left_of(
                    starts_on=plan.starts_on, months=plan.months, distance=plan.distance, on=on,
                    odometer=count if plan.unit == "mi" else None,
                ),
            )
            for plan in plans
        ),
        blocks=tuple(_shown(_block(b, vehicle, number), is_own) for b in blocks),
        campaigns=open_campaigns_for_vin(session, number, on),
    )  # fmt: skip


def _shown(block: BlockLine, is_own: bool) -> BlockLine:
    """Strangers learn that a vehicle is blocked and since when; what was written about it stays with its own."""
    return block if is_own else replace(block, reason="", lifted_reason="", created_by="")


def list_blocks(session: Session, *, actor: Actor) -> tuple[BlockLine, ...]:
    """Blocks in force of vehicles of this person's scope, the newest first; VINs masked for roles without need."""
    actor.require(Permission.WARRANTY_VIEW)
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    rows = session.execute(
        select(VehicleBlock, Vehicle)
        .join(Vehicle, Vehicle.id == VehicleBlock.vehicle_id)
        .where(VehicleBlock.lifted_on.is_(None), vehicle_record.seen_by(actor.scope))
        .order_by(VehicleBlock.since.desc(), VehicleBlock.id.desc())
        .limit(MOST)
    )
    return tuple(_block(b, v, v.vin if personal else mask_vin(v.vin)) for b, v in rows)
