"""Versions of plans: drafted, looked at, put in force. What runs keeps the version it began with (decision 0036)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.cadence.plans import plan_in_force
from db.cadence.rules import PLANS, check_steps, in_order, read_steps
from db.cadence.tables import CadencePlanVersion
from db.core import changes, timeline
from db.core.actor import Actor
from db.core.insert import rows_changed
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused, Stale

LONGEST_REASON = 1000


def draft_plan(
    session: Session, *, plan: str, steps: Sequence[Mapping[str, Any]], reason: str, seen_version: int, actor: Actor,
    now: datetime, form_key: str = "",
) -> int:  # fmt: skip
    """Store a new version of a plan as a draft and give its id; nothing follows it until it is activated.

    `seen_version` is the newest version the person saw. Problems: plan, steps, reason.
    """
    actor.require(Permission.CADENCE_MANAGE)
    if form_key:
        known = session.scalar(select(CadencePlanVersion.id).where(CadencePlanVersion.form_key == form_key))
        if known is not None:
            timeline.repeated(session)
            return known
    problems = Problems()
    if plan not in PLANS:
        problems.add("plan", "unknown", "There is no such plan.")
        problems.refuse_if_any()
    reason = problems.require(reason, "reason", "Why it changes", longest=LONGEST_REASON)
    try:
        wanted = in_order(read_steps(steps))
    except (KeyError, TypeError, ValueError):
        wanted = ()
    problems.found += check_steps(wanted)
    force = plan_in_force(session, plan, now=now)
    if not problems.found and wanted == force.steps:
        problems.add("steps", "same", f"Version {force.version} asks for exactly this.")
    problems.refuse_if_any()
    newest = _newest(session, plan)
    if newest.version != seen_version:
        raise Stale(
            what=f"The plan {PLANS[plan].lower()}", changed_by=newest.created_by, changed_at=newest.created_at,
            status=f"version {newest.version}",
        )  # fmt: skip
    made = CadencePlanVersion(
        plan=plan, version=newest.version + 1, state="draft", steps=[s.stored() for s in wanted], reason=reason,
        created_at=now, created_by=actor.name, form_key=form_key or None,
    )  # fmt: skip
    session.add(made)
    session.flush()
    _note(
        session, "draft_plan", made, f"version {made.version} drafted", actor=actor, now=now, reason=reason,
        before={"steps": [s.stored() for s in force.steps]}, after={"steps": made.steps},
    )  # fmt: skip
    return made.id


def activate_plan(session: Session, *, version_id: int, seen_active: int, actor: Actor, now: datetime) -> None:
    """Let new runs begin with a draft from now on; `seen_active` is the version in force on the screen."""
    actor.require(Permission.CADENCE_MANAGE)
    draft = session.get(CadencePlanVersion, version_id, with_for_update=True, populate_existing=True)
    if draft is None:
        raise NotFound("This version")
    if draft.state != "draft":
        raise Refused(Problem(code="wrong_state", message="Only a draft can be put in force."))
    force = plan_in_force(session, draft.plan, now=now)
    if force.version != seen_active:
        raise Stale(what=f"The plan {PLANS[draft.plan].lower()}", changed_by="somebody else", changed_at=now)
    former = rows_changed(
        session,
        update(CadencePlanVersion)
        .where(CadencePlanVersion.id == force.version_id, CadencePlanVersion.state == "active")
        .values(state="retired")
        .execution_options(synchronize_session=False),
    )
    if former != 1:
        raise Stale(what=f"The plan {PLANS[draft.plan].lower()}", changed_by="somebody else", changed_at=now)
    draft.state, draft.activated_at, draft.activated_by = "active", now, actor.name
    session.flush()
    _note(
        session, "activate_plan", draft, f"version {draft.version} in force", actor=actor, now=now,
        before={"version": force.version}, after={"version": draft.version},
    )  # fmt: skip


def _newest(session: Session, plan: str) -> CadencePlanVersion:
    """The newest version, locked: two drafts at once come one after the other."""
    highest = select(func.max(CadencePlanVersion.version)).where(CadencePlanVersion.plan == plan).scalar_subquery()
    return session.scalars(
        select(CadencePlanVersion)
        .where(CadencePlanVersion.plan == plan, CadencePlanVersion.version == highest)
        .with_for_update()
    ).one()


def _note(
    session: Session, command: str, version: CadencePlanVersion, said: str, *, actor: Actor, now: datetime,
    before: Mapping[str, Any], after: Mapping[str, Any], reason: str = "",
) -> None:  # fmt: skip
    changes.touch(session, "cadence")
    timeline.record(
        session, actor=actor, now=now, area="cadence", command=command, reason=reason, before=before, after=after,
        summary=f"Follow-up plan {PLANS[version.plan].lower()}: {said}",
        items=[timeline.Item("cadence_plan", version.id, None)],
    )  # fmt: skip
