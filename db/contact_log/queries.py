"""Contacts with dealers as other areas and pages need them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from db.core.actor import Scope


def last_contacts(session: Session, *, scope: Scope) -> dict[int, datetime]:
    """When each dealer of a scope was last spoken with; a dealer nobody spoke with is left out."""
    return {}
