"""The senders that may post leads, for the admin page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.permissions import Permission
from db.leads.tables import LeadProvider


@dataclass(frozen=True, kw_only=True)
class ProviderLine:
    """One sender; `token_hint` is the end of its token."""

    provider_id: int
    name: str
    token_hint: str
    is_active: bool
    created_at: datetime
    last_used_at: datetime | None


def list_providers(session: Session, *, actor: Actor) -> list[ProviderLine]:
    """Every sender by name; they belong to the desk and are shown to who manages them only."""
    actor.require(Permission.PROVIDERS_MANAGE)
    return [
        ProviderLine(
            provider_id=row.id, name=row.name, token_hint=row.token_hint, is_active=row.is_active,
            created_at=row.created_at, last_used_at=row.last_used_at,
        )
        for row in session.scalars(select(LeadProvider).order_by(LeadProvider.name))
    ]  # fmt: skip
