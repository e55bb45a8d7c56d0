"""What figures of claims are narrowed by, as pages, exports and the command line say it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.problems import Problem, Refused
from db.dealers.tables import Dealer

FILTERS: Final = ("from", "to", "region", "dealer", "type", "component", "model", "part")


def checked(session: Session, filters: Mapping[str, Any] | None) -> dict[str, Any]:
    """Filters as they are asked with: days as days, a dealer as its id. Refused: unknown names and unreadable values.

    A dealer is an id, or its code as text (codes keep their leading zeros); an unknown code matches nothing.
    """
    found: dict[str, Any] = {}
    for name, given in (filters or {}).items():
        value = given
        if name not in FILTERS:
            message = f"Claims are narrowed by {', '.join(FILTERS)}, not by {name}."
            raise Refused(Problem(code="unknown_filter", field=name, message=message))
        if value in (None, ""):
            continue
        if name in ("from", "to") and isinstance(value, str):
            try:
                value = date.fromisoformat(value)
            except ValueError:
                message = f"{value} is no day: write it as 2026-01-31."
                raise Refused(Problem(code="bad_day", field=name, message=message)) from None
        if name == "dealer" and isinstance(value, str):
            value = session.scalar(select(Dealer.id).where(Dealer.code == value)) or 0
        found[name] = value
    return found
