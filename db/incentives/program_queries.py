"""Programs as lists and pages show them. Dealers see what was published, and of lists of dealers only themselves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.dealers.tables import Dealer
from db.incentives.model import KINDS, Growth, Program, program_from_json
from db.incentives.tables import IncentiveEarning, IncentiveProgram, IncentiveUnit, IncentiveVersion
from db.incentives.words_rules import changes_between, in_words

STATES: Final[dict[str, tuple[str, str]]] = {
    "running": ("Running", "green"), "coming": ("To come", "blue"), "ended": ("Ended", "gray"),
    "draft": ("Draft only", "orange"),
}  # fmt: skip
MOST = 500


@dataclass(frozen=True, kw_only=True)
class ProgramRow:
    """One program in a list. `earned_cents` and `units` are of the dealers one sees; money of the house is None for
    people of a dealership."""

    id: int
    code: str
    name: str
    kind: str
    state: str
    first: date
    last: date
    number: int
    stack_group: str
    bulletin: str
    budget_cents: int | None
    committed_cents: int | None
    units: int
    earned_cents: int
    draft_by: str = ""

    @property
    def state_label(self) -> str:
        """The state in a word."""
        return STATES[self.state][0]


@dataclass(frozen=True, kw_only=True)
class VersionView:
    """One version: whole, in words, and what it changed of the one before."""

    id: int
    number: int
    state: str
    version: int
    effective_from: date
    program: Program
    words: tuple[str, ...]
    changes: tuple[str, ...]
    reason: str
    drafted_by: str
    username: str
    updated_at: datetime
    published_by: str
    published_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class ProgramPage:
    """A program with all its versions, the newest first. `uncounted` says why sales did not count, most often first."""

    row: ProgramRow
    versions: tuple[VersionView, ...]
    uncounted: tuple[tuple[str, int], ...]

    @property
    def draft(self) -> VersionView | None:
        """The draft, when there is one."""
        return next((v for v in self.versions if v.state == "draft"), None)

    @property
    def published(self) -> VersionView | None:
        """The newest published version."""
        return next((v for v in self.versions if v.state == "published"), None)


def list_programs(
    session: Session, *, actor: Actor, today: date, state: str = "", kind: str = "", text: str = ""
) -> list[ProgramRow]:
    """The programs this actor may see, those that begin last first; at most `MOST`."""
    actor.require(Permission.INCENTIVES_VIEW)
    rows = _rows(session, actor, today)
    needle = text.strip().casefold()
    return [
        r for r in rows
        if (not state or r.state == state or (state == "draft" and r.draft_by)) and (not kind or r.kind == kind)
        and (not needle or needle in f"{r.code} {r.name} {r.bulletin} {r.stack_group}".casefold())
    ]  # fmt: skip


def count_states(session: Session, *, actor: Actor, today: date) -> dict[str, int]:
    """How many programs stand in each state; `draft` counts every program that has a draft."""
    actor.require(Permission.INCENTIVES_VIEW)
    rows = _rows(session, actor, today)
    found = {name: sum(r.state == name for r in rows) for name in STATES}
    return found | {"draft": sum(bool(r.draft_by) for r in rows)}


def program_page(session: Session, *, program_id: int, actor: Actor, today: date) -> ProgramPage:
    """One program whole; `NotFound` when absent, or for a dealer it was not published for."""
    actor.require(Permission.INCENTIVES_VIEW)
    found = next((r for r in _rows(session, actor, today, only=[program_id]) if r.id == program_id), None)
    if found is None:
        raise NotFound("This program")
    versions = _versions(session, actor, [program_id]).get(program_id, [])
    count = func.count().label("n")
    why = session.execute(
        select(IncentiveUnit.rule, count)
        .where(
            IncentiveUnit.program_id == program_id, IncentiveUnit.is_counted.is_(False),
            actor.scope.where(IncentiveUnit.dealer_id, IncentiveUnit.region),
        )
        .group_by(IncentiveUnit.rule).order_by(count.desc(), IncentiveUnit.rule)
    )  # fmt: skip
    return ProgramPage(row=found, versions=tuple(reversed(versions)), uncounted=tuple((r, n) for r, n in why))


def list_versions(
    session: Session, *, actor: Actor, today: date, state: str = "", kind: str = "", text: str = ""
) -> list[tuple[ProgramRow, VersionView]]:
    """Every version this actor may see of the programs of a list, each program's oldest first."""
    rows = list_programs(session, actor=actor, today=today, state=state, kind=kind, text=text)
    versions = _versions(session, actor, [r.id for r in rows])
    return [(row, version) for row in rows for version in versions.get(row.id, ())]


def programs_by_id(session: Session, *, ids: Collection[int], actor: Actor) -> list[ProgramRow]:
    """These programs in the order of the ids, without those the actor may not see; what they came to is left out."""
    actor.require(Permission.INCENTIVES_VIEW)
    found = {r.id: r for r in _rows(session, actor, date.min, only=ids)}
    return [found[i] for i in ids if i in found]


def _versions(session: Session, actor: Actor, program_ids: Sequence[int]) -> dict[int, list[VersionView]]:
    """The versions of programs the caller has found to be visible, the oldest first, each as this actor may read it."""
    codes = _codes(session, actor)
    query = select(IncentiveVersion).where(IncentiveVersion.program_id.in_(list(program_ids)))
    if actor.role.is_dealer:
        query = query.where(IncentiveVersion.state == "published")
    found: dict[int, list[VersionView]] = {}
    for row in session.scalars(query.order_by(IncentiveVersion.program_id, IncentiveVersion.number)):
        program = _for_dealers(program_from_json(row.body), codes)
        own = found.setdefault(row.program_id, [])
        own.append(_version(row, program, own[-1].program if own else None))
    return found


def find_program(session: Session, *, code: str, actor: Actor) -> int | None:
    """The id of a program by its code, where this actor may change programs."""
    actor.require(Permission.INCENTIVES_DRAFT)
    return session.scalar(select(IncentiveProgram.id).where(IncentiveProgram.code == code.strip().upper()))


def _version(row: IncentiveVersion, program: Program, before: Program | None) -> VersionView:
    return VersionView(
        id=row.id, number=row.number, state=row.state, version=row.version, effective_from=row.effective_from,
        program=program, words=in_words(program), changes=changes_between(before, program) if before else (),
        reason=row.reason, drafted_by=row.updated_by, username=row.username, updated_at=row.updated_at,
        published_by=row.published_by, published_at=row.published_at,
    )  # fmt: skip


def _codes(session: Session, actor: Actor) -> frozenset[str] | None:
    """The codes of the actor's dealers where lists of dealers are none of their business; None: everything is."""
    if not actor.role.is_dealer:
        return None
    return frozenset(session.scalars(select(Dealer.code).where(actor.scope.where(Dealer.id, Dealer.region))))


def _for_dealers(program: Program, codes: frozenset[str] | None) -> Program:
    """The program without the names, targets and money of others."""
    if codes is None:
        return program
    more: dict[str, object] = {"budget_cents": None}
    if isinstance(program.rule, Growth):
        rule = program.rule
        own = {code: n for code, n in rule.targets.items() if code in codes}
        each = {name: {c: n for c, n in some.items() if c in codes} for name, some in rule.by_period.items()}
        more["rule"] = rule.model_copy(update={"targets": own, "by_period": {k: v for k, v in each.items() if v}})
    if program.eligible.enrolled:
        mine = tuple(code for code in program.eligible.enrolled if code in codes)
        more["eligible"] = program.eligible.model_copy(update={"enrolled": mine})
    return program.model_copy(update=more)


def _state(program: Program, *, is_published: bool, today: date) -> str:
    days = program.program
    if not is_published:
        return "draft"
    return "coming" if today < days.first else "ended" if today > days.last else "running"


def _rows(session: Session, actor: Actor, today: date, *, only: Collection[int] | None = None) -> list[ProgramRow]:
    query = select(IncentiveProgram).order_by(IncentiveProgram.id.desc()).limit(MOST)
    if only is not None:
        query = query.where(IncentiveProgram.id.in_(list(only)))
    owners = session.scalars(query).all()
    ids = [o.id for o in owners]
    newest: dict[int, IncentiveVersion] = {}
    drafts: dict[int, IncentiveVersion] = {}
    for start in range(0, len(ids), MOST):
        versions = select(IncentiveVersion).where(IncentiveVersion.program_id.in_(ids[start : start + MOST]))
        for row in session.scalars(versions.order_by(IncentiveVersion.number)):
            (drafts if row.state == "draft" else newest)[row.program_id] = row
    sums = {
        program_id: (int(units), int(cents))
        for program_id, units, cents in session.execute(
            select(
                IncentiveEarning.program_id, func.sum(IncentiveEarning.units), func.sum(IncentiveEarning.cents)
            )
            .where(actor.scope.where(IncentiveEarning.dealer_id, IncentiveEarning.region))
            .group_by(IncentiveEarning.program_id)
        )
    }  # fmt: skip
    codes = _codes(session, actor)
    found = []
    for owner in owners:
        held = newest.get(owner.id)
        draft = None if codes is not None else drafts.get(owner.id)
        shown = held or draft
        if shown is None:
            continue
        program = program_from_json(shown.body)
        enrolled = program.eligible.enrolled
        if codes is not None and enrolled and not codes & set(enrolled):
            continue
        found.append(
            _row(
                owner, program, draft=draft, sums=sums.get(owner.id, (0, 0)), is_house=codes is None,
                number=shown.number, state=_state(program, is_published=shown.state == "published", today=today),
            )
        )  # fmt: skip
    return sorted(found, key=lambda r: (-r.first.toordinal(), r.code))


def _row(
    owner: IncentiveProgram, program: Program, *, draft: IncentiveVersion | None, sums: Sequence[int], is_house: bool,
    number: int, state: str,
) -> ProgramRow:  # fmt: skip
    return ProgramRow(
        id=owner.id, code=owner.code, name=program.name, kind=KINDS[program.rule.kind], state=state,
        first=program.program.first, last=program.program.last, number=number, stack_group=program.stack_group,
        bulletin=program.bulletin, budget_cents=program.budget_cents if is_house else None,
        committed_cents=owner.committed_cents if is_house else None, units=sums[0], earned_cents=sums[1],
        draft_by=draft.updated_by if draft else "",
    )  # fmt: skip
