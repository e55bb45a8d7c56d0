"""The version of the checklist that is in use; the first one is written when it is first needed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.insert import insert_or_ignore
from db.quality.rules import DEFAULT_ITEMS, stored_items
from db.quality.tables import QualityForm


def active_form(session: Session) -> QualityForm | None:
    """The version in use, None before the first draw."""
    return session.scalars(select(QualityForm).where(QualityForm.status == "active")).one_or_none()


def ensure_form(session: Session, *, now: datetime) -> QualityForm:
    """The version in use; writes the first one into a desk that has none (two at once write it once)."""
    found = active_form(session)
    if found is None:
        values = {
            "number": 1, "status": "active", "items": stored_items(DEFAULT_ITEMS), "reason": "The first version",
            "version": 1, "created_at": now, "created_by": "Desk", "updated_at": now, "updated_by": "Desk",
            "activated_at": now,
        }  # fmt: skip
        insert_or_ignore(session, QualityForm, values)
        found = active_form(session)
    assert found is not None
    return found
