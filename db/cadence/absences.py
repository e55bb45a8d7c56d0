"""Who is away on a day, and who stands in: read by the list, by closing tasks, and by the warning of gaps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from db.cadence.tables import CadenceAbsence


def stand_ins_on(session: Session, *, person_ids: Iterable[int], day: date) -> dict[int, int]:
    """{person: who stands in} for those of these people who are away on a day."""
    ids = sorted(set(person_ids))
    if not ids:
        return {}
    rows = session.execute(
        select(CadenceAbsence.person_id, CadenceAbsence.stand_in_id).where(CadenceAbsence.person_id.in_(ids), *_on(day))
    )
    return dict(rows.all())


def stands_in_for(session: Session, *, person_id: int, day: date) -> list[int]:
    """The people somebody stands in for on a day."""
    return list(
        session.scalars(
            select(CadenceAbsence.person_id)
            .where(CadenceAbsence.stand_in_id == person_id, *_on(day))
            .order_by(CadenceAbsence.person_id)
        )
    )


def _on(day: date) -> tuple[Any, ...]:
    return (CadenceAbsence.is_active == true(), CadenceAbsence.first_day <= day, CadenceAbsence.last_day >= day)
