"""The versions of plans in force; where nobody changed a plan yet, the declared one is version 1."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.cadence.rules import DEFAULTS, PLANS, PlanStep, in_order, read_steps
from db.cadence.tables import CadencePlanVersion
from db.core.insert import insert_or_ignore


@dataclass(frozen=True, kw_only=True)
class PlanInForce:
    """The version a new run begins with."""

    version_id: int
    plan: str
    version: int
    steps: tuple[PlanStep, ...]


def plan_in_force(session: Session, plan: str, *, now: datetime) -> PlanInForce:
    """The active version of a plan; the declared default is stored as version 1 when it is needed for the first time.

    Two processes that need it at once store it once: the number is unique.
    """
    row = session.scalars(_active(plan)).one_or_none()
    if row is None:
        insert_or_ignore(session, CadencePlanVersion, first_version(plan, now=now))
        row = session.scalars(_active(plan)).one()
    return PlanInForce(version_id=row.id, plan=plan, version=row.version, steps=read_steps(row.steps))


def first_version(plan: str, *, now: datetime) -> dict[str, Any]:
    """Version 1 of a plan, as declared."""
    return {
        "plan": plan, "version": 1, "state": "active", "steps": [s.stored() for s in in_order(DEFAULTS[plan])],
        "reason": f"The usual plan: {PLANS[plan].lower()} (domain-rules 2.2)", "created_at": now,
        "created_by": "Dealer desk", "activated_at": now, "activated_by": "Dealer desk",
    }  # fmt: skip


def steps_of(session: Session, version_id: int) -> tuple[PlanStep, ...]:
    """The steps of one version; a session reads each once, for its steps never change."""
    kept: dict[int, tuple[PlanStep, ...]] = session.info.setdefault("cadence_steps", {})
    if version_id not in kept:
        stored = session.scalars(select(CadencePlanVersion.steps).where(CadencePlanVersion.id == version_id)).one()
        kept[version_id] = read_steps(stored)
    return kept[version_id]


def _active(plan: str) -> Any:
    return select(CadencePlanVersion).where(CadencePlanVersion.plan == plan, CadencePlanVersion.state == "active")
