"""What figures of parts are narrowed and counted by, as pages, exports and the command line say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.among import several
from db.core.problems import Problem, Refused
from db.parts import rules
from db.parts.tables import Dealer

FILTERS: Final = ("from", "to", "region", "dealer", "component", "kind", "part")


def checked(session: Session, filters: Mapping[str, Any] | None) -> dict[str, Any]:
    """Filters as they are asked with: days as days, a dealer as its id (its code as text), a kind as it is ranked.

    `part` is what its number begins with. Refused: unknown names and unreadable values; an unknown dealer matches
    nothing. Region, dealer (ids) and kind may be several.
    """
    found: dict[str, Any] = {}
    for name, given in (filters or {}).items():
        value = given
        if name not in FILTERS:
            message = f"Parts are narrowed by {', '.join(FILTERS)}, not by {name}."
            raise Refused(Problem(code="unknown_filter", field=name, message=message))
        if value is None or value in ("", (), []):
            continue
        if name in ("from", "to") and isinstance(value, str):
            try:
                value = date.fromisoformat(value)
            except ValueError:
                message = f"{value} is no day: write it as 2026-01-31."
                raise Refused(Problem(code="bad_day", field=name, message=message)) from None
        elif name == "kind":
            if unknown := [one for one in several(value) if one not in rules.RANKS]:
                message = f"{unknown[0]} is none of {', '.join(rules.RANKS)}."
                raise Refused(Problem(code="unknown_kind", field=name, message=message))
            value = tuple(rules.RANKS[one] for one in several(value))
        elif name == "dealer" and isinstance(value, str):
            value = session.scalar(select(Dealer.id).where(Dealer.code == value)) or 0
        elif name == "part":
            value = str(value).strip().upper()
        found[name] = value
    return found


def check_by(by: Sequence[str], allowed: Sequence[str]) -> None:
    """Refused: a dimension that is not counted by."""
    unknown = [dim for dim in by if dim not in allowed]
    if unknown:
        message = f"Parts are counted by {', '.join(allowed)}, not by {', '.join(unknown)}."
        raise Refused(Problem(code="unknown_dimension", field="by", message=message))
