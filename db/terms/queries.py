"""Terms as other areas and pages need them."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from db.core.actor import Scope


def tiers_on(session: Session, *, scope: Scope, on: date) -> dict[int, str]:
    """The tier of each dealer of a scope on a day; a dealer without one is left out."""
    return {}
