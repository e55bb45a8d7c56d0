"""Half-typed forms, kept for who typed them until they are sent or thrown away. Housekeeping: no timeline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.core.insert import insert_or_ignore
from db.people.tables import Draft

KEPT_DAYS = 14
"""A forgotten draft holds a customer's name and number, so it does not stay for ever."""


def find_draft(session: Session, *, person_id: int, form: str, now: datetime) -> dict[str, Any] | None:
    """What this person had typed into a form, or None."""
    found = session.execute(
        select(Draft.content).where(
            Draft.person_id == person_id, Draft.form == form, Draft.item_key == "",
            Draft.updated_at > now - timedelta(days=KEPT_DAYS),
        )
    ).scalar_one_or_none()  # fmt: skip
    return dict(found) if found is not None else None


def keep_draft(session: Session, *, person_id: int, form: str, content: Mapping[str, Any], now: datetime) -> None:
    """Keep what was typed so far; it replaces what was kept before. Old drafts of anybody go."""
    session.execute(delete(Draft).where(Draft.updated_at < now - timedelta(days=KEPT_DAYS)))
    values = {"person_id": person_id, "form": form, "item_key": "", "content": dict(content), "updated_at": now}
    if not insert_or_ignore(session, Draft, values):
        draft = session.scalars(
            select(Draft).where(Draft.person_id == person_id, Draft.form == form, Draft.item_key == "")
        ).one()
        draft.content, draft.updated_at = dict(content), now


def drop_draft(session: Session, *, person_id: int, form: str) -> None:
    """Forget what was typed: it was sent, or thrown away."""
    session.execute(delete(Draft).where(Draft.person_id == person_id, Draft.form == form))
