"""Versions of the checklist: drafted, changed, activated; a version that was used never changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.insert import rows_changed
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused, Stale
from db.quality import rules
from db.quality.forms import ensure_form
from db.quality.tables import QualityForm


def draft_form(session: Session, *, actor: Actor, now: datetime) -> int:
    """Begin a new version from the one in use; a draft that is there already is given back."""
    actor.require(Permission.QUALITY_MANAGE)
    current = ensure_form(session, now=now)
    session.execute(select(QualityForm.id).where(QualityForm.id == current.id).with_for_update())
    held = session.scalar(select(QualityForm.id).where(QualityForm.status == "draft"))
    if held is not None:
        timeline.repeated(session)
        return held
    number = (session.scalar(select(func.max(QualityForm.number))) or 0) + 1
    form = QualityForm(
        number=number, status="draft", items=list(current.items), reason="", version=1, created_at=now,
        created_by=actor.name, updated_at=now, updated_by=actor.name,
    )  # fmt: skip
    session.add(form)
    session.flush()
    _record(session, "draft_form", form, "drafted", actor=actor, now=now, after={"number": number})
    return form.id


def save_form(
    session: Session, *, form_id: int, seen_version: int, items: Sequence[Mapping[str, Any]], actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Change the items of the draft. Problems: items."""
    form = _draft(session, form_id, seen_version, actor)
    problems = Problems()
    checked = rules.checked_items(items, problems)
    problems.refuse_if_any()
    before, after = list(form.items), rules.stored_items(checked)
    _change(session, form, actor=actor, now=now, items=after)
    _record(
        session, "save_form", form, "changed", actor=actor, now=now, before={"items": before}, after={"items": after}
    )  # fmt: skip


def activate_form(
    session: Session, *, form_id: int, seen_version: int, reason_text: str, actor: Actor, now: datetime
) -> None:
    """Put the draft into use; the version before is kept for the reviews made on it. Problems: reason_text, items."""
    form = _draft(session, form_id, seen_version, actor)
    problems = Problems()
    reason = problems.require(reason_text, "reason_text", "What is new", longest=500)
    rules.checked_items(form.items, problems)
    current = session.scalars(select(QualityForm).where(QualityForm.status == "active").with_for_update()).one()
    if current.items == form.items:
        problems.add("items", "unchanged", "The draft says what the version in use says; change it first.")
    problems.refuse_if_any()
    _change(session, current, actor=actor, now=now, status="retired")
    _change(session, form, actor=actor, now=now, status="active", reason=reason, activated_at=now)
    _record(
        session, "activate_form", form, "put into use", actor=actor, now=now, before={"active": current.number},
        after={"active": form.number}, reason=reason,
    )  # fmt: skip


def drop_form(session: Session, *, form_id: int, seen_version: int, actor: Actor, now: datetime) -> None:
    """Throw the draft away; no review was made on it. Its number stays used."""
    form = _draft(session, form_id, seen_version, actor)
    _change(session, form, actor=actor, now=now, status="retired", reason="Draft thrown away")
    _record(
        session, "drop_form", form, "thrown away", actor=actor, now=now, before={"status": "draft"},
        after={"status": "retired"},
    )  # fmt: skip


def _draft(session: Session, form_id: int, seen_version: int, actor: Actor) -> QualityForm:
    actor.require(Permission.QUALITY_MANAGE)
    form = session.scalars(select(QualityForm).where(QualityForm.id == form_id).with_for_update()).one_or_none()
    if form is None:
        raise NotFound("This version")
    if form.version != seen_version:
        raise Stale(what=f"Version {form.number}", changed_by=form.updated_by, changed_at=form.updated_at)
    if form.status != "draft":
        raise Refused(Problem(code="wrong_state", message="Only a draft can be changed; begin a new version."))
    return form


def _change(session: Session, form: QualityForm, *, actor: Actor, now: datetime, **values: Any) -> None:
    done = rows_changed(
        session,
        update(QualityForm)
        .where(QualityForm.id == form.id, QualityForm.version == form.version)
        .values(**values, version=form.version + 1, updated_at=now, updated_by=actor.name)
        .execution_options(synchronize_session=False),
    )
    if done != 1:
        raise Stale(what=f"Version {form.number}", changed_by="somebody else", changed_at=now)
    session.refresh(form)


def _record(
    session: Session, command: str, form: QualityForm, said: str, *, actor: Actor, now: datetime,
    before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None, reason: str = "",
) -> None:  # fmt: skip
    changes.touch(session, "quality")
    timeline.record(
        session, actor=actor, now=now, area="quality", command=command,
        summary=f"Version {form.number} of the response checklist: {said}",
        items=[timeline.Item("quality_form", form.id)], before=before, after=after, reason=reason,
    )  # fmt: skip
