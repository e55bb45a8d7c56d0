"""Co-op programmes as the page of programmes shows them: for everybody the terms, sums of the dealers one sees only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.coop.model import Programme, programme_from_json
from db.coop.programme_rules import changes_between, in_words
from db.coop.tables import CoopFund, CoopProgramme, CoopVersion
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import NotFound

STATES: Final[dict[str, tuple[str, str]]] = {
    "running": ("This year", "green"), "coming": ("To come", "blue"), "ended": ("Past", "gray"),
}  # fmt: skip
MOST = 200


@dataclass(frozen=True, kw_only=True)
class ProgrammeRow:
    """One programme with the version in force; money and dealers are those this actor may see."""

    id: int
    code: str
    name: str
    year: int
    state: str
    version: int
    number: int
    effective_from: date
    programme: Programme
    coming: date | None
    updated_by: str
    updated_at: datetime
    dealers: int
    accrued_cents: int
    available_cents: int

    @property
    def state_label(self) -> str:
        """The state in a word."""
        return STATES[self.state][0]


@dataclass(frozen=True, kw_only=True)
class VersionView:
    """One version: whole, in words, and what it says differently from the one before."""

    number: int
    effective_from: date
    programme: Programme
    words: tuple[str, ...]
    changes: tuple[str, ...]
    reason: str
    made_by: str
    made_at: datetime
    in_force: bool
    to_come: bool


@dataclass(frozen=True, kw_only=True)
class ProgrammePage:
    """A programme with all its versions, the newest first."""

    row: ProgrammeRow
    versions: tuple[VersionView, ...]

    @property
    def held(self) -> VersionView:
        """The version in force; before the first one begins, the first."""
        return next((v for v in self.versions if v.in_force), self.versions[-1])

    @property
    def newest(self) -> VersionView:
        """The version written last, which the next one follows."""
        return self.versions[0]


def list_programmes(session: Session, *, actor: Actor, today: date, year: int | None = None) -> list[ProgrammeRow]:
    """The programmes, the newest year first; at most `MOST`. `today` is the desk's day."""
    actor.require(Permission.COOP_VIEW)
    return _rows(session, actor, today, year=year)


def list_years(session: Session, *, actor: Actor) -> list[int]:
    """The years there is a programme for, newest first."""
    actor.require(Permission.COOP_VIEW)
    return list(session.scalars(select(CoopProgramme.year).distinct().order_by(CoopProgramme.year.desc()).limit(MOST)))


def programme_page(session: Session, *, programme_id: int, actor: Actor, today: date) -> ProgrammePage:
    """One programme whole; raises `NotFound`."""
    actor.require(Permission.COOP_VIEW)
    rows = _rows(session, actor, today, only=programme_id)
    if not rows:
        raise NotFound("This programme")
    views, before = list[VersionView](), None
    for version in session.scalars(
        select(CoopVersion).where(CoopVersion.programme_id == programme_id).order_by(CoopVersion.number)
    ):
        programme = programme_from_json(version.body)
        views.append(
            VersionView(
                number=version.number, effective_from=version.effective_from, programme=programme,
                words=in_words(programme), changes=changes_between(before, programme) if before else (),
                reason=version.reason, made_by=version.made_by, made_at=version.made_at,
                in_force=version.number == rows[0].number, to_come=version.effective_from > today,
            )
        )  # fmt: skip
        before = programme
    return ProgrammePage(row=rows[0], versions=tuple(reversed(views)))


def compare(page: ProgrammePage, earlier: int, later: int) -> tuple[str, ...]:
    """What one version of a programme says differently from another, by their numbers; any two."""
    found = {v.number: v.programme for v in page.versions}
    if earlier not in found or later not in found:
        raise NotFound("This version")
    return changes_between(found[earlier], found[later])


def _rows(
    session: Session, actor: Actor, today: date, *, year: int | None = None, only: int | None = None
) -> list[ProgrammeRow]:
    query = select(CoopProgramme).order_by(CoopProgramme.year.desc(), CoopProgramme.code).limit(MOST)
    if year is not None:
        query = query.where(CoopProgramme.year == year)
    if only is not None:
        query = query.where(CoopProgramme.id == only)
    owners = session.scalars(query).all()
    ids = [o.id for o in owners]
    versions: dict[int, list[CoopVersion]] = {}
    for version in session.scalars(
        select(CoopVersion)
        .where(CoopVersion.programme_id.in_(ids))
        .order_by(CoopVersion.effective_from, CoopVersion.number)
    ):
        versions.setdefault(version.programme_id, []).append(version)
    sums = {
        row.programme_id: row
        for row in session.execute(
            select(
                CoopFund.programme_id, func.count(CoopFund.dealer_id.distinct()).label("dealers"),
                func.sum(CoopFund.accrued_cents + CoopFund.allocated_cents).label("accrued"),
                func.sum(CoopFund.available_cents).label("available"),
            )
            .where(CoopFund.programme_id.in_(ids), actor.scope.where(CoopFund.dealer_id, CoopFund.region))
            .group_by(CoopFund.programme_id)
        )
    }  # fmt: skip
    found = []
    for owner in owners:
        own = versions[owner.id]
        begun = [v for v in own if v.effective_from <= today]
        held = begun[-1] if begun else own[0]
        later = [v.effective_from for v in own if v.effective_from > today and v is not held]
        total = sums.get(owner.id)
        state = "running" if owner.year == today.year else "coming" if owner.year > today.year else "ended"
        found.append(
            ProgrammeRow(
                id=owner.id, code=owner.code, name=owner.name, year=owner.year, state=state, version=owner.version,
                number=held.number, effective_from=held.effective_from, programme=programme_from_json(held.body),
                coming=min(later) if later else None, updated_by=owner.updated_by, updated_at=owner.updated_at,
                dealers=int(total.dealers) if total else 0, accrued_cents=int(total.accrued or 0) if total else 0,
                available_cents=int(total.available or 0) if total else 0,
            )
        )  # fmt: skip
    return found
