"""The checklist: the version in use, the draft, and the versions before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.permissions import Permission
from db.quality import rules
from db.quality.forms import active_form
from db.quality.tables import QualityForm


@dataclass(frozen=True, kw_only=True)
class FormRow:
    """One version; `id` is 0 for the first one before anything was drawn."""

    id: int
    number: int
    status: str
    items: tuple[rules.FormItem, ...]
    reason: str
    version: int
    updated_at: datetime | None
    updated_by: str
    activated_at: datetime | None


FIRST = FormRow(
    id=0, number=1, status="active", items=rules.DEFAULT_ITEMS, reason="The first version", version=0, updated_at=None,
    updated_by="", activated_at=None,
)  # fmt: skip


def list_forms(session: Session, *, actor: Actor, limit: int = 20) -> list[FormRow]:
    """Versions, the newest first. Needs quality.view."""
    actor.require(Permission.QUALITY_VIEW)
    found = [_row(f) for f in session.scalars(select(QualityForm).order_by(QualityForm.number.desc()).limit(limit))]
    return found or [FIRST]


def form_in_use(session: Session, *, actor: Actor) -> FormRow:
    """The version reviews are made on now. Needs quality.view."""
    actor.require(Permission.QUALITY_VIEW)
    found = active_form(session)
    return _row(found) if found is not None else FIRST


def _row(f: QualityForm) -> FormRow:
    return FormRow(
        id=f.id, number=f.number, status=f.status, items=rules.items_of(f.items), reason=f.reason, version=f.version,
        updated_at=f.updated_at, updated_by=f.updated_by, activated_at=f.activated_at,
    )  # fmt: skip
