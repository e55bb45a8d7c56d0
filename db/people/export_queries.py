"""The export log: who took which rows and columns out of the desk, when and what for (P26)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.permissions import Permission
from db.people.tables import ExportLog, Person


@dataclass(frozen=True, kw_only=True)
class ExportLine:
    """One export; `filters` as they were set, `columns` by name, `sha256` of the file that was handed out."""

    log_id: int
    at: datetime
    name: str
    username: str
    kind: str
    file_format: str
    filters: Mapping[str, Any]
    columns: tuple[str, ...]
    row_count: int
    has_personal_data: bool
    sha256: str
    purpose: str


def list_exports(
    session: Session, *, actor: Actor, kind: str = "", person: str = "", personal: bool | None = None,
    before: int | None = None, limit: int = 50,
) -> list[ExportLine]:  # fmt: skip
    """Exports, newest first, after the entry `before`; `person` is part of a name or user name."""
    query = select(ExportLog, Person.name).outerjoin(Person, Person.id == ExportLog.person_id)
    query = query.where(*_conditions(actor, kind, person, personal)).order_by(ExportLog.id.desc()).limit(limit)
    if before is not None:
        query = query.where(ExportLog.id < before)
    return [
        ExportLine(
            log_id=row.id, at=row.at, name=name or row.actor.removeprefix("system:"), username=row.actor, kind=row.kind,
            file_format=row.file_format, filters=row.filters, columns=tuple(row.columns), row_count=row.row_count,
            has_personal_data=row.has_personal_data, sha256=row.sha256, purpose=row.purpose,
        )
        for row, name in session.execute(query)
    ]  # fmt: skip


def count_exports(
    session: Session, *, actor: Actor, kind: str = "", person: str = "", personal: bool | None = None
) -> int:
    """How many exports the list has on all its pages."""
    query = select(func.count(ExportLog.id)).outerjoin(Person, Person.id == ExportLog.person_id)
    return session.scalar(query.where(*_conditions(actor, kind, person, personal))) or 0


def _conditions(actor: Actor, kind: str, person: str, personal: bool | None) -> list[ColumnElement[bool]]:
    actor.require(Permission.EXPORT_LOG_VIEW)
    found: list[ColumnElement[bool]] = []
    if kind:
        found.append(ExportLog.kind == kind)
    if person:
        wanted = person.casefold()
        columns = (func.lower(Person.name), func.lower(ExportLog.actor))
        found.append(or_(*(column.contains(wanted, autoescape=True) for column in columns)))
    if personal is not None:
        found.append(ExportLog.has_personal_data.is_(personal))
    return found
