"""What people enter themselves: technicians with their certificates, service contracts, blocks of vehicles."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.core import changes, timeline
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused, Stale
from db.dealers.queries import get_dealer
from db.warranty import rules
from db.warranty.codes import clean_code
from db.warranty.tables import CoveragePlan, Technician, TechnicianSkill, VehicleBlock, VehicleCoverage
from db.warranty.vehicles import vehicle_of


def _note(
    session: Session, command: str, summary: str, item: timeline.Item, *, actor: Actor, now: datetime, reason: str = "",
    before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    changes.touch(session, "warranty")
    timeline.record(
        session, actor=actor, now=now, area="warranty", command=command, summary=summary, items=[item], before=before,
        after=after, reason=reason,
    )  # fmt: skip


# ---- technicians -----------------------------------------------------------------------------------------------------
def enter_technician(
    session: Session, *, dealer_id: int | None, code: str, name: str, active_from: date | None, form_key: str | None,
    actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """A technician of a dealer; gives the id, the same `form_key` again gives the first. Problems: its arguments."""
    actor.require(Permission.TECHNICIANS_EDIT)
    known = session.scalar(select(Technician.id).where(Technician.form_key == form_key)) if form_key else None
    if known is not None:
        timeline.repeated(session)
        return known
    problems = Problems()
    if dealer_id is None:
        problems.add("dealer_id", "required", "Choose a dealer.")
        problems.refuse_if_any()
    assert dealer_id is not None
    dealer = get_dealer(session, dealer_id=dealer_id, scope=actor.scope)
    code = problems.require(clean_code(code), "code", "The code", longest=20)
    name = problems.require(" ".join((name or "").split()), "name", "The name", longest=120)
    if active_from is None:
        problems.add("active_from", "required", "Since when does this technician work there?")
    rules.check_days(problems, active_from, None, field="active_from", last_field="active_from")
    if session.scalar(select(Technician.id).where(Technician.dealer_id == dealer_id, Technician.code == code)):
        problems.add("code", "taken", f"{code} is a technician of this dealer already.")
    problems.refuse_if_any()
    one = Technician(
        dealer_id=dealer_id, region=dealer.facts.region, code=code, name=name, active_from=active_from, version=1,
        updated_at=now, updated_by=actor.name, form_key=form_key,
    )  # fmt: skip
    session.add(one)
    session.flush()
    _note(
        session, "enter_technician", f"Technician {code} was entered.", _item(one), actor=actor, now=now,
        after={"code": code, "name": name, "active_from": active_from},
    )  # fmt: skip
    return one.id


def _item(one: Technician) -> timeline.Item:
    return timeline.Item("technician", one.id, one.dealer_id)


def _technician(session: Session, technician_id: int, seen_version: int, actor: Actor) -> Technician:
    """The technician, held, if the actor may change it and saw its newest version."""
    actor.require(Permission.TECHNICIANS_EDIT)
    one = session.scalars(
        select(Technician).where(Technician.id == technician_id).with_for_update()
    ).one_or_none()  # fmt: skip
    if one is None or not actor.scope.allows(dealer_id=one.dealer_id, region=one.region):
        raise NotFound("This technician")
    if one.version != seen_version:
        raise Stale(what=f"Technician {one.code}", changed_by=one.updated_by, changed_at=one.updated_at)
    return one


def _changed(one: Technician, *, actor: Actor, now: datetime) -> None:
    one.version, one.updated_at, one.updated_by = one.version + 1, now, actor.name


def change_technician(
    session: Session, *, technician_id: int, seen_version: int, name: str, active_from: date | None,
    left_on: date | None, actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """Name and days of a technician; `left_on` is the first day he or she does not work there. Problems: arguments."""
    one = _technician(session, technician_id, seen_version, actor)
    problems = Problems()
    name = problems.require(" ".join((name or "").split()), "name", "The name", longest=120)
    if active_from is None:
        problems.add("active_from", "required", "Since when does this technician work there?")
    rules.check_days(problems, active_from, left_on, field="active_from", last_field="left_on")
    problems.refuse_if_any()
    after = {"name": name, "active_from": active_from, "left_on": left_on}
    before = {field: getattr(one, field) for field in after}
    for field, value in after.items():
        setattr(one, field, value)
    _changed(one, actor=actor, now=now)
    _note(
        session, "change_technician", f"Technician {one.code} was changed.", _item(one), actor=actor, now=now,
        before=before, after=after,
    )  # fmt: skip


def add_skill(
    session: Session, *, technician_id: int, seen_version: int, skill: str, certified_on: date | None,
    expires_on: date | None, actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """A certificate; one of the same skill and day that is there gets the new last day. Problems: its arguments."""
    one = _technician(session, technician_id, seen_version, actor)
    problems = Problems()
    skill = problems.require(" ".join((skill or "").split()).casefold(), "skill", "The skill", longest=40)
    if certified_on is None:
        problems.add("certified_on", "required", "On which day was it issued?")
    rules.check_days(problems, certified_on, expires_on, field="certified_on", last_field="expires_on")
    problems.refuse_if_any()
    there = session.scalars(
        select(TechnicianSkill).where(
            TechnicianSkill.technician_id == one.id, TechnicianSkill.skill == skill,
            TechnicianSkill.certified_on == certified_on,
        )
    ).one_or_none()  # fmt: skip
    before = {"expires_on": there.expires_on} if there is not None else None
    if there is not None:
        there.expires_on = expires_on
    else:
        session.add(
            TechnicianSkill(technician_id=one.id, skill=skill, certified_on=certified_on, expires_on=expires_on)
        )
    _changed(one, actor=actor, now=now)
    _note(
        session, "add_skill", f"Technician {one.code}: certificate for {skill}.", _item(one), actor=actor, now=now,
        before=before, after={"skill": skill, "certified_on": certified_on, "expires_on": expires_on},
    )  # fmt: skip


# ---- vehicles --------------------------------------------------------------------------------------------------------
def add_contract(
    session: Session, *, vehicle_id: int, plan_code: str, starts_on: date | None, contract_number: str, actor: Actor,
    now: datetime,
) -> int:  # fmt: skip
    """A plan a vehicle has beside those of its model; gives the id. Problems: plan_code, starts_on, contract_number."""
    actor.require(Permission.WARRANTY_MANAGE)
    vehicle = vehicle_of(session, vehicle_id, actor.scope)
    problems = Problems()
    plan_code = clean_code(plan_code)
    rules.check_days(problems, starts_on, None, field="starts_on", last_field="starts_on")
    if starts_on is None:
        problems.add("starts_on", "required", "From which day on does it hold?")
    contract_number = (contract_number or "").strip()
    if len(contract_number) > 40:
        problems.add("contract_number", "too_long", "At most 40 characters fit.")
    plan = session.scalar(
        select(CoveragePlan.name).where(
            CoveragePlan.code == plan_code, CoveragePlan.valid_from <= (starts_on or local_day(now, DESK_ZONE)),
            func.coalesce(CoveragePlan.valid_until, rules.LATEST) >= (starts_on or local_day(now, DESK_ZONE)),
        )
    )  # fmt: skip
    if plan is None:
        problems.add("plan_code", "unknown_plan", f"There is no plan {plan_code or 'of this code'} on that day.")
    problems.refuse_if_any()
    same = select(VehicleCoverage.id).where(
        VehicleCoverage.vehicle_id == vehicle_id, VehicleCoverage.plan_code == plan_code,
        VehicleCoverage.starts_on == starts_on,
    )  # fmt: skip
    if session.scalar(same) is not None:
        raise Refused(Problem(code="already_there", field="starts_on", message="The vehicle has this plan already."))
    one = VehicleCoverage(
        vehicle_id=vehicle_id, plan_code=plan_code, starts_on=starts_on, contract_number=contract_number,
        created_at=now, created_by=actor.name,
    )  # fmt: skip
    session.add(one)
    session.flush()
    _note(
        session, "add_contract", f"{plan} from {starts_on} was added to the vehicle.",
        timeline.Item("vehicle", vehicle.id), actor=actor, now=now,
        after={"plan": plan_code, "starts_on": starts_on, "contract_number": contract_number},
    )  # fmt: skip
    return one.id


def set_block(
    session: Session, *, vehicle_id: int, kind: str, since: date | None, reason: str, actor: Actor, now: datetime
) -> int:
    """Block or void the warranty of a vehicle from a day on; gives the id. Problems: kind, since, reason.

    One block of a kind at a time: a second would only hide when the first is lifted.
    """
    actor.require(Permission.WARRANTY_MANAGE)
    vehicle = vehicle_of(session, vehicle_id, actor.scope)
    problems = Problems()
    if kind not in rules.BLOCK_KINDS:
        problems.add("kind", "required", f"Choose {' or '.join(rules.BLOCK_KINDS.values())}.")
    today = local_day(now, DESK_ZONE)
    if since is None or since > today or since < rules.EARLIEST:
        problems.add("since", "future", "Choose a day up to today.")
    reason = problems.require(reason, "reason", "The reason", longest=1000)
    problems.refuse_if_any()
    session.refresh(vehicle, with_for_update=True)  # two people who block at once stand one behind the other
    there = session.scalars(
        select(VehicleBlock).where(
            VehicleBlock.vehicle_id == vehicle_id, VehicleBlock.kind == kind, VehicleBlock.lifted_on.is_(None)
        )
    ).first()
    if there is not None:
        sentence = f"It is {rules.BLOCK_KINDS[kind].lower()} already, since {there.since:%-d %b %Y}."
        raise Refused(Problem(code="already_there", field="kind", message=sentence))
    one = VehicleBlock(
        vehicle_id=vehicle_id, kind=kind, reason=reason, since=since, created_at=now, created_by=actor.name
    )
    session.add(one)
    session.flush()
    _note(
        session, "set_block", f"The warranty of the vehicle is {rules.BLOCK_KINDS[kind].lower()} from {since} on.",
        timeline.Item("vehicle", vehicle_id), actor=actor, now=now, reason=reason,
        after={"kind": kind, "since": since},
    )  # fmt: skip
    return one.id


def lift_block(
    session: Session, *, block_id: int, seen_version: int, reason: str, actor: Actor, now: datetime
) -> None:  # fmt: skip
    """End a block today; claims of repairs from today on are free of it. Problems: reason."""
    actor.require(Permission.WARRANTY_MANAGE)
    block = session.scalars(select(VehicleBlock).where(VehicleBlock.id == block_id).with_for_update()).one_or_none()
    if block is None:
        raise NotFound("This block")
    vehicle_of(session, block.vehicle_id, actor.scope)
    if block.version != seen_version or block.lifted_on is not None:
        who, at = _lifter(session, block)
        raise Stale(what="The block", changed_by=who, changed_at=at)
    problems = Problems()
    reason = problems.require(reason, "reason", "The reason", longest=1000)
    problems.refuse_if_any()
    block.lifted_on = max(local_day(now, DESK_ZONE), block.since)
    block.lifted_reason, block.version = reason, block.version + 1
    _note(
        session, "lift_block", f"The warranty of the vehicle is no longer {rules.BLOCK_KINDS[block.kind].lower()}.",
        timeline.Item("vehicle", block.vehicle_id), actor=actor, now=now, reason=reason,
        before={"lifted_on": None}, after={"lifted_on": block.lifted_on},
    )  # fmt: skip


def _lifter(session: Session, block: VehicleBlock) -> tuple[str, datetime]:
    """Who lifted it and when, from the timeline: the row itself only knows the day."""
    row = session.execute(
        select(timeline.TimelineEntry.actor_name, timeline.TimelineEntry.at)
        .join(timeline.TimelineLink, timeline.TimelineLink.seq == timeline.TimelineEntry.seq)
        .where(
            timeline.TimelineLink.item_type == "vehicle", timeline.TimelineLink.item_id == block.vehicle_id,
            timeline.TimelineEntry.command == "lift_block",
        )
        .order_by(timeline.TimelineEntry.seq.desc())
        .limit(1)
    ).one_or_none()  # fmt: skip
    return (row[0], row[1]) if row is not None else (block.created_by, block.created_at)
