"""Campaigns with their VINs, technicians with their certificates, and service contracts of vehicles from a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import vin as vins
from db.core.actor import Actor
from db.core.area import RowOutcome, SourceFile
from db.core.problems import Problems
from db.customers.vehicle_tables import Vehicle
from db.dealers.tables import Dealer
from db.imports import mapping as mappings
from db.imports.mapping import MappedRow, TargetField
from db.warranty import rules
from db.warranty.catalogue_importing import of_codes, refuse, run_rows
from db.warranty.codes import clean_code, clean_codes
from db.warranty.record import Step
from db.warranty.tables import (
    Campaign,
    CampaignVehicle,
    CoveragePlan,
    Technician,
    TechnicianSkill,
    VehicleCoverage,
)

_VIN = TargetField(
    name="vin", label="VIN", required=True, synonyms=("vehicle", "chassis", "vehicle identification number")
)
CAMPAIGN_FIELDS: tuple[TargetField, ...] = (
    TargetField(
        name="number", label="Campaign", required=True,
        synonyms=("campaign number", "recall", "recall number", "number", "action number"),
    ),
    TargetField(name="title", label="Title", help="Needed for a campaign that is new.", synonyms=("subject", "name")),
    TargetField(name="kind", label="Kind", kind="choice", choices=tuple(rules.CAMPAIGN_KINDS)),
    TargetField(name="starts_on", label="Starts", kind="date", synonyms=("start", "start date", "from", "launch date")),
    TargetField(name="ends_on", label="Ends", kind="date", synonyms=("end", "end date", "until")),
    TargetField(name="operations", label="Operations", synonyms=("operation", "labour operations")),
    TargetField(name="parts", label="Parts", synonyms=("part", "part numbers")),
    _VIN,
    TargetField(name="done_on", label="Remedied on", kind="date", synonyms=("done", "completed on", "remedy date")),
)  # fmt: skip
TECHNICIAN_FIELDS: tuple[TargetField, ...] = (
    TargetField(
        name="dealer_code", label="Dealer code", required=True, help="Leading zeros count.",
        synonyms=("dealer", "dealer id", "dealer no", "dealer number"),
    ),
    TargetField(
        name="code", label="Technician", required=True,
        synonyms=("technician id", "technician no", "technician code", "tech id", "tech"),
    ),
    TargetField(name="name", label="Name", help="Needed for one who is new.", synonyms=("technician name",)),
    TargetField(name="active_from", label="Works since", kind="date", synonyms=("hired", "start date", "active from")),
    TargetField(name="left_on", label="Left on", kind="date", synonyms=("left", "leaving date", "termination date")),
    TargetField(name="skill", label="Skill", synonyms=("certificate", "certification")),
    TargetField(
        name="certified_on", label="Certified on", kind="date", help="Needed with a skill.",
        synonyms=("certification date", "issued", "issued on"),
    ),
    TargetField(name="expires_on", label="Expires on", kind="date", synonyms=("expires", "expiry", "valid until")),
)  # fmt: skip
COVERAGE_FIELDS: tuple[TargetField, ...] = (
    _VIN,
    TargetField(name="plan_code", label="Plan", required=True, synonyms=("plan code", "coverage", "contract plan")),
    TargetField(
        name="starts_on", label="Starts", kind="date", required=True,
        synonyms=("start", "start date", "from", "sold on", "contract start"),
    ),
    TargetField(name="contract_number", label="Contract number", synonyms=("contract", "contract no", "agreement")),
)  # fmt: skip


def _regular_vin(row: MappedRow) -> str:
    vin = vins.clean(str(row.values.get("vin") or ""))
    if not vins.has_shape(vin):
        raise refuse("vin", "vin_shape", f'"{vin[:40]}" is no VIN: 17 characters, none of them I, O or Q.')
    return vin


def apply_campaigns(
    session: Session, *, files: Sequence[SourceFile], mapping: mappings.Mapping | None, batch_id: int, channel: str,
    actor: Actor, now: datetime,
) -> list[RowOutcome]:  # fmt: skip
    """One row a campaign and VIN; what a row says of its campaign replaces what stood there, blanks change nothing."""

    def prepare(rows: list[MappedRow]) -> Callable[[MappedRow], Step]:
        campaigns = {
            c.number: c for c in of_codes(session, Campaign, Campaign.number, [_number(row) for row in rows])
        }  # fmt: skip
        listed: dict[tuple[str, str], CampaignVehicle] = {}
        for campaign in campaigns.values():
            for one in session.scalars(select(CampaignVehicle).where(CampaignVehicle.campaign_id == campaign.id)):
                listed[campaign.number, one.vin] = one

        def take(row: MappedRow) -> Step:
            vin = _regular_vin(row)
            step, campaign = _campaign(row, campaigns, batch_id=batch_id, actor=actor, now=now)
            done_on = row.values.get("done_on")
            one = listed.get((campaign.number, vin))
            if one is None:
                listed[campaign.number, vin] = step.make(
                    CampaignVehicle(campaign=campaign, vin=vin, done_on=done_on, done_claim="", batch_id=batch_id)
                )
                step.said.append(f"{vin} was put on the list.")
            elif done_on is not None and not one.done_claim:
                step.alter(one, done_on=done_on)
            return step

        return take

    return run_rows(session, files=files, mapping=mapping, fields=CAMPAIGN_FIELDS, prepare=prepare)


def _number(row: MappedRow) -> str:
    return clean_code(row.values.get("number"))


def _campaign(
    row: MappedRow, campaigns: dict[str, Campaign], *, batch_id: int, actor: Actor, now: datetime
) -> tuple[Step, Campaign]:
    problems = Problems()
    number = problems.require(_number(row), "number", "The campaign number", longest=20)
    there = campaigns.get(number)
    first = row.values.get("starts_on") or (there.starts_on if there else None)
    last = row.values.get("ends_on") or (there.ends_on if there else None)
    rules.check_days(problems, first, last, field="starts_on", last_field="ends_on")
    values: dict[str, Any] = {}
    for name in ("kind", "starts_on", "ends_on"):
        if row.values.get(name) is not None:
            values[name] = row.values[name]
    title = " ".join(str(row.values.get("title") or "").split())
    if title or there is None:
        values["title"] = problems.require(title, "title", "The title of a new campaign", longest=160)
    for name in ("operations", "parts"):
        if row.values.get(name):
            values[name] = clean_codes(str(row.values[name]))
    if there is None and first is None:
        problems.add("starts_on", "required", "A new campaign needs its first day.")
    problems.refuse_if_any()
    step = Step(row, "campaign")
    if there is None:
        full = {"kind": "recall", "ends_on": None, "operations": [], "parts": [], **values}
        there = campaigns[number] = step.make(
            Campaign(number=number, batch_id=batch_id, created_at=now, created_by=actor.name, version=1, **full)
        )
        step.is_new = True
    elif step.alter(there, **values):
        there.version += 1
    step.item = there
    return step, there


def apply_technicians(
    session: Session, *, files: Sequence[SourceFile], mapping: mappings.Mapping | None, batch_id: int, channel: str,
    actor: Actor, now: datetime,
) -> list[RowOutcome]:  # fmt: skip
    """One row a technician and certificate, of dealers of the actor's scope; blanks change nothing."""

    def prepare(rows: list[MappedRow]) -> Callable[[MappedRow], Step]:
        codes = sorted({str(row.values.get("dealer_code") or "").strip() for row in rows} - {""})
        dealers = {
            dealer.code: dealer
            for dealer in of_codes(session, Dealer, Dealer.code, codes)
            if actor.scope.allows(dealer_id=dealer.id, region=dealer.region)
        }
        people: dict[tuple[int, str], Technician] = {}
        skills: dict[tuple[int, str, str, Any], TechnicianSkill] = {}
        ids = [dealer.id for dealer in dealers.values()]
        for start in range(0, len(ids), 500):
            found = session.execute(
                select(Technician, TechnicianSkill)
                .outerjoin(TechnicianSkill, TechnicianSkill.technician_id == Technician.id)
                .where(Technician.dealer_id.in_(ids[start : start + 500]))
            )
            for one, skill in found:
                people[one.dealer_id, one.code] = one
                if skill is not None:
                    skills[one.dealer_id, one.code, skill.skill, skill.certified_on] = skill

        def take(row: MappedRow) -> Step:
            return _technician(row, dealers, people, skills, batch_id=batch_id, actor=actor, now=now)

        return take

    return run_rows(session, files=files, mapping=mapping, fields=TECHNICIAN_FIELDS, prepare=prepare)


def _technician(
    row: MappedRow, dealers: dict[str, Dealer], people: dict[tuple[int, str], Technician],
    skills: dict[tuple[int, str, str, Any], TechnicianSkill], *, batch_id: int, actor: Actor, now: datetime,
) -> Step:  # fmt: skip
    problems = Problems()
    written = str(row.values.get("dealer_code") or "").strip()
    dealer = dealers.get(written)
    if dealer is None:
        raise refuse(
            "dealer_code", "unknown_dealer", f'There is no dealer "{written[:40]}" among those you look after.'
        )
    code = problems.require(clean_code(row.values.get("code")), "code", "The technician's code", longest=20)
    there = people.get((dealer.id, code))
    name = " ".join(str(row.values.get("name") or "").split())
    values: dict[str, Any] = {k: row.values[k] for k in ("active_from", "left_on") if row.values.get(k) is not None}
    if name or there is None:
        values["name"] = problems.require(name, "name", "The name", longest=120)
    if there is None and "active_from" not in values:
        problems.add("active_from", "required", "Since when does this technician work there?")
    since = values.get("active_from") or (there.active_from if there else None)
    rules.check_days(problems, since, values.get("left_on"), field="active_from", last_field="left_on")
    skill = " ".join(str(row.values.get("skill") or "").split()).casefold()
    certified_on, expires_on = row.values.get("certified_on"), row.values.get("expires_on")
    if len(skill) > 40:
        problems.add("skill", "too_long", "At most 40 characters fit.")
    if skill and certified_on is None:
        problems.add("certified_on", "required", "A skill needs the day of its certificate.")
    rules.check_days(problems, certified_on, expires_on, field="certified_on", last_field="expires_on")
    problems.refuse_if_any()
    step = Step(row, "technician", dealer_id=dealer.id)
    stamp = {"updated_at": now, "updated_by": actor.name}
    if there is None:
        there = people[dealer.id, code] = step.make(
            Technician(
                dealer_id=dealer.id, region=dealer.region, code=code, batch_id=batch_id, version=1, **values, **stamp
            )
        )  # fmt: skip
        step.is_new = True
    elif step.alter(there, **values):
        there.version += 1
        there.updated_at, there.updated_by = now, actor.name
    if skill:
        known = skills.get((dealer.id, code, skill, certified_on))
        if known is None:
            skills[dealer.id, code, skill, certified_on] = step.make(
                TechnicianSkill(
                    technician=there, skill=skill, certified_on=certified_on, expires_on=expires_on, batch_id=batch_id
                )
            )  # fmt: skip
        elif expires_on is not None:
            step.alter(known, expires_on=expires_on)
    step.item = there
    return step


def apply_coverage(
    session: Session, *, files: Sequence[SourceFile], mapping: mappings.Mapping | None, batch_id: int, channel: str,
    actor: Actor, now: datetime,
) -> list[RowOutcome]:  # fmt: skip
    """Service contracts of vehicles that are known here; one vehicle, plan and first day once."""

    def prepare(rows: list[MappedRow]) -> Callable[[MappedRow], Step]:
        numbers = [vins.clean(str(row.values.get("vin") or "")) for row in rows]
        vehicles = {v.vin: v for v in of_codes(session, Vehicle, Vehicle.vin, numbers)}
        plans = set(session.scalars(select(CoveragePlan.code)))
        ids = [v.id for v in vehicles.values()]
        there: dict[tuple[int, str, Any], VehicleCoverage] = {}
        for start in range(0, len(ids), 500):
            for one in session.scalars(
                select(VehicleCoverage).where(VehicleCoverage.vehicle_id.in_(ids[start : start + 500]))
            ):
                there[one.vehicle_id, one.plan_code, one.starts_on] = one

        def take(row: MappedRow) -> Step:
            vin, code = vins.clean(str(row.values["vin"])), clean_code(row.values["plan_code"])
            if vin not in vehicles:
                raise refuse("vin", "unknown_vehicle", f"No vehicle {vin[:40]} is on file; enter the vehicle first.")
            if code not in plans:
                raise refuse("plan_code", "unknown_plan", f"There is no plan {code[:20]}.")
            problems = Problems()
            first = row.values["starts_on"]
            rules.check_days(problems, first, None, field="starts_on", last_field="starts_on")
            problems.refuse_if_any()
            contract = str(row.values.get("contract_number") or "").strip()[:40]
            vehicle = vehicles[vin]
            step = Step(row, "vehicle")
            one = there.get((vehicle.id, code, first))
            if one is None:
                there[vehicle.id, code, first] = step.make(
                    VehicleCoverage(
                        vehicle=vehicle, plan_code=code, starts_on=first, contract_number=contract, created_at=now,
                        created_by=actor.name, batch_id=batch_id,
                    )
                )  # fmt: skip
                step.is_new = True
            elif contract:
                step.alter(one, contract_number=contract)
            step.item = vehicle
            return step

        return take

    return run_rows(session, files=files, mapping=mapping, fields=COVERAGE_FIELDS, prepare=prepare)
